"""Which images, volumes or networks a list shows, and in which order. Pure but for what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from console.model.containers import Container
from console.model.hosts import HostState
from console.model.problems import ProblemKind
from console.model.query import Query
from console.model.snapshot import HostSnapshot
from console.model.stock.match import matches
from console.model.stock.plan import SWEEPS, Plan, Sweep, objection, room_of, sweep
from console.model.stock.things import Kind, Stock, Thing
from console.model.stock.use import FREE, Room, Standing, Uses, standing, together, uses
from console.model.text import SafeText, safe
from console.ui.names import natural
from console.ui.stock.present import COLUMNS, Known, registry_and_rest, thing_name
from console.ui.world import World


@dataclass(frozen=True, slots=True)
class StockView:
    """What is wanted to be seen of one kind."""

    sort: str = "host"
    reverse: bool = False
    query: Query = field(default_factory=Query)
    problems_only: bool = False


DESCENDING: Final = ("size", "own", "age", "state")
"""Columns whose first sorting puts the largest, the oldest, or what could go on top."""

SORTABLE: Final = {kind: tuple(column.key for column in columns) for kind, columns in COLUMNS.items()}

_RANK: Final = {
    Standing.DANGLING: 0,
    Standing.UNUSED: 1,
    Standing.OURS: 2,
    Standing.KEPT: 3,
    Standing.USED: 4,
    Standing.BUILTIN: 5,
}


class Stores:
    """What every host has, with its users; made anew only for hosts that have changed."""

    def __init__(self) -> None:
        self._uses: dict[str, tuple[Mapping[str, Container], Uses]] = {}

    def uses(self, snapshot: HostSnapshot) -> Uses:
        """Who uses what on a host."""
        kept = self._uses.get(snapshot.name)
        if kept is None or kept[0] is not snapshot.containers:
            kept = (snapshot.containers, uses(snapshot.containers.values()))
            self._uses[snapshot.name] = kept
        return kept[1]

    def known(self, world: World, kind: Kind) -> list[Known]:
        """All of one kind, hosts in the order of hosts.yml; those switched off are out of the fleet."""
        full = full_hosts(world)
        return [
            known(thing, self.uses(snapshot), snapshot, snapshot.name in full)
            for snapshot in stocked(world)
            for thing in (snapshot.stock or Stock()).of(kind)
        ]

    def find(self, world: World, key: Sequence[str]) -> Known | None:
        """A thing by its key, as it is now."""
        snapshot = world.snapshots.get(key[0])
        if snapshot is None or snapshot.stock is None:
            return None
        for thing in snapshot.stock.of(Kind(key[1])):
            if thing.id == key[2]:
                return known(thing, self.uses(snapshot), snapshot, key[0] in full_hosts(world))
        return None

    # What could go

    def removal(self, world: World, keys: Sequence[Sequence[str]]) -> Plan | None:
        """The plan to remove these; those that cannot be are left, with why. None: none of them is there."""
        found = [one for key in keys if (one := self.find(world, key)) is not None]
        if not found:
            return None
        plan = self._plan(world, found[0].thing.kind, [k.thing for k in found if not _stays(k)])
        left = tuple((k.thing.key, k.thing.name, _stays(k)) for k in found if _stays(k))
        return replace(plan, left=left)

    def sweep(self, world: World, kind: Kind, which: Sweep, hosts: Sequence[str]) -> Plan:
        """The plan of a clean-up of some hosts; of those whose lists are old nothing is taken."""
        things: list[Thing] = []
        for snapshot in stocked(world):
            if snapshot.name in hosts and current(snapshot) and snapshot.stock is not None:
                things += sweep(snapshot.stock.of(kind), self.uses(snapshot), which)
        return self._plan(world, kind, things)

    def reclaimable(self, world: World, kind: Kind, host: str) -> Room:
        """What the widest clean-up of one kind on one host makes free."""
        return self.sweep(world, kind, SWEEPS[kind][-1], [host]).frees

    def _plan(self, world: World, kind: Kind, things: Sequence[Thing]) -> Plan:
        rooms = []
        for host in dict.fromkeys(thing.host for thing in things):
            stock = world.snapshots[host].stock or Stock()
            rooms.append(room_of([thing for thing in things if thing.host == host], stock))
        return Plan(what=kind, things=tuple(things), frees=together(rooms))


def _stays(known: Known) -> SafeText:
    return safe("the list of its host is old") if not known.fresh else objection(known.thing, known.users)


def known(thing: Thing, users: Uses, snapshot: HostSnapshot, full: bool) -> Known:
    """A thing with its users."""
    found = users.of(thing)
    return Known(thing, found, standing(thing, found), current(snapshot), full)


def stocked(world: World) -> list[HostSnapshot]:
    """The hosts that are in the fleet and were heard of, in the order of hosts.yml."""
    found = (world.snapshots.get(spec.name) for spec in world.hosts)
    return [s for s in found if s is not None and s.status.state is not HostState.OFF]


def current(snapshot: HostSnapshot) -> bool:
    """Whether its lists are what the engine has now."""
    stock = snapshot.stock
    return snapshot.fresh and stock is not None and stock.read is not None and not stock.stale


def full_hosts(world: World) -> frozenset[str]:
    """Hosts whose data root is full."""
    return frozenset(p.host for p in world.problems if p.kind is ProblemKind.DISK)


def listed(found: Sequence[Known], view: StockView, order: Mapping[str, int]) -> list[Known]:
    """Those that pass the filter, in order."""
    chosen = [
        k for k in found if (k.full or not view.problems_only) and matches(view.query, k.thing, k.users)
    ]
    # First what somebody looks for: full data roots, what could go there, the largest of that.
    chosen.sort(key=lambda k: (not k.full, order.get(k.thing.host, 0), _RANK[k.stands], -(k.thing.size or 0)))
    if view.sort == "host":
        return chosen[::-1] if view.reverse else chosen
    value = _VALUES[view.sort]
    keyed = [(value(k), k) for k in chosen]
    there = [pair for pair in keyed if pair[0] is not None]
    there.sort(key=lambda pair: pair[0], reverse=view.reverse)  # type: ignore[arg-type,return-value]
    return [k for _, k in there] + [k for worth, k in keyed if worth is None]


def _own(known: Known) -> object:
    shared = getattr(known.thing, "shared", None)
    return None if shared is None else (known.thing.size or 0) - shared


_VALUES: Final[Mapping[str, Callable[[Known], object]]] = {
    "name": lambda k: natural(registry_and_rest(thing_name(k.thing))[1]),
    "registry": lambda k: registry_and_rest(thing_name(k.thing))[0] or None,
    "size": lambda k: k.thing.size,
    "own": _own,
    "age": lambda k: -k.thing.created if k.thing.created else None,
    "id": lambda k: k.thing.id,
    "state": lambda k: -_RANK[k.stands],
    "users": lambda k: (natural(k.users[0].name), len(k.users)) if k.users else None,
    "driver": lambda k: str(getattr(k.thing, "driver", "")),
    "scope": lambda k: str(getattr(k.thing, "scope", "")),
    "subnet": lambda k: natural(" ".join(getattr(k.thing, "subnets", ()))) or None,
    "way": lambda k: not getattr(k.thing, "internal", False),
    "project": lambda k: k.thing.labels.get("com.docker.compose.project"),
}
"""What a column is sorted by; None comes last."""


def totals(found: Sequence[Known]) -> tuple[int, int]:
    """How many there are, and how many could go."""
    return len(found), sum(k.stands in FREE for k in found)
