"""A container's log on the disk of a memory host: rotated as by dockerd's `json-file`, and read as by it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress, islice

from console.model.logs.lines import LogFrames
from console.model.logs.setup import LogSetup
from console.transport.base import LogAsk

WRAPPING = 70
"""Bytes that `json-file` puts around one frame; they count towards `max-size`."""

MOST_FRAMES, MOST_BYTES = 4096, 1 << 20
"""What one look at a log brings at most."""

RESENT = 0.03
"""Which part of a new file a follow sends twice after a rotation."""


@dataclass(slots=True, eq=False)
class Segment:
    """One file of a log. Its frames have numbers that stay when older ones are put before them."""

    stamps: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    size: int = 0
    first: int = 0
    """Number of its first frame."""
    emptied: int = 0
    """How often it was truncated."""

    @property
    def end(self) -> int:
        """Number after its last frame."""
        return self.first + len(self.stamps)

    def cut(self, begin: int, end: int) -> LogFrames:
        """Frames by their numbers."""
        start, stop = max(0, begin - self.first), max(0, end - self.first)
        return LogFrames(self.stamps[start:stop], self.streams[start:stop], self.payloads[start:stop])

    def empty(self) -> None:
        """Truncate it."""
        for column in (self.stamps, self.streams, self.payloads):
            column.clear()
        self.size, self.first = 0, 0
        self.emptied += 1


class LogFile:
    """The file that is written, and those that were rotated away."""

    def __init__(self, setup: LogSetup) -> None:
        self.segments = [Segment()]
        """Oldest first; the last one is written."""
        self.resends = False
        """Whether follows send a few frames twice after a rotation, as dockerd does under load."""
        self.lost = False
        """Whether anything that was written is not there any more."""
        self.max_size, self.max_files = setup.max_size, max(1, setup.max_files)

    @property
    def current(self) -> Segment:
        return self.segments[-1]

    def __len__(self) -> int:
        return sum(len(segment.stamps) for segment in self.segments)

    def append(self, frames: LogFrames) -> None:
        """Write frames, rotating where the file is full before one."""
        position, total = 0, len(frames)
        while position < total:
            if self.max_size is not None and self.current.size >= self.max_size:
                self.rotate()
            count = self._room(frames.payloads, position)
            segment, end = self.current, position + count
            segment.stamps += frames.stamps[position:end]
            segment.streams += frames.streams[position:end]
            segment.payloads += frames.payloads[position:end]
            segment.size += sum(map(len, frames.payloads[position:end])) + WRAPPING * count
            position = end

    def prepend(self, frames: LogFrames) -> None:
        """Put frames before all that are there, as if they had always been."""
        oldest = self.segments[0]
        oldest.first -= len(frames)
        oldest.stamps[:0] = frames.stamps
        oldest.streams[:0] = frames.streams
        oldest.payloads[:0] = frames.payloads

    def rotate(self) -> None:
        """Begin a new file; with a single one it is truncated."""
        if self.max_files == 1:
            self.truncate()
            return
        self.segments.append(Segment())
        self.lost = self.lost or len(self.segments) > self.max_files
        del self.segments[: -self.max_files]

    def truncate(self) -> None:
        """Somebody empties the file that is written; the rotated ones stay."""
        self.lost = True
        self.current.empty()

    def _room(self, payloads: Sequence[bytes], position: int) -> int:
        """How many of the payloads from `position` on go into the current file."""
        if self.max_size is None:
            return len(payloads) - position
        size, count = self.current.size, 0
        for payload in islice(payloads, position, None):
            if size >= self.max_size:
                break
            size += len(payload) + WRAPPING
            count += 1
        return count


@dataclass(slots=True)
class _Place:
    """Where a reader is in one file."""

    segment: Segment
    number: int
    end: int | None = None
    """Number to stop before; None: as far as the file goes."""
    emptied: int = 0

    def settle(self) -> None:
        """Begin again where the file was truncated; what was to be read of it is gone."""
        if self.emptied != self.segment.emptied:
            self.emptied = self.segment.emptied
            self.number = self.segment.first
            self.end = None if self.end is None else self.segment.first

    def left(self) -> int:
        """Frames between here and the end."""
        self.settle()
        end = self.segment.end if self.end is None else min(self.end, self.segment.end)
        return end - self.number


class Reading:
    """One answer to `GET /containers/{id}/logs`, taken bit by bit.

    As in dockerd: `tail` chooses the newest frames first, `since` leaves out older ones of these, and the
    first frame in the order of the file that is later than `until` ends the answer. A follow reads the file
    it has open to its end and goes on with the one that is written by then: files between are skipped.
    """

    def __init__(self, log: LogFile, ask: LogAsk, *, follow: bool) -> None:
        self.finished = False
        """Whether the answer has come to its proper end."""
        self._log, self._ask = log, ask
        self._past = deque(_places(log, ask.tail))
        current = log.current
        self._live = _Place(current, current.end, emptied=current.emptied) if follow else None
        self._stop: _Place | None = None
        self._again = 0
        """Bytes of a new file after which a follow begins with it once more; 0: it does not."""

    def ends(self) -> None:
        """The container has stopped: a follow ends where the log ends now."""
        if self._live is not None and self._stop is None:
            current = self._log.current
            self._stop = _Place(current, current.end, emptied=current.emptied)

    def take(self, most: int = MOST_FRAMES) -> LogFrames:
        """What is there and was not taken yet, at most so many frames; empty when there is nothing now."""
        while not self.finished:
            frames = self._next(most)
            if frames is None:
                break
            if found := self._wanted(frames):
                return found
        return LogFrames()

    def _next(self, most: int) -> LogFrames | None:
        """The next frames whatever their stamps; None: nothing now, or nothing ever where it is finished."""
        while self._past:
            place = self._past[0]
            if place.left() > 0:
                return _bite(place, most)
            self._past.popleft()
        if self._live is None:
            self.finished = True
            return None
        return self._follow(self._live, most)

    def _follow(self, live: _Place, most: int) -> LogFrames | None:
        stop = self._stop
        while True:
            live.settle()
            if stop is not None and live.segment is stop.segment:
                live.end = stop.number if stop.emptied == stop.segment.emptied else live.segment.first
            if live.left() > 0:
                break
            current = self._log.current
            if stop is not None and (live.segment is stop.segment or current is not stop.segment):
                self.finished = True
                return None
            if live.segment is current:
                return None
            live.segment, live.number, live.emptied = current, current.first, current.emptied
            self._again = int(RESENT * (self._log.max_size or 0)) if self._log.resends else 0
        if self._again <= 0:
            return _bite(live, most)
        frames = _bite(live, min(most, _count_of(live, self._again)))
        self._again -= sum(map(len, frames.payloads)) + WRAPPING * len(frames)
        if self._again <= 0:
            live.number = live.segment.first
        return frames

    def _wanted(self, frames: LogFrames) -> LogFrames:
        since, until = self._ask.since_ns, self._ask.until_ns
        stamps = frames.stamps
        if until is not None and max(stamps) > until:
            late = (
                i for i, stamp in enumerate(stamps) if stamp > until and (since is None or stamp >= since)
            )
            end = next(late, len(stamps))
            self.finished = end < len(stamps)
            frames = LogFrames(stamps[:end], frames.streams[:end], frames.payloads[:end])
        if since is not None and frames.stamps and min(frames.stamps) < since:
            kept = [stamp >= since for stamp in frames.stamps]
            return LogFrames(
                list(compress(frames.stamps, kept)),
                list(compress(frames.streams, kept)),
                list(compress(frames.payloads, kept)),
            )
        return frames


def _places(log: LogFile, tail: int | None) -> list[_Place]:
    """The newest `tail` frames of all files, oldest file first."""
    places: list[_Place] = []
    left = tail
    for segment in reversed(log.segments):
        count = len(segment.stamps) if left is None or left < 0 else min(left, len(segment.stamps))
        if left is not None:
            left -= count
        places.insert(0, _Place(segment, segment.end - count, segment.end, segment.emptied))
    return places


def _count_of(place: _Place, size: int) -> int:
    """How many frames from a place on make up `size` bytes of the file; one at least."""
    start = place.number - place.segment.first
    count = 0
    for payload in islice(place.segment.payloads, start, None):
        size -= len(payload) + WRAPPING
        count += 1
        if size <= 0:
            break
    return max(1, count)


def _bite(place: _Place, most: int) -> LogFrames:
    count = min(place.left(), most, MOST_FRAMES)
    frames = place.segment.cut(place.number, place.number + count)
    while count > 1 and sum(map(len, frames.payloads)) > MOST_BYTES:
        count = max(1, count // 2)
        frames = place.segment.cut(place.number, place.number + count)
    place.number += count
    return frames
