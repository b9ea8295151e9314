"""The help: every key that works where it was asked for, from the live bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line
from console.ui.messages import Said
from console.ui.present_help import groups, help_document
from console.ui.screens.reading import ReadingScreen


class HelpScreen(ReadingScreen):
    """Keys of `below`, the screen on which help was asked for, with what had the keyboard there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "close", "close", id="help.close", show=False, tooltip="Close the help"),
        Binding("i", "ids", "key ids", id="help.ids", tooltip="Show the ids for keymap in settings.yml"),
    ]

    def __init__(self, below: Screen[object], glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._keys = groups(below.active_bindings.values())
        self._ids = False

    def title_line(self, width: int) -> Line:
        """What this is."""
        return (Cell(" Help", "group"), Cell("  keys that work where you came from", "dim"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """The document."""
        return help_document(self._keys, width, self.glyphs, ids=self._ids)

    def action_ids(self) -> None:
        """Show or hide the ids."""
        self._ids = not self._ids
        self.redraw()
        self.post_message(Said("ids shown" if self._ids else "ids hidden"))
