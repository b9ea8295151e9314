"""The containers pane: rows of every host, sorted, grouped and filtered as the operator wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType

from console.model.containers import ContainerKey
from console.model.hosts import HostState
from console.model.query import Query
from console.ui import keys
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.listing import Listing
from console.ui.messages import FilterChanged, PaneChanged, Said
from console.ui.present import COLUMNS
from console.ui.view import Group, View
from console.ui.widgets.choosing import ChoosingPane
from console.ui.widgets.pace import Pace
from console.ui.widgets.rowtable import RowTable
from console.ui.world import World


class ContainerTable(RowTable, inherit_bindings=False):
    """The rows. `g` groups here, so it does not go to the top as in other tables.

    The cursor stops at the heading of a group, which then stands for all of its containers.
    """

    STOPS_AT_HEADINGS = True

    BINDINGS: ClassVar[list[BindingType]] = [*keys.ROWS]

    def action_mark(self) -> None:
        """Mark or unmark; on a heading the whole group."""
        store = self.store
        group = store.group(store.cursor) if store.cursor is not None else []
        if not group:
            super().action_mark()
            return
        on = not store.marked.issuperset(group)
        self.mark(group, on)
        self.post_message(self.MarksChanged(self, store.cursor))

    def action_open(self) -> None:
        """The details of a container; a group has none."""
        if self.store.cursor is not None and self.store.group(self.store.cursor):
            self.post_message(Said("enter opens one container; l reads the logs of this group"))
        else:
            super().action_open()


class ContainerPane(ChoosingPane):
    """Filter line and table."""

    KEY = "containers"
    TITLE = "Containers"
    NUMBER = "1"

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge)
        self.listing = Listing()
        self.rows = ContainerTable(COLUMNS, glyphs=glyphs)
        self._in_view: frozenset[ContainerKey] = frozenset()
        self._pace = Pace(self, self._draw)

    @property
    def table(self) -> RowTable:
        """The rows."""
        return self.rows

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        self.bridge.changed.subscribe(self, lambda _: self._pace.soon())
        self.bridge.ticked.subscribe(self, self._second_passed)
        self.watch(self.table, "scroll_y", self._tell_view, init=False)
        self.draw()

    # Drawing

    def draw(self) -> None:
        """Make the rows anew and show them; only what differs is painted."""
        self._pace.now()

    def _draw(self) -> None:
        rows = self.listing.rows(self.bridge.world, self.view, self.bridge.shown_now)
        self.table.set_empty(Cell(emptiness(self.bridge.world, self.listing.total, self.view), "dim"))
        self.table.set_sort(self.view.sort, self.view.reverse)
        self.table.set_rows(rows)
        self._tell_view()
        self.post_message(PaneChanged())

    def _second_passed(self, now: float) -> None:
        if self.listing.due(now):
            self.draw()
        else:
            self.table.update_rows(self.listing.aged(now, self._in_view))
            self._tell_view()

    @on(events.Show)
    @on(events.Hide)
    def _tell_view(self) -> None:
        """Hosts that can only follow some statistics follow those of the rows in view."""
        shown = self.table.visible_rows if self.table.region else ()
        in_view = frozenset((str(r.key[0]), str(r.key[1])) for r in shown if not r.heading)
        if in_view != self._in_view:
            self._in_view = in_view
            self.bridge.handle.in_view(in_view)

    # What others may ask

    def info(self) -> Sequence[Part]:
        """What the pane's title says besides its name."""
        shown, total = self.listing.shown, self.listing.total
        parts = [Part(f"{shown} of {total}" if shown != total else str(total), "dim")]
        if self.table.store.marked:
            parts.append(Part(f"{len(self.table.store.marked)} marked", "mark"))
        if self.view.problems_only:
            parts.append(Part("only problems", "warn"))
        if self.view.query.terms:
            parts.append(Part(f"filter {self.view.query.text.strip()}", "accent"))
        order = f"by {self.view.sort}" + (" reversed" if self.view.reverse else "")
        if self.view.group is not Group.NONE:
            order = f"{self.view.group} groups, {order}"
        parts.append(Part(order, "dim"))
        if self.view.sort in ("cpu", "mem") and (blind := without_shell(self.bridge.world)):
            parts.append(Part(f"figures of rows in view only on {blind}", "warn"))
        return parts

    def alert(self) -> str:
        """How many containers have a problem."""
        number = len(self.bridge.world.container_problems())
        return f"!{number}" if number else ""

    def only_problems(self, on: bool) -> None:
        """Show only containers with a problem."""
        self.show_as(replace(self.view, problems_only=on))

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

    def show_everything(self) -> None:
        """No filter."""
        self.filter_bar.clear()
        self.show_as(replace(self.view, query=Query(), problems_only=False))

    # Messages of its parts

    @on(RowTable.MarksChanged)
    def _marks_changed(self, event: RowTable.MarksChanged) -> None:
        event.stop()
        self.post_message(PaneChanged())

    @on(FilterChanged)
    def _filtered(self, event: FilterChanged) -> None:
        event.stop()
        self.show_as(replace(self.view, query=event.query))


def emptiness(world: World, total: int, view: View) -> str:
    """Why there is no row, and what to do about it."""
    if total and view.problems_only:
        return "no container has a problem; ! shows all of them"
    if total:
        return "nothing matches the filter; esc takes it away"
    states = [world.state(spec.name) for spec in world.hosts]
    if not states:
        return "no hosts"
    waiting = sum(state is HostState.CONNECTING for state in states)
    if waiting:
        return f"connecting to {waiting} of {len(states)} hosts" if len(states) > 1 else "connecting"
    if not any(state is HostState.UP for state in states):
        return "no host is up; 6 shows why"
    return "no containers"


def without_shell(world: World) -> str:
    """The hosts whose figures come only for rows in view: one by name, several by number."""
    blind = [n for n, s in world.snapshots.items() if s.capabilities.get("shell") and s.fresh]
    return blind[0] if len(blind) == 1 else f"{len(blind)} hosts" if blind else ""
