"""The scroll bar of the lines: counted in lines, since nobody knows how many rows there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.ui.logs.shown import Shown


class Mark(NamedTuple):
    """One cell of the bar."""

    text: str
    tone: str


NOTHING = Mark(" ", "text")
THUMB = Mark(" ", "thumb")
GAP = Mark("=", "bad")
"""Lines are missing there, or may be."""
GAP_IN_VIEW = Mark("=", "thumb")


@dataclass(frozen=True, slots=True)
class Bar:
    """What the cells of the bar show."""

    start: int = 0
    """The first row of the thumb, which stands for the lines in view."""
    end: int = 0
    """One past its last."""
    gaps: frozenset[int] = frozenset()

    @classmethod
    def of(cls, shown: Shown, seen: Sequence[int], gaps: Iterable[int], height: int) -> Bar:
        """The bar for the lines in view; empty while all lines are."""
        count = shown.count
        if not seen or count == 0:
            return cls()
        first, last = shown.index(seen[0]), shown.index(seen[-1]) + 1
        if last - first >= count:
            return cls()
        missing = frozenset(height * shown.index(n) // count for n in gaps if shown.holds(n))
        size = max(1, round(height * (last - first) / count))
        # Never at the end before the reader is there.
        start = height - size if last >= count else min(height * first // count, height - size - 1)
        return cls(max(0, start), max(0, start) + size, missing)

    def at(self, y: int) -> Mark:
        """The cell of a row."""
        thumb = self.start <= y < self.end
        if y in self.gaps:
            return GAP_IN_VIEW if thumb else GAP
        return THUMB if thumb else NOTHING


def line_at(shown: Shown, y: int, height: int) -> int | None:
    """The line that belongs to a row of the bar."""
    return shown.at_index(shown.count * y // max(1, height))
