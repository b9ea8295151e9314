"""What the README tells people to type, and the files it tells them to write, work."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console.config.load import load_fleet, load_settings
from console.config.mappings import read

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

INSTALLS = {"pipx install ."}
"""Commands that would change the machine; CI's own use of them is `make test` on a fresh one."""


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no {language} block any more"
    return found


def commands() -> list[str]:
    return [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("dockcon")])
def test_a_command_does_what_it_says(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    assert "--demo" in words or "--version" in words, "a command of the README can be tried without any host"
    shutil.copy(ROOT / "sample_hosts.yml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "console", *words[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_STATE_HOME": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (3 if {"problems", "links"} & set(words) else 0), done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("make")])
def test_a_target_exists(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in shlex.split(command)[1:]:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)


def test_every_command_is_tried_or_known() -> None:
    rest = {c for c in commands() if not c.startswith(("dockcon", "make"))}
    assert rest <= INSTALLS


def test_every_file_it_shows_loads(tmp_path: Path) -> None:
    kinds = set()
    for number, block in enumerate(blocks("yaml")):
        file = tmp_path / f"{number}.yml"
        file.write_text(block, encoding="utf-8")
        if re.search(r"^hosts:", block, re.MULTILINE):
            kinds.add("hosts")
            assert load_fleet(file).hosts
        elif re.search(r"^mappings:", block, re.MULTILINE):
            kinds.add("mappings")
            assert read(file.read_bytes(), str(file)).mappings
        else:
            kinds.add("settings")
            assert load_settings(file)[1] == ()
    assert kinds == {"hosts", "mappings", "settings"}


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
