"""A question that only a deliberate yes answers: the text in full, No chosen, names typed where wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from console.model.actions import Consent
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.dialog import Dialog
from console.ui.screens.question import Seen
from console.ui.widgets.choices import Choices

if TYPE_CHECKING:
    from console.ui.links.screens import Dependents


class ConsentScreen(Dialog[Consent | None]):
    """Gives what the operator agreed to, or None. Subclasses say what it is about."""

    DEFAULT_CSS = """
    ConsentScreen .prompt { height: 1; color: $tone-text; }
    ConsentScreen .entry { height: 1; margin-bottom: 1; }
    ConsentScreen .entry > Static { width: 2; color: $tone-accent; }
    ConsentScreen .entry > Seen { width: 1fr; }
    ConsentScreen .hint { height: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "No", id="consent.no", tooltip="Do nothing"),
        Binding("n", "refuse", "No", id="consent.refuse", show=False, tooltip="Do nothing"),
        Binding(
            "y", "choose_yes", "Choose yes", id="consent.yes", show=False, tooltip="Choose yes; enter answers"
        ),
    ]

    def __init__(
        self,
        glyphs: Glyphs,
        *,
        yes: str,
        typed: Sequence[str] = (),
        dependents: Dependents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`yes`: the word on the button; `typed`: names that have to be typed instead; `dependents`: who is
        hit by it, found out while the dialog is open.
        """
        super().__init__(glyphs, clock)
        self._typed = tuple(typed)
        self._complaint = ""
        self._dependents = dependents
        self._said_of_them = 0
        self.choices = Choices(("No", f"Yes, {yes}"))
        self.entries = [Seen(compact=True, select_on_focus=False) for _ in typed]
        for entry in self.entries:
            entry.cursor_blink = False
        self.hint = Static("", classes="hint", markup=False)

    def about(self, width: int) -> list[Line]:
        """What it is about."""
        raise NotImplementedError

    @property
    def possible(self) -> bool:
        """Whether yes can be said at all."""
        return True

    def document(self, width: int) -> list[Line]:
        """What it is about, and what is missing."""
        lines = [*self.about(width), *self._hit(width)]
        if self._typed:
            lines += [BLANK, *wrap([Cell("This host wants the name typed.", "warn")], width)]
        if self._complaint:
            lines += [BLANK, *wrap([Cell(self._complaint, "bad")], width)]
        return lines

    def _hit(self, width: int) -> list[Line]:
        """Who depends on it. Never lower than it was: buttons that jump are not pressed well."""
        if self._dependents is None:
            return []
        lines = self._dependents.lines(width)
        self._said_of_them = max(self._said_of_them, len(lines))
        return [BLANK, *lines, *[BLANK] * (self._said_of_them - len(lines))]

    def controls(self) -> ComposeResult:
        """No and yes, or one line for each name that has to be typed."""
        if not self.entries:
            yield self.choices
        for name, entry in zip(self._typed, self.entries, strict=True):
            yield Static(f"type {name}", classes="prompt", markup=False)
            with Horizontal(classes="entry"):
                yield Static(">", markup=False)
                yield entry
        yield self.hint

    def control_lines(self) -> int:
        """Three lines for each name, one for choices, one for the hint."""
        return 3 * len(self.entries) + int(not self.entries) + 1

    def on_mount(self) -> None:
        """What an answer is given with has the focus; who is hit by it is found out meanwhile."""
        if self._dependents is not None:
            self.run_worker(self._dependents.ask(self.refit), group="dependents", exit_on_error=False)
        if self.entries:
            self.entries[0].focus()
        else:
            self.choices.focus()

    def fitted(self) -> None:
        """The keys that work, scrolling among them when there is something to scroll."""
        keys = "enter answers  esc no" if self.entries else "left/right choose  enter answers  esc no"
        self.hint.update(f"{keys}  up/down more" if self.clipped else keys)

    @on(Choices.Picked)
    def _picked(self, event: Choices.Picked) -> None:
        if self.settled:
            self.dismiss(Consent(yes=True) if event.position == 1 and self.possible else None)

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.settled:
            return
        position = next(n for n, entry in enumerate(self.entries) if entry is event.input)
        if event.input.value.strip() != self._typed[position]:
            self._complaint = f"That is not {self._typed[position]}. Nothing is done; esc leaves."
            self.refit()
        elif position + 1 < len(self.entries):
            self.entries[position + 1].focus()
        else:
            self.dismiss(Consent(yes=True, typed=frozenset(self._typed)) if self.possible else None)

    def action_no(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_choose_yes(self) -> None:
        """Move to yes; it still has to be answered with enter."""
        self.choices.chosen = 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters answer only where nothing is typed."""
        if action in ("choose_yes", "refuse"):
            return not self.entries
        return True
