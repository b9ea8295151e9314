"""The lines with the keys of somebody who reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from console.model.logs.lines import LogLine
from console.ui import keys
from console.ui.logs.body import body_of
from console.ui.logs.times import Zone, hour
from console.ui.logs.view import LineView
from console.ui.logs.wrapping import cells_before

COPIED = 1 << 16
"""Characters of one line that are copied as it is shown; `Y` takes more."""


class ReadView(LineView):
    """Moves, marks, and says which line is wanted whole."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.LOG_LINES]

    class Opened(Message):
        """Enter or a double click on a line."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def moved(self) -> None:
        """The reader moved: draw that, and tell."""
        if self._relay():
            self.redraw()
        else:
            self.sync()
        self.post_message(self.Moved())

    # Keys

    def action_cursor(self, by: int, unit: str = "row") -> None:
        """Move the cursor by lines, pages (`page`) or to an end (`all`); the last end is followed."""
        if unit == "page":
            self.place.page(by)
        elif unit == "row":
            self.place.move(by)
        elif by < 0:
            self.place.home()
        else:
            self.place.set_follow(True)
        self.moved()

    def action_follow(self) -> None:
        """Follow, or stay."""
        self.place.set_follow(not self.place.follow)
        self.moved()

    def action_mark(self) -> None:
        """Mark or unmark a line."""
        self.place.toggle_mark()
        self.moved()

    def action_extend(self, way: int) -> None:
        """Mark this line and the next one."""
        self.place.extend(way)
        self.moved()

    def action_open(self) -> None:
        """Read the line under the cursor; while following, the last one."""
        if self.place.follow:
            self.place.set_follow(False)
            self.moved()
        if self.place.cursor is not None:
            self.post_message(self.Opened(self.place.cursor))

    def action_aside(self, way: int) -> None:
        """See what is farther to the right, or back."""
        if not self.taste.wrap:
            step = max(8, self.sheet.columns.text // 2)
            self.look(replace(self.taste, aside=max(0, self.taste.aside + way * step)))

    def action_wrap(self) -> None:
        """Break lines, or cut them."""
        self.look(replace(self.taste, wrap=not self.taste.wrap, aside=0))

    def action_times(self) -> None:
        """Local time, UTC, none."""
        zones = list(Zone)
        self.look(replace(self.taste, zone=zones[(zones.index(self.taste.zone) + 1) % len(zones)]))

    def action_raw(self) -> None:
        """Data as written, or as fields."""
        self.look(replace(self.taste, raw=not self.taste.raw))

    def go_to(self, number: int) -> None:
        """Put the cursor on a line; where it was searched for, what was found into view."""
        self.place.go_to(number)
        if self.search is not None and self.search.current == number:
            self._show_found(number)
        self.redraw()
        self.post_message(self.Moved())

    def _show_found(self, number: int) -> None:
        laid = self.sheet.laid(number)
        spans = self._spans(laid.body.text)
        if not spans:
            return
        if self.taste.wrap:
            self.place.show_row(number, self.sheet.spot(number, spans[0][0]).row)
            return
        start, end = (cells_before(laid.body.text, at) for at in spans[0])
        room, aside = self.sheet.columns.text, self.taste.aside
        if start < aside + bool(aside) or end > aside + room - 1:
            aside = 0 if end < room else max(0, start - room // 3)
            self.taste = replace(self.taste, aside=aside)
            self._relay()

    # What is copied

    def chosen(self) -> list[tuple[int, LogLine]]:
        """The marked lines, else the one under the cursor, else all in view."""
        return [(number, self.shown.line(number)) for number in self.place.chosen()]

    def as_shown(self) -> str:
        """The chosen lines with what stands before them, nothing cut off at the edge."""
        return "\n".join(self._plain(line) for _, line in self.chosen())

    def as_written(self) -> str:
        """The chosen lines without anything before them, whole, without what a terminal would obey."""
        return "\n".join(line.text(len(line.raw) + 1) for _, line in self.chosen())

    def new_below(self) -> int:
        """Lines that came since the reader let go, and were not seen since."""
        left_at = self.place.left_at
        if left_at is None or not self._rows:
            return 0
        return self.shown.since(max(left_at, self._rows[-1][0].line + 1))

    def _plain(self, line: LogLine) -> str:
        body = body_of(line, self.glyphs, self.taste.zone, raw=self.taste.raw, limit=COPIED)
        before = [hour(line.ns, self.taste.zone), self.labels.full(line.source)]
        return " ".join([*(text for text in before if text), body.text])
