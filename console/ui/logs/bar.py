"""The scroll bar of the lines: counted in lines, since nobody knows how many rows there are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.ui.logs.shown import Shown


class Thumb(NamedTuple):
    """Which rows of the view its thumb covers, the last one not included."""

    start: int
    end: int

    def covers(self, y: int) -> bool:
        return self.start <= y < self.end


NONE = Thumb(0, 0)


def thumb(shown: Shown, seen: Sequence[int], height: int) -> Thumb:
    """Where the thumb stands for the lines in view; nowhere while all lines are."""
    count = shown.count
    if not seen or count == 0:
        return NONE
    first, last = shown.index(seen[0]), shown.index(seen[-1]) + 1
    if last - first >= count:
        return NONE
    size = max(1, round(height * (last - first) / count))
    if last >= count:
        return Thumb(height - size, height)
    # Never at the end before the reader is there.
    start = min(int(height * first / count), height - size - 1)
    return Thumb(max(0, start), max(0, start) + size)


def line_at(shown: Shown, y: int, height: int) -> int | None:
    """The line that belongs to a row of the bar."""
    return shown.at_index(shown.count * y // max(1, height))
