"""Places in lines against a layout that knows every row, and: nothing moves under a reader."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from console.ui.logs.layout import (
    Lines,
    Spot,
    clamped,
    down,
    end_top,
    holding,
    mend,
    near,
    revealing,
    up,
    window,
)
from console.ui.logs.place import Place


class Numbers:
    """Lines with holes, as a filter makes them."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers

    @property
    def first(self) -> int | None:
        return self.numbers[0] if self.numbers else None

    @property
    def last(self) -> int | None:
        return self.numbers[-1] if self.numbers else None

    def after(self, number: int) -> int | None:
        at = bisect_right(self.numbers, number)
        return self.numbers[at] if at < len(self.numbers) else None

    def before(self, number: int) -> int | None:
        at = bisect_left(self.numbers, number)
        return self.numbers[at - 1] if at else None

    def holds(self, number: int) -> bool:
        return number in self.numbers


def height(number: int) -> int:
    """Of every line another one; some are higher than a screen."""
    return 1 + (number * 7919 % 11 if number % 3 == 0 else 0)


def all_rows(lines: Numbers) -> list[Spot]:
    """The naive layout: every row there is."""
    return [Spot(number, row) for number in lines.numbers for row in range(height(number))]


some_lines = st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True).map(
    lambda numbers: Numbers(sorted(numbers))
)
sizes = st.integers(1, 12)


@given(some_lines, st.data(), st.integers(0, 50))
def test_up_and_down_walk_the_rows(lines: Numbers, data: st.DataObject, rows: int) -> None:
    every = all_rows(lines)
    at = data.draw(st.integers(0, len(every) - 1))
    assert up(lines, height, every[at], rows) == every[max(0, at - rows)]
    assert down(lines, height, every[at], rows) == every[min(len(every) - 1, at + rows)]


@given(some_lines, sizes, st.data())
def test_a_window_is_a_slice_of_all_rows(lines: Numbers, size: int, data: st.DataObject) -> None:
    every = all_rows(lines)
    at = data.draw(st.integers(0, len(every) - 1))
    assert window(lines, height, every[at], size) == every[at : at + size]
    lowest = end_top(lines, height, size)
    assert lowest == every[max(0, len(every) - size)]
    assert clamped(lines, height, every[at], size) == every[min(at, max(0, len(every) - size))]


@given(some_lines, sizes, st.data(), st.integers(-3, 15))
def test_holding_puts_a_row_where_it_was(lines: Numbers, size: int, data: st.DataObject, y: int) -> None:
    every = all_rows(lines)
    at = data.draw(st.integers(0, len(every) - 1))
    top = holding(lines, height, every[at], y, size)
    shown = window(lines, height, top, size)
    wanted = min(max(0, y), size - 1)
    above, below = at, len(every) - at
    if above >= wanted and below >= size - wanted:
        assert shown[wanted] == every[at]
    assert every[at] in shown
    assert len(shown) == min(size, len(every))


@given(some_lines, sizes, st.data())
def test_revealing_moves_as_little_as_it_must(lines: Numbers, size: int, data: st.DataObject) -> None:
    every = all_rows(lines)
    top = clamped(lines, height, data.draw(st.sampled_from(every)), size)
    line = data.draw(st.sampled_from(lines.numbers))
    before = window(lines, height, top, size)
    after = revealing(lines, height, line, top, size)
    shown = window(lines, height, after, size)
    rows = [Spot(line, row) for row in range(height(line))]
    if set(rows) <= set(before):
        assert after == top
    if len(rows) <= size:
        assert set(rows) <= set(shown)
        if after > top:
            assert shown[-1] == rows[-1]
    else:
        assert set(rows) & set(shown)


@given(some_lines, st.integers(-2, 64), st.integers(0, 12))
def test_what_is_gone_is_mended_to_what_is_next(lines: Numbers, number: int, row: int) -> None:
    found = near(lines, number)
    assert found == min(lines.numbers, key=lambda n: (n < number, abs(n - number)))
    spot = mend(lines, height, Spot(number, row))
    assert spot is not None
    assert spot in all_rows(lines)


def test_without_lines_there_is_nowhere_to_be() -> None:
    empty: Lines = Numbers([])
    place = Place(empty, height, 5)
    assert place.window() == []
    for act in (lambda: place.move(1), lambda: place.page(-1), place.home, place.toggle_mark):
        act()
        place.mend()
        assert place.window() == []
    assert list(place.chosen()) == []


