"""What is looked for in lines, and where the reader is among what was found. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from console.model.logs.find import Finder
from console.ui.logs.shown import Shown


def searcher_of(typed: str) -> Finder | None:
    """What finds `typed`: a text, or a regular expression between slashes. Notes are not searched. None
    where nothing is asked for yet. Raises UsageError.
    """
    return _finder(typed, invert=False, notes=False)


def filter_of(typed: str) -> Finder | None:
    """What finds the lines to show for `typed`; with `!` before it all lines without it. Notes are shown in
    any case: a gap is one also in the lines that match. None where nothing is asked for. Raises UsageError.
    """
    invert = typed.startswith("!")
    return _finder(typed[1:] if invert else typed, invert=invert, notes=True)


def _finder(wanted: str, *, invert: bool, notes: bool) -> Finder | None:
    regex = len(wanted) > 2 and wanted.startswith("/") and wanted.endswith("/")
    if regex:
        wanted = wanted[1:-1]
    return Finder(wanted, regex=regex, invert=invert, notes=notes) if wanted else None


class Search:
    """Lines that hold what is looked for, of those that are shown."""

    def __init__(self, typed: str, finder: Finder, shown: Shown) -> None:
        self.typed = typed
        self.finder = finder
        self.current: int | None = None
        """The line that the reader was brought to."""
        self._shown = shown
        self._filter: Finder | None = None
        self._both: list[int] = []
        self._done = 0

    def update(self, seconds: float) -> None:
        """Look at lines that have come, for about so long; call it after the filter was updated. Raises
        UsageError where a regular expression takes for ever.
        """
        ring, chosen = self._shown.ring, self._shown.filter
        self.finder.update(ring, seconds)
        if chosen is None:
            return
        if chosen is not self._filter:
            self._filter, self._both, self._done = chosen, [], 0
        del self._both[: bisect_left(self._both, ring.first)]
        found, kept = self.finder.numbers, chosen.numbers
        until = min(self.finder.seen, chosen.seen)
        for number in found[bisect_left(found, self._done) : bisect_left(found, until)]:
            at = bisect_left(kept, number)
            if at < len(kept) and kept[at] == number:
                self._both.append(number)
        self._done = until

    @property
    def complete(self) -> bool:
        """Whether it has looked at every line."""
        return self.finder.seen >= self._shown.ring.end

    @property
    def numbers(self) -> Sequence[int]:
        """Lines that are found and shown, ascending."""
        return self.finder.numbers if self._shown.filter is None else self._both

    def holds(self, number: int) -> bool:
        """Whether a line is one of them."""
        at = bisect_left(self.numbers, number)
        return at < len(self.numbers) and self.numbers[at] == number

    def step(self, start: int, way: int, *, here: bool = False) -> int | None:
        """The next (1) or previous (-1) line found from `start`, around the ends; `here`: or `start`."""
        numbers = self.numbers
        if not numbers:
            self.current = None
        elif way > 0:
            at = (bisect_left if here else bisect_right)(numbers, start)
            self.current = numbers[at % len(numbers)]
        else:
            at = (bisect_right if here else bisect_left)(numbers, start) - 1
            self.current = numbers[at]
        return self.current

    def told(self) -> str:
        """`12 of 340`."""
        count = len(self.numbers)
        more = "" if self.complete else " so far"
        if not count:
            return "searching" if more else "not found"
        if self.current is None or not self.holds(self.current):
            return f"{count:,} found{more}"
        return f"{bisect_left(self.numbers, self.current) + 1:,} of {count:,}{more}"
