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
        self._begin, self._first = begin, end
        self._first_run = self._run = run
        self._made: int | None = end if running else None
        """Up to when it was given of the run that goes on; None: it does not write now."""
        self._owed: list[tuple[int, int, int]] = []
        """Begin, end and start of the run of what was written and not given, where the run was left off."""
        self._begun = not running
        """Whether what was written up to now is no longer all of it past."""

    def started(self, now: int) -> None:
        """The container was started."""
        self.stopped(now)
        self._run = now
        self.resumed(now)

    def resumed(self, now: int) -> None:
        """It writes again."""
        if self._made is None:
            self._made = now

    def stopped(self, now: int) -> None:
        """It does not write for now."""
        self._begin_with(now)
        if self._made is not None:
            self._owed.append((self._made, now, self._run))
        self._made = None

    def forward(self, now: int) -> LogFrames:
        """What was written since the last call. The first gives nothing: up to then all is past, and the
        author need not be there yet.
        """
        self._begin_with(now)
        owed, self._owed = self._owed, []
        if self._made is not None and now > self._made:
            owed.append((self._made, now, self._run))
            self._made = now
        found = LogFrames()
        for begin, end, run in owed:
            frames = self._lines(begin, end, run)
            found.stamps += frames.stamps
            found.streams += frames.streams
            found.payloads += frames.payloads
        return found

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
        if self._made is None:
            return None
        ahead = self._lines(self._made, self._made + LOOK_AHEAD, self._run)
        return ahead.stamps[0] if ahead.stamps else self._made + LOOK_AHEAD

    def _begin_with(self, now: int) -> None:
        if not self._begun:
            self._begun = True
            self._first = self._made = now

    def _lines(self, begin: int, end: int, run: int) -> LogFrames:
        if self._author is None:
            self._author = self._hire()
        return self._author.lines(begin, end, run)
