"""A screen to read: a title line, pages behind number keys, a document, the keys that work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.ui.cells import Cell, Glyphs, width_of
from console.ui.lines import Line
from console.ui.messages import Said
from console.ui.widgets.line_bar import LineBar
from console.ui.widgets.reader import Reader
from console.ui.widgets.status_line import StatusLine


class ReadingScreen(Screen[None]):
    """Base of the details, host and help screens. Subclasses say what the title and each page are."""

    PAGES: ClassVar[tuple[str, ...]] = ()
    """Names of the pages; one or none: no line of tabs."""

    AUTO_FOCUS = "LinesView"

    DEFAULT_CSS = """
    ReadingScreen { layout: vertical; background: $background; color: $tone-text; }
    ReadingScreen > .title { background: $panel; }
    ReadingScreen > .pages { background: $background; }
    ReadingScreen > Reader > LinesView { padding: 1 1 0 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "back", id="reading.close", tooltip="Back to where you came from"),
        Binding("1", "page(0)", "first page", id="reading.page_1", show=False, tooltip="First page"),
        Binding("2", "page(1)", "second page", id="reading.page_2", show=False, tooltip="Second page"),
        Binding("3", "page(2)", "third page", id="reading.page_3", show=False, tooltip="Third page"),
        Binding(
            "tab,right_square_bracket",
            "turn(1)",
            "next page",
            id="reading.next",
            show=False,
            tooltip="Next page",
        ),
        Binding(
            "shift+tab,left_square_bracket",
            "turn(-1)",
            "previous page",
            id="reading.previous",
            show=False,
            tooltip="Previous page",
        ),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.page = 0
        self.reader = Reader(glyphs)
        self.title_bar = LineBar(self.title_line, glyphs, classes="title")
        self.pages_bar = LineBar(self.pages_line, glyphs, classes="pages")
        self.status = StatusLine(glyphs)

    # What a subclass fills in

    def title_line(self, width: int) -> Line:
        """The first line."""
        raise NotImplementedError

    def page_lines(self, width: int) -> Sequence[Line]:
        """The page that is shown, for a width in cells."""
        raise NotImplementedError

    def note(self) -> Cell:
        """What stands at the right of the tabs."""
        return Cell("")

    # The frame

    def compose(self) -> ComposeResult:
        yield self.title_bar
        if len(self.PAGES) > 1:
            yield self.pages_bar
        yield self.reader
        yield self.status

    def on_mount(self) -> None:
        """Show the first page. (Textual calls the `on_mount` of a subclass as well.)"""
        self.reader.show(self.page_lines)

    def redraw(self, *, top: bool = False) -> None:
        """Draw what is different; `top` for another page."""
        self.title_bar.redraw()
        self.pages_bar.redraw()
        self.reader.show(self.page_lines, top=top)

    def pages_line(self, width: int) -> Line:
        """`1 Overview   2 Environment`, the page that is shown marked by brackets."""
        cells: list[Cell] = [Cell(" ")]
        for number, name in enumerate(self.PAGES):
            here = number == self.page
            cells.append(
                Cell(
                    f"[{number + 1} {name}]" if here else f" {number + 1} {name} ", "group" if here else "dim"
                )
            )
            cells.append(Cell(" "))
        note = self.note()
        used = sum(width_of(cell.text) for cell in cells) + width_of(note.text)
        if note.text and used + 1 <= width:
            cells += [Cell(" " * (width - used - 1)), note]
        return tuple(cells)

    @on(Said)
    def _said(self, event: Said) -> None:
        event.stop()
        self.status.say(event.text, event.tone)

    # Keys

    def action_close(self) -> None:
        """Back."""
        self.dismiss()

    def action_page(self, number: int) -> None:
        """Show a page."""
        if number != self.page:
            self.page = number
            self.redraw(top=True)

    def action_turn(self, by: int) -> None:
        """The next page, or the one before."""
        self.action_page((self.page + by) % len(self.PAGES))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no keys for pages that are not there."""
        if action == "page":
            return len(self.PAGES) > 1 and isinstance(parameters[0], int) and parameters[0] < len(self.PAGES)
        if action == "turn":
            return len(self.PAGES) > 1
        return True
