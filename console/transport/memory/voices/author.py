"""How the demo's containers write: slot by slot, drawn from nothing but their name and the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from random import Random
from zlib import crc32

from console.model.logs.lines import LogFrames, Stream

SECOND = 10**9

SLOT = 30
"""Seconds that are drawn at once."""

OUT, ERR = int(Stream.OUT), int(Stream.ERR)

Line = tuple[float, int, str]
"""Seconds from the beginning of its slot or run, the stream, and a text of one or more lines."""

BETWEEN = 23_000
"""Nanoseconds between the lines of one text."""

KEPT = 4
"""Slots of one container that are remembered: the one being read, and its neighbours."""


class Clockface:
    """Times as programs on one host write them, whose clock is `ahead` of the fleet's by some seconds."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def iso(self, at: float) -> str:
        """`2025-06-15T15:06:40.123Z`."""
        second, fraction = divmod(at + self.ahead, 1)
        return f"{_written('%Y-%m-%dT%H:%M:%S', int(second))}.{int(fraction * 1000):03d}Z"

    def plain(self, at: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        """Without the fraction."""
        return _written(form, int(at + self.ahead))

    def milli(self, at: float, mark: str = ".") -> str:
        """`2025-06-15 15:06:40.123`."""
        second, fraction = divmod(at + self.ahead, 1)
        return f"{_written('%Y-%m-%d %H:%M:%S', int(second))}{mark}{int(fraction * 1000):03d}"


@lru_cache(maxsize=512)
def _written(form: str, second: int) -> str:
    return time.strftime(form, time.gmtime(second))


def dice(name: str, slot: int) -> Random:
    """Chance that is the same for the same name and slot, on every machine."""
    return Random(crc32(name.encode()) << 40 | slot)


def moments(chance: Random, rate: float) -> list[float]:
    """So many moments a second, spread over a slot in order."""
    mean = rate * SLOT
    count = int(mean + chance.random() + chance.gauss(0, 0.5) * mean**0.5)
    return sorted(chance.uniform(0.01, SLOT - 0.2) for _ in range(max(0, count)))


def every(slot: int, seconds: float, offset: float = 0.0) -> list[float]:
    """The moments of one slot that recur each so many seconds."""
    start = slot * SLOT
    first = -(-(start - offset) // seconds) * seconds + offset
    found = []
    while first < start + SLOT:
        found.append(min(first - start, SLOT - 0.2))
        first += seconds
    return found


class Chronicle:
    """An author that goes on for ever: `draw` gives one slot, `boot` what comes first after a start."""

    def __init__(
        self,
        name: str,
        draw: Callable[[Random, int], Iterable[Line]],
        boot: Callable[[float], Sequence[Line]] = lambda start: (),
    ) -> None:
        """`draw` is given chance and the slot's number, `boot` the moment of the start in seconds."""
        self._name, self._draw, self._boot = name, draw, boot
        self._slots: dict[int, LogFrames] = {}

    def lines(self, begin: int, end: int, run: int) -> LogFrames:
        """As `Author`: what it says when it starts, and from then on what its slots have."""
        found = LogFrames()
        started = run
        if run + 60 * SECOND > begin:
            first = written(self._boot(run / SECOND), run)
            started = max(run, *first.stamps) + 1 if first else run
            _add(found, first, begin, end)
        begin = max(begin, started)
        for slot in range(begin // (SLOT * SECOND), (end - 1) // (SLOT * SECOND) + 1):
            _add(found, self._slot(slot), begin, end)
        return found

    def _slot(self, slot: int) -> LogFrames:
        frames = self._slots.get(slot)
        if frames is None:
            drawn = self._draw(dice(self._name, slot), slot)
            frames = self._slots[slot] = written(drawn, slot * SLOT * SECOND)
            if len(self._slots) > KEPT:
                del self._slots[next(iter(self._slots))]
        return frames


class Episode:
    """An author of what runs, says its piece and ends; `again`: it did so before, each so many seconds."""

    def __init__(self, tell: Callable[[float], Sequence[Line]], again: float = 0.0) -> None:
        self._tell, self._again = tell, int(again * SECOND)

    def lines(self, begin: int, end: int, run: int) -> LogFrames:
        """As `Author`."""
        found = LogFrames()
        starts = [run]
        while self._again and starts[-1] > begin:
            starts.append(starts[-1] - self._again)
        for start in reversed(starts):
            _add(found, written(self._tell(start / SECOND), start), begin, end)
        return found


def written(lines: Iterable[Line], start: int) -> LogFrames:
    """Texts as frames in order of time; no two have the same stamp."""
    found = LogFrames()
    last = 0
    for offset, stream, text in sorted(lines):
        at = max(start + int(offset * SECOND), last + 1)
        for line in text.split("\n"):
            found.stamps.append(at)
            found.streams.append(stream)
            found.payloads.append(line.encode() + b"\n")
            last, at = at, at + BETWEEN
    return found


def _add(found: LogFrames, frames: LogFrames, begin: int, end: int) -> None:
    for stamp, stream, payload in zip(frames.stamps, frames.streams, frames.payloads, strict=True):
        if begin <= stamp < end:
            found.stamps.append(stamp)
            found.streams.append(stream)
            found.payloads.append(payload)
