"""The links pane without its keys: its rows, the one under the cursor in words, and who looks when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from console.model.links.link import Link
from console.model.query import Query
from console.ui import keys
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.links.map_view import LinkMap
from console.ui.links.present import (
    LINK_COLUMNS,
    LinkKey,
    chosen,
    counts,
    emptiness,
    keyed,
    link_row,
    listed,
    notice,
    strip,
)
from console.ui.messages import FilterChanged, PaneChanged
from console.ui.widgets.filtered import FilteredPane
from console.ui.widgets.line_bar import LineBar
from console.ui.widgets.lines_view import LinesView
from console.ui.widgets.pace import Pace
from console.ui.widgets.rowtable import RowTable


class LinkTable(RowTable, inherit_bindings=False):
    """The rows; their `enter` says what it opens."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.LINK_ROWS]


class LinkRows(FilteredPane):
    """Filter line, table, and a few lines about one link. While it is seen hosts are observed."""

    KEY = "links"
    TITLE = "Links"
    NUMBER = "3"

    DEFAULT_CSS = """
    LinkRows > RowTable { height: 1fr; }
    LinkRows > .notice { background: $background; }
    LinkRows > LinesView { height: 6; padding: 1 1 0 0; }
    """

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge)
        self.rows = LinkTable(LINK_COLUMNS, glyphs=glyphs)
        self.notice = LineBar(lambda width: tuple(self._notice()), glyphs, classes="notice")
        self.drawn = LinkMap(glyphs)
        self.drawn.display = False
        self.words = LinesView(glyphs)
        self.words.can_focus = False
        self._list = bridge.links.list
        self._query = Query()
        self._problems_only = False
        self.sort, self.reverse = "state", False
        self._shown: dict[LinkKey, Link] = {}
        self._selected: Link | None = None
        self._pace = Pace(self, self._draw)

    def compose(self) -> ComposeResult:
        yield self.notice
        yield from super().compose()
        yield self.drawn
        yield self.words

    @property
    def table(self) -> RowTable:
        """The rows."""
        return self.rows

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        self.bridge.links.changed.subscribe(self, lambda _: self._pace.soon())
        self.bridge.freezing.subscribe(self, lambda _: self._pace.soon())
        self.bridge.ticked.subscribe(self, lambda _: self._ticked())
        self.draw()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.bridge.links.watch(self, False)

    @on(events.Show)
    def _seen(self) -> None:
        self.bridge.links.watch(self, True)
        self.draw()

    @on(events.Hide)
    def _hidden(self) -> None:
        self.bridge.links.watch(self, False)
        self._select(None)

    def _ticked(self) -> None:
        if self.region:
            self._pace.soon()

    # Drawing

    def draw(self) -> None:
        """Make the rows anew and show them; only what differs is painted."""
        self._pace.now()

    def _draw(self) -> None:
        if self.bridge.frozen_at is None:
            self._list = self.bridge.links.list
        found = chosen(self._list.links, self._query, self._problems_only, self.bridge.live.container)
        now = self.bridge.shown_now
        self._shown = keyed(listed(found, self.sort, self.reverse))
        self.table.set_empty(Cell(emptiness(self._list, self._problems_only), "dim"))
        self.table.set_sort(self.sort, self.reverse)
        self.table.set_rows([link_row(key, link, now) for key, link in self._shown.items()])
        if self.drawn.display:
            self.drawn.show(replace(self._list, links=tuple(found)), self.bridge.world, now)
        self.notice.display = bool(self._notice())
        self.notice.redraw()
        self._under_cursor()

    def _notice(self) -> list[Cell]:
        return notice(self._list, self.bridge.shown_now)

    def _under_cursor(self) -> None:
        current, found = self.current, self._list
        self.words.show(lambda width: strip(current, found, width))
        if self.region:
            self._select(current)
        self.refresh_bindings()
        self.post_message(PaneChanged())

    def _select(self, link: Link | None) -> None:
        """Tell which one is looked at closely; the same one seen again is no news."""
        before = self._selected
        if (link and link.identity) != (before and before.identity):
            self.bridge.handle.links.select(link)
        self._selected = link

    # What others may ask

    @property
    def current(self) -> Link | None:
        """The link under the cursor, of the table or of the map."""
        if self.drawn.display:
            return self.drawn.chosen
        key = self.table.store.cursor
        return self._shown.get(key) if isinstance(key, tuple) else None

    def info(self) -> Sequence[Part]:
        """What the pane's title says besides its name."""
        shown, total = len(self._shown), len(self._list.links)
        parts = [Part(text, tone) for text, tone in counts(self._list)]
        if shown != total:
            parts.append(Part(f"{shown} of {total} shown", "dim"))
        if self._problems_only:
            parts.append(Part("only broken", "warn"))
        if self._query.terms:
            parts.append(Part(f"filter {self._query.text.strip()}", "accent"))
        parts.append(Part(f"by {self.sort}" + (" reversed" if self.reverse else ""), "dim"))
        return parts

    def copy_text(self) -> str:
        """What is dialled by the link under the cursor."""
        return str(self.current.dials or self.current.endpoint.with_port) if self.current is not None else ""

    def only_problems(self, on: bool) -> None:
        """Show only those that are broken."""
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
        self._under_cursor()

    @on(FilterChanged)
    def _filtered(self, event: FilterChanged) -> None:
        event.stop()
        self._query = event.query
        self.draw()
