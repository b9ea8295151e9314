"""A dialog of a few lines to type: whom it is about, what may stand in each, names where they are wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from console.model.actions import Target
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.dialog import Dialog
from console.ui.screens.question import Seen

_LABEL = 11
_SHOWN = 12
"""Targets that are named one by one."""

Fields = Mapping[str, tuple[str, str]]
"""By key: the label, and what may stand there."""


class FormScreen(Dialog[dict[str, str] | None]):
    """Gives what was typed, by key, or None."""

    DEFAULT_CSS = """
    FormScreen .field { height: 1; }
    FormScreen .field > Static { width: 11; color: $tone-dim; }
    FormScreen .field > Seen { width: 1fr; }
    FormScreen .hint { height: 1; margin-top: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "No", id="form.leave", tooltip="Do nothing"),
        Binding("tab,down", "field(1)", "Next", id="form.next", show=False, tooltip="Next field"),
        Binding(
            "shift+tab,up", "field(-1)", "Before", id="form.previous", show=False, tooltip="Field before"
        ),
    ]

    def __init__(
        self,
        title: str,
        targets: Sequence[Target],
        fields: Fields,
        glyphs: Glyphs,
        *,
        objection: Callable[[Mapping[str, str]], str],
        names: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`objection` says what is wrong with what was typed; `names` have to be typed as well."""
        super().__init__(glyphs, clock)
        self._title = title
        self._targets = tuple(targets)
        self._objection = objection
        self._names = {f"name:{name}": name for name in names}
        self._fields = {
            **fields,
            **{key: ("name", f"this host wants the name typed: {name}") for key, name in self._names.items()},
        }
        self._complaint = ""
        self.entries = {key: Seen(compact=True, select_on_focus=False) for key in self._fields}
        for entry in self.entries.values():
            entry.cursor_blink = False
        self.hint = Static("", classes="hint", markup=False)

    def document(self, width: int) -> list[Line]:
        """Whom it is about, and what may stand in the field with the cursor."""
        lines = wrap([Cell(self._title, "header")], width)
        for target in self._targets[:_SHOWN]:
            cells = [Cell(target.ref, "group"), Cell(f"  {target.id[:12]}  {target.image}", "dim")]
            lines += wrap(cells, width)
        if len(self._targets) > _SHOWN:
            lines += wrap([Cell(f"and {len(self._targets) - _SHOWN} more", "warn")], width)
        lines += [BLANK, *wrap([Cell(self._fields[self._here()][1], "dim")], width)]
        if self._complaint:
            lines += [BLANK, *wrap([Cell(self._complaint, "bad")], width)]
        return lines

    def _here(self) -> str:
        first = next(iter(self.entries))
        return next((key for key, entry in self.entries.items() if entry.has_focus), first)

    def controls(self) -> ComposeResult:
        """One line for each field."""
        for key, entry in self.entries.items():
            with Horizontal(classes="field"):
                yield Static(self._fields[key][0].ljust(_LABEL), markup=False)
                yield entry
        yield self.hint

    def control_lines(self) -> int:
        """One line each, a blank one, the hint."""
        return len(self.entries) + 2

    def on_mount(self) -> None:
        """The first field has the cursor."""
        next(iter(self.entries.values())).focus()
        more = "tab next field  " if len(self.entries) > 1 else ""
        self.hint.update(f"{more}enter goes on  esc leaves")

    def on_descendant_focus(self) -> None:
        """Another field, another explanation."""
        self.refit()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.settled:
            return
        keys = list(self.entries)
        if self._here() != keys[-1]:
            self.action_field(1)
            return
        typed = {key: entry.value.strip() for key, entry in self.entries.items()}
        wrong = next((name for key, name in self._names.items() if typed[key] != name), "")
        self._complaint = f"type the name: {wrong}" if wrong else self._objection(typed)
        if self._complaint:
            self.refit()
        else:
            self.dismiss({key: typed[key] for key in keys if key not in self._names})

    def action_field(self, by: int) -> None:
        """To another field."""
        keys = list(self.entries)
        self.entries[keys[(keys.index(self._here()) + by) % len(keys)]].focus()

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)
