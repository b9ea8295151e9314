"""Orders and groups of containers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from console.model.containers import ContainerState
from console.ui.cells import Cell
from console.ui.entries import Entry
from console.ui.names import natural
from console.ui.present import LIVING, Known
from console.ui.view import Group, View
from console.ui.widgets.rowstore import Row
from console.ui.world import World

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


def sort_entries(settled: Sequence[Entry], view: View, order: Mapping[str, int]) -> list[Entry]:
    """Sort by the view's column; what is not known comes last either way.

    `settled` is by host and name already, and stays so among equals.
    """
    value = _VALUES[view.sort]
    if view.sort == "host" and not view.reverse:
        return list(settled)
    keyed = [(value(entry.known, order), entry) for entry in settled]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=view.reverse)  # type: ignore[arg-type,return-value]
    return [entry for _, entry in known] + [entry for found, entry in keyed if found is None]


def grouped(entries: Iterable[Entry], group: Group, order: Mapping[str, int], world: World) -> Iterator[Row]:
    """The rows under a heading for each host or Compose project; entries keep their order below it."""
    groups: dict[str, list[Entry]] = {}
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


def _heading(name: str, group: Group, entries: list[Entry], world: World) -> Row:
    running = sum(e.known.container.state is ContainerState.RUNNING and e.known.fresh for e in entries)
    title = f"{name}  {world.state(name).value}, " if group is Group.HOST else f"{name or 'no project'}  "
    text = f"{title}{running} of {len(entries)} running"
    return Row(("group", name), (Cell(text, "group"),), heading=True)
