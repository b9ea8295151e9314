"""A pane whose rows can be sorted and grouped: the keys for it, and clicks on titles."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from console.ui import keys
from console.ui.bridge import Bridge
from console.ui.view import DESCENDING, SORTABLE, Group, View
from console.ui.widgets.filtered import FilteredPane
from console.ui.widgets.rowtable import RowTable


class OrderedPane(FilteredPane):
    """Has a view of its rows, and draws anew when that changes."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.CONTAINERS]

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self.view = View()

    def draw(self) -> None:
        """Make the rows of `view` and show them."""
        raise NotImplementedError

    def show_as(self, view: View) -> None:
        """Sort, group or filter otherwise."""
        if view != self.view:
            self.view = view
            self.draw()

    def sort_by(self, column: str) -> None:
        """Sort by `column`, in the direction that is wanted most of it."""
        self.show_as(replace(self.view, sort=column, reverse=column in DESCENDING))

    def action_sort(self, by: int) -> None:
        """Sort by the next column that is on the screen."""
        visible = [key for key in self.table.shown_columns if key in SORTABLE]
        at = visible.index(self.view.sort) if self.view.sort in visible else -by
        self.sort_by(visible[(at + by) % len(visible)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.show_as(replace(self.view, reverse=not self.view.reverse))

    def action_group(self) -> None:
        """No headings, one for each host, one for each Compose project."""
        groups = list(Group)
        self.show_as(replace(self.view, group=groups[(groups.index(self.view.group) + 1) % len(groups)]))

    @on(RowTable.HeaderPressed)
    def _title_clicked(self, event: RowTable.HeaderPressed) -> None:
        event.stop()
        if event.column == self.view.sort:
            self.action_reverse()
        elif event.column in SORTABLE:
            self.sort_by(event.column)
