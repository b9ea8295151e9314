"""The pane of images, volumes and networks: what its keys do."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from console.model.stock.things import Kind
from console.ui import keys
from console.ui.messages import CleanUpWanted, DiscardWanted, FilterChanged, PaneChanged, Said
from console.ui.stock.listing import DESCENDING, SORTABLE, StockView
from console.ui.stock.lists import StockLists
from console.ui.widgets.rowtable import RowTable


class StockPane(StockLists):
    """Lists, and what can be done with what is on them."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.STOCK]

    # Keys

    def action_next_kind(self, by: int) -> None:
        """Show the next of the lists; filter and marks of each stay."""
        kinds = list(Kind)
        had_focus = self.table.has_focus
        self.table.display = False
        self.kind = kinds[(kinds.index(self.kind) + by) % len(kinds)]
        self.table.display = True
        if had_focus:
            self.table.focus()
        self.views[self.kind] = replace(self.view, query=self.filter_bar.current)
        self.draw()

    def action_sort(self, by: int) -> None:
        """Sort by the next column that is on the screen."""
        visible = [key for key in self.table.shown_columns if key in SORTABLE[self.kind]]
        at = visible.index(self.view.sort) if self.view.sort in visible else -by
        self._sort_by(visible[(at + by) % len(visible)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._show_as(replace(self.view, reverse=not self.view.reverse))

    def action_measure(self) -> None:
        """Read the lists and measure sizes again."""
        hosts = [name for name, snapshot in self.bridge.live.snapshots.items() if snapshot.fresh]
        self.bridge.handle.stock.again(hosts)
        self.post_message(Said("reading again"))

    def action_remove(self) -> None:
        """Remove the marked ones, else the row; it is asked first."""
        plan = self.stores.removal(self.bridge.live, self.chosen())
        if plan is None:
            self.post_message(Said(f"no {self.kind}", "dim"))
        elif not plan.things:
            (_, name, why), *more = plan.left
            others = f" (and {len(more)} more that cannot be removed)" if more else ""
            self.post_message(Said(f"{name} stays: {why}{others}", "warn"))
        else:
            self.post_message(DiscardWanted(plan))

    def action_clean_up(self) -> None:
        """Remove what nobody uses; which, where, and what exactly is asked first."""
        hosts = tuple(dict.fromkeys(key[0] for key in self.chosen()))
        shown = tuple(dict.fromkeys(str(row.key[0]) for row in self.table.store.rows))
        if not shown:
            self.post_message(Said(f"no {self.kind}", "dim"))
        else:
            self.post_message(CleanUpWanted(self.stores, self.kind, hosts, shown))

    def _sort_by(self, column: str) -> None:
        self._show_as(replace(self.view, sort=column, reverse=column in DESCENDING))

    def _show_as(self, view: StockView) -> None:
        self.views[self.kind] = view
        self.draw()

    # Messages of its parts

    @on(RowTable.Opened)
    def _opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if isinstance(event.key, tuple):
            from console.ui.stock.details import ThingScreen

            screen = ThingScreen(self.bridge, self.stores, event.key, self.table.glyphs)
            self.app.push_screen(screen)

    @on(RowTable.MarksChanged)
    def _marks_changed(self, event: RowTable.MarksChanged) -> None:
        event.stop()
        self.post_message(PaneChanged())

    @on(RowTable.CursorMoved)
    def _moved(self, event: RowTable.CursorMoved) -> None:
        event.stop()

    @on(RowTable.HeaderPressed)
    def _title_clicked(self, event: RowTable.HeaderPressed) -> None:
        event.stop()
        if event.column == self.view.sort:
            self.action_reverse()
        elif event.column in SORTABLE[self.kind]:
            self._sort_by(event.column)

    @on(FilterChanged)
    def _filtered(self, event: FilterChanged) -> None:
        event.stop()
        self._show_as(replace(self.view, query=event.query))
