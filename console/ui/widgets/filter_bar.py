"""The filter line: what is typed holds at once; what cannot be understood is said beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from console.errors import UsageError
from console.model.query import Query, parse
from console.ui.messages import FilterChanged, FilterLeft

Parse = Callable[[str, tuple[str, ...]], Query]
"""Understands what is typed, given the hosts' names; raises UsageError."""


class FilterInput(Input):
    """A line of input that gives the keyboard back on enter, escape and the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", "keep", id="filter.keep", tooltip="Keep it, back to the rows"),
        Binding("down,up", "leave", "rows", id="filter.rows", show=False, tooltip="Back to the rows"),
        Binding("escape", "clear", "clear", id="filter.clear", tooltip="No filter, back to the rows"),
    ]

    def action_leave(self) -> None:
        """Back to the rows."""
        self.post_message(FilterLeft())

    def action_clear(self) -> None:
        """Without a filter."""
        self.value = ""
        self.post_message(FilterLeft())


class FilterBar(Horizontal):
    """`/`, the filter, and why it does not hold (yet). A filter with a mistake leaves the last good one."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; }
    FilterBar.-open { display: block; }
    FilterBar > .lead { width: 3; }
    FilterBar > .mistake { width: auto; max-width: 60%; height: 1; }
    FilterBar > Input { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
    FilterBar > Input:focus { border: none; }
    """

    def __init__(self, hosts: tuple[str, ...], parse: Parse = parse) -> None:
        super().__init__()
        self._hosts = hosts
        self._parse = parse
        self.current = Query()
        self.input = FilterInput(select_on_focus=False, compact=True)
        self.mistake = Static("", classes="mistake", markup=False)

    def compose(self) -> ComposeResult:
        yield Static(" / ", classes="lead", markup=False)
        yield self.input
        yield self.mistake

    @property
    def has_text(self) -> bool:
        """Whether something is typed, even if it filters nothing (yet)."""
        return bool(self.input.value)

    def open(self) -> None:
        """Show the line and take the keyboard."""
        self.add_class("-open")
        self.input.focus()

    def clear(self) -> None:
        """Take the filter away."""
        self.input.value = ""

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            query = self._parse(event.value, self._hosts)
        except UsageError as mistake:
            hint = mistake.next_step.partition("? ")[0]
            self.mistake.update(f"{mistake.message}; {hint}{'?' if 'mean' in hint else ''} ")
            return
        self.mistake.update("")
        if query.terms != self.current.terms:
            self.current = query
            self.post_message(FilterChanged(query))

    @on(FilterLeft)
    def _left(self) -> None:
        self.remove_class("-open")

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """The line goes when the keyboard goes elsewhere; the filter stays."""
        self.remove_class("-open")
