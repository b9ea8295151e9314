"""Which time stamps were taken lately: exact where it remembers, and honest about where it does not."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

NEVER = -(2**63)
"""Before any stamp."""

_MANY = 64
"""Runs; with this many more than there should be, some are joined."""

SPAN = 10_000_000_000
"""Nanoseconds for which stamps are remembered while there are not too many of them."""


class RecentStamps:
    """About the last `limit` stamps of one stream, 8 bytes each, and in a flood up to `most` of the last
    10 s: an engine that rotates a log sends the last seconds again, whatever came in them. Pure.

    They lie in ascending runs, so that a look-up is a few bisections and nothing is built for it.
    """

    __slots__ = ("_chunk", "_chunks", "_held", "_limit", "_mixed", "_most", "floor", "high")

    def __init__(self, limit: int, most: int = 0) -> None:
        self._limit = limit
        self._most = max(limit, most)
        self._chunk = max(1, limit // 16)
        self._held = 0
        self._mixed = False
        self._chunks: deque[array[int]] = deque()
        self.high = NEVER
        """The highest stamp remembered: whatever is above it cannot be among them."""
        self.floor = NEVER
        """From here on the answer of `in` is certain; below, a stamp was forgotten, or is older than the
        first that was added."""

    def __contains__(self, stamp: int) -> bool:
        for chunk in reversed(self._chunks):
            if chunk[0] <= stamp <= chunk[-1] and chunk[bisect_left(chunk, stamp)] == stamp:
                return True
        return False

    def __len__(self) -> int:
        return self._held

    @property
    def ascend(self) -> bool:
        """Whether they came in the order of time, so that a lower one was before a higher one."""
        return not self._mixed and all(one[-1] <= other[0] for one, other in pairwise(self._chunks))

    def add(self, stamp: int) -> None:
        """Remember one stamp."""
        if not self._chunks:
            self.floor = stamp
        last = self._chunks[-1] if self._chunks else None
        if last is not None and len(last) < self._chunk and last[-1] <= stamp:
            last.append(stamp)
        else:
            self._chunks.append(array("q", (stamp,)))
        self._grown(1, stamp)

    def extend(self, stamps: Sequence[int]) -> None:
        """Remember several, which ascend (equal ones may be among them) and are not empty."""
        if not self._chunks:
            self.floor = stamps[0]
        last = self._chunks[-1] if self._chunks else None
        if last is not None and len(last) < self._chunk and last[-1] <= stamps[0]:
            last.extend(array("q", stamps))
        else:
            self._chunks.append(array("q", stamps))
        self._grown(len(stamps), stamps[-1])

    def _grown(self, by: int, highest: int) -> None:
        self._held += by
        self.high = max(self.high, highest)
        if self._held - len(self._chunks[0]) >= self._limit:
            self._forget()
        if len(self._chunks) > _MANY * self._most // self._limit:
            self._tidy()

    def _forget(self) -> None:
        """Let the oldest runs go as long as `limit` stamps are left; those of the last seconds stay."""
        while len(self._chunks) > 1 and self._held - len(self._chunks[0]) >= self._limit:
            few = self._held - len(self._chunks[0]) < self._most
            if few and self._chunks[0][-1] > self.high - SPAN:
                break
            gone = self._chunks.popleft()
            self._held -= len(gone)
            self.floor = max(self.floor, gone[-1] + 1)
        self.high = max(chunk[-1] for chunk in self._chunks)

    def _tidy(self) -> None:
        """A clock that goes to and fro makes runs of a few stamps each: join neighbours."""
        self._mixed = True
        old, self._chunks = self._chunks, deque()
        together: list[int] = []
        for chunk in old:
            if together and len(together) + len(chunk) > self._limit // 4:
                self._chunks.append(array("q", sorted(together)))
                together = []
            together += chunk
        self._chunks.append(array("q", sorted(together)))
