"""What is shown instead of everything when the terminal is too small for anything."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST = Size(60, 15)
"""Columns and rows below which nothing useful fits."""


def too_small(size: Size) -> bool:
    """Whether a terminal of this size is too small."""
    return size.width < LEAST.width or size.height < LEAST.height


def message(size: Size) -> str:
    """What is needed and what there is."""
    return (
        f"dockcon needs {LEAST.width} columns and {LEAST.height} rows.\n"
        f"This terminal has {size.width} and {size.height}.\n"
        "Make it larger; everything goes on meanwhile."
    )


class TooSmall(ModalScreen[None]):
    """Covers everything, and goes away by itself when there is room again."""

    DEFAULT_CSS = """
    TooSmall { background: $background; align: center middle; }
    TooSmall > Static { width: 100%; text-align: center; color: $tone-text; }
    """

    def compose(self) -> ComposeResult:
        yield Static(message(self.app.size), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Away, once there is room; a second event may come while it is going."""
        if too_small(event.size):
            self.query_one(Static).update(message(event.size))
        elif self.is_current:
            self.dismiss(None)


def mind_size(app: App[Any], size: Size) -> None:
    """Call with every size the app gets: covers the screen while it is too small."""
    if too_small(size) and not isinstance(app.screen, TooSmall):
        app.push_screen(TooSmall())
