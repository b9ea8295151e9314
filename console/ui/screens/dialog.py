"""What every dialog has: a box that never leaves the screen, and half a second in which keys do nothing.

A dialog may open while somebody types; the quiet time keeps a key that was meant for something else from
answering it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget

from console.ui.cells import Glyphs
from console.ui.lines import Line
from console.ui.widgets.lines_view import LinesView

QUIET = 0.5
"""Seconds after opening in which keys, pastes and clicks are ignored."""

WIDTH = 76
"""Cells a dialog takes at most."""

_SIDES = 4
_TOP_AND_BOTTOM = 2
_TEXT_AT_LEAST = 5
"""Lines of text that stay in view even above very many controls."""

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box in the middle with a text that scrolls when it must, and controls that are always in view."""

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_text(-1)", "Up", id="dialog.up", show=False, tooltip="Scroll the text up"),
        Binding(
            "down", "scroll_text(1)", "Down", id="dialog.down", show=False, tooltip="Scroll the text down"
        ),
    ]

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > .box { height: auto; background: $panel; color: $tone-text; padding: 1 2; }
    Dialog > .box.-tight { padding: 0 2; }
    Dialog > .box LinesView {
        background: $panel; scrollbar-background: $panel; scrollbar-background-hover: $panel;
        scrollbar-background-active: $panel;
    }
    Dialog > .box > .controls { margin-top: 1; scrollbar-size-vertical: 1; }
    Dialog:ansi > .box { border: ascii $border; padding: 0 1; }
    """

    def __init__(self, glyphs: Glyphs, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.glyphs = glyphs
        self._clock = clock
        self._opened = clock()
        self.clipped = False
        """Whether the text is longer than its place."""
        self.text = LinesView(glyphs)
        self.text.can_focus = False
        self.box = Vertical(classes="box")
        self.controls_box = VerticalScroll(classes="controls", can_focus=False)

    # What a dialog fills in

    def document(self, width: int) -> Sequence[Line]:
        """The text above the controls, for a width in cells."""
        raise NotImplementedError

    def controls(self) -> ComposeResult:
        """The widgets an answer is given with."""
        raise NotImplementedError

    def control_lines(self) -> int:
        """How many lines the controls take."""
        raise NotImplementedError

    # The box

    def compose(self) -> ComposeResult:
        with self.box:
            yield self.text
            with self.controls_box:
                yield from self.controls()

    def on_mount(self) -> None:
        """Quiet time begins when the dialog can be seen."""
        self._opened = self._clock()
        self._fit(self.app.size)
        self.text.show(self.document)

    def on_resize(self, event: events.Resize) -> None:
        """Stay inside the screen."""
        self._fit(event.size)

    def refit(self) -> None:
        """The document changed: make room for it."""
        self._fit(self.app.size)
        self.text.show(self.document)

    def _fit(self, size: Size) -> None:
        width = min(WIDTH, size.width)
        # One cell less: room for a scroll bar is kept free, so that wrapping does not change with it.
        wanted = len(self.document(max(1, width - _SIDES - 1)))
        controls = self.control_lines()
        tight = wanted + 1 + controls + _TOP_AND_BOTTOM > size.height
        # A theme of terminal colours has no ground of its own and needs a frame instead of the padding.
        edges = 0 if tight and not self.app.native_ansi_color else _TOP_AND_BOTTOM
        room = max(2, size.height - 1 - edges)
        # Controls come first; both scroll where a host asks for more than fits.
        controls = min(controls, room - min(wanted, _TEXT_AT_LEAST))
        self.clipped = wanted > room - controls
        self.box.styles.width = width
        self.box.set_class(tight, "-tight")
        self.controls_box.styles.height = max(1, controls)
        self.text.styles.height = max(1, min(wanted, room - controls))
        self.fitted()

    def fitted(self) -> None:
        """The box has its size; `clipped` is known."""

    def action_scroll_text(self, lines: int) -> None:
        """Scroll the text; the controls keep the keyboard."""
        self.text.action_scroll_by(lines)

    # Quiet time

    @property
    def settled(self) -> bool:
        """Whether the quiet time is over."""
        return self._clock() - self._opened >= QUIET

    def on_key(self, event: events.Key) -> None:
        """Keep keys from every binding during the quiet time."""
        hold_back(self, event)


def hold_back(widget: Widget, event: events.Key | events.Paste | events.Click) -> bool:
    """Stop an event that came in the quiet time of the dialog `widget` is in; say whether it was stopped.

    Input widgets of a dialog call it first in their handlers, since they see keys before the screen does.
    """
    screen = widget.screen
    if isinstance(screen, Dialog) and not screen.settled:
        event.stop()
        event.prevent_default()
        return True
    return False
