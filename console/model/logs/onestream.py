"""One stream of one container's log: where it is, what was taken of it, its unfinished line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum
from itertools import compress, islice
from operator import itemgetter, le, lt

from console.model.logs.lines import LogFrames
from console.model.logs.stamps import NEVER, RecentStamps

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes after which a line put together of frames is cut, so that memory is bounded."""

DOUBT_FRAMES = 65_536
DOUBT_BYTES = 8 * 1024 * 1024
"""How much of what is doubtful is put aside; with more it is believed at once."""

_last_byte = itemgetter(-1)
_NEWLINE = frozenset((10,))


FULL_PARTS = frozenset({16384, 8192, 4095})
"""Bytes of a part that another one follows: of Docker, and of Podman without and with a terminal."""


class Verdict(Enum):
    """What a frame is, held against what was taken."""

    NEW = 1
    REPEAT = 2
    DOUBT = 3
    """It may be either; what comes after it tells."""


class OneStream:
    """The memory of one stream. `Resume` has one for each, and decides over them together."""

    __slots__ = (
        "_besides",
        "_doubt_bytes",
        "_looked",
        "_parts",
        "_parts_bytes",
        "_parts_stamp",
        "_table",
        "doubt",
        "doubt_since",
        "group",
        "index",
        "kind",
        "last",
        "lumped",
        "recent",
        "whole",
    )

    def __init__(self, kind: int, limit: int, lumped: bool) -> None:
        self.kind = kind
        self.lumped = lumped
        """Whether lines share stamps."""
        self.recent = RecentStamps(limit, 8 * limit)
        self.last = NEVER
        """Stamp of the newest frame taken: newest in the log, not by the clock."""
        self.group: list[int] = []
        """Hashes of the frames taken with this stamp; empty: nothing was taken yet."""
        self.whole = True
        """Whether the last of them ended a line."""
        self.index = 0
        """How many of them the engine has sent since it last began again at an older frame."""
        self._besides: list[int] = []
        """For each of them, the other stream's newest stamp when it came: so much of that was before."""
        self.doubt: list[tuple[int, bytes]] = []
        self.doubt_since = 0.0
        self._doubt_bytes = 0
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._parts_stamp = 0
        self._looked = (0, 0)
        self._table = bytes(number == kind for number in range(256))

    def mine(self, kinds: bytes, column: Sequence[int]) -> list[int]:
        """What belongs to this stream, of a column of frames of these kinds."""
        return list(compress(column, kinds.translate(self._table)))

    # Frames in bulk.

    def above(self, stamps: Sequence[int]) -> bool:
        """Whether all of these are above everything known and ascend, and nothing is waiting for them."""
        if stamps[0] <= self.recent.high or self._parts or self.doubt:
            return False
        return all(map(le if self.lumped else lt, stamps, islice(stamps, 1, None)))

    def take_all(self, stamps: Sequence[int], end: Sequence[tuple[int, int]]) -> None:
        """Take all of these, this stream's stamps, after `above` has said yes. All are whole lines; `end` has
        (hash, newest stamp beside it) of those that share the newest stamp.
        """
        self.recent.extend(stamps)
        self.last = stamps[-1]
        self.group = [mark for mark, _ in end]
        self._besides = [beside for _, beside in end]
        self.index = len(end)
        self.whole = True

    # Frames one by one.

    def knows(self, stamp: int, payload: bytes, cut: bool) -> bool | None:
        """Whether this frame, one of the first of an answer, was taken. None: it may have been, the next one
        tells. `cut`: the answer may begin within a line, and it must be known at which part.
        """
        if stamp != self.last:
            return None if stamp < self.recent.floor else stamp in self.recent
        mark = hash(payload)
        if self.whole and not self.lumped:
            return True
        if mark not in self.group:  # it may be before the first part that was taken
            return None
        return not cut and (mark == self.group[0] or self.group.count(mark) == 1)

    def judge(self, stamp: int, payload: bytes, live: bool) -> Verdict:
        """What this frame is. `live`: the newest frame taken was passed in this answer."""
        if stamp > self.recent.high:
            return Verdict.NEW
        if stamp == self.last:
            return self._judge_newest(hash(payload), live)
        if stamp in self.recent:
            return Verdict.REPEAT
        if stamp >= self.recent.floor:
            return Verdict.NEW
        if not live:
            return Verdict.REPEAT
        # Above the newest, though others are higher: the clock was set back, and this goes on from there.
        return Verdict.NEW if stamp > self.last else Verdict.DOUBT

    def _judge_newest(self, mark: int, live: bool) -> Verdict:
        """What a frame with the newest stamp is."""
        group = self.group
        if self.index < len(group):
            if mark == group[self.index] or mark in group:
                self.index = group.index(mark, self.index if mark in group[self.index :] else 0) + 1
                return Verdict.REPEAT
        elif self.whole and not self.lumped:
            if mark in group:
                self.index = group.index(mark) + 1
                return Verdict.REPEAT
            self.lumped = live
        elif not self.whole and len(group) > 1 and mark == group[0] and group.count(mark) == 1:
            # Sent again from its first part on. With only one part so far it is taken for the second, since
            # long lines of equal parts are more common than a rotation at that very place.
            self.index = 1
            return Verdict.REPEAT
        # Parts that are older than the first one taken may come before it: reading began within a line.
        return Verdict.NEW if live else Verdict.REPEAT

    def be_at(self, stamp: int, stream: OneStream, jumped: bool) -> None:
        """The engine is at that frame, which is not new. What of `group` comes after it will be sent again,
        the rest was or will not be. `jumped`: it was elsewhere before.
        """
        if stream is self:
            self.index = self.index if stamp == self.last else 0
        elif jumped:
            self.index = bisect_left(self._besides, stamp) if stream.recent.ascend else 0

    def at_end(self) -> bool:
        """Whether the newest frame taken was the last one seen."""
        return self.index == len(self.group)

    def accept(self, stamp: int, payload: bytes, beside: int, out: LogFrames) -> None:
        """Take a frame as the newest; put into `out` what is a whole line by now. `beside`: the other
        stream's newest stamp.
        """
        if stamp == self.last and self.group:
            self.group.append(hash(payload))
            self._besides.append(beside)
        else:
            self.group = [hash(payload)]
            self._besides = [beside]
            self.last = stamp
        self.index = len(self.group)
        self.whole = payload.endswith(b"\n")
        self.recent.add(stamp)
        if self._parts and self._parts_stamp != stamp:
            self.end_line(out)
        if self.whole and not self._parts:
            self._give(out, stamp, payload)
            return
        self._parts.append(payload)
        self._parts_bytes += len(payload)
        self._parts_stamp = stamp
        if self.whole or self._parts_bytes >= LINE_LIMIT:
            self.end_line(out)

    def stray(self, stamp: int, payload: bytes, out: LogFrames) -> None:
        """Take a frame that was missed before, which changes nothing of what is newest."""
        self.recent.add(stamp)
        self._give(out, stamp, payload if payload.endswith(b"\n") else payload + b"\n")

    def ends_here(self) -> bool:
        """Whether the unfinished line is all there is of it: its last part is shorter than those that an
        engine cuts a line into, and nothing came of it since this was asked before. The driver `local`
        forgets the newline of a line that had several parts.
        """
        looked = (len(self._parts), self._parts_stamp)
        same, self._looked = looked == self._looked, looked
        return bool(self._parts) and same and len(self._parts[-1]) not in FULL_PARTS

    def end_line(self, out: LogFrames) -> None:
        """Give out the line that is not whole, if there is one, as it is."""
        if not self._parts:
            return
        if not self._parts[-1].endswith(b"\n"):
            self._parts.append(b"\n")
        self._give(out, self._parts_stamp, b"".join(self._parts))
        self._parts = []
        self._parts_bytes = 0

    def _give(self, out: LogFrames, stamp: int, line: bytes) -> None:
        out.stamps.append(stamp)
        out.streams.append(self.kind)
        out.payloads.append(line)

    # What is doubtful.

    def put_aside(self, stamp: int, payload: bytes, now: float) -> bool:
        """Keep a doubtful frame; return whether that is as much as is kept."""
        if not self.doubt:
            self.doubt_since = now
        self.doubt.append((stamp, payload))
        self._doubt_bytes += len(payload)
        return len(self.doubt) >= DOUBT_FRAMES or self._doubt_bytes >= DOUBT_BYTES

    @property
    def crowded(self) -> bool:
        """Whether half of what may be put aside is."""
        return len(self.doubt) * 2 >= DOUBT_FRAMES or self._doubt_bytes * 2 >= DOUBT_BYTES

    def drain(self) -> list[tuple[int, bytes]]:
        """What was doubtful, in its order; it is kept no longer."""
        doubt, self.doubt, self._doubt_bytes = self.doubt, [], 0
        return doubt

    def discard(self) -> int:
        """Throw away what was doubtful; return how many frames it was."""
        return len(self.drain())


def are_whole(payloads: Sequence[bytes]) -> bool:
    """Whether each of these ends with a newline."""
    try:
        return _NEWLINE.issuperset(map(_last_byte, payloads))
    except IndexError:  # an empty one
        return False
