"""One stream being read: the tap it comes from, the ring it is kept in, and what is known about both."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping

from console.config.schema import LogCaps
from console.model.logs.lines import LogBlock, NoteKind
from console.model.logs.ring import LogRing
from console.model.logs.wish import ClockReading, LogWish
from console.service.tap import LogTap, LogUpdate, SourceView

Open = Callable[[LogWish], LogTap]

RATED = 3.0
"""Seconds over which lines are counted for a rate."""


SETTLED = 1.0
"""Seconds after loading from which lines are counted: the past says nothing of how fast lines come."""

MISSING = (NoteKind.GAP, NoteKind.DROPPED)

GAPS = 500
"""Gaps that are remembered, the newest ones."""


class Intake:
    """Takes from one tap at a time. Plain methods that return at once."""

    def __init__(self, open_tap: Open, caps: LogCaps, clock: Callable[[], float] = time.monotonic) -> None:
        self._open = open_tap
        self._caps = caps
        self._clock = clock
        self._tap: LogTap | None = None
        self._came: deque[tuple[float, int]] = deque()
        self._counted_from = 0.0
        self._frozen = False
        self.ring = LogRing(caps.lines, caps.bytes)
        self.gaps: list[int] = []
        """Numbers of the lines that say that others are missing."""
        self.wish: LogWish | None = None
        """What is read; None before the first one."""
        self.sources: tuple[SourceView, ...] = ()
        self.loading = False
        self.dropped = 0
        """Lines that did not reach us because we were too slow."""
        self.clocks: Mapping[str, ClockReading] = {}
        self.corrected = False
        self.suspended = False

    def show(self, wish: LogWish) -> None:
        """Read something else from now on."""
        self.close()
        self.ring = LogRing(self._caps.lines, self._caps.bytes)
        self.gaps = []
        self.wish, self.loading = wish, True
        self.sources, self.clocks = (), {}
        self.dropped, self.corrected, self.suspended = 0, False, False
        self._came.clear()
        self._counted_from = self._clock() + SETTLED
        self._tap = self._open(wish)
        if self._frozen:
            self._tap.freeze(True)

    def close(self) -> None:
        """Read nothing any more; what is here stays."""
        if self._tap is not None:
            self._tap.close()
            self._tap = None

    def freeze(self, on: bool) -> None:
        """Take nothing for a while, or go on."""
        self._frozen = on
        if self._tap is not None:
            self._tap.freeze(on)

    def take(self) -> tuple[LogBlock, ...] | None:
        """Take what came into the ring; return it, or None where nothing at all is different."""
        update = None if self._frozen or self._tap is None else self._tap.take()
        if update is None:
            return None
        for block in update.blocks:
            start = self.ring.end
            self.ring.append(block)
            self.gaps += [start + at for at, note in block.notes.items() if note.kind in MISSING]
        del self.gaps[: max(bisect_left(self.gaps, self.ring.first), len(self.gaps) - GAPS)]
        self._learn(update)
        return update.blocks

    def _learn(self, update: LogUpdate) -> None:
        if update.sources:
            self.sources = update.sources
        if update.clocks:
            self.clocks = update.clocks
        self.loading, self.corrected = update.loading, update.corrected
        self.dropped, self.suspended = update.dropped, update.suspended
        lines = sum(map(len, update.blocks))
        now = self._clock()
        if update.loading:
            self._counted_from = now + SETTLED
        elif lines and now >= self._counted_from:
            self._came.append((now, lines))

    @property
    def rate(self) -> float:
        """Lines a second that came lately."""
        now = self._clock()
        while self._came and self._came[0][0] < now - RATED:
            self._came.popleft()
        return sum(lines for _, lines in self._came) / RATED
