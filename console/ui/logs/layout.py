"""Which rows of which lines stand on the screen. Pure.

A place is a line's number and a row in it, never a count of rows from the top: numbers never change, so that
whatever comes below and goes above moves nothing, and nobody has to know how many rows there are in all.
Everything here walks from where the reader is and costs the rows it passes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Spot(NamedTuple):
    """One row: the line's number, and which of its rows, from 0. Spots compare as they stand."""

    line: int
    row: int


class Lines(Protocol):
    """The lines that are shown, by ascending number; not every number need be there."""

    @property
    def first(self) -> int | None:
        """The first number; None where there is no line."""
        ...

    @property
    def last(self) -> int | None:
        """The last number."""
        ...

    def after(self, number: int) -> int | None:
        """The first line with a larger number."""
        ...

    def before(self, number: int) -> int | None:
        """The last line with a smaller number."""
        ...

    def holds(self, number: int) -> bool:
        """Whether it is shown."""
        ...


Height = Callable[[int], int]
"""How many rows a line takes; at least one."""


def near(lines: Lines, number: int) -> int | None:
    """The line, else the next one after it, else the one before it; None where there is none."""
    if lines.holds(number):
        return number
    after = lines.after(number)
    return lines.before(number) if after is None else after


def mend(lines: Lines, height: Height, spot: Spot) -> Spot | None:
    """The spot where it is still there, else what is nearest."""
    line = near(lines, spot.line)
    if line is None:
        return None
    if line != spot.line:
        return Spot(line, 0)
    return Spot(line, min(spot.row, height(line) - 1))


def up(lines: Lines, height: Height, spot: Spot, rows: int) -> Spot:
    """The spot `rows` rows above, or the first one."""
    line, row = spot
    while rows > row:
        before = lines.before(line)
        if before is None:
            return Spot(line, 0)
        rows -= row + 1
        line, row = before, height(before) - 1
    return Spot(line, row - rows)


def down(lines: Lines, height: Height, spot: Spot, rows: int) -> Spot:
    """The spot `rows` rows below, or the last one."""
    line, row = spot
    while True:
        left = height(line) - 1 - row
        if rows <= left:
            return Spot(line, row + rows)
        after = lines.after(line)
        if after is None:
            return Spot(line, row + left)
        rows -= left + 1
        line, row = after, 0


def window(lines: Lines, height: Height, top: Spot | None, size: int) -> list[Spot]:
    """The rows on a screen of `size` rows whose first one is `top`; fewer at the end."""
    found: list[Spot] = []
    line = None if top is None else top.line
    row = 0 if top is None else top.row
    while line is not None and len(found) < size:
        rows = range(row, min(height(line), row + size - len(found)))
        found.extend(Spot(line, number) for number in rows)
        line, row = lines.after(line), 0
    return found


def end_top(lines: Lines, height: Height, size: int) -> Spot | None:
    """The first row of a screen whose last row is the last there is."""
    last = lines.last
    if last is None:
        return None
    return up(lines, height, Spot(last, height(last) - 1), max(0, size - 1))


def clamped(lines: Lines, height: Height, top: Spot, size: int) -> Spot:
    """`top`, or higher where the screen would not be full."""
    lowest = end_top(lines, height, size)
    return top if lowest is None or top <= lowest else lowest


def holding(lines: Lines, height: Height, spot: Spot, y: int, size: int) -> Spot:
    """The first row of a screen of `size` rows that has `spot` in row `y`, or as near as there are rows."""
    y = max(0, min(y, size - 1))
    return clamped(lines, height, up(lines, height, spot, y), size)


def revealing(lines: Lines, height: Height, line: int, top: Spot, size: int) -> Spot:
    """The first row of a screen that shows `line`, as little as possible from `top`.

    Of a line that is higher than the screen the beginning is shown, unless part of it is in view already.
    """
    rows = height(line)
    if line < top.line or (line == top.line and rows <= size):
        return Spot(line, 0)
    if line == top.line:
        return top
    bottom = Spot(line, rows - 1 if rows <= size else 0)
    lowest = up(lines, height, bottom, size - 1) if rows <= size else Spot(line, 0)
    if rows > size and line in {spot.line for spot in window(lines, height, top, size)}:
        return top
    return max(top, lowest)
