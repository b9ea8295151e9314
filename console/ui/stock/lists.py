"""Images, volumes and networks as three lists, one of which is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from console.model.stock.match import parse_names
from console.model.stock.things import Kind, Stock
from console.model.units import size
from console.ui import keys
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line
from console.ui.messages import (
    PaneChanged,
)
from console.ui.present_hosts import full_root
from console.ui.stock.listing import StockView, Stores, full_hosts, listed, totals
from console.ui.stock.present import (
    COLUMNS,
    Known,
    measuring_words,
    stock_trouble,
    thing_name,
    thing_row,
)
from console.ui.widgets.filtered import FilteredPane
from console.ui.widgets.line_bar import LineBar
from console.ui.widgets.pace import Pace
from console.ui.widgets.rowtable import RowTable


class StockTable(RowTable, inherit_bindings=False):
    """The rows of one kind."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.STOCK_ROWS]


class StockLists(FilteredPane):
    """The kinds, what is full, a filter line, and the rows of one kind. Looks only while it is shown."""

    KEY = "stock"
    TITLE = "Images"
    NUMBER = "7"

    DEFAULT_CSS = """
    StockLists > .kinds { background: $surface; }
    StockLists > .full { display: none; }
    StockLists > .full.-there { display: block; }
    """

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge, parse=parse_names)
        self.stores = Stores()
        self.kind = Kind.IMAGE
        self.tables = {kind: StockTable(COLUMNS[kind], glyphs=glyphs) for kind in Kind}
        self.views = {kind: StockView() for kind in Kind}
        self.kinds_bar = LineBar(self._kinds_line, glyphs, classes="kinds")
        self.full_bar = LineBar(self._full_line, glyphs, classes="full")
        self._found: dict[Kind, list[Known]] = {kind: [] for kind in Kind}
        self._shown = 0
        self._pace = Pace(self, self._draw)

    @property
    def table(self) -> RowTable:
        """The rows of the kind that is shown."""
        return self.tables[self.kind]

    @property
    def view(self) -> StockView:
        """How they are shown."""
        return self.views[self.kind]

    def compose(self) -> ComposeResult:
        yield self.kinds_bar
        yield self.full_bar
        yield self.filter_bar
        for kind, table in self.tables.items():
            table.display = kind is self.kind
            yield table

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        self.bridge.changed.subscribe(self, lambda _: self._changed())
        self.bridge.ticked.subscribe(self, lambda _: self._changed())
        self.draw()

    def on_unmount(self) -> None:
        """Nobody looks."""
        self.bridge.handle.stock.look(False)

    @on(events.Show)
    def _shown_again(self) -> None:
        self.bridge.handle.stock.look(True)
        self.draw()

    @on(events.Hide)
    def _hidden(self) -> None:
        self.bridge.handle.stock.look(False)

    # Drawing

    def draw(self) -> None:
        """Make the rows anew and show them; only what differs is painted."""
        self._pace.now()

    def _changed(self) -> None:
        if self.region:
            self._pace.soon()

    def _draw(self) -> None:
        world, now = self.bridge.world, self.bridge.shown_now
        self._found = {kind: self.stores.known(world, kind) for kind in Kind}
        order = {spec.name: position for position, spec in enumerate(world.hosts)}
        rows = listed(self._found[self.kind], self.view, order)
        self._shown = len(rows)
        self.table.set_empty(Cell(self._emptiness(), "dim"))
        self.table.set_sort(self.view.sort, self.view.reverse)
        self.table.set_rows([thing_row(one, now) for one in rows])
        self.full_bar.set_class(bool(full_hosts(world)), "-there")
        self.kinds_bar.redraw()
        self.full_bar.redraw()
        self.post_message(PaneChanged())

    def _emptiness(self) -> str:
        if self._found[self.kind]:
            if self.view.problems_only:
                return f"no {self.kind} on a host whose data root is full; ! shows all of them"
            return "nothing matches the filter; esc takes it away"
        return stock_trouble(list(self.bridge.world.snapshots.values())) or f"no {self.kind.plural}"

    def _kinds_line(self, width: int) -> Line:
        cells = [Cell(" ")]
        for kind in Kind:
            number, free = totals(self._found[kind])
            text = f"{kind.plural} {number}"
            text += f", {free} unused" if free and width >= 70 else ""
            here = kind is self.kind
            cells += [Cell(f"[{text}]" if here else f" {text} ", "group" if here else "dim"), Cell(" ")]
        return tuple(cells)

    def _full_line(self, width: int) -> Line:
        world = self.bridge.world
        told = []
        for host in full_hosts(world):
            words = f"{host} {full_root(world.snapshots[host])}"
            rooms = [(kind, self.stores.reclaimable(world, kind, host)) for kind in (Kind.IMAGE, Kind.VOLUME)]
            could = [f"{kind.plural} {size(room.most)}" for kind, room in rooms if room.most]
            told.append(f"{words}; unused {', '.join(could)}" if could else words)
        return (Cell(" ! ", "bad"), Cell("   ".join(told), "warn"))

    # What others may ask

    def info(self) -> Sequence[Part]:
        """What the pane's title says besides its name."""
        world, total = self.bridge.world, len(self._found[self.kind])
        parts = [Part(f"{self._shown} of {total}" if self._shown != total else str(total), "dim")]
        if marked := len(self.table.store.marked):
            parts.append(Part(f"{marked} marked", "mark"))
        if self.view.problems_only:
            parts.append(Part("only problems", "warn"))
        if self.view.query.terms:
            parts.append(Part(f"filter {self.view.query.text.strip()}", "accent"))
        stocks = [s.stock or Stock() for s in world.snapshots.values() if s.fresh]
        if trouble := stock_trouble(list(world.snapshots.values())):
            parts.append(Part(trouble, "warn"))
        elif busy := measuring_words(stocks):
            parts.append(Part(busy, "busy"))
        parts.append(Part(f"by {self.view.sort}" + (" reversed" if self.view.reverse else ""), "dim"))
        return parts

    def copy_text(self) -> str:
        """The names of the marked ones, else of the row."""
        return "\n".join(
            str(known.thing.name)
            if known.thing.kind is Kind.VOLUME
            else thing_name(known.thing).split(" +")[0]
            for key in self.chosen()
            if (known := self.stores.find(self.bridge.world, key)) is not None
        )

    def only_problems(self, on: bool) -> None:
        """Show only hosts whose data root is full."""
        for kind in Kind:
            self.views[kind] = replace(self.views[kind], problems_only=on)
        self.draw()

    def clear(self) -> bool:
        """Take back the marks, then the filter."""
        if self.table.store.marked:
            self.table.mark(list(self.table.store.marked), False)
            self.post_message(PaneChanged())
        elif self.view.query.terms or self.filter_bar.has_text:
            self.filter_bar.clear()
        else:
            return False
        return True

    def show_host(self, host: str) -> None:
        """Show what one host has."""
        self.filter_bar.input.value = f"host:{host}"

    def chosen(self) -> list[tuple[str, ...]]:
        """The keys of the marked rows, else of the one under the cursor."""
        store = self.table.store
        if store.marked:
            return [key for key in store.index if key in store.marked and isinstance(key, tuple)]
        return [store.cursor] if isinstance(store.cursor, tuple) else []
