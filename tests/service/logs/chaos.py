"""Containers that write numbered lines while everything goes wrong, and a judge of what arrived."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field

from console.model.containers import ContainerState
from console.model.logs.lines import LogLine, NoteKind, Stream
from console.model.logs.setup import LogSetup
from console.service.tap import SourceView
from console.transport.memory import MemoryContainer, MemoryFleet, MemoryHost
from tests.service.fleets import running
from tests.service.logs.taps import Tapped

BURST = 1_000_000
"""Nanoseconds."""


@dataclass(eq=False)
class Writer:
    """What runs under one name, recreated or not; its lines are numbered through."""

    host: MemoryHost
    name: str
    container: MemoryContainer
    stamps: list[int] = field(default_factory=list)
    """By number: when it was written, by the host's clock."""

    @property
    def ref(self) -> str:
        return f"{self.name}@{self.host.name}"

    def write(self, chance: random.Random) -> None:
        """A few lines, of which one in fifty is longer than a frame."""
        if self.container.state is not ContainerState.RUNNING:
            return
        for _ in range(chance.choice((1, 1, 1, 5, 40))):
            stream = Stream.ERR if chance.random() < 0.2 else Stream.OUT
            filler = b"." * 40_000 if chance.random() < 0.02 else b""
            text = b"%s %d %s\n" % (self.ref.encode(), len(self.stamps), filler)
            self.stamps.append(int(self.host.daemon.bus.now() * 1e9))
            self.host.daemon.write(self.container, text, stream)


class Chaos:
    """A fleet of three hosts, and everything that may happen to it."""

    def __init__(self, fleet: MemoryFleet, seed: int, each: int = 7) -> None:
        self.chance = random.Random(seed)
        self.fleet = fleet
        self.happened: list[str] = []
        self.writers: list[Writer] = []
        for host in fleet.hosts.values():
            for number in range(each):
                # A few are rotated often, and their follows are sent a little twice.
                rotated = LogSetup(driver="json-file", max_size=400_000, max_files=3)
                log = {"log": rotated} if number < 3 else {}
                container = running(host, f"c{number}", **log)
                host.daemon.log(container).file.resends = number < 3
                self.writers.append(Writer(host, f"c{number}", container))

    async def write(self, seconds: float) -> None:
        """Everybody writes, in steps of 50 ms."""
        for _ in range(int(seconds / 0.05)):
            for writer in self.writers:
                if self.chance.random() < 0.15:
                    writer.write(self.chance)
            await asyncio.sleep(0.05)

    async def disturb(self, seconds: float, *, kinds: str) -> None:
        """Something every second or two."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.chance.uniform(0.3, 3))
            writer = self.chance.choice(self.writers)
            kind = self.chance.choice(kinds.split())
            self.happened.append(f"{loop.time():.2f} {kind} {writer.ref}")
            await getattr(self, f"_{kind}")(writer)

    async def _cut(self, writer: Writer) -> None:
        writer.host.cut()

    async def _streams(self, writer: Writer) -> None:
        writer.host.daemon.logs.cut(after=self.chance.randrange(5))

    async def _engine(self, writer: Writer) -> None:
        writer.host.engine_stops()
        await asyncio.sleep(self.chance.uniform(0.1, 4))
        writer.host.engine_starts()

    async def _restart(self, writer: Writer) -> None:
        writer.host.daemon.restart(writer.container)

    async def _pause(self, writer: Writer) -> None:
        daemon = writer.host.daemon
        daemon.stop(writer.container)
        await asyncio.sleep(self.chance.uniform(0.05, 3))
        daemon.start(writer.container)

    async def _recreate(self, writer: Writer) -> None:
        daemon = writer.host.daemon
        log = writer.container.log
        daemon.remove(writer.container)
        writer.container = daemon.create(writer.name, "busybox:2", log=log)
        daemon.start(writer.container)
        writer.write(self.chance)

    async def _truncate(self, writer: Writer) -> None:
        # Where older files are left, a hole between them and the new beginning shows nowhere.
        if writer.container.log.max_size is None and not self._empties(writer):
            writer.host.daemon.log(writer.container).truncate()

    async def _rotate(self, writer: Writer) -> None:
        if self._empties(writer):
            return
        writer.host.daemon.log(writer.container).rotate()

    def _empties(self, writer: Writer) -> bool:
        """Whether it would throw away, by hand, lines of a log that nobody has ever read: nothing that is
        left of such a log, or known of it, tells that they were there.
        """
        asked = {container for container, _ in writer.host.daemon.logs.asks}
        return writer.container.log.max_size is None and writer.container.id not in asked

    async def _hush(self, writer: Writer) -> None:
        writer.host.daemon.log(writer.container).hush()

    async def _quiet(self, writer: Writer) -> None:
        writer.host.go_quiet()
        await asyncio.sleep(self.chance.uniform(1, 12))
        writer.host.speak()

    async def _clock(self, writer: Writer) -> None:
        writer.host.ahead = self.chance.uniform(-5, 5)


def judge(chaos: Chaos, tap: Tapped) -> list[str]:
    """What is wrong with what arrived: lines that came twice, out of order, or not and not in a gap."""
    views = tap.update.sources
    wrong: list[str] = []
    got: dict[str, list[int]] = defaultdict(list)
    torn: set[str] = set()
    for line in tap.lines:
        if line.stream is not Stream.NOTE:
            if not line.raw.strip(b"."):
                # The rest of a long line whose beginning was rotated away.
                torn.add(views[line.source].source.ref)
                continue
            ref, number = line.raw.split()[:2]
            if views[line.source].source.ref.encode() != ref:
                wrong.append(f"{ref!r} {number!r} as {views[line.source].source.ref}")
            got[ref.decode()].append(int(number))
    for writer in chaos.writers:
        numbers = got[writer.ref]
        twice = len(numbers) - len(set(numbers))
        if twice:
            wrong.append(f"{writer.ref}: {twice} of {len(writer.stamps)} twice")
        missing = set(range(len(writer.stamps))) - set(numbers)
        gaps = _gaps(tap.lines, views, writer.ref)
        if writer.ref in torn and not gaps:
            wrong.append(f"{writer.ref}: half a line, and no gap")
        # Lines of one burst are stamped a little after each other.
        silent = [n for n in missing if not any(a - BURST <= writer.stamps[n] <= b for a, b in gaps)]
        if silent:
            wrong.append(f"{writer.ref}: {len(silent)} of {len(writer.stamps)} missing: {sorted(silent)[:9]}")
    return wrong


def _gaps(lines: list[LogLine], views: tuple[SourceView, ...], ref: str) -> list[tuple[int, int]]:
    notes = [line.note for line in lines if line.note and line.note.kind is NoteKind.GAP]
    return [
        (note.from_ns or 0, note.to_ns or 0)
        for note in notes
        if note.source >= 0 and views[note.source].source.ref == ref
    ]
