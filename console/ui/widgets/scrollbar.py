"""A scroll bar of colour alone: Textual's draws its ends with signs that are wide in some terminals."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender


class PlainScrollBar(ScrollBarRender):
    """Moves by whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def use_plain() -> None:
    """Draw every scroll bar of this process so."""
    ScrollBar.renderer = PlainScrollBar
