"""The mappings pane without its keys: what is stated, how it stands, the one under the cursor in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult

from console.model.mappings.standing import Standing
from console.model.query import Query
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.messages import FilterChanged, PaneChanged
from console.ui.present_mappings import MAPPING_COLUMNS, broken, chosen, emptiness, listed, mapping_row, strip
from console.ui.widgets.filtered import FilteredPane
from console.ui.widgets.lines_view import LinesView
from console.ui.widgets.pace import Pace
from console.ui.widgets.rowtable import RowTable


class MappingRows(FilteredPane):
    """Filter line, table, and a few lines about one mapping. While it is seen the desk looks often."""

    KEY = "mappings"
    TITLE = "Mappings"
    NUMBER = "4"

    DEFAULT_CSS = """
    MappingRows > RowTable { height: 1fr; }
    MappingRows > LinesView { height: 6; padding: 1 1 0 0; }
    """

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge)
        self.rows = RowTable(MAPPING_COLUMNS, glyphs=glyphs)
        self.words = LinesView(glyphs)
        self.words.can_focus = False
        self._list = bridge.mappings
        self._query = Query()
        self._problems_only = False
        self.sort, self.reverse = "state", False
        self._shown: dict[str, Standing] = {}
        self._watching = False
        self._pace = Pace(self, self._draw)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.words

    @property
    def table(self) -> RowTable:
        """The rows."""
        return self.rows

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        self.bridge.mapped.subscribe(self, lambda _: self._pace.soon())
        self.bridge.freezing.subscribe(self, lambda _: self._pace.soon())
        self.bridge.ticked.subscribe(self, lambda _: self._ticked())
        self.draw()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._watch(False)

    @on(events.Show)
    def _seen(self) -> None:
        self._watch(True)
        self.draw()

    @on(events.Hide)
    def _hidden(self) -> None:
        self._watch(False)

    def _watch(self, on: bool) -> None:
        if on is not self._watching:
            self._watching = on
            self.bridge.handle.mappings.watch(on)

    def _ticked(self) -> None:
        if self.table.region:
            self._pace.soon()

    # Drawing

    def draw(self) -> None:
        """Make the rows anew and show them; only what differs is painted."""
        self._pace.now()

    def _draw(self) -> None:
        if self.bridge.frozen_at is None:
            self._list = self.bridge.mappings
        found = chosen(self._list.standings, self._query, self._problems_only)
        found = listed(found, self.sort, self.reverse)
        self._shown = {one.mapping.id: one for one in found}
        self.table.set_empty(Cell(emptiness(self._list, self._problems_only), "dim"))
        self.table.set_sort(self.sort, self.reverse)
        self.table.set_rows([mapping_row(one, self.bridge.shown_now) for one in found])
        self._show_words()
        self.refresh_bindings()
        self.post_message(PaneChanged())

    def _show_words(self) -> None:
        current, error = self.current, self._list.error
        self.words.show(lambda width: strip(current, error, width))

    # What others may ask

    @property
    def current(self) -> Standing | None:
        """The mapping under the cursor."""
        return self._shown.get(str(self.table.store.cursor))

    def info(self) -> Sequence[Part]:
        """What the pane's title says besides its name."""
        found, shown = self._list, len(self._shown)
        total = len(found.standings)
        parts = [Part(f"{shown} of {total}" if shown != total else str(total), "dim")]
        if found.error:
            parts.append(Part("mappings.yml cannot be read", "bad"))
        if wanted := broken(found):
            parts.append(Part(f"{wanted} to look at", "warn"))
        if self._problems_only:
            parts.append(Part("only problems", "warn"))
        if self._query.terms:
            parts.append(Part(f"filter {self._query.text.strip()}", "accent"))
        parts.append(Part(f"by {self.sort}" + (" reversed" if self.reverse else ""), "dim"))
        return parts

    def copy_text(self) -> str:
        """The address under the cursor."""
        return self.current.mapping.address if self.current is not None else ""

    def only_problems(self, on: bool) -> None:
        """Show only those that are not well."""
        self._problems_only = on
        self.draw()

    def clear(self) -> bool:
        """Take back the filter."""
        if not self._query.terms and not self.filter_bar.has_text:
            return False
        self.filter_bar.clear()
        return True

    # Messages of its parts

    @on(RowTable.CursorMoved)
    def _moved(self, event: RowTable.CursorMoved) -> None:
        event.stop()
        self._show_words()
        self.refresh_bindings()
        self.post_message(PaneChanged())

    @on(FilterChanged)
    def _filtered(self, event: FilterChanged) -> None:
        event.stop()
        self._query = event.query
        self.draw()
