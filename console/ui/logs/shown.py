"""Which lines are shown: all that the ring has, or those a filter finds; and those somebody is reading."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence

from console.model.logs.find import Finder
from console.model.logs.lines import LogLine
from console.model.logs.ring import LogRing


class Shown:
    """The lines of a `layout.Lines`, with what they say.

    Lines that were on the screen while the ring let them go are held, so that a flood never takes from a
    reader what he reads.
    """

    def __init__(self, ring: LogRing) -> None:
        self.ring = ring
        self.filter: Finder | None = None
        """Only lines it finds are shown; None: all."""
        self._held: dict[int, LogLine] = {}
        self._numbers: list[int] = []
        """Of those held, ascending; all of them below the ring's first."""

    # The order

    @property
    def first(self) -> int | None:
        """The first number; None where nothing is shown."""
        return self._numbers[0] if self._numbers else self._first_of_ring()

    @property
    def last(self) -> int | None:
        """The last number."""
        last = self._before_in_ring(self.ring.end)
        return self._numbers[-1] if last is None and self._numbers else last

    def after(self, number: int) -> int | None:
        """The first one with a larger number."""
        if self._numbers and number < self._numbers[-1]:
            return self._numbers[bisect_right(self._numbers, number)]
        return self._from_in_ring(number + 1)

    def before(self, number: int) -> int | None:
        """The last one with a smaller number."""
        found = self._before_in_ring(number)
        if found is None and self._numbers and number > self._numbers[0]:
            return self._numbers[bisect_left(self._numbers, number) - 1]
        return found

    def holds(self, number: int) -> bool:
        """Whether it is shown."""
        return number in self._held or self._from_in_ring(number) == number

    def _first_of_ring(self) -> int | None:
        return self._from_in_ring(self.ring.first)

    def _from_in_ring(self, number: int) -> int | None:
        number = max(number, self.ring.first)
        if self.filter is not None:
            numbers = self.filter.numbers
            at = bisect_left(numbers, number)
            return numbers[at] if at < len(numbers) else None
        return number if number < self.ring.end else None

    def _before_in_ring(self, number: int) -> int | None:
        number = min(number, self.ring.end) - 1
        if self.filter is not None:
            numbers = self.filter.numbers
            at = bisect_right(numbers, number) - 1
            number = numbers[at] if at >= 0 else -1
        return number if number >= self.ring.first else None

    # Counting

    @property
    def count(self) -> int:
        """How many lines of the ring are shown."""
        return self.index(self.ring.end)

    def index(self, number: int) -> int:
        """How many lines of the ring are shown before `number`."""
        if self.filter is None:
            return min(max(number, self.ring.first), self.ring.end) - self.ring.first
        return bisect_left(self.filter.numbers, number) - self._cut(self.filter.numbers)

    def at_index(self, index: int) -> int | None:
        """The line of the ring that has `index` others before it, or the last one."""
        if self.filter is None:
            return self._before_in_ring(self.ring.first + max(0, index) + 1)
        numbers = self.filter.numbers
        at = min(self._cut(numbers) + max(0, index), len(numbers) - 1)
        return numbers[at] if at >= self._cut(numbers) else None

    def since(self, number: int) -> int:
        """How many lines from `number` on are shown."""
        return self.count - self.index(number)

    def _cut(self, numbers: Sequence[int]) -> int:
        return bisect_left(numbers, self.ring.first)

    # What they say

    def line(self, number: int) -> LogLine:
        """The line of a number that is shown."""
        held = self._held.get(number)
        return self.ring.line(number) if held is None else held

    # Lines that are being read

    def hold(self, lines: Mapping[int, LogLine]) -> None:
        """Keep those of `lines` that the ring has let go."""
        gone = {number: line for number, line in lines.items() if number < self.ring.first}
        if not gone.keys() <= self._held.keys():
            self._held.update(gone)
            self._numbers = sorted(self._held)

    def release(self, seen: Collection[int] = ()) -> None:
        """Keep only those that are still to be seen."""
        if any(number not in seen for number in self._numbers):
            self._held = {number: line for number, line in self._held.items() if number in seen}
            self._numbers = sorted(self._held)

    def missing_before(self, number: int) -> int:
        """How many lines are no more between this line and the one above it; 0 most often.

        With a filter: how many there were, whether it would have found them or not.
        """
        before = self.before(number) if self._numbers else None
        if before is None or before not in self._held:
            return 0
        if self.filter is None:
            return number - before - 1
        return 0 if number in self._held else self.ring.first - before - 1
