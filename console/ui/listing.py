"""Which containers a list shows, in which order, and under which headings. Pure but for a cache of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from console.model.containers import Container, ContainerKey, ContainerState
from console.model.problems import Problem
from console.model.query import Query
from console.model.snapshot import HostSnapshot
from console.ui.cells import Cell
from console.ui.present import COLUMNS, LIVING, Known, container_row
from console.ui.widgets.rowstore import Row
from console.ui.world import World


class Group(StrEnum):
    """What the headings are."""

    NONE = "none"
    HOST = "host"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class View:
    """What the operator wants to see."""

    sort: str = "host"
    """The key of a column."""
    reverse: bool = False
    group: Group = Group.NONE
    query: Query = field(default_factory=Query)
    problems_only: bool = False


DESCENDING = ("cpu", "mem", "restarts", "state", "health")
"""Columns whose first sorting puts the largest (of states and healths: the worst) on top."""

SORTABLE = tuple(column.key for column in COLUMNS)

VOLATILE = ("cpu", "mem")
CALM = 2.0
"""Seconds between two sortings by figures that never stand still: rows that jump cannot be read."""


@dataclass(slots=True)
class _Entry:
    """One container, its row, and what both were made from."""

    known: Known
    row: Row
    until: float
    matches: bool


class Listing:
    """Keeps the rows of unchanged containers, so that a batch costs what changed."""

    def __init__(self) -> None:
        self._entries: dict[ContainerKey, _Entry] = {}
        self._query = Query()
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
        entries = self._refresh(world, view, now)
        chosen = [e for e in entries if e.matches and (e.known.problem or not view.problems_only)]
        self.total, self.shown = len(entries), len(chosen)
        order = {spec.name: position for position, spec in enumerate(world.hosts)}
        chosen = self._sort(chosen, view, order, now)
        if view.group is Group.NONE:
            return [entry.row for entry in chosen]
        return list(_grouped(chosen, view.group, order, world))

    def due(self, now: float) -> bool:
        """Whether a sorting that was put off should be done now."""
        return self._unsorted and now - self._sorted_at >= CALM

    def _sort(self, entries: list[_Entry], view: View, order: Mapping[str, int], now: float) -> list[_Entry]:
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
        self._positions = {e.known.container.key: n for n, e in enumerate(entries)}
        return entries

    def aged(self, now: float) -> list[Row]:
        """The rows that look different only because time has passed."""
        changed = []
        for entry in self._entries.values():
            if entry.until <= now:
                entry.row, entry.until = container_row(entry.known, now)
                changed.append(entry.row)
        return changed

    def _refresh(self, world: World, view: View, now: float) -> list[_Entry]:
        problems = world.container_problems()
        same_query = view.query is self._query
        self._query = view.query
        old, entries = self._entries, {}
        for snapshot, container in world.containers():
            key = container.key
            entry = old.get(key)
            problem = problems.get(key)
            if entry is None or not _same(entry.known, snapshot, container, problem):
                known = _known(snapshot, container, problem)
                row, until = container_row(known, now)
                if entry is not None and entry.row == row:
                    row = entry.row
                entry = _Entry(known, row, until, view.query.matches(container))
            elif not same_query:
                entry.matches = view.query.matches(container)
            entries[key] = entry
        self._entries = entries
        return list(entries.values())


def _known(snapshot: HostSnapshot, container: Container, problem: Problem | None) -> Known:
    fresh = snapshot.fresh
    return Known(
        container=container,
        usage=snapshot.usage.get(container.id),
        problem=problem,
        heard=None if fresh else snapshot.heard,
        fresh=fresh,
    )


def _same(known: Known, snapshot: HostSnapshot, container: Container, problem: Problem | None) -> bool:
    return (
        known.container is container
        and known.usage is snapshot.usage.get(container.id)
        and known.fresh is snapshot.fresh
        and (known.fresh or known.heard == snapshot.heard)
        and (known.problem is problem or known.problem == problem)
    )


# Sorting


@lru_cache(maxsize=16384)
def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A key that puts `app-2` before `app-10`."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((int(p), "") if p.isdecimal() and p.isascii() else (-1, p) for p in parts if p)


SortValue = Callable[[Known, Mapping[str, int]], object]

_SEVERITY = (
    ContainerState.EXITED,
    ContainerState.CREATED,
    ContainerState.RUNNING,
    ContainerState.PAUSED,
    ContainerState.REMOVING,
    ContainerState.UNKNOWN,
    ContainerState.RESTARTING,
    ContainerState.DEAD,
)
_HEALTHS = ("none", "healthy", "starting", "unhealthy")


def _severity(known: Known, _: Mapping[str, int]) -> object:
    container = known.container
    state = ContainerState.UNKNOWN if not known.fresh and container.state in LIVING else container.state
    failed = state is ContainerState.EXITED and bool(container.exit_code)
    return (known.problem is not None, len(_SEVERITY) if failed else _SEVERITY.index(state))


def _cpu(known: Known, _: Mapping[str, int]) -> object:
    return known.usage.cpu_percent if known.usage and known.fresh else None


def _memory(known: Known, _: Mapping[str, int]) -> object:
    return known.usage.memory_bytes if known.usage and known.fresh else None


def _started(known: Known, _: Mapping[str, int]) -> object:
    # The shortest time up first.
    alive = known.fresh and known.container.state in (ContainerState.RUNNING, ContainerState.PAUSED)
    return -known.container.started if alive and known.container.started is not None else None


def _published(known: Known, _: Mapping[str, int]) -> object:
    found = [(p.public or p.private) for p in known.container.ports]
    return min(found) if found else None


_VALUES: dict[str, SortValue] = {
    "host": lambda known, order: order.get(known.container.host, 0),
    "name": lambda known, _: natural(known.container.name),
    "image": lambda known, _: natural(known.container.image),
    "state": _severity,
    "health": lambda known, _: _HEALTHS.index(known.container.health) if known.fresh else None,
    "cpu": _cpu,
    "mem": _memory,
    "ports": _published,
    "restarts": lambda known, _: known.container.restarts,
    "up": _started,
}


def sort_entries(entries: Iterable[_Entry], view: View, order: Mapping[str, int]) -> list[_Entry]:
    """Sort by the view's column, then by host and name; what is not known comes last either way."""
    value = _VALUES[view.sort]
    settled = sorted(
        entries, key=lambda e: (order.get(e.known.container.host, 0), natural(e.known.container.name))
    )
    if view.sort == "host" and not view.reverse:
        return settled
    keyed = [(value(entry.known, order), entry) for entry in settled]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=view.reverse)  # type: ignore[arg-type,return-value]
    return [entry for _, entry in known] + [entry for found, entry in keyed if found is None]


# Groups


def _grouped(
    entries: Iterable[_Entry], group: Group, order: Mapping[str, int], world: World
) -> Iterator[Row]:
    groups: dict[str, list[_Entry]] = {}
    for entry in entries:
        container = entry.known.container
        groups.setdefault(container.host if group is Group.HOST else container.project, []).append(entry)
    if group is Group.HOST:
        names = sorted(groups, key=lambda name: order.get(name, 0))
    else:
        names = sorted(groups, key=lambda name: (not name, natural(name)))
    for name in names:
        yield _heading(name, group, groups[name], world)
        yield from (entry.row for entry in groups[name])


def _heading(name: str, group: Group, entries: list[_Entry], world: World) -> Row:
    running = sum(e.known.container.state is ContainerState.RUNNING and e.known.fresh for e in entries)
    title = f"{name}  {world.state(name).value}, " if group is Group.HOST else f"{name or 'no project'}  "
    text = f"{title}{running} of {len(entries)} running"
    return Row(("group", name), (Cell(text, "group"),), heading=True)
