"""The console on a real terminal: it comes, it goes, and leaves the terminal as it was."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from tests.ui.fleet import small_fleet
fleet = small_fleet()
closed = Path(sys.argv[1])
async def aclose():
    closed.write_text("closed")
fleet.aclose = aclose
if sys.argv[2] == "crash":
    class Bad(dict):
        def get(self, *_):
            secret = "hunter2"
            raise RuntimeError("a defect")
    poll = fleet.problems
    fleet.problems = lambda: Bad().get(1)
from console.config.schema import Settings
from console.ui.app import DockconApp, run
if sys.argv[2] == "loud":
    leave = DockconApp.exit
    def exit(self, **how):
        for _ in range(100):
            self.bell()
        leave(self, **how)
    DockconApp.exit = exit
sys.exit(run(fleet, Settings(theme="dockcon-dark"), state=closed.parent))
"""
LEAVE = b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """The program under a pseudo-terminal."""

    def __init__(self, pid: int, master: int) -> None:
        self.pid = pid
        self.master = master
        self.output = b""
        self.status: int | None = None

    def pump(self, seconds: float = 0.1) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:
                time.sleep(0.01)  # the other side is closed

    def wait_for(self, wanted: bytes) -> None:
        end = time.monotonic() + 30
        while wanted not in self.output:
            self.pump()
            assert time.monotonic() < end, self.output[-2000:]

    def ended(self) -> int:
        """Wait for the end; return the exit code."""
        end = time.monotonic() + 30
        while self.status is None:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
            assert time.monotonic() < end, self.output[-2000:]
        for _ in range(20):
            self.pump(0.01)
        return os.waitstatus_to_exitcode(self.status)


@contextmanager
def console(closed: Path, mode: str = "well", above: str = "") -> Iterator[Terminal]:
    """`above`: a shell script to run it from, as "$@"."""
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", PYTHONPATH=os.getcwd())
        argv = [sys.executable, "-c", PROGRAM, str(closed), mode]
        argv = ["/bin/sh", "-c", above, "sh", *argv] if above else argv
        os.execv(argv[0], argv)
    terminal = Terminal(pid, master)
    try:
        yield terminal
    finally:
        if terminal.status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if terminal.master >= 0:
            os.close(terminal.master)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    return tmp_path / "closed"


def test_q_leaves_the_terminal_as_it_was_and_closes_everything(closed: Path) -> None:
    with console(closed) as terminal:
        terminal.wait_for(b"postgres")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert LEAVE in terminal.output
        assert SHOW_CURSOR in terminal.output.rpartition(LEAVE)[2]
    assert closed.read_text() == "closed"


def test_sigterm_ends_it_as_q_does(closed: Path) -> None:
    with console(closed) as terminal:
        terminal.wait_for(b"postgres")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.ended() == 128 + signal.SIGTERM
        assert LEAVE in terminal.output
    assert closed.read_text() == "closed"


@pytest.mark.parametrize("mode", ["well", "loud"])
def test_a_terminal_that_goes_away_ends_it_and_closes_everything(closed: Path, mode: str) -> None:
    with console(closed, mode) as terminal:
        terminal.wait_for(b"postgres")
        os.close(terminal.master)
        terminal.master = -1
        end = time.monotonic() + 30
        while not (found := os.waitpid(terminal.pid, os.WNOHANG))[0]:
            time.sleep(0.02)
            assert time.monotonic() < end
        terminal.status = found[1]
        assert os.waitstatus_to_exitcode(found[1]) == 128 + signal.SIGHUP
    assert closed.read_text() == "closed"


def test_a_terminal_that_goes_away_without_a_signal_ends_it_too(closed: Path) -> None:
    """The shell above survives SIGHUP, and so nobody passes it on."""
    code = closed.with_name("code")
    with console(closed, above=f'trap : HUP; "$@"; echo $? > {code}.part; mv {code}.part {code}') as terminal:
        terminal.wait_for(b"postgres")
        os.close(terminal.master)
        terminal.master = -1
        end = time.monotonic() + 30
        while not code.exists():
            time.sleep(0.02)
            assert time.monotonic() < end
        assert int(code.read_text()) == 128 + signal.SIGHUP
    assert closed.read_text() == "closed"


def test_a_defect_gives_back_the_terminal_closes_everything_and_shows_no_secret(closed: Path) -> None:
    with console(closed, "crash") as terminal:
        assert terminal.ended() == 1
        assert LEAVE in terminal.output
        after = terminal.output.rpartition(LEAVE)[2]
        assert b"a defect" in after
        assert b"hunter2'" not in after
    assert closed.read_text() == "closed"
