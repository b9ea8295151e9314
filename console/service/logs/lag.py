"""Whether an engine may have rotated away lines before they were read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from console.model.logs.lines import LogFrames
from console.model.logs.setup import LogSetup
from console.service.logs.notes import span

AROUND = 70
"""Bytes that `json-file` keeps besides each frame's own."""

WINDOW = 200_000_000
"""Nanoseconds over which a write rate is measured at least."""

SAY_EVERY = 60_000_000_000
"""Nanoseconds after which an episode that goes on is noted."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A stretch of time in which lines may have been skipped. Nanoseconds by the engine's clock."""

    from_ns: int
    to_ns: int
    why: str


class Lag:
    """Of one follow. An engine keeps the files open that it began with, and goes on with the newest one: what
    was written and rotated away in between is skipped, and nothing tells.
    """

    def __init__(self, max_size: int, opened_ns: int) -> None:
        """`max_size`: bytes of one file; `opened_ns`: when the follow began."""
        self._size = max_size
        self._opened = opened_ns
        self._rate = 0.0
        """Bytes a second, the highest that was seen."""
        self._from = 0
        self._bytes = 0
        self._last = 0
        self._began: int | None = None
        self._worst = 0.0

    def saw(self, frames: LogFrames, now_ns: int) -> Doubt | None:
        """Frames were delivered at `now_ns`; a stretch of doubt, once it is over."""
        before, last = self._last or frames.stamps[0], frames.stamps[-1]
        self._last = last
        self._measure(frames, last)
        # What was there when it began is read from files that are held open.
        lag = (now_ns - max(last, self._opened)) / 1e9
        if self._rate * lag >= self._size / 2:
            self._began = self._began or before
            self._worst = max(self._worst, lag)
            if last - self._began < SAY_EVERY:
                return None
        return self.over(last)

    def over(self, last_ns: int) -> Doubt | None:
        """The follow ends here, or has caught up: a stretch of doubt, if there is one."""
        began, self._began = self._began, None
        worst, self._worst = self._worst, 0.0
        if began is None:
            return None
        every = self._size / self._rate
        why = (
            f"the reader was {span(worst)} behind and the log rotates every {span(every)}: "
            "a gap cannot be ruled out"
        )
        return Doubt(began, max(began, last_ns), why)

    def _measure(self, frames: LogFrames, last: int) -> None:
        self._bytes += sum(map(len, frames.payloads)) + AROUND * len(frames)
        if not self._from:
            self._from, self._bytes = last, 0
        elif last - self._from >= WINDOW:
            self._rate = max(self._rate, self._bytes * 1e9 / (last - self._from))
            self._from, self._bytes = last, 0


class FirstReading:
    """Of a log that belongs to a stream from its beginning on. Its container may have been made while nobody
    could read it, and what it wrote at first be rotated away by now.
    """

    def __init__(self, setup: LogSetup, born_ns: int) -> None:
        """`born_ns`: when the container was made."""
        self._max_size, self._files = setup.max_size, max(1, setup.max_files)
        self._born = born_ns
        self._size = self._first = self._last = 0

    def saw(self, frames: LogFrames) -> None:
        """Frames that were read, oldest first."""
        self._first = self._first or frames.stamps[0]
        self._last = frames.stamps[-1]
        self._size += sum(map(len, frames.payloads)) + AROUND * len(frames)

    def doubt(self) -> Doubt | None:
        """The time before the oldest line, where older ones may be gone."""
        if self._max_size is None or not self._first or not self._rotated(self._max_size):
            return None
        why = "new, and its log may have been rotated before it was first read: a gap cannot be ruled out"
        return Doubt(min(self._born, self._first), self._first, why)

    def _rotated(self, max_size: int) -> bool:
        # Sizes are doubled: what an engine escapes takes more room in its files than here.
        if self._files > 1:
            # Nothing is thrown away before all files are there, and all but one of them stay.
            return self._size * 2 >= max_size * (self._files - 1)
        # A single file is emptied: nothing that is left tells of it but how fast it is written.
        written = self._size * (self._first - self._born) / max(self._last - self._first, WINDOW)
        return written * 2 >= max_size
