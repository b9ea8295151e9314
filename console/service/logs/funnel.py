"""Where the lines of all sources of a stream meet: ten times a second what is due goes on, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.model.clock import Clock
from console.model.logs.lines import LogBlock, LogFrames, Note
from console.model.logs.merge import Merger

TICK = 0.1
"""Seconds between two looks at what is due."""

QUICK = 0.02
"""The same while there is one source, whose lines wait for no others, and the least in a storm."""

HANDFUL = 2_000
"""Lines that may be put in order at once, as a rule: with more there is a look more often."""

HELD, HELD_BYTES = 50_000, 16 << 20
"""Lines and bytes that are held for order's sake while the past is read, at most."""


class Funnel:
    """Belongs to the network loop; `run` is the task that empties it."""

    def __init__(
        self,
        clock: Clock,
        emit: Callable[[list[LogBlock]], None],
        holding: Callable[[], bool],
        room: Callable[[], Coroutine[Any, Any, None]],
        timeless: Callable[[], bool],
    ) -> None:
        """`emit` takes what goes on, `room` waits until it can; `holding` says whether the past is still
        being gathered, `timeless` whether clocks are still to be read that lines have to be corrected by.
        """
        self.merger = Merger()
        self.sources = 0
        self.size = 0
        """Bytes of lines inside."""
        self.touched: set[int] = set()
        """Sources that brought lines; whoever shows them clears it."""
        self.room = room
        self._clock = clock
        self._emit = emit
        self._holding = holding
        self._timeless = timeless
        self._early: list[tuple[int, LogFrames]] = []
        """What came before clocks were read."""
        self._wake = asyncio.Event()

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
            self.merger.add(source, lines, self._clock.monotonic())
        self.size += sum(map(len, lines.payloads))
        self.touched.add(source)
        self._wake.set()

    def note(self, note: Note) -> None:
        """A line of our own."""
        self.merger.note(note, self._clock.monotonic())
        self._wake.set()

    def tick(self) -> int:
        """Let go on what is due; return how many lines that was."""
        if self._early and not self._timeless():
            self._admit()
        hold = self.merger.waiting < HELD and self.size < HELD_BYTES and self._holding()
        return self._pass_on(self.merger.ready(self._clock.monotonic(), hold=hold))

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
            self.merger.add(source, lines, self._clock.monotonic())

    def _pass_on(self, blocks: list[LogBlock]) -> int:
        if not self.waiting:
            self.size = 0
        else:
            self.size = max(0, self.size - sum(len(block.data) for block in blocks))
        if blocks:
            self._emit(blocks)
        return sum(map(len, blocks))
