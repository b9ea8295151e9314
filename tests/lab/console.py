"""The console as a program in a real terminal, on the lab's hosts."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.containers import recipe, start, start_plain
from tests.lab.lab import Lab
from tests.lab.tmux import Terminal, marked

ROOT = Path(__file__).parents[2]


@dataclass
class Console:
    """The console in a terminal, with a home, a temporary directory and a hosts.yml of its own."""

    lab: Lab
    folder: Path
    hosts_yml: Path
    terminal: Terminal
    mark: str
    program: str = "-m console"

    @property
    def command(self) -> str:
        return f"{sys.executable} -W default {self.program} -c {self.hosts_yml}"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def open(self, *texts: str) -> list[str]:
        """Start the console in the shell, and wait until the texts are on its screen."""
        self.terminal.line(f"{self.command}; echo code=$?")
        return self.terminal.shows(*texts)

    def log(self) -> str:
        return (self.home / ".local/state/dockcon/log").read_text()

    def pid(self) -> int:
        """Of the console itself."""
        return self.terminal.children()[0]

    def left(self) -> set[int]:
        """Processes of the console and of whatever it started."""
        shell = int(self.terminal.ask("#{pane_pid}"))
        return marked(self.mark) - {shell, int(self.terminal.ask("#{pid}"))}


@contextlib.contextmanager
def console_in(lab: Lab, tmp_path: Path) -> Iterator[Console]:
    """A console that is not started yet, in a terminal of 80x24."""
    mark = f"LAB_MARK={uuid.uuid4().hex}"
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "LAB_MARK": mark.partition("=")[2],
    }
    for name in ("bin", "home", "tmp"):
        (tmp_path / name).mkdir()
    terminal = Terminal(lab.folder / "tmux.sock", environment)
    try:
        yield Console(lab, tmp_path, lab.hosts_yml, terminal, mark)
    finally:
        terminal.close()


def table(lines: list[str]) -> list[str]:
    """The rows of containers, up to the figures, which never stand still."""
    top = next((number for number, line in enumerate(lines) if "NAME" in line and "CPU" in line), None)
    if top is None:
        return []
    cut = lines[top].index("CPU") - 1
    rows = []
    for line in lines[top + 1 :]:
        if not re.match(r"..[ !~>] h\d ", line.replace(">", " ", 1)):
            break
        rows.append(line[:cut].rstrip())
    return rows


def names(lines: list[str]) -> list[tuple[str, str]]:
    """(host, container) of each row."""
    return [tuple(row[4:].split()[:2]) for row in table(lines)]


def populate(lab: Lab) -> list[tuple[str, str]]:
    """A few containers everywhere; returns them in the order of the screen."""
    for host in lab.hosts.values():
        start_plain(host, "alpha")
        start(host, recipe("done"))
    start(lab["h2"], recipe("sick"))
    rows = [(host, name) for host in lab.names for name in ("alpha", "done")]
    return sorted([*rows, ("h2", "sick")])
