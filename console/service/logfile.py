"""The log file: where everything goes that a full-screen program cannot print.

Loggers of all libraries, warnings, exceptions of threads, of `__del__` and of forgotten tasks end up here
and never on the terminal. Every line is sanitised and its secrets are masked. The file and those it was
rotated to can be read by their owner only.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from console.errors import UsageError
from console.model.text import sanitise

if TYPE_CHECKING:
    import asyncio

MAX_BYTES = 2 << 20
"""Of one file, about; then it is renamed to `log.1`, that one to `log.2`, and the oldest goes."""
KEPT = 3

_log = logging.getLogger("dockcon")


CHATTY = ("asyncssh", "asyncio", "urllib3", "docker")
"""Libraries that tell of every channel they open: forty lines a host, which cost more than they say."""


class LogFile:
    """An open log file that has taken over logging, warnings and exception hooks until it is closed.

    Raises UsageError when it cannot be opened for writing or is no plain file.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path = path
        self._handler = _Rotating(path, max_bytes, kept)
        root = logging.getLogger()
        self._before = (root.handlers[:], root.level, logging.lastResort, logging.raiseExceptions)
        self._hooks = (sys.unraisablehook, threading.excepthook)
        root.handlers[:] = [self._handler]
        root.setLevel(logging.INFO)
        for library in CHATTY:
            logging.getLogger(library).setLevel(logging.WARNING)
        logging.lastResort = None
        logging.raiseExceptions = False
        logging.captureWarnings(True)
        sys.unraisablehook = _unraisable
        threading.excepthook = _thread_exception

    def close(self) -> None:
        """Give back what was taken over. Idempotent."""
        root = logging.getLogger()
        if self._handler not in root.handlers:
            return
        logging.captureWarnings(False)
        sys.unraisablehook, threading.excepthook = self._hooks
        root.handlers[:], level, logging.lastResort, logging.raiseExceptions = self._before
        root.setLevel(level)
        for library in CHATTY:
            logging.getLogger(library).setLevel(logging.NOTSET)
        self._handler.close()

    def __enter__(self) -> LogFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For `loop.set_exception_handler`: what nobody awaited, with what asyncio knows about it."""
    error = context.get("exception")
    details = ", ".join(f"{k}={v!r}" for k, v in context.items() if k not in ("message", "exception"))
    message = f"{context.get('message', 'unhandled')} ({details})" if details else context.get("message", "")
    logging.getLogger("asyncio").error("%s", message, exc_info=error if error else None)


def _unraisable(unraisable: Any) -> None:
    error = unraisable.exc_value or unraisable.exc_type()
    _log.error("%s: %r", unraisable.err_msg or "exception ignored in", unraisable.object, exc_info=error)


def _thread_exception(args: Any) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "?"
    _log.error("exception in thread %s", name, exc_info=args.exc_value or args.exc_type())


class _Lines(logging.Formatter):
    """One line per record and per line of a traceback: time with zone, level, logger, thread, text."""

    def format(self, record: logging.LogRecord) -> str:
        # Most runs of a verb log nothing, and a verb is waited for.
        from console.model.secrets import mask_text

        try:
            message = record.getMessage()
        except (TypeError, ValueError) as error:
            message = f"{record.msg!r} with {record.args!r}: {error}"
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        at = time.localtime(record.created)
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{int(record.msecs):03d}{time.strftime('%z', at)}"
        thread = "" if record.threadName == "MainThread" else f" [{sanitise(record.threadName or '?', 40)}]"
        first, *rest = [*message.splitlines(), *(record.exc_text or "").splitlines()] or [""]
        # Lines after the first are indented, so that no text can pretend to be a record.
        lines = [f"{stamp} {record.levelname} {sanitise(record.name, 80)}{thread} {mask_text(first)}"]
        return "\n  ".join([*lines, *(mask_text(line) for line in rest)]) + "\n"


class _Rotating(logging.Handler):
    """Appends to a file, 0600, and renames it when it is full. Trouble with the file never stops anything."""

    def __init__(self, path: Path, max_bytes: int, kept: int) -> None:
        super().__init__()
        self.setFormatter(_Lines())
        self._path = path
        self._max = max_bytes
        self._kept = kept
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file: IO[bytes] | None = self._open()
        except OSError as error:
            raise UsageError(f"cannot write the log {path}: {error.strerror or error}") from error

    def _open(self) -> IO[bytes]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        descriptor = os.open(self._path, flags, 0o600)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(0, "it is no plain file")
            if found.st_mode & 0o077 and found.st_uid == os.geteuid():
                os.fchmod(descriptor, 0o600)
        except OSError:
            os.close(descriptor)
            raise
        return os.fdopen(descriptor, "ab", buffering=0)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode("utf-8", "replace")
            if self._file is None or self._moved() or self._file.tell() + len(line) > self._max:
                self._rotate(len(line))
            if self._file is not None:
                self._file.write(line)
        except OSError:
            # A full disk or a removed directory: there is nowhere left to say so, and work must go on.
            self._drop()

    def _moved(self) -> bool:
        """Whether somebody else (another console, logrotate) has renamed the file."""
        try:
            there, ours = os.stat(self._path), os.fstat(self._file.fileno() if self._file else -1)
        except OSError:
            return True
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)

    def _rotate(self, coming: int) -> None:
        self._drop()
        self._file = self._open()
        size = os.fstat(self._file.fileno()).st_size
        if size == 0 or size + coming <= self._max:
            return
        for number in range(self._kept, 0, -1):
            older = self._numbered(number)
            newer = self._numbered(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        self._drop()
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _drop(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def close(self) -> None:
        """Close the file."""
        with self.lock or threading.RLock():
            self._drop()
        super().close()
