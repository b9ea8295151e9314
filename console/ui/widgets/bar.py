"""A line of text with parts in tones: the base of the bars above and below the panes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from console.ui.bars import Part
from console.ui.cells import UNICODE, Glyphs, width_of
from console.ui.theme import styles_for


class Bar(Widget):
    """One line. `show` what it holds; it is drawn again only if that differs."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """

    ALLOW_SELECT = False

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs = glyphs
        self._parts: Sequence[Part] = ()

    def parts(self, width: int) -> Sequence[Part]:
        """What the line holds at this width; to be overridden."""
        return ()

    def redraw(self) -> None:
        """Something it tells of may have changed."""
        parts = tuple(self.parts(self.size.width)) if self.size.width else ()
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def on_resize(self) -> None:
        """A new width asks for other words."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        base, tones = self.rich_style, styles_for(self.app.current_theme)
        segments = [Segment(p.text, base + tones.get(p.tone, Style.null())) for p in self._parts]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    async def on_click(self, event: events.Click) -> None:
        """A click on a part does what the part stands for."""
        at = 0
        for part in self._parts:
            at += width_of(part.text)
            if event.x < at:
                if part.action:
                    await self.run_action(part.action)
                return
