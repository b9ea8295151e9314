"""Nothing in the project names a directory of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PERSONAL = re.compile(r"(?<![\w./~$}])/(?:(?:home|Users)/(?!(?:ops|dba)\b)|(?:work|root|workspace)/)[\w.-]+")
"""Absolute paths below a home or a work directory. Made-up people of examples are called ops and dba."""

TEXT = {".py", ".md", ".yml", ".yaml", ".toml", ".tcss", ".cfg", ".sh", ".txt", ""}


def project_files() -> list[Path]:
    """Files that belong to the project: those git knows, or all but hidden and built ones without git."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
        names = [ROOT / n for n in listed.stdout.decode().split("\0") if n]
    except (OSError, subprocess.CalledProcessError):
        names = [
            p
            for p in ROOT.rglob("*")
            if not {".venv", ".git", "dist", "build", "__pycache__"} & set(p.relative_to(ROOT).parts)
        ]
    return [p for p in names if p.is_file() and p.suffix in TEXT]


def test_no_file_names_a_path_of_this_machine() -> None:
    files = project_files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}:{number}: {hit.group()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for hit in PERSONAL.finditer(line)
    ]
    assert found == []


@pytest.mark.parametrize("line", ["see /home/" + "someone/notes", "cd /wo" + "rk/main && make"])
def test_the_pattern_finds_what_it_should(line: str) -> None:
    assert PERSONAL.search(line)
