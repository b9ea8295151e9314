"""The log file: what reaches it, what never does, its rights and its rotation."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from console.errors import UsageError
from console.service.logfile import CHATTY, LogFile, loop_exception


def test_every_logger_ends_here_without_secrets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state" / "dockcon" / "log"
    with LogFile(path):
        for name in ("asyncssh", "urllib3.connectionpool", "docker.api", "console.x", "root"):
            logging.getLogger(name).warning("from %s: password=%s \x1b]52;c;x\x07", name, "hunter2")
        for name in CHATTY:
            logging.getLogger(f"{name}.x").info("not this")
        logging.getLogger("x").info("wrong %d", "arguments")
    text = path.read_text()
    assert text.count("password=***") == 5
    assert "hunter2" not in text
    assert "\x1b" not in text
    assert "not this" not in text
    assert "wrong %d" in text
    assert capfd.readouterr() == ("", "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_exceptions_nobody_catches_end_here(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"

    class Unlucky:
        def __del__(self) -> None:
            raise RuntimeError("in a finaliser")

    def fail() -> None:
        raise ValueError("token=abcdef in a thread")

    with LogFile(path), warnings.catch_warnings():
        warnings.simplefilter("always")
        Unlucky()
        gc.collect()
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(loop_exception)
        loop.call_soon(fail)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
    text = path.read_text()
    for expected in ("in a finaliser", "exception in thread worker", "old ways", "Exception in callback"):
        assert expected in text
    assert text.count("ValueError: token=*** in a thread") == 2
    assert capfd.readouterr() == ("", "")


def test_a_traceback_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with LogFile(path):
        try:
            raise KeyError("x")
        except KeyError:
            logging.getLogger("a").exception("it broke\nbadly")
    first, *rest = path.read_text().splitlines()
    assert first.endswith("ERROR a it broke")
    assert rest[0] == "  badly"
    assert all(line.startswith("  ") for line in rest)
    assert rest[-1] == "  KeyError: 'x'"


def test_what_was_there_before_is_given_back(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.lastResort, sys.unraisablehook, threading.excepthook)
    log = LogFile(tmp_path / "log")
    log.close()
    log.close()
    after = (root.handlers[:], root.level, logging.lastResort, sys.unraisablehook, threading.excepthook)
    assert after == before


def test_rotation_keeps_a_few(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with LogFile(path, max_bytes=500, kept=2):
        for number in range(60):
            logging.getLogger("x").info("line %d", number)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["log", "log.1", "log.2"]
    assert all(p.stat().st_size <= 500 and p.stat().st_mode & 0o777 == 0o600 for p in tmp_path.iterdir())
    lines = "".join((tmp_path / n).read_text() for n in ("log.2", "log.1", "log")).splitlines()
    assert [int(line.split()[-1]) for line in lines] == list(range(60 - len(lines), 60))


def test_two_consoles_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with LogFile(path):
        logging.getLogger("x").info("first")
        path.rename(tmp_path / "log.1")
        logging.getLogger("x").info("second")
    assert "first" in (tmp_path / "log.1").read_text()
    assert "second" in path.read_text()


def test_an_old_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    path.chmod(0o644)
    with LogFile(path):
        logging.getLogger("x").info("new")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("old\n")


@pytest.mark.parametrize("kind", ["directory", "fifo", "device", "below a file"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    match kind:
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/null")
        case _:
            path.touch()
            path = path / "log"
    with pytest.raises(UsageError, match="cannot write the log"):
        LogFile(path)


def test_trouble_with_the_file_stops_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "gone"
    with LogFile(directory / "log"):
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()
        logging.getLogger("x").info("nowhere")
        directory.mkdir()
        logging.getLogger("x").info("back")
    assert "back" in (directory / "log").read_text()


def test_a_library_that_logs_before_anybody_listens_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import logging, sys, pathlib\n"
        "from console.service.logfile import LogFile\n"
        "log = LogFile(pathlib.Path(sys.argv[1]))\n"
        "logging.getLogger('asyncssh').error('x')\n"
        "print(','.join(n for n in ('asyncssh', 'urllib3', 'docker', 'textual') if n in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("\n", "")
