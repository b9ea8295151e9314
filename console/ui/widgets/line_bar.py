"""One line drawn from cells, as wide as its place."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.ui.cells import Glyphs, narrow
from console.ui.lines import Line, pad
from console.ui.theme import styles_for


class LineBar(Widget):
    """Draws what its builder makes for the width at hand; `refresh` after anything changed."""

    DEFAULT_CSS = "LineBar { height: 1; width: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self, builder: Callable[[int], Line], glyphs: Glyphs, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._builder = builder
        self._glyphs = glyphs
        self._drawn: Line = ()

    def redraw(self) -> None:
        """Draw anew where the line differs."""
        line = self._builder(self.size.width)
        if line != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        tones, base = styles_for(self.app.current_theme), self.rich_style
        self._drawn = self._builder(self.size.width)
        segments = [
            Segment(narrow(cell.text, self._glyphs), base + tones.get(cell.tone, Style.null()))
            for cell in pad(self._drawn, self.size.width)
        ]
        return Strip(segments).adjust_cell_length(self.size.width, base)
