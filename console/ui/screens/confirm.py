"""Yes or no, with the whole target named; No unless Yes is chosen on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.dialog import Dialog
from console.ui.widgets.choices import Choices


class ConfirmScreen(Dialog[bool]):
    """Asks about one change. `target` is named in full; `details` are further sentences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "no", "No", id="confirm.no", tooltip="Do nothing"),
        Binding(
            "y", "choose_yes", "Choose yes", id="confirm.yes", show=False, tooltip="Choose yes; enter answers"
        ),
    ]

    def __init__(
        self,
        glyphs: Glyphs,
        *,
        title: str,
        target: str,
        details: Sequence[str] = (),
        yes: str = "Yes",
        no: str = "No",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(glyphs, clock)
        self._title = title
        self._target = target
        self._details = tuple(details)
        self.choices = Choices((no, yes))

    def document(self, width: int) -> list[Line]:
        """Title, target, details."""
        lines = wrap([Cell(self._title, "header")], width)
        lines += wrap([Cell(self._target, "group")], width)
        for text in self._details:
            lines += [BLANK, *wrap([Cell(text, "text")], width)]
        return lines

    def controls(self) -> ComposeResult:
        """No and yes."""
        yield self.choices

    def control_lines(self) -> int:
        """One row."""
        return 1

    def on_mount(self) -> None:
        """The choices have the focus."""
        self.choices.focus()

    @on(Choices.Picked)
    def _picked(self, event: Choices.Picked) -> None:
        if self.settled:
            self.dismiss(event.position == 1)

    def action_no(self) -> None:
        """Do nothing."""
        self.dismiss(False)

    def action_choose_yes(self) -> None:
        """Move to yes; it still has to be answered with enter."""
        self.choices.chosen = 1
