"""The past of many sources as one, in order, without holding all of it: whoever is ahead of the others waits.

Each source gives its past in order of time. So what is not newer than the newest line of the source that is
least far can go on, for nothing older will come; and a source that is far ahead need not be read further for
now. One from which nothing comes is waited for only so long. Pure: times are given in, monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

NEVER = -(2**63)
"""Before any stamp."""

ALWAYS = 2**63 - 1

STREAMS_APART = 50_000_000
"""Nanoseconds by which lines of a source's two streams may be out of order."""

LEAST_LINES, LEAST_BYTES = 1_000, 256 << 10
"""What a source may have waiting, however many there are."""


@dataclass(slots=True)
class _Strand:
    heard: float
    """When it last made progress."""
    key: int = NEVER
    """How far it is."""
    loading: bool = True
    held_back: bool = False
    """Whether it waits for the others, and not they for it."""
    lines: int = 0
    size: int = 0
    waiting: deque[tuple[int, int, int]] = field(default_factory=deque)
    """What has not gone on: key of its last line, lines, bytes."""


class Braid:
    """Of one stream, while the past of its first members is read."""

    def __init__(self, patience: float, lines: int, size: int, *, strict: bool) -> None:
        """`patience`: seconds for which a source that gives nothing is waited for; `lines`, `size`: what may
        wait in all; `strict`: for what is new, of sources whose past is through, this holds too.
        """
        self._patience = patience
        self._lines = lines
        self._size = size
        self._strict = strict
        self._strands: dict[Hashable, _Strand] = {}

    @property
    def over(self) -> bool:
        """Whether everybody's past is through."""
        return not any(strand.loading for strand in self._strands.values())

    @property
    def crowded(self) -> bool:
        """Whether nothing but what is new comes, as fast as it is written: nobody is held back."""
        return not self._strict and self.over

    def join(self, name: Hashable, now: float) -> None:
        """Somebody begins: a source, or a host of which it is not known yet what sources it has."""
        self._strands[name] = _Strand(now)

    def through(self, name: Hashable) -> None:
        """Its past is through, or will not come."""
        if (strand := self._strands.get(name)) is not None:
            strand.loading = False

    def added(self, name: Hashable, key: int, lines: int, size: int, now: float) -> None:
        """A source gave lines; the last of them has this key."""
        if (strand := self._strands.get(name)) is not None:
            strand.heard = now
            strand.lines += lines
            strand.size += size
            strand.key = max(strand.key, key if self.full(name) else key - STREAMS_APART)
            strand.waiting.append((strand.key, lines, size))

    def upto(self, now: float) -> int:
        """Up to which key lines can go on now."""
        for strand in self._strands.values():
            if strand.loading and not strand.held_back and now - strand.heard > self._patience:
                strand.loading = False
        return min((s.key for s in self._strands.values() if s.loading), default=ALWAYS)

    def gone_on(self, upto: int) -> None:
        """All lines up to that key have gone on."""
        for strand in self._strands.values():
            while strand.waiting and strand.waiting[0][0] <= upto:
                _, lines, size = strand.waiting.popleft()
                strand.lines -= lines
                strand.size -= size

    def overfull(self, lines: int, size: int) -> bool:
        """Whether more waits than is kept for order's sake, because of what is new and cannot wait."""
        return not self._strict and (lines >= self._lines or size >= self._size)

    def rests(self, name: Hashable, on: bool, now: float) -> None:
        """A source waits for the reader, who has enough, or does not any more."""
        if (strand := self._strands.get(name)) is not None:
            strand.held_back, strand.heard = on, now

    def fuller(self, lines: int, size: int) -> bool:
        """Whether so much of what is new waits that more has to wait elsewhere."""
        return self._strict and self.over and (lines >= self._lines or size >= self._size)

    def full(self, name: Hashable) -> bool:
        """Whether a source has its share waiting."""
        strand = self._strands.get(name)
        if strand is None or self.over or not (strand.loading or self._strict):
            return False
        share = max(1, len(self._strands))
        return strand.lines >= max(LEAST_LINES, self._lines // share) or strand.size >= max(
            LEAST_BYTES, self._size // share
        )

    def holds_back(self, name: Hashable, now: float) -> bool:
        """Whether a source has to wait until the others are as far."""
        strand = self._strands.get(name)
        if strand is None:
            return False
        back = self.full(name) and strand.key > min(s.key for s in self._strands.values() if s.loading)
        if strand.held_back and not back:
            strand.heard = now
        strand.held_back = back
        return back
