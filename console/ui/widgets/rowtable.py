"""A table for thousands of rows that change ten times a second: only the lines that differ are drawn.

Textual's DataTable renders every visible cell again after any change and loses the place of the cursor when
rows are sorted; here the cursor stays on the row's key, and what the eye is on stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.ui import keys
from console.ui.cells import UNICODE, Cell, Column, Glyphs, arrange, widest, width_of
from console.ui.theme import styles_for
from console.ui.widgets.rowpaint import LEAD, Look, RowPainter, positions_of
from console.ui.widgets.rowstore import (
    Change,
    Row,
    RowKey,
    RowStore,
    anchor_of,
    top_holding,
    top_showing,
)

HEADER = 1
"""Lines the header takes."""

MARGIN = 1
"""Blank cells on the right, so that figures do not stick to the scroll bar or the edge."""


class RowTable(ScrollView, can_focus=True):
    """Rows by key, with a header, a cursor and marks.

    Cells are made beforehand (`Cell`: safe text and a tone); no markup is ever parsed. Give it rows by
    `set_rows` (all of them, in order) or `update_rows` (some, in place); both draw only what differs.
    """

    DEFAULT_CSS = """
    RowTable { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    ALLOW_SELECT = False

    STOPS_AT_HEADINGS: ClassVar[bool] = False
    """Whether the cursor, moved row by row, stops at headings too: something can be done for a group."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.TABLE]

    class CursorMoved(Message):
        """The cursor stands on another row (`key` None: on none)."""

        def __init__(self, table: RowTable, key: RowKey | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            return self.table

    class Opened(CursorMoved):
        """Enter or a double click on a row."""

    class MarksChanged(CursorMoved):
        """A row was marked or is no longer."""

    class HeaderPressed(Message):
        """A click on the title of a column."""

        def __init__(self, table: RowTable, column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

        @property
        def control(self) -> RowTable:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        glyphs: Glyphs = UNICODE,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.store = RowStore()
        self.columns = tuple(columns)
        self.glyphs = glyphs
        self.empty = Cell("", "dim")
        self._touched = False
        self._sort = ("", False)
        self._wanted = {c.key: width_of(c.title) + 1 for c in columns}
        self._positions = positions_of(columns)
        self._painter: RowPainter | None = None
        self._painter_width = 0
        self._strips: LRUCache[RowKey, tuple[Row, Look, Strip]] = LRUCache(512)

    # What is shown

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows in this order."""
        anchor = anchor_of(self.store, self.scroll_offset.y, self._page)
        before = self.store.cursor
        change = self.store.replace(rows)
        self._apply(change)
        if change.moved:
            self.virtual_size = Size(self.size.width, len(rows) + HEADER)
            self._scroll_top(top_holding(self.store, anchor, self._page))
        if before != self.store.cursor:
            self.post_message(self.CursorMoved(self, self.store.cursor))
        first = self.store.step(-1, 1)
        if first is not None and not self._touched:
            # Until somebody moves it the cursor waits at the top, whichever host answered first.
            self.move_to(first, by_hand=False)

    def update_rows(self, rows: Iterable[Row]) -> None:
        """Exchange some rows in place, found by key."""
        self._apply(self.store.update(rows))

    def set_sort(self, column: str, reverse: bool) -> None:
        """Which column the header marks as sorted; sorting itself is done by whoever makes the rows."""
        if self._sort != (column, reverse):
            self._sort = (column, reverse)
            self.refresh(Region(0, 0, self.size.width, HEADER))

    def set_empty(self, cell: Cell) -> None:
        """What is said where there are no rows."""
        if cell != self.empty:
            self.empty = cell
            if not self.store.rows:
                self.refresh()

    def move_to(self, key: RowKey, *, by_hand: bool = True) -> None:
        """Put the cursor on the row of `key`, and that row into view."""
        self._touched |= by_hand
        position = self.store.index.get(key)
        if position is None:
            return
        if key != self.store.cursor:
            self._refresh_row(self.store.cursor_index)
            self.store.cursor = key
            self._refresh_row(position)
            self.post_message(self.CursorMoved(self, key))
        self._scroll_top(top_showing(self.store, position, self.scroll_offset.y, self._page))

    @property
    def visible_rows(self) -> Sequence[Row]:
        """The rows on the screen now."""
        top = self.scroll_offset.y
        return self.store.rows[top : top + self._page]

    @property
    def shown_columns(self) -> list[str]:
        """The keys of the columns there is room for."""
        return [placed.column.key for placed in self._paint().placed]

    def mark(self, keys: Iterable[RowKey], on: bool) -> None:
        """Mark or unmark these."""
        for key in keys:
            if (key in self.store.marked) is not on:
                self.store.toggle_mark(key)
                self._refresh_row(self.store.index[key])

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        painter = self._paint()
        if y < HEADER:
            return painter.header(*self._sort)
        position = y - HEADER + self.scroll_offset.y
        if position >= len(self.store):
            said = self.empty.text if position == 0 else ""
            return painter.line("", said, self.empty.tone)
        row = self.store.rows[position]
        look = Look(
            cursor=row.key == self.store.cursor,
            focus=self.has_focus,
            marked=row.key in self.store.marked,
        )
        cached = self._strips.get(row.key)
        if cached is not None and cached[0] is row and cached[1] == look:
            return cached[2]
        strip = painter.row(row, look)
        self._strips[row.key] = (row, look, strip)
        return strip

    def _paint(self) -> RowPainter:
        width = self.scrollable_content_region.width
        if self._painter is None or self._painter_width != width:
            placed = arrange(self.columns, self._wanted, width - MARGIN, LEAD)
            tones = styles_for(self.app.current_theme)
            self._painter = RowPainter(placed, self._positions, width, tones, self.rich_style, self.glyphs)
            self._painter_width = width
            self._strips.clear()
        return self._painter

    def notify_style_update(self) -> None:
        """Theme or style sheet changed: every colour is looked up again."""
        super().notify_style_update()
        self._painter = None

    def _apply(self, change: Change) -> None:
        grew = [widest(self._wanted, self._wanted, row.cells) for row in change.fresh if not row.heading]
        if any(grew):
            self._painter = None
            self.refresh()
            return
        top, width = self.scroll_offset.y, self.size.width
        for y in range(self._page):
            if top + y in change.dirty:
                self.refresh(Region(0, y + HEADER, width, 1))

    def _refresh_row(self, position: int | None) -> None:
        if position is None:
            return
        y = position - self.scroll_offset.y
        if 0 <= y < self._page:
            self.refresh(Region(0, y + HEADER, self.size.width, 1))

    # Scrolling

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - HEADER)

    def _scroll_top(self, top: int | None) -> None:
        if top is not None:
            self.scroll_to(y=top, animate=False, force=True)

    # Keys and mouse

    def action_cursor(self, by: int, unit: str = "row") -> None:
        """Move the cursor by rows, pages (`page`) or to an end (`all`)."""
        headings = self.STOPS_AT_HEADINGS and unit == "row"
        by *= {"page": max(1, self._page - 1), "all": len(self.store)}.get(unit, 1)
        start = self.store.cursor_index
        key = self.store.step(-1 if start is None else start, by, headings=headings)
        if key is not None:
            self.move_to(key)

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor, and go one down."""
        if self.store.cursor is not None:
            self.store.toggle_mark(self.store.cursor)
            self._refresh_row(self.store.cursor_index)
            self.post_message(self.MarksChanged(self, self.store.cursor))
            self.action_cursor(1)

    def action_open(self) -> None:
        """Tell that the row under the cursor is wanted."""
        if self.store.cursor is not None:
            self._touched = True
            self.post_message(self.Opened(self, self.store.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens; on a title it asks for sorting."""
        if event.y < HEADER:
            for column, x, width in self._paint().placed:
                if x <= event.x < x + width:
                    self.post_message(self.HeaderPressed(self, column.key))
            return
        position = event.y - HEADER + self.scroll_offset.y
        if position < len(self.store) and (self.STOPS_AT_HEADINGS or not self.store.rows[position].heading):
            self.move_to(self.store.rows[position].key)
            if event.chain == 2:
                self.action_open()
