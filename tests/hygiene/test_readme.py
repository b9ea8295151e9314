"""Every command that README shows is run here, or is named as one that a test must not run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()

PROBLEMS_FOUND = 3
EXPECTED = {"problems": PROBLEMS_FOUND}
"""Verbs whose exit code on the demo fleet is not 0."""


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_there_is_something_to_check() -> None:
    assert len(commands()) > 8


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("make ")])
def test_a_make_target_exists(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("dockcon ")])
def test_a_dockcon_command_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "sample_hosts.yml").write_bytes((ROOT / "sample_hosts.yml").read_bytes())
    words = shlex.split(command)[1:]
    expected = next((code for verb, code in EXPECTED.items() if verb in words), 0)
    done = subprocess.run(
        [sys.executable, "-m", "console", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == expected, done.stdout + done.stderr
    assert done.stdout


def test_no_other_command_is_shown() -> None:
    others = [c for c in commands() if not c.startswith(("make ", "dockcon "))]
    assert others == ["pipx install ."]


@pytest.mark.parametrize("target", re.findall(r"\]\(((?!http)[^)]+)\)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
