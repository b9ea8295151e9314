"""A pane that is a table with a filter line above it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from console.model.query import parse
from console.ui.bridge import Bridge
from console.ui.messages import FilterLeft
from console.ui.widgets.filter_bar import FilterBar, Parse
from console.ui.widgets.pane import TablePane


class FilteredPane(TablePane):
    """Filter line and table."""

    def __init__(self, bridge: Bridge, parse: Parse = parse) -> None:
        super().__init__(bridge)
        self.filter_bar = FilterBar(tuple(spec.name for spec in bridge.world.hosts), parse)

    def compose(self) -> ComposeResult:
        yield self.filter_bar
        yield self.table

    def find(self) -> bool:
        """Type a filter."""
        self.filter_bar.open()
        return True

    @on(FilterLeft)
    def _filter_left(self, event: FilterLeft) -> None:
        event.stop()
        self.table.focus()
