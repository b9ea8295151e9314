"""Logs that are made up when somebody reads them: nothing is written where nobody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from console.model.logs.lines import LogFrames

SECOND = 10**9

LOOK_AHEAD = 60 * SECOND
"""How far ahead the next line is looked for."""

FIRST_STEP = 60 * SECOND
"""How much of the past is made up at first for somebody who asks for a few lines; twice as much each time."""


class Author(Protocol):
    """What a container would write: a pure function of time, so that it does not matter when it is asked."""

    def lines(self, begin: int, end: int, run: int) -> LogFrames:
        """All lines from `begin` up to but not at `end`, in order, of a container that was started at `run`:
        nanoseconds of the fleet's clock. Stamps are unique within a stream.
        """
        ...


class Manuscript:
    """Which part of an author's work is in the log already. All times: nanoseconds of the fleet's clock."""

    def __init__(
        self, author: Callable[[], Author], *, begin: int, run: int, end: int, running: bool
    ) -> None:
        """The container was started at `run`, the author has written since `begin`, and `end` is now, or
        when the container ended.
        """
        self._hire = author
        self._author: Author | None = None
        self._begin, self._first, self._made = begin, end, end
        self._first_run = self._run = run
        self._running = running

    def started(self, now: int) -> None:
        """The container was started."""
        self._run = now
        self.resumed(now)

    def resumed(self, now: int) -> None:
        """It writes again."""
        self._made, self._running = now, True

    def stopped(self) -> None:
        """It does not write for now."""
        self._running = False

    def forward(self, now: int) -> LogFrames:
        """What was written since the last call; nothing where the container does not run."""
        if not self._running or now <= self._made:
            return LogFrames()
        begin, self._made = self._made, now
        return self._lines(begin, now, self._run)

    def backward(self, since: int) -> LogFrames:
        """What was written before all that was given so far, from `since` on."""
        begin, end = max(since, self._begin), self._first
        if begin >= end:
            return LogFrames()
        self._first = begin
        return self._lines(begin, end, self._first_run)

    def before(self, age: int) -> int | None:
        """The moment `age` before the oldest that was given; None where there is nothing older."""
        return self._first - age if self._first > self._begin else None

    def due(self) -> int | None:
        """When the next line will be written, or when to ask again; None: not while nothing changes."""
        if not self._running:
            return None
        ahead = self._lines(self._made, self._made + LOOK_AHEAD, self._run)
        return ahead.stamps[0] if ahead.stamps else self._made + LOOK_AHEAD

    def _lines(self, begin: int, end: int, run: int) -> LogFrames:
        if self._author is None:
            self._author = self._hire()
        return self._author.lines(begin, end, run)
