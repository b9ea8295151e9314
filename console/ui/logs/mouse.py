"""The lines with a mouse: wheel, clicks, and the scroll bar in hand."""

from __future__ import annotations

from textual import events

from console.ui.logs.bar import line_at
from console.ui.logs.reading import ReadView

WHEEL = 3
"""Rows that one step of the wheel moves."""


class LogView(ReadView):
    """Everything that shows and moves lines."""

    _grabbed = False
    """The mouse holds the scroll bar."""

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Up."""
        event.stop()
        self.place.scroll(-WHEEL)
        self.moved()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Down; who follows is at the end already."""
        event.stop()
        if not self.place.follow:
            self.place.scroll(WHEEL)
            self.moved()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """On a line: the cursor goes there; on the bar: it is taken."""
        if event.x == self.size.width - 1:
            self._grabbed = True
            self.capture_mouse()
            self._drag(event.y)
        elif event.y < len(self._rows):
            self.place.go_to(self._rows[event.y][0].line)
            self.moved()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """With the bar in hand: go where it is."""
        if self._grabbed:
            self._drag(event.y)

    def on_mouse_up(self, _: events.MouseUp) -> None:
        """Let the bar go."""
        if self._grabbed:
            self._grabbed = False
            self.release_mouse()

    def _drag(self, y: int) -> None:
        number = line_at(self.shown, min(max(y, 0), self.size.height - 1), self.size.height)
        if number is not None:
            self.place.go_to(number, part=0)
            self.moved()

    def on_click(self, event: events.Click) -> None:
        """Two clicks open the line."""
        if event.chain == 2 and event.x < self.size.width - 1:
            self.action_open()
