"""Where the reader is: following the end, or somewhere with a cursor, with some lines marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from console.ui.logs.layout import (
    Height,
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


class Place:
    """Part of a view: which row is on top, and what the keys change of that.

    While `follow` is on the last line stands at the bottom and there is no cursor. Otherwise nothing but the
    reader's own keys, or a screen too small for where the cursor is, changes what is on top.
    """

    def __init__(self, lines: Lines, height: Height, size: int) -> None:
        self.lines = lines
        self.height = height
        self.size = size
        """Rows of the view."""
        self.follow = True
        self.cursor: int | None = None
        """The number of a line; None while following."""
        self.left_at: int | None = None
        """The number of the first line that came after following ended; None while following."""
        self.marked: set[int] = set()
        self._top: Spot | None = None

    # What is seen

    @property
    def top(self) -> Spot | None:
        """The first row in view."""
        if self.follow or self._top is None:
            return end_top(self.lines, self.height, self.size)
        return self._top

    def window(self) -> list[Spot]:
        """The rows in view."""
        return window(self.lines, self.height, self.top, self.size)

    def row_of(self, line: int) -> int | None:
        """The row of the view in which a line begins, or the first one in which part of it is seen."""
        return next((y for y, spot in enumerate(self.window()) if spot.line == line), None)

    # What happens around the reader

    def mend(self) -> None:
        """Lines have come or are no more."""
        first = self.lines.first
        if first is None:
            self._top = self.cursor = None
            self.marked.clear()
            return
        if self.marked and min(self.marked) < first:
            self.marked = {number for number in self.marked if number >= first}
        if self.follow:
            return
        if self._top is None:
            # There was nothing to stay at until now.
            self._top, self.cursor = Spot(first, 0), first
        self._top = mend(self.lines, self.height, self._top)
        if self.cursor is not None:
            self.cursor = near(self.lines, self.cursor)

    def eye(self) -> tuple[Spot, int] | None:
        """The row that the reader looks at, and where it is in the view: the cursor's, else the first."""
        if self.follow:
            return None
        rows = self.window()
        for y, spot in enumerate(rows):
            if spot.line == self.cursor:
                return spot, y
        return (rows[0], 0) if rows else None

    def hold(self, eye: tuple[Spot, int] | None) -> None:
        """Lines, heights or the size of the view are different: keep in its row what the reader looks at."""
        if self.follow or eye is None:
            return
        spot = mend(self.lines, self.height, eye[0])
        self._top = None if spot is None else holding(self.lines, self.height, spot, eye[1], self.size)
        if self.cursor is not None:
            self.cursor = near(self.lines, self.cursor)

    def resize(self, size: int) -> None:
        """The view has another number of rows."""
        eye = self.eye()
        self.size = max(1, size)
        self.hold(eye)

    # Keys

    def set_follow(self, on: bool) -> None:
        """Follow the end, or stay at what is in view, with the cursor on its last line."""
        if on:
            self.follow = True
            self.cursor = self.left_at = self._top = None
        elif self.follow:
            rows = self.window()
            last = self.lines.last
            self.left_at = None if last is None else last + 1
            self._top = rows[0] if rows else None
            self.cursor = rows[-1].line if rows else None
            self.follow = False

    def move(self, by: int) -> None:
        """Move the cursor by lines, the view with it; through a line that is higher than the view by rows."""
        self.set_follow(False)
        for _ in range(abs(by)):
            if not self._move(1 if by > 0 else -1):
                return

    def _move(self, way: int) -> bool:
        if self.cursor is None or self._top is None:
            return False
        rows = self.window()
        seen = [spot.row for spot in rows if spot.line == self.cursor]
        if seen and (seen[-1] < self.height(self.cursor) - 1 if way > 0 else seen[0] > 0):
            self._top = down(self.lines, self.height, self._top, 1) if way > 0 else self._above(1)
            return True
        line = self.lines.after(self.cursor) if way > 0 else self.lines.before(self.cursor)
        if line is None:
            return False
        self.cursor = line
        if way < 0 and self.height(line) > self.size and line < self._top.line:
            # Going up one comes to the end of a line first.
            self._top = self._above(1)
        else:
            self._top = revealing(self.lines, self.height, line, self._top, self.size)
        return True

    def _above(self, rows: int) -> Spot:
        assert self._top is not None
        return up(self.lines, self.height, self._top, rows)

    def page(self, by: int) -> None:
        """Move by pages, a row of the old one stays in view; the cursor keeps its row."""
        self.scroll(by * max(1, self.size - 1), carry=True)

    def scroll(self, rows: int, *, carry: bool = False) -> None:
        """Move the view by rows. The cursor stays on its line as long as that is in view; `carry`: in its
        row, and at either end it goes to the last line there is.
        """
        self.set_follow(False)
        if self._top is None:
            return
        at = self.row_of(self.cursor) if self.cursor is not None else None
        before = self._top
        if rows < 0:
            self._top = self._above(-rows)
        else:
            moved = down(self.lines, self.height, self._top, rows)
            self._top = clamped(self.lines, self.height, moved, self.size)
        shown = self.window()
        if carry:
            stuck = self._top == before
            y = (0 if rows < 0 else len(shown) - 1) if stuck else min(at or 0, len(shown) - 1)
            self.cursor = shown[y].line
        elif self.cursor is not None:
            self.cursor = min(max(self.cursor, shown[0].line), shown[-1].line)

    def home(self) -> None:
        """To the first line."""
        self.set_follow(False)
        first = self.lines.first
        if first is not None:
            self.cursor, self._top = first, Spot(first, 0)

    def go_to(self, line: int, *, part: float = 1 / 3) -> None:
        """Put the cursor on a line; where it is not in view, into the upper part of it."""
        self.set_follow(False)
        found = near(self.lines, line)
        if found is None:
            return
        self.cursor = found
        if self.row_of(found) is None:
            y = int(self.size * part)
            self._top = holding(self.lines, self.height, Spot(found, 0), y, self.size)
        elif self._top is not None:
            self._top = revealing(self.lines, self.height, found, self._top, self.size)

    def show_row(self, line: int, row: int) -> None:
        """Bring one row of a line that is higher than the view into it."""
        if self._top is not None and Spot(line, row) not in self.window():
            self._top = holding(self.lines, self.height, Spot(line, row), self.size // 3, self.size)

    # Marks

    def toggle_mark(self) -> None:
        """Mark or unmark the line under the cursor, and go one down."""
        self.set_follow(False)
        if self.cursor is not None:
            self.marked ^= {self.cursor}
            self.move(1)

    def extend(self, way: int) -> None:
        """Mark the line under the cursor, and the next one in a direction (1 down, -1 up)."""
        self.set_follow(False)
        if self.cursor is not None:
            self.marked.add(self.cursor)
            line = self.lines.after(self.cursor) if way > 0 else self.lines.before(self.cursor)
            if line is not None:
                self.go_to(line)
                self.marked.add(line)

    def chosen(self) -> Iterable[int]:
        """The marked lines in order; without marks the one of the cursor; while following all in view."""
        if self.marked:
            return sorted(self.marked)
        if self.cursor is not None:
            return (self.cursor,)
        return dict.fromkeys(spot.line for spot in self.window())
