"""Where the lines of all sources of a stream meet: ten times a second what is due goes on, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.model.clock import Clock
from console.model.logs.lines import LogBlock, LogFrames, Note
from console.model.logs.merge import Merger
from console.service.logs.braid import Braid

TICK = 0.1
"""Seconds between two looks at what is due."""

QUICK = 0.02
"""The same while there is one source, whose lines wait for no others, and the least in a storm."""

HANDFUL = 2_000
"""Lines that may be put in order at once, as a rule: with more there is a look more often."""

CROWD, CROWD_BYTES = 16_000, 4 << 20
"""Lines, and bytes of them, that wait for older ones of other sources at most: each is an object of its own.
A loop that comes late to its looks must not need more memory for it.
"""


class Funnel:
    """Belongs to the network loop; `run` is the task that empties it."""

    def __init__(
        self,
        clock: Clock,
        emit: Callable[[list[LogBlock]], None],
        room: Callable[[], Coroutine[Any, Any, None]],
        timeless: Callable[[], bool],
        braid: Braid,
    ) -> None:
        """`emit` takes what goes on, `room` waits until it can; `timeless` says whether clocks that matter
        are still to be read, and `braid` how far the past of all is.
        """
        self.merger = Merger()
        self.sources = 0
        self.size = 0
        """Bytes of lines inside."""
        self.touched: set[int] = set()
        """Sources that brought lines; whoever shows them clears it."""
        self._clock = clock
        self._emit = emit
        self._room = room
        self._braid = braid
        self._timeless = timeless
        self._early: list[tuple[int, LogFrames]] = []
        """What came before clocks were read."""
        self._wake = asyncio.Event()
        self._ticked = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Lines inside."""
        return self.merger.waiting + sum(len(lines) for _, lines in self._early)

    def lines(self, source: int, lines: LogFrames) -> None:
        """Whole lines of one source, in its order."""
        if self._timeless():
            self._early.append((source, lines))
        else:
            self._admit()
            self._add(source, lines)
        self.size += sum(map(len, lines.payloads))
        self.touched.add(source)
        self._wake.set()
        if self._braid.crowded and (self.merger.waiting > CROWD or self.size > CROWD_BYTES):
            self.tick()

    def note(self, note: Note) -> None:
        """A line of our own."""
        self.merger.note(note, self._clock.monotonic())
        self._wake.set()

    def tick(self) -> int:
        """Let go on what is due; return how many lines that was."""
        if self._early and not self._timeless():
            self._admit()
        now = self._clock.monotonic()
        upto = self._braid.upto(now)
        if self._braid.over or self._braid.overfull(self.merger.waiting, self.size):
            done = self._pass_on(self.merger.ready(now, most=self._most()))
        else:
            done = self._pass_on(self.merger.upto(upto))
        self._braid.gone_on(upto)
        self._ticked.set()
        self._ticked = asyncio.Event()
        return done

    def _most(self) -> int | None:
        """Lines that may wait now; None: any number, since those who write are held back."""
        if not self._braid.crowded:
            return None
        return CROWD if self.size <= CROWD_BYTES else self.merger.waiting * CROWD_BYTES // self.size

    async def room(self, source: int) -> None:
        """Wait until more of this source may come."""
        if self._braid.full(source) or self._braid.fuller(self.merger.waiting, self.size):
            self.tick()
        while self._braid.holds_back(source, self._clock.monotonic()) or (
            self._braid.fuller(self.merger.waiting, self.size)
        ):
            await self._ticked.wait()
        self._braid.rests(source, True, self._clock.monotonic())
        await self._room()
        self._braid.rests(source, False, self._clock.monotonic())

    def flush(self) -> None:
        """Let everything go on."""
        self._admit()
        self._pass_on(self.merger.flush())

    async def run(self) -> None:
        """For ever; costs nothing while nothing is inside."""
        pause = QUICK
        while True:
            if not self.waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._clock.sleep(pause)
            done = self.tick()
            pause = min(TICK, max(QUICK, pause * HANDFUL / max(1, done))) if self.sources > 1 else QUICK

    def _admit(self) -> None:
        early, self._early = self._early, []
        for source, lines in early:
            self._add(source, lines)

    def _add(self, source: int, lines: LogFrames) -> None:
        now = self._clock.monotonic()
        self.merger.add(source, lines, now)
        if not self._braid.over:
            key = self.merger.key(source, lines.stamps[-1])
            self._braid.added(source, key, len(lines), sum(map(len, lines.payloads)), now)

    def _pass_on(self, blocks: list[LogBlock]) -> int:
        if not self.waiting:
            self.size = 0
        else:
            self.size = max(0, self.size - sum(len(block.data) for block in blocks))
        if blocks:
            self._emit(blocks)
        return sum(map(len, blocks))
