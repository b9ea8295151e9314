"""One line to type what must not be seen: stars on the screen, and no way to the clipboard.

Textual's own input draws bullets, whose width terminals disagree about, and copies a hidden value as it is.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

LIMIT = 1024
"""Characters kept at most."""


class SecretInput(Widget, can_focus=True):
    """Typed, pasted, taken back (backspace, ctrl+u), submitted (enter). There is no cursor to move."""

    DEFAULT_CSS = "SecretInput { height: 1; background: $background; }"
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "submit", "Answer", id="secret.submit", show=False, tooltip="Answer with what was typed"
        ),
        Binding(
            "backspace", "back", "Take back", id="secret.back", show=False, tooltip="Take back one character"
        ),
        Binding("ctrl+u", "clear", "Clear", id="secret.clear", show=False, tooltip="Take back everything"),
    ]

    value: reactive[str] = reactive("")

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, entry: SecretInput) -> None:
            super().__init__()
            self.entry = entry

    def render_line(self, y: int) -> Strip:
        """Stars, and a block where the next one will be."""
        base = self.rich_style
        stars = "*" * min(len(self.value), max(0, self.size.width - 1))
        cursor = Segment(" ", base + Style(reverse=True)) if self.has_focus else Segment(" ", base)
        return Strip([Segment(stars, base), cursor]).adjust_cell_length(self.size.width, base)

    def _append(self, text: str) -> None:
        self.value = (self.value + text)[:LIMIT]

    def on_key(self, event: events.Key) -> None:
        """Take what can be printed; everything else is for the bindings."""
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self._append(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what was pasted."""
        event.stop()
        if event.text:
            self._append(event.text.splitlines()[0])

    def action_submit(self) -> None:
        """Answer."""
        self.post_message(self.Submitted(self))

    def action_back(self) -> None:
        """Take back one character."""
        self.value = self.value[:-1]

    def action_clear(self) -> None:
        """Take back everything."""
        self.value = ""
