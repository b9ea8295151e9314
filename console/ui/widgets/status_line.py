"""The line below everything: the keys that work now, and what the last one did, or was last done at all."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from console.ui.bars import Part, Parts, clip, key_hints, length, spread
from console.ui.cells import Glyphs
from console.ui.keys import hints
from console.ui.widgets.bar import Bar

LASTS = 8.0
"""Seconds a sentence stays."""

WIDE = 110
"""Cells from which on the last action has room beside the keys."""


class StatusLine(Bar):
    """Key hints on the left, the last sentence on the right."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="status", glyphs=glyphs)
        self._said: Parts = ()
        self._fade: Timer | None = None
        self._last = ""
        self._last_at = 0.0

    def on_mount(self) -> None:
        """Follow the keys of whatever has the keyboard."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())

    def say(self, text: str, tone: str = "text") -> None:
        """Show a sentence for some seconds."""
        if self._fade is not None:
            self._fade.stop()
        self._said = (Part(f"  {text} ", tone),)
        self._fade = self.set_timer(LASTS, self._fall_silent)
        self.redraw()

    def remember(self, text: str, at: float) -> None:
        """What stands there while nothing is said, where it is wide enough; `at`: the newer one stays."""
        if at >= self._last_at and text != self._last:
            self._last, self._last_at = text, at
            self.redraw()

    def _fall_silent(self) -> None:
        self._said = ()
        self.redraw()

    def parts(self, width: int) -> Sequence[Part]:
        """The line at this width; hints that do not fit are left out."""
        right = self._said
        if not right and self._last and width >= WIDE:
            right = (Part(f"  {self._last} ", "dim"),)
        room = width - length(right)
        if room < 1:
            return clip(right, width, self.glyphs)
        found = hints(self.screen.active_bindings.values())
        focused = self.screen.focused
        if focused is not None:
            typed = focused.check_consume_key
            # What is typed into a line of input is text there, not a key.
            found = [hint for hint in found if len(hint.written) > 1 or not typed(hint.key, hint.written)]
        return spread(key_hints(found, room), right, width, self.glyphs)

    def action_press(self, key: str) -> None:
        """What a click on a hint does: as if its key had been pressed."""
        self.app.simulate_key(key)