class Reader(RuleBasedStateMachine):
    """Somebody reads while lines come and go; what his own keys did not move stays where it is."""

    @initialize(size=st.integers(1, 9), lines=st.integers(0, 30))
    def begin(self, size: int, lines: int) -> None:
        self.lines = Numbers(list(range(lines)))
        self.next = lines
        self.place = Place(self.lines, height, size)

    @rule(count=st.integers(1, 20))
    def come(self, count: int) -> None:
        before = self.place.window()
        self.lines.numbers += range(self.next, self.next + count)
        self.next += count
        self.place.mend()
        if not self.place.follow:
            assert self.place.window()[: len(before)] == before

    @rule(count=st.integers(1, 20))
    def go(self, count: int) -> None:
        """Old lines are let go, but never those in view (`Shown` holds them)."""
        before = self.place.window()
        lowest = before[0].line if before and not self.place.follow else self.next
        gone = [number for number in self.lines.numbers if number < lowest][:count]
        self.lines.numbers[:] = [number for number in self.lines.numbers if number not in gone]
        self.place.mend()
        if not self.place.follow:
            assert self.place.window() == before

    @rule(by=st.integers(-12, 12))
    def move(self, by: int) -> None:
        self.place.move(by)

    @rule(by=st.sampled_from((-1, 1)))
    def page(self, by: int) -> None:
        self.place.page(by)

    @rule(rows=st.integers(-7, 7))
    def wheel(self, rows: int) -> None:
        self.place.scroll(rows)

    @rule()
    def home(self) -> None:
        self.place.home()

    @rule(on=st.booleans())
    def follow(self, on: bool) -> None:
        before = self.place.window()
        was = self.place.follow
        self.place.set_follow(on)
        if was and not on:
            assert self.place.window() == before

    @rule(size=st.integers(1, 9))
    def resize(self, size: int) -> None:
        before, old = self.place.window(), self.place.size
        cursor = self.place.row_of(self.place.cursor) if self.place.cursor is not None else None
        self.place.resize(size)
        if self.place.follow or cursor is None:
            return
        after = self.place.window()
        full = len(after) == size
        if size <= old and cursor < size:
            assert after == before[:size]
        elif size > old and full and after[-1] != all_rows(self.lines)[-1]:
            assert after[: len(before)] == before

    @precondition(lambda self: self.lines.numbers)
    @rule(data=st.data())
    def go_to(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(self.lines.numbers))
        self.place.go_to(line)
        assert self.place.cursor == line

    @rule()
    def mark(self) -> None:
        self.place.toggle_mark()

    @rule(way=st.sampled_from((-1, 1)))
    def extend(self, way: int) -> None:
        self.place.extend(way)

    @invariant()
    def the_view_is_a_slice_of_all_rows(self) -> None:
        if not hasattr(self, "place"):
            return
        rows, every = self.place.window(), all_rows(self.lines)
        if not every:
            assert rows == []
            return
        assert rows
        at = every.index(rows[0])
        assert rows == every[at : at + self.place.size]
        if self.place.follow:
            assert rows[-1] == every[-1]
            assert self.place.cursor is None

    @invariant()
    def the_cursor_is_in_view(self) -> None:
        if hasattr(self, "place") and self.place.cursor is not None:
            assert self.place.row_of(self.place.cursor) is not None
            assert self.place.marked <= set(self.lines.numbers)


TestReader = Reader.TestCase
TestReader.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_down_goes_through_a_line_that_is_higher_than_the_screen() -> None:
    lines = Numbers([0, 3, 4])
    assert height(3) > 5
    place = Place(lines, height, 5)
    place.home()
    seen = [place.window()[-1]]
    for _ in range(height(3) + 3):
        place.move(1)
        seen.append(place.window()[-1])
    assert [spot for spot in all_rows(lines) if spot > seen[0]] == sorted({s for s in seen if s > seen[0]})
    assert place.cursor == 4
    for _ in range(height(3) + 3):
        place.move(-1)
    assert (place.cursor, place.top) == (0, Spot(0, 0))


def test_pages_bring_the_cursor_to_either_end() -> None:
    place = Place(Numbers(list(range(1, 60, 3))), lambda _: 1, 6)
    place.page(-1)
    place.page(-1)
    assert place.cursor is not None
    for _ in range(9):
        place.page(-1)
    assert place.cursor == 1
    for _ in range(9):
        place.page(1)
    assert place.cursor == 58
    assert not place.follow


def test_marks_by_space_and_by_extending() -> None:
    place = Place(Numbers(list(range(10))), lambda _: 1, 4)
    assert list(place.chosen()) == [6, 7, 8, 9]
    place.home()
    assert list(place.chosen()) == [0]
    place.toggle_mark()
    place.extend(1)
    assert (sorted(place.marked), place.cursor) == ([0, 1, 2], 2)
    place.extend(-1)
    place.move(-1)
    place.toggle_mark()
    assert list(place.chosen()) == [1, 2]
