"""What an engine's log held, also after it was rotated, truncated or removed: the truth about lines."""

from __future__ import annotations

import calendar
import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.machine import LabError

LOOK_EVERY = 0.1
"""Seconds; a log must not be rotated away within that time."""

_STREAMS = {"stdout": 1, "stderr": 2}


class Line(NamedTuple):
    """One line of one container, without its newline."""

    container: str
    stream: int
    ns: int
    text: bytes


class Keeper:
    """Keeps every json file that the engines of a lab write to, by having it open; a context manager."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._files: dict[str, dict[tuple[str, int], BinaryIO]] = {}
        """By container, then by host and inode."""
        self._cut: dict[str, list[bytes]] = {}
        """What logs held before they were truncated, by container."""
        self._enough = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="keeper")

    def __enter__(self) -> Self:
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        for files in self._files.values():
            for file in files.values():
                file.close()

    def _run(self) -> None:
        while not self._enough.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Keep the files that are new."""
        with self._lock:
            for name in self.lab.names:
                for file in (self.lab.folder / name / "data/containers").glob("*/*-json.log*"):
                    with contextlib.suppress(FileNotFoundError):  # rotated just now: found at the next look
                        self._keep(name, file)

    def _keep(self, host: str, path: Path) -> None:
        files = self._files.setdefault(path.parent.name, {})
        if (host, path.stat().st_ino) not in files:
            file = path.open("rb")
            files[host, os.fstat(file.fileno()).st_ino] = file

    def truncate(self, host: LabHost, container: str) -> None:
        """Empty a container's log as somebody does who is out of space; what it held is kept."""
        path = self._live(host.name, container)
        host.engine.freeze()
        try:
            self._cut.setdefault(container, []).append(path.read_bytes())
            os.truncate(path, 0)
        finally:
            host.engine.thaw()

    # ---- the truth

    def lines(self, container: str) -> list[Line]:
        """Everything that one container's log ever held, in the order of its stamps."""
        self.look()
        texts = list(self._cut.get(container, ()))
        for file in self._files[container].values():
            file.seek(0)
            texts.append(file.read())
        found = [line for text in texts for line in records(text, container)]
        return list(whole(sorted(found, key=lambda line: line.ns)))

    def newest(self, container: str) -> Line | None:
        """The last line written by now; None: none yet."""
        host = next(name for name in self.lab.names if (self._live(name, container)).exists())
        for end in ("", ".1"):
            file = self._live(host, container).with_name(f"{container}-json.log{end}")
            with contextlib.suppress(FileNotFoundError):
                text = _tail(file)
                found = list(records(text, container))
                if found:
                    return found[-1]
        return None

    def _live(self, host: str, container: str) -> Path:
        return self.lab.folder / host / "data/containers" / container / f"{container}-json.log"


def _tail(file: Path, most: int = 200_000) -> bytes:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - most))
        return opened.read()


def records(text: bytes, container: str) -> Iterator[Line]:
    for row in text.split(b"\n"):
        try:
            record = json.loads(row)
            yield Line(
                container,
                _STREAMS[record["stream"]],
                nanoseconds(record["time"]),
                record["log"].encode(),
            )
        except (ValueError, KeyError, TypeError):
            # Half a record: the beginning of a tail, or of an engine that was killed as it wrote.
            continue


def whole(frames: list[Line]) -> Iterator[Line]:
    """Frames of a long line put together: they share stream and stamp, only the last has the newline."""
    open_lines: dict[int, Line] = {}
    for record in frames:
        begun = open_lines.pop(record.stream, None)
        if begun is not None and begun.ns == record.ns:
            record = record._replace(text=begun.text + record.text)
        elif begun is not None:
            yield begun
        if record.text.endswith(b"\n"):
            yield record._replace(text=record.text.rstrip(b"\r\n"))
        else:
            open_lines[record.stream] = record
    yield from open_lines.values()


@cache
def _second(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def nanoseconds(stamp: str) -> int:
    """`2026-11-23T15:29:55.9729Z` as nanoseconds of the Unix epoch."""
    whole, _, part = stamp.removesuffix("Z").partition(".")
    return _second(whole) * 1_000_000_000 + int(part.ljust(9, "0") or 0)


def engine_lines(host: LabHost, container: str) -> list[bytes]:
    """What `docker logs` says now, for drivers that write no json file; stdout only."""
    try:
        return host.docker("logs", container).encode().splitlines()
    except LabError:
        return []
