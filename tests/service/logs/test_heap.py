"""Freed blocks of lines are not kept by the C library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.service.logs.heap import give_back

PROGRAM = """
import sys
from array import array
from console.service.logs.heap import give_back

def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

if sys.argv[1] == "yes":
    give_back()
ring, kept, before = [], [], resident()
for number in range(3000):
    column = array("q", bytes(8 * (2000 + number * 977 % 2000)))
    ring.append((bytes(200_000 + number * 7919 % 200_000), column))
    if number % 10 == 0:
        kept.append(bytes(3000))
    if len(ring) > 60:
        ring.pop(number * 31 % 60)
ring.clear()
print(resident() - before)
"""


def kept(how: str) -> int:
    """Kilobytes that a program still has when it has let go of its blocks."""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=root, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(done.stdout)


def test_blocks_that_were_let_go_are_the_systems_again() -> None:
    if not give_back() or not Path("/proc/self/status").exists():
        pytest.skip("this C library has no such limit")
    assert kept("yes") < min(8_000, kept("no") / 2)
