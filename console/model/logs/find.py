"""An incremental search over the lines that are held: which of them match."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import overload

from console.model.logs.lines import LogBlock
from console.model.logs.ring import LogRing
from console.model.logs.wanted import Wanted


class Numbers(Sequence[int]):
    """Ascending line numbers that grow at one end and are forgotten at the other. `bisect` works on it."""

    __slots__ = ("_at", "_kept")

    def __init__(self) -> None:
        self._kept: array[int] = array("q")
        self._at = 0

    def __len__(self) -> int:
        return len(self._kept) - self._at

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self._kept[self._at + i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._kept[self._at + index if index >= 0 else index]

    def extend(self, numbers: Iterable[int]) -> None:
        """Add numbers, each higher than all there are."""
        self._kept.extend(numbers)

    def forget(self, before: int) -> None:
        """Let go of those lower than `before`."""
        self._at = bisect_left(self._kept, before, self._at)
        if self._at * 2 > len(self._kept):
            del self._kept[: self._at]
            self._at = 0


class Finder:
    """The lines of a ring that match, kept up to date. For one ring and one thread.

    Serves a search, which leaves notes out since nobody wrote them, and a filter, which keeps them since a
    gap must be seen: `notes`.
    """

    def __init__(
        self,
        wanted: str,
        *,
        regex: bool = False,
        invert: bool = False,
        streams: Collection[int] | None = None,
        sources: Collection[int] | None = None,
        notes: bool | None = None,
    ) -> None:
        """Look for lines that have `wanted` (all have nothing), or with `invert` those that have it not.

        Case does not matter unless `wanted` has a capital. With `regex` it is a regular expression for one
        line, of which 64 KiB are looked at. `streams` and `sources` restrict which lines count. `notes`: True
        keeps every note (of these sources, or of none), False none; None is `invert`.

        Raises UsageError for a bad regular expression, and says where it is wrong.
        """
        self.numbers = Numbers()
        """Of the lines that match, ascending."""
        self.seen = 0
        """The number up to which lines were looked at."""
        self._wanted = Wanted(wanted, regex=regex) if wanted else None
        self._invert = invert
        self._notes = invert if notes is None else notes
        self._streams = None if streams is None else frozenset(streams)
        self._sources = None if sources is None else frozenset(sources)

    def update(self, ring: LogRing, seconds: float | None = None) -> int:
        """Look at what is new since the last time, and forget what the ring let go; return how many new
        lines match. With `seconds`, stop after about so long (at least one block is looked at): where `seen`
        is less than `ring.end`, more is to be done.

        Raises UsageError where a regular expression takes more than a second over one block: it will never
        do. In another thread than the main one it cannot be stopped.
        """
        self.numbers.forget(ring.first)
        self.seen = max(self.seen, ring.first)
        began = time.monotonic()
        count = 0
        for first, block in ring.blocks(self.seen):
            found = self._matching(block, self.seen - first)
            self.numbers.extend(map(first.__add__, found))
            count += len(found)
            self.seen = first + len(block)
            if seconds is not None and time.monotonic() - began >= seconds:
                break
        return count

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it is in a text that is shown, (start, end) of each; nothing with `invert`."""
        return [] if self._invert or self._wanted is None else self._wanted.spans(text)

    def _matching(self, block: LogBlock, start: int) -> list[int]:
        """Numbers within `block`, of the lines from `start` on that match."""
        everything = range(start, len(block))
        found: Collection[int] = everything
        if self._wanted is not None:
            data, ends = block.data, block.ends
            if start:
                base = ends[start - 1]
                data, ends = data[base:], array("Q", map((-base).__add__, ends[start:]))
            found = self._wanted.lines(data, ends)
            if start:
                found = list(map(start.__add__, found))
        if self._invert:
            found = sorted(set(everything).difference(found))
        found = self._of_these(found, block)
        if not block.notes:
            return list(found)
        notes = {number for number in block.notes if number >= start}
        kept = {n for n in notes if self._keeps(block.origins[n] >> 2)}
        return sorted(set(found) - notes | kept)

    def _keeps(self, source: int) -> bool:
        return self._notes and (self._sources is None or source in self._sources or source < 0)

    def _of_these(self, numbers: Collection[int], block: LogBlock) -> Collection[int]:
        """Those of them whose stream and source count."""
        if self._streams is None and self._sources is None:
            return numbers
        counting = {origin for origin in set(block.origins) if self._counts(origin)}
        origins = block.origins
        return [number for number in numbers if origins[number] in counting]

    def _counts(self, origin: int) -> bool:
        return (self._streams is None or origin & 3 in self._streams) and (
            self._sources is None or origin >> 2 in self._sources
        )
