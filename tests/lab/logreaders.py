"""Two readers of logs, and everything they got: the tap that the pane takes from, and `dockcon logs`."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from console.model.logs.lines import LogBlock, Note, NoteKind, Stream
from console.model.logs.wish import LogWish
from console.service.tap import LogTap, SourceView
from tests.lab.fleet import LabFleet
from tests.lab.logcheck import Gap
from tests.lab.logtruth import Line, nanoseconds

TAKE_EVERY = 0.1
_STREAMS = {"stdout": 1, "stderr": 2}


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Reader(Protocol):
    """What a test asks of a reader."""

    name: str

    def lines(self) -> list[Line]:
        """What came, in the order of its coming."""
        ...

    def gaps(self) -> list[Gap]: ...

    def story(self) -> str:
        """Its own remarks, for a failure's text."""
        ...

    def newest(self) -> Mapping[str, int]:
        """The newest stamp of each container that came by now."""
        ...


class TapReader:
    """Takes from a tap ten times a second, as the pane does."""

    name = "tap"

    def __init__(self, fleet: LabFleet, wish: LogWish) -> None:
        self.tap: LogTap = fleet.handle.logs(wish)
        self.blocks: list[LogBlock] = []
        self.notes: list[Note] = []
        self.sources: tuple[SourceView, ...] = ()
        self.dropped = 0
        self._newest: dict[str, int] = {}
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._read, name="tap-reader")

    @contextlib.contextmanager
    def at_work(self) -> Iterator[TapReader]:
        """Take until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._enough.set()
            self._thread.join()
            self.tap.close()

    def _read(self) -> None:
        while not self._enough.wait(TAKE_EVERY):
            self.take()

    def take(self) -> None:
        """Once."""
        update = self.tap.take()
        if update is None:
            return
        if update.sources:
            self.sources = update.sources
        self.dropped = update.dropped
        for block in update.blocks:
            self.blocks.append(block)
            self.notes += block.notes.values()
            for origin in set(block.origins):
                if origin & 3 != Stream.NOTE:
                    container = self.sources[origin >> 2].source.id
                    last = max(s for s, o in zip(block.stamps, block.origins, strict=True) if o == origin)
                    self._newest[container] = max(last, self._newest.get(container, 0))

    def lines(self) -> list[Line]:
        ids = [view.source.id for view in self.sources]
        return [
            Line(ids[line.source], line.stream, line.ns, line.raw.rstrip(b"\r"))
            for block in tuple(self.blocks)
            for line in map(block.line, range(len(block)))
            if line.stream is not Stream.NOTE
        ]

    def gaps(self) -> list[Gap]:
        assert not self.dropped, f"{self.dropped} lines dropped"
        found = [note for note in self.notes if note.kind is NoteKind.GAP]
        return [
            Gap(
                self.sources[note.source].source.id,
                0 if note.from_ns is None else note.from_ns,
                1 << 62 if note.to_ns is None else note.to_ns,
                str(note.text),
            )
            for note in found
        ]

    def newest(self) -> Mapping[str, int]:
        return self._newest

    def story(self) -> str:
        views = [f"{v.source.ref} {v.source.id[:12]} {v.state} {v.lines} {v.why}" for v in self.sources]
        return "\n".join([*views, *(f"{n.kind} {n.source} {n.text}" for n in self.notes)])


class VerbReader:
    """`dockcon logs -f --json`, its output in a file."""

    name = "verb"

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.output = folder / "logs.jsonl"
        self.errors = folder / "logs.err"
        self._command = list(command)
        self._environment = dict(environment)
        self._newest: dict[str, int] = {}
        self._read_to = 0
        self.code: int | None = None

    @contextlib.contextmanager
    def at_work(self) -> Iterator[VerbReader]:
        """Let it run until the block ends; then it is told to end, and must."""
        with self.output.open("wb") as out, self.errors.open("wb") as err:
            process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # A shell's background jobs ignore it, and so would everything they start.
                preexec_fn=_heed_interrupts,
            )
        try:
            yield self
        finally:
            process.send_signal(signal.SIGINT)
            try:
                self.code = process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                self.code = process.wait()

    def _objects(self, start: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every whole line from this place of the file on, with the place behind it."""
        with self.output.open("rb") as file:
            file.seek(start)
            for row in file:
                if not row.endswith(b"\n"):
                    return
                start += len(row)
                yield start, json.loads(row)

    def lines(self) -> list[Line]:
        return [_line(found) for _, found in self._objects() if "stream" in found]

    def gaps(self) -> list[Gap]:
        return [_gap(found) for _, found in self._objects() if "gap" in found.get("dockcon", ())]

    def newest(self) -> Mapping[str, int]:
        for place, found in self._objects(self._read_to):
            self._read_to = place
            if "stream" in found:
                line = _line(found)
                self._newest[line.container] = max(line.ns, self._newest.get(line.container, 0))
        return self._newest

    def story(self) -> str:
        others = [json.dumps(found) for _, found in self._objects() if "stream" not in found]
        return "\n".join([self.errors.read_text(), *others])


def _line(found: Mapping[str, Any]) -> Line:
    return Line(
        found["container"]["id"],
        _STREAMS[found["stream"]],
        nanoseconds(found["@timestamp"]),
        found["message"].encode().rstrip(b"\r"),
    )


def _gap(found: Mapping[str, Any]) -> Gap:
    """A gap as `--json` says it."""
    stretch = found["dockcon"]["gap"]
    return Gap(
        found["container"]["id"],
        nanoseconds(stretch["from"]) if stretch["from"] else 0,
        nanoseconds(stretch["to"]) if stretch["to"] else 1 << 62,
        stretch["reason"],
    )
