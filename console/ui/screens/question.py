"""What only a person can answer while a host is connected: a new host key, a passphrase, a code."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from console.model.questions import Prompt, Question, QuestionKind
from console.ui.cells import Cell, Glyphs, fit, width_of
from console.ui.lines import BLANK, Line, fact, wrap
from console.ui.screens.dialog import Dialog, hold_back
from console.ui.widgets.choices import Choices
from console.ui.widgets.secret_input import SecretInput

KINDS = {
    QuestionKind.HOST_KEY: "Unknown host key",
    QuestionKind.PASSPHRASE: "Passphrase wanted",
    QuestionKind.PASSWORD: "Password wanted",
    QuestionKind.CODE: "Login wants an answer",
}

_LABEL = 50
"""Cells of a prompt beside its input; a longer one also stands whole in the text above."""

_INDENT = 8
"""Cells of the labels above the text."""

_NEEDS_TEXT = (QuestionKind.PASSPHRASE, QuestionKind.PASSWORD)
"""Kinds that make no sense with an empty answer; a code may be empty ("press enter to push")."""


class Seen(Input):
    """One line to type that may be seen."""

    DEFAULT_CSS = "Seen { background: $background; }"

    def on_key(self, event: events.Key) -> None:
        """Nothing is typed in the quiet time."""
        hold_back(self, event)

    def on_paste(self, event: events.Paste) -> None:
        """Nothing is pasted in the quiet time."""
        hold_back(self, event)


class Hidden(SecretInput):
    """One line to type that may not."""

    def on_key(self, event: events.Key) -> None:
        """Nothing is typed in the quiet time."""
        if not hold_back(self, event):
            super().on_key(event)

    def on_paste(self, event: events.Paste) -> None:
        """Nothing is pasted in the quiet time."""
        if not hold_back(self, event):
            super().on_paste(event)


def _entry(prompt: Prompt) -> Seen | Hidden:
    if not prompt.echo:
        return Hidden()
    entry = Seen(compact=True, select_on_focus=False)
    entry.cursor_blink = False
    return entry


class QuestionScreen(Dialog[tuple[str, ...] | None]):
    """One question of one host. Gives an answer for each prompt (`("yes",)` for a host key), or None."""

    DEFAULT_CSS = """
    QuestionScreen .prompt { height: 1; color: $tone-text; }
    QuestionScreen .entry { height: 1; margin-bottom: 1; }
    QuestionScreen .entry > Static { width: 2; color: $tone-accent; }
    QuestionScreen .entry > Seen, QuestionScreen .entry > Hidden { width: 1fr; }
    QuestionScreen Choices { margin-bottom: 1; }
    QuestionScreen .hint { height: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "No", id="question.no", tooltip="Do not answer; the host stays unconnected"),
        Binding(
            "y",
            "choose_yes",
            "Choose yes",
            id="question.yes",
            show=False,
            tooltip="Choose yes; enter answers",
        ),
        Binding("n", "refuse_key", "No", id="question.refuse", show=False, tooltip="Do not accept the key"),
    ]

    def __init__(
        self,
        question: Question,
        glyphs: Glyphs,
        *,
        waiting: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(glyphs, clock)
        self.question = question
        self.waiting = waiting
        self._complaint = ""
        self.choices = Choices(("No", "Yes, trust this key"))
        self.inputs = [_entry(prompt) for prompt in question.prompts]
        self.hint = Static("", classes="hint", markup=False)

    @property
    def is_key(self) -> bool:
        """Whether it is about a host key: yes or no, nothing to type."""
        return self.question.kind is QuestionKind.HOST_KEY

    def set_waiting(self, count: int) -> None:
        """How many other hosts have a question."""
        if count != self.waiting:
            self.waiting = count
            self.refit()

    def document(self, width: int) -> list[Line]:
        """Which host, who asks, what; the fingerprint on a line of its own."""
        question = self.question
        lines = wrap([Cell(question.title or KINDS[question.kind], "group")], width)
        if self.waiting:
            lines.append((Cell(f"{self.waiting} more waiting after this one", "dim"),))
        lines.append(BLANK)
        lines += fact("host", [Cell(question.host, "accent")], width, _INDENT)
        lines += fact("asks", [Cell(question.hop, "text")], width, _INDENT)
        # Before the text: it is what has to be compared, and must be in view however low the screen is.
        if question.fingerprint:
            cells = [Cell(question.fingerprint, "accent")]
            if _INDENT + width_of(question.fingerprint) <= width:
                lines += fact("shows", cells, width, _INDENT)
            else:
                lines += [(Cell("shows", "dim"),), *wrap(cells, width)]
        if question.text:
            lines += [BLANK, *wrap([Cell(question.text, "text")], width)]
        if question.file and question.file not in question.text and question.file not in question.title:
            said = "is written to" if self.is_key else "key file"
            lines += [BLANK, *wrap([Cell(f"{said} ", "dim"), Cell(question.file, "text")], width)]
        for prompt in question.prompts:
            if width_of(prompt.text) > _LABEL:
                lines += [BLANK, *wrap([Cell(prompt.text, "text")], width)]
        if self._complaint:
            lines += [BLANK, *wrap([Cell(self._complaint, "warn")], width)]
        return lines

    def controls(self) -> ComposeResult:
        """Choices for a key, else one input for each prompt; how to go on."""
        if self.is_key:
            yield self.choices
        for prompt, entry in zip(self.question.prompts, self.inputs, strict=True):
            label = fit(prompt.text.strip() or "Answer", _LABEL, self.glyphs).rstrip()
            yield Static(label, classes="prompt", markup=False)
            with Horizontal(classes="entry"):
                yield Static(">", markup=False)
                yield entry
        yield self.hint

    def control_lines(self) -> int:
        """Two lines and a blank one for each prompt, two for choices, one for the hint."""
        return 3 * len(self.inputs) + 2 * int(self.is_key) + 1

    def on_mount(self) -> None:
        """What an answer is given with has the focus."""
        if self.is_key:
            self.choices.focus()
        elif self.inputs:
            self.inputs[0].focus()

    def fitted(self) -> None:
        """The keys that work, scrolling among them when there is something to scroll."""
        said = "enter answers  esc leaves it"
        if self.is_key:
            said = "left/right choose  enter answers  esc no"
        self.hint.update(f"{said}  up/down more" if self.clipped else said)

    @on(Choices.Picked)
    def _picked(self, event: Choices.Picked) -> None:
        if self.settled:
            self.dismiss(("yes",) if event.position == 1 else None)

    @on(Input.Submitted)
    def _seen_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._go_on(event.input)

    @on(SecretInput.Submitted)
    def _hidden_submitted(self, event: SecretInput.Submitted) -> None:
        event.stop()
        self._go_on(event.entry)

    def _go_on(self, entry: Widget) -> None:
        """To the next input, or answer with all of them."""
        if not self.settled:
            return
        position = next(n for n, other in enumerate(self.inputs) if other is entry)
        if not self.inputs[position].value and self.question.kind in _NEEDS_TEXT:
            self._complaint = "Nothing was typed. Esc leaves without an answer."
            self.refit()
        elif position + 1 < len(self.inputs):
            self.inputs[position + 1].focus()
        else:
            self.dismiss(tuple(each.value for each in self.inputs))

    def action_no(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def action_choose_yes(self) -> None:
        """Move to yes; it still has to be answered with enter."""
        self.choices.chosen = 1

    def action_refuse_key(self) -> None:
        """No."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters answer only where nothing is typed."""
        if action in ("choose_yes", "refuse_key"):
            return self.is_key
        return True
