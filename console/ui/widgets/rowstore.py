"""Rows in order, a cursor that stays on its key, and marks: the part of a table that draws nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile

from console.ui.cells import Cell

RowKey = str | tuple[str, ...]
BLANK = Cell(" ")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. Equal rows look the same, so an unchanged row costs nothing."""

    key: RowKey
    cells: tuple[Cell, ...]
    """One for each column, in their order; a heading has one, drawn over the whole width."""
    sign: Cell = BLANK
    """One cell before the first column: `!`, `~` or blank."""
    tone: str = ""
    """For cells without a tone of their own."""
    heading: bool = False
    """Names the group below it; the cursor passes over it, unless the table is one that stops there."""


@dataclass(slots=True)
class Change:
    """What `RowStore.replace` did."""

    dirty: set[int] = field(default_factory=set)
    """Indexes whose line looks different now."""
    moved: bool = False
    """Some index holds another key than before, or there are more or fewer rows."""
    fresh: list[Row] = field(default_factory=list)
    """Rows that are new or have other cells."""
    cursor_gone: bool = False
    """The row under the cursor is no more; the cursor stands on its neighbour."""


class RowStore:
    """The rows of one table."""

    def __init__(self) -> None:
        self.rows: Sequence[Row] = ()
        self.index: dict[RowKey, int] = {}
        self.marked: set[RowKey] = set()
        self.cursor: RowKey | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def cursor_index(self) -> int | None:
        """Where the row under the cursor is now; None without a cursor."""
        return None if self.cursor is None else self.index.get(self.cursor)

    def replace(self, rows: Sequence[Row]) -> Change:
        """Show `rows` from now on; say what is different."""
        change = Change()
        old = self.rows
        shared = min(len(old), len(rows))
        for position in range(shared):
            before, after = old[position], rows[position]
            if before is after:
                continue
            if before.key != after.key:
                change.moved = True
                change.dirty.add(position)
                change.fresh.append(after)
            elif before != after:
                change.dirty.add(position)
                change.fresh.append(after)
        if len(old) != len(rows):
            change.moved = True
            change.dirty.update(range(shared, max(len(old), len(rows))))
            change.fresh.extend(rows[shared:])
        self.rows = rows
        if change.moved:
            self._reindex(old, change)
        return change

    def update(self, rows: Iterable[Row]) -> Change:
        """Exchange single rows in place, by key; keys that are not there are left out."""
        change = Change()
        pending = [(self.index[row.key], row) for row in rows if row.key in self.index]
        current = list(self.rows) if pending else []
        for position, row in pending:
            if current[position] != row:
                current[position] = row
                change.dirty.add(position)
                change.fresh.append(row)
        if change.dirty:
            self.rows = current
        return change

    def _reindex(self, old: Sequence[Row], change: Change) -> None:
        was = self.cursor_index
        self.index = {row.key: position for position, row in enumerate(self.rows)}
        self.marked &= self.index.keys()
        if self.cursor in self.index and self.cursor is not None:
            return
        change.cursor_gone = self.cursor is not None
        self.cursor = None if was is None else self._neighbour(old, was)
        if self.cursor is None:
            self.cursor = self.step(-1, 1)

    def _neighbour(self, old: Sequence[Row], was: int) -> RowKey | None:
        """The row that stood nearest to `was` and is still there: below first, then above."""
        below = range(was + 1, len(old))
        above = range(was - 1, -1, -1)
        for position in chain(below, above):
            row = old[position]
            if not row.heading and row.key in self.index:
                return row.key
        return None

    def step(self, start: int, by: int, *, headings: bool = False) -> RowKey | None:
        """Return the key `by` rows from index `start`; headings are a place to stand only if asked for.

        Beyond either end it is the last row on that side; None where there is no row at all.
        """
        if not self.rows:
            return None
        last = len(self.rows) - 1
        way = 1 if by > 0 else -1
        position = min(max(start + by, 0), last)
        forward = range(position, last + 1) if way > 0 else range(position, -1, -1)
        backward = range(position, -1, -1) if way > 0 else range(position, last + 1)
        for candidate in chain(forward, backward):
            if headings or not self.rows[candidate].heading:
                return self.rows[candidate].key
        return None

    def group(self, heading: RowKey) -> list[RowKey]:
        """The rows below a heading, up to the next one; none where `heading` is no heading."""
        at = self.index.get(heading)
        if at is None or not self.rows[at].heading:
            return []
        return [row.key for row in takewhile(lambda row: not row.heading, self.rows[at + 1 :])]

    def toggle_mark(self, key: RowKey) -> None:
        """Mark or unmark the row of `key`."""
        self.marked ^= {key}


@dataclass(frozen=True, slots=True)
class Anchor:
    """The row the eye is on, and its line on the screen."""

    key: RowKey
    line: int
    at_top: bool
    """The table is not scrolled at all."""


def anchor_of(store: RowStore, top: int, page: int) -> Anchor | None:
    """What stays in place when the order changes: the cursor's row, or the first in view without it."""
    position = store.cursor_index
    if position is None or not top <= position < top + page:
        position = top
    if position >= len(store):
        return None
    return Anchor(store.rows[position].key, position - top, top == 0)


def top_holding(store: RowStore, anchor: Anchor | None, page: int) -> int | None:
    """Return the first row to show so that the anchor keeps its line; None: leave it as it is.

    A table at its top stays there while the cursor remains in view: what is worst or newest appears there.
    """
    if anchor is None:
        return None
    position = store.index.get(anchor.key)
    if position is None:
        position = store.cursor_index
    if position is None:
        return None
    if anchor.at_top and (position < page or anchor.key != store.cursor):
        return None
    return position - anchor.line


def top_showing(store: RowStore, position: int, top: int, page: int) -> int | None:
    """Return the first row to show so that `position` is in view; None where it is already."""
    if position < top:
        # With the heading above it, if there is one.
        above = position > 0 and store.rows[position - 1].heading
        return position - int(above)
    return position - page + 1 if position >= top + page else None
