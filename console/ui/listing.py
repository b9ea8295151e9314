"""Which containers a list shows, in which order, and under which headings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.model.containers import ContainerKey
from console.model.hosts import HostState
from console.model.problems import Problem
from console.model.query import Query
from console.ui.entries import Block, Entry
from console.ui.sorting import grouped, sort_entries
from console.ui.view import VOLATILE, Group, View
from console.ui.widgets.rowstore import Row
from console.ui.world import World

CALM = 2.0
"""Seconds between two sortings by figures that never stand still: rows that jump cannot be read."""

AGED_AT_ONCE = 300
"""Rows made anew for their age in one second, besides those of hosts in view."""


class Listing:
    """Keeps what did not change, so that a batch costs what did."""

    def __init__(self) -> None:
        self._blocks: dict[str, Block] = {}
        self._chosen: dict[str, tuple[Block, list[Entry]]] = {}
        self._filter: tuple[Query, bool] = (Query(), False)
        self._view: View | None = None
        self._positions: dict[ContainerKey, int] = {}
        self._sorted_at = 0.0
        self._unsorted = False
        self.shown = 0
        """Containers in the rows made last."""
        self.total = 0
        """Containers in the fleet."""

    def rows(self, world: World, view: View, now: float) -> list[Row]:
        """The rows of `view`, in order, headings included."""
        self._blocks = self._refresh(world, now)
        chosen = self._choose(view)
        self.total = sum(len(block.entries) for block in self._blocks.values())
        self.shown = len(chosen)
        order = {spec.name: position for position, spec in enumerate(world.hosts)}
        chosen = self._sort(chosen, view, order, now)
        if view.group is Group.NONE:
            return [entry.row for entry in chosen]
        return list(grouped(chosen, view.group, order, world))

    def due(self, now: float) -> bool:
        """Whether a sorting that was put off should be done now."""
        return self._unsorted and now - self._sorted_at >= CALM

    def aged(self, now: float, in_view: Collection[ContainerKey] = ()) -> list[Row]:
        """The rows that look different only because time has passed: hosts in view first.

        Rows of hosts that were started together grow older in the same second. Those out of sight may
        wait for their turn, so that thousands of them never hold up a key.
        """
        seen = dict.fromkeys(host for host, _ in in_view if host in self._blocks)
        rows: list[Row] = []
        for name in (*seen, *(name for name in self._blocks if name not in seen)):
            if name not in seen and len(rows) >= AGED_AT_ONCE:
                break
            rows += self._blocks[name].aged(now)
        return rows

    def _refresh(self, world: World, now: float) -> dict[str, Block]:
        """One block for each host that has snapshots, in the order of hosts.yml.

        A host that was switched off is out of the fleet, and so are its containers.
        """
        problems: dict[str, dict[str, Problem]] = {}
        for (host, container), problem in world.container_problems().items():
            problems.setdefault(host, {})[container] = problem
        blocks = {}
        for spec in world.hosts:
            snapshot = world.snapshots.get(spec.name)
            if snapshot is None or snapshot.status.state is HostState.OFF:
                continue
            block, troubled = self._blocks.get(spec.name), problems.get(spec.name, {})
            if block is None or not block.holds(snapshot, troubled):
                block = Block(snapshot, troubled, block, now)
            blocks[spec.name] = block
        return blocks

    def _choose(self, view: View) -> list[Entry]:
        """The entries that pass the filter, by host and name."""
        wanted = (view.query, view.problems_only)
        if wanted[0] is not self._filter[0] or wanted[1] is not self._filter[1]:
            self._filter = wanted
            self._chosen.clear()
        chosen: list[Entry] = []
        kept = {}
        for name, block in self._blocks.items():
            held = self._chosen.get(name)
            if held is None or held[0] is not block:
                held = (block, _passing(block.entries, view))
            kept[name] = held
            chosen += held[1]
        self._chosen = kept
        return chosen

    def _sort(self, entries: list[Entry], view: View, order: Mapping[str, int], now: float) -> list[Entry]:
        held = self._positions
        self._unsorted = (
            view == self._view
            and view.sort in VOLATILE
            and now - self._sorted_at < CALM
            and len(entries) == len(held)
            and all(entry.known.container.key in held for entry in entries)
        )
        if self._unsorted:
            return sorted(entries, key=lambda entry: held[entry.known.container.key])
        entries = sort_entries(entries, view, order)
        self._view, self._sorted_at = view, now
        if view.sort in VOLATILE:
            self._positions = {e.known.container.key: n for n, e in enumerate(entries)}
        return entries


def _passing(entries: list[Entry], view: View) -> list[Entry]:
    if not view.query.terms and not view.problems_only:
        return entries
    matches, wanted = view.query.matches, view.problems_only
    return [e for e in entries if (e.known.problem or not wanted) and matches(e.known.container)]
