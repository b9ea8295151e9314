"""A hundred SSH connections and 5,000 rows: all rows, keys to paint, memory.

The connections are real; they all lead to one sshd and one engine, under a hundred host names, once directly
and once through one bastion.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.figures import line, percentile
from tests.bench.labs import dockcon, running_lab
from tests.bench.terminal import Screen, resident_megabytes
from tests.lab.lab import Lab

HOSTS = 100
KEYS = 200


def _fleet(lab: Lab, jump: str) -> Path:
    """hosts.yml with a hundred names for the one host h1."""
    target = lab["h1"]
    lines = [
        f"defaults: {{user: root, identity: {lab.keys.key}, known_hosts: {lab.keys.known_hosts}}}",
        "hosts:",
    ]
    if jump:
        lines.append(f"  bastion: {{address: {lab[jump].address}, disabled: true}}")
    for n in range(HOSTS):
        way = ", jump: bastion" if jump else ""
        lines.append(
            f"  n{n:02}: {{address: {target.address}, engine: 'unix://{target.engine.socket}'{way}}}"
        )
    path = lab.folder / f"hundred{jump}.yml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _drain(screen: Screen, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        screen.pump(left)
    del screen.output[:]


def _key_to_paint(screen: Screen) -> list[float]:
    """Milliseconds from a key to the first output after it: the cursor goes down or up."""
    delays = []
    for n in range(KEYS):
        _drain(screen, 0.15)
        pressed = screen.press("j" if n % 20 < 10 else "k")
        while not screen.pump(5.0):
            if time.monotonic() - pressed > 10:
                raise TimeoutError("no paint after a key")
        delays.append((time.monotonic() - pressed) * 1000)
    return delays


def _run(lab: Lab, jump: str) -> None:
    screen = Screen.start(dockcon(_fleet(lab, jump)), (200, 50))
    way = f"through {jump}" if jump else "directly"
    rows = str(HOSTS * 50)
    seen = screen.wait_for([rows], limit=60)
    print(f"{HOSTS} hosts {way}: {rows} rows after {seen[rows]:.2f} s")
    _drain(screen, 25)  # the details of every container are fetched once after the start
    delays = _key_to_paint(screen)
    print(line(f"key -> paint, {HOSTS * 50} rows, {way}", delays, "ms"))
    print(f"    p50 {percentile(delays, 0.5):.0f} ms, p99 {percentile(delays, 0.99):.0f} ms", end="; ")
    print(f"{resident_megabytes(screen.pid):.0f} MB resident")
    screen.stop()


def main() -> None:
    with running_lab("bhund", containers=50, hosts=2) as lab:
        _run(lab, "")
        _run(lab, "h2")


if __name__ == "__main__":
    main()
