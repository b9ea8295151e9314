"""The lines a reader can scroll through: the newest ones, in blocks, within caps of lines and of memory."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from console.model.logs.lines import LogBlock, LogLine

_SMALL_LINES = 512
_SMALL_BYTES = 256 * 1024
"""A last block below both is joined with the next one, so that a trickle does not make a block per line."""


class LogRing:
    """Blocks of lines under absolute numbers, the oldest let go when there are too many. For one thread.

    A line keeps its number for as long as it is held, and no number is given twice.
    """

    def __init__(self, max_lines: int, max_bytes: int) -> None:
        """Hold at most `max_lines` lines (notes among them) and `max_bytes` of memory, but always the newest
        block, however large it is.
        """
        self.end = 0
        """One past the number of the newest line."""
        self.dropped = 0
        """Lines let go because of the caps; notes do not count."""
        self.bytes = 0
        """Memory of what is held."""
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._small = min(_SMALL_LINES, max_lines // 8)
        self._blocks: list[LogBlock] = []
        self._starts: list[int] = []

    @property
    def first(self) -> int:
        """Number of the oldest line held; equal to `end` where there is none."""
        return self._starts[0] if self._starts else self.end

    def __len__(self) -> int:
        return self.end - self.first

    def append(self, block: LogBlock) -> None:
        """Take the next block; let go of the oldest ones as the caps ask for."""
        if not len(block):
            return
        self.end += len(block)
        self.bytes += block.size
        tail = self._blocks[-1] if self._blocks else None
        if tail is not None and len(tail) < self._small and tail.size < _SMALL_BYTES:
            joined = _join(tail, block)
            self.bytes += joined.size - tail.size - block.size
            self._blocks[-1] = joined
        else:
            self._blocks.append(block)
            self._starts.append(self.end - len(block))
        self._evict()

    def line(self, number: int) -> LogLine:
        """The line of this number. Raises IndexError where it is not held."""
        if not self.first <= number < self.end:
            raise IndexError(f"line {number} is not among {self.first}..{self.end}")
        at = bisect_right(self._starts, number) - 1
        return self._blocks[at].line(number - self._starts[at])

    def at(self, ns: int) -> int:
        """Number of the first line stamped `ns` or later; `end` where there is none."""
        for start, block in zip(self._starts, self._blocks, strict=True):
            if max(block.stamps) >= ns:
                return start + next(i for i, stamp in enumerate(block.stamps) if stamp >= ns)
        return self.end

    def blocks(self, start: int = 0) -> Iterator[tuple[int, LogBlock]]:
        """(Number of its first line, block), from the block on that has line `start`, or the first one where
        that line was let go. What is held now: what is appended meanwhile does not come.
        """
        if start >= self.end:
            return iter(())
        at = max(0, bisect_right(self._starts, start) - 1)
        return iter(list(zip(self._starts[at:], self._blocks[at:], strict=True)))

    def clear(self) -> None:
        """Let go of everything; numbers go on from here, and nothing counts as dropped."""
        self._blocks.clear()
        self._starts.clear()
        self.bytes = 0

    def _evict(self) -> None:
        gone = 0
        while gone < len(self._blocks) - 1 and (
            self.end - self._starts[gone] > self._max_lines or self.bytes > self._max_bytes
        ):
            block = self._blocks[gone]
            self.bytes -= block.size
            self.dropped += len(block) - len(block.notes)
            gone += 1
        if gone:
            del self._blocks[:gone], self._starts[:gone]


def _join(one: LogBlock, other: LogBlock) -> LogBlock:
    """The lines of both."""
    ends = one.ends + array("Q", map(len(one.data).__add__, other.ends))
    notes = {**one.notes, **{len(one) + number: note for number, note in other.notes.items()}}
    return LogBlock(
        one.stamps + other.stamps, one.origins + other.origins, ends, one.data + other.data, notes
    )
