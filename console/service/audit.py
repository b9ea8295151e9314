"""The audit file: JSON lines that are appended and never changed, readable by their owner alone.

Written in a thread of its own, under a lock that other consoles of the same user respect, and forced to the
disk before an action is begun: what cannot be put on record is not done.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from console.errors import AuditFailed
from console.model.actions import Target
from console.model.audit import Actor, AuditRecord, Phase, record_of
from console.model.clock import Clock

log = logging.getLogger(__name__)

LOCK_PATIENCE = 3.0
"""Seconds to wait for another console that is writing."""

TAIL = 65536
"""Bytes at the end of a file in which its last record is looked for."""


class AuditFile:
    """Appends to one file. Safe to use from one loop; the thread is started with the first line."""

    def __init__(self, path: Path, fleet: str, actor: Callable[[], Actor], clock: Clock) -> None:
        self.path = path
        self._fleet = fleet
        self._actor = actor
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None

    async def before(self, operation: str, action: str, target: Target, plan: Sequence[str] = ()) -> None:
        """Put on record what is about to be done. Raises AuditFailed."""
        await self.write(self._record(operation, action, target, Phase.BEFORE, plan=tuple(plan)))

    async def after(self, operation: str, action: str, target: Target, result: str, text: str = "") -> None:
        """Put on record how it ended. Raises AuditFailed."""
        await self.write(self._record(operation, action, target, Phase.AFTER, result=result, text=text))

    async def write(self, record: AuditRecord) -> None:
        """Append any record. Raises AuditFailed."""
        line = json.dumps(record.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n"
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="dockcon-audit")
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._append, line.encode())
        try:
            # A line that was begun is finished, also when whoever waits for it is cancelled.
            await asyncio.shield(writing)
        except OSError as error:
            raise self._failed(error) from error

    async def aclose(self) -> None:
        """Wait until everything is written."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    def _record(self, operation: str, action: str, target: Target, phase: Phase, **more: Any) -> AuditRecord:
        return AuditRecord(
            time=self._clock.now(),
            phase=phase,
            operation=operation,
            actor=self._actor(),
            fleet=self._fleet,
            host=target.host,
            container=target.id,
            name=target.name,
            action=action,
            **more,
        )

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError("it is no plain file")
            _lock(file)
            # Another console may have been ended in the middle of its line.
            end = os.lseek(file, 0, os.SEEK_END)
            if end and os.pread(file, 1, end - 1) != b"\n":
                line = b"\n" + line
            _write_all(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def _failed(self, error: OSError) -> AuditFailed:
        log.error("the audit file cannot be written: %s", error)
        return AuditFailed(
            f"the audit file {self.path} cannot be written: {error.strerror or error}",
            next_step="nothing is done that is not on record; mend the file or its directory",
        )


class MemoryAudit:
    """The record of a fleet that lives in memory: as long as it does."""

    def __init__(self) -> None:
        self.lines: list[tuple[Phase, str, Target, str]] = []
        """Phase, action, target, and the result of those that are over."""

    async def before(self, operation: str, action: str, target: Target, plan: Sequence[str] = ()) -> None:
        """Remember it."""
        self.lines.append((Phase.BEFORE, action, target, ""))

    async def after(self, operation: str, action: str, target: Target, result: str, text: str = "") -> None:
        """Remember it."""
        self.lines.append((Phase.AFTER, action, target, result))

    async def aclose(self) -> None:
        """Nothing is held."""


def _write_all(file: int, line: bytes) -> None:
    written = os.write(file, line)
    if written < len(line):
        # A disk that is full takes half a line; the next one begins on its own.
        raise OSError(f"only {written} of {len(line)} bytes fitted")


def _lock(file: int) -> None:
    give_up = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise OSError("another console holds its lock") from None
            time.sleep(0.02)
        else:
            return


def read_audit(path: Path, since: float = 0.0) -> Iterator[AuditRecord]:
    """The records of a file from `since` (seconds of the Unix epoch) on. Lines that are none are passed over.

    Raises OSError, but a file that is not there has no records.
    """
    try:
        stream = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    with stream:
        for line in stream:
            record = _record(line)
            if record is not None and record.time >= since:
                yield record


def newest(directory: Path) -> AuditRecord | None:
    """The last action that ended of all records in a directory; None where there is none, or it cannot be
    read. Reads the end of each file only; blocks.
    """
    found: list[AuditRecord] = []
    for path in directory.glob("*.jsonl"):
        try:
            with path.open("rb") as stream:
                stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL))
                lines = stream.read(TAIL).split(b"\n")
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error)
            continue
        for line in reversed(lines):
            record = _record(line)
            if record is not None and record.phase is Phase.AFTER:
                found.append(record)
                break
    return max(found, key=lambda record: record.time, default=None)


def _record(line: str | bytes) -> AuditRecord | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return record_of(document) if isinstance(document, dict) else None
