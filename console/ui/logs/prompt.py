"""A line of input below the lines: for what is looked for, or for which lines are shown."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from console.ui.logs import keys

WAIT = 0.12
"""Seconds without another letter after which a text is looked for: that may go through megabytes."""


class PromptInput(Input):
    """Gives the keyboard back on enter, escape and the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.PROMPT]

    def action_keep(self) -> None:
        """Back to the lines."""
        self.query_ancestor(Prompt).leave()

    def action_drop(self) -> None:
        """Without it."""
        prompt = self.query_ancestor(Prompt)
        prompt.clear()
        prompt.leave()


class Prompt(Horizontal):
    """A sign, what is typed, and what became of it. It is there only while it is used."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt.-open { display: block; }
    Prompt > .lead { width: 3; color: $tone-accent; }
    Prompt > .note { width: auto; max-width: 60%; height: 1; color: $tone-dim; }
    Prompt > .note.-wrong { color: $tone-warn; }
    Prompt > Input { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
    Prompt > Input:focus { border: none; }
    """

    class _About(Message):
        def __init__(self, prompt: Prompt, text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.text = text

        @property
        def control(self) -> Prompt:
            return self.prompt

    class Typed(_About):
        """Something else is wanted."""

    class Left(_About):
        """The keyboard goes back to the lines."""

    def __init__(self, sign: str, hint: str, name: str) -> None:
        super().__init__(id=name)
        self.input = PromptInput(placeholder=hint, select_on_focus=True, compact=True)
        self.input.cursor_blink = False
        self._sign = sign
        self._note = Static("", classes="note", markup=False)
        self._told = self._mistake = ""
        self._pending: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(f" {self._sign} ", classes="lead", markup=False)
        yield self.input
        yield self._note

    @property
    def text(self) -> str:
        """What stands there."""
        return self.input.value

    def open(self) -> None:
        """Take the keyboard."""
        self.add_class("-open")
        self.input.focus()

    def clear(self) -> None:
        """Empty it."""
        self.input.value = ""

    def leave(self) -> None:
        """Give the keyboard back; what is typed holds at once."""
        self._tell()
        self.post_message(self.Left(self, self.text))
        self.remove_class("-open")

    def say(self, text: str) -> None:
        """What became of it, at the right; a mistake stands there until something else is typed."""
        if not self._mistake:
            self._note.update(f" {text} " if text else "")

    def complain(self, mistake: str) -> None:
        """What is wrong with it."""
        self.say(mistake)
        self._mistake = mistake
        self._note.add_class("-wrong")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._pending is not None:
            self._pending.stop()
        self._pending = self.set_timer(WAIT, self._tell)

    def _tell(self) -> None:
        if self._pending is not None:
            self._pending.stop()
            self._pending = None
        if self.text != self._told:
            self._told, self._mistake = self.text, ""
            self._note.remove_class("-wrong")
            self.post_message(self.Typed(self, self.text))

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """The line goes when the keyboard goes elsewhere; what it says holds on."""
        self._tell()
        self.remove_class("-open")
