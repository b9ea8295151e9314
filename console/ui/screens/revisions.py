"""The wordings of a mapping, newest first, with what going back to one would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.model.mappings.mapping import Revision
from console.model.text import sanitise
from console.ui.cells import Cell, Column, Glyphs
from console.ui.lines import BLANK, Line
from console.ui.mapping_words import difference, revision_line, wording
from console.ui.widgets.line_bar import LineBar
from console.ui.widgets.lines_view import LinesView
from console.ui.widgets.rowstore import Row
from console.ui.widgets.rowtable import RowTable

_COLUMNS = (
    Column(key="when", title="  #  WHEN  WHO", min=24, max=60),
    Column(key="what", title="LED TO", min=20, max=40, stretch=True),
)


class RevisionsScreen(Screen[Revision | None]):
    """Gives the wording that is wanted back, or None."""

    AUTO_FOCUS = "RowTable"

    DEFAULT_CSS = """
    RevisionsScreen { layout: vertical; background: $background; color: $tone-text; }
    RevisionsScreen > .title { background: $panel; }
    RevisionsScreen > RowTable { height: 1fr; }
    RevisionsScreen > LinesView { height: 12; padding: 1 1 0 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="revisions.leave", tooltip="Back; nothing is changed"),
    ]

    def __init__(self, history: Sequence[Revision], now: float, glyphs: Glyphs) -> None:
        """`history`: newest first; the first is the present one."""
        super().__init__()
        self._history = {str(one.number): one for one in history}
        self._present = history[0]
        self._now = now
        self.title_bar = LineBar(self._title, glyphs, classes="title")
        self.table = RowTable(_COLUMNS, glyphs=glyphs)
        self.words = LinesView(glyphs)
        self.words.can_focus = False

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self.table
        yield self.words

    def on_mount(self) -> None:
        """The one before is what is wanted most."""
        self.table.set_rows([self._row(one) for one in self._history.values()])
        keys = list(self._history)
        self.table.move_to(keys[min(1, len(keys) - 1)])
        self._show()

    def _title(self, width: int) -> Line:
        name = f" {sanitise(self._present.id, 80)}"
        return (Cell(name, "group"), Cell("  enter plans going back to a wording, esc leaves", "dim"))

    def _row(self, one: Revision) -> Row:
        here = one is self._present
        mapping = one.mapping
        said = f"{mapping.address} -> {wording(mapping)['to']}" if mapping is not None else "removed"
        cells = (Cell(revision_line(one, self._now)), Cell(sanitise(said), "" if mapping else "warn"))
        return Row(str(one.number), cells, Cell("*" if here else " ", "accent"))

    @property
    def current(self) -> Revision | None:
        """The one under the cursor."""
        return self._history.get(str(self.table.store.cursor))

    def _show(self) -> None:
        self.words.show(self._words)

    def _words(self, width: int) -> list[Line]:
        one = self.current
        if one is None:
            return []
        if one is self._present:
            return [(Cell("the present wording", "dim"),)]
        lines: list[Line] = [(Cell("going back to it changes", "dim"),), BLANK]
        return [*lines, *difference(self._present.mapping, one.mapping, width)]

    @on(RowTable.CursorMoved)
    def _moved(self, event: RowTable.CursorMoved) -> None:
        event.stop()
        self._show()

    @on(RowTable.Opened)
    def _opened(self, event: RowTable.Opened) -> None:
        event.stop()
        self.dismiss(self.current)

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
