"""Streams of logs over memory hosts, and a reader that takes what they bring."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from console.model.logs.lines import LogBlock, LogLine, Note, NoteKind, Stream
from console.model.logs.wish import LogWish
from console.model.query import parse
from console.model.text import safe
from console.service.logs.outbox import Caps, Outbox
from console.service.logs.stream import LogStream
from console.service.tap import LogUpdate, SourceState, SourceView
from console.transport.memory import MemoryContainer, MemoryHost
from tests.service.fleets import Running
from tests.service.loops import until

CAPS = Caps(100_000, 64 << 20)


def everything(query: str = "", **fields: object) -> LogWish:
    """A wish for whatever matches."""
    fields.setdefault("tail", None)
    return LogWish(title=safe("all"), query=parse(query), **fields)  # type: ignore[arg-type]  # of LogWish


class Tapped:
    """A stream with a reader that takes ten times a second, as an async context manager."""

    def __init__(self, fleet: Running, wish: LogWish, caps: Caps = CAPS) -> None:
        self.box = Outbox(caps)
        self.lines: list[LogLine] = []
        self.update = LogUpdate()
        self.reading = True
        """Whether the reader takes."""
        self._fleet, self._wish = fleet, wish

    async def __aenter__(self) -> Tapped:
        self.stream: LogStream = self._fleet.fleet.logs.open(self._wish, self.box)
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._fleet.fleet.logs.end(self.stream)
        for host in self._fleet.hosts.hosts.values() if not self._fleet.fleet.logs.streams else ():
            assert host.daemon.logs.following == 0

    def take(self) -> None:
        """What came."""
        update = self.box.take()
        if update is not None:
            self.update = update
            for block in update.blocks:
                self.lines += lines_of(block)

    async def _read(self) -> None:
        while True:
            if self.reading:
                self.take()
            await asyncio.sleep(0.1)

    def texts(self, name: str = "") -> list[str]:
        """Lines of containers, oldest first; of the one called `name@host` or `name`, or of all."""
        return [
            line.raw.decode()
            for line in self.lines
            if line.stream is not Stream.NOTE and (not name or name in self.names(line.source))
        ]

    def names(self, source: int) -> tuple[str, str]:
        found = self.update.sources[source].source
        return (found.name, found.ref)

    def notes(self, *kinds: NoteKind) -> list[Note]:
        """Notes in the order they are shown; of these kinds, or all."""
        return [line.note for line in self.lines if line.note and (not kinds or line.note.kind in kinds)]

    def view(self, name: str) -> SourceView:
        """The newest source of that name."""
        return next(v for v in reversed(self.update.sources) if name in self.names(v.source.index))

    def states(self) -> Counter[SourceState]:
        return Counter(view.state for view in self.update.sources)

    async def follows(self, count: int = 1) -> None:
        """Wait until so many sources are followed."""
        await until(lambda: self.states()[SourceState.FOLLOWING] == count, 60)

    async def has(self, *texts: str, name: str = "") -> None:
        """Wait until these lines and no others are there."""
        await until(lambda: len(self.texts(name)) >= len(texts), 60)
        assert self.texts(name) == list(texts)

    async def noted(self, kind: NoteKind, count: int = 1) -> Note:
        """Wait for a note."""
        await until(lambda: len(self.notes(kind)) >= count, 120)
        assert len(self.notes(kind)) == count, self.notes(kind)
        return self.notes(kind)[-1]


def lines_of(block: LogBlock) -> list[LogLine]:
    return [block.line(number) for number in range(len(block))]


def write(host: MemoryHost, container: MemoryContainer, *texts: str) -> None:
    """A container writes lines."""
    host.daemon.write(container, "".join(f"{text}\n" for text in texts).encode())


Check = Callable[[], object]
