"""From selectors and what the hosts have to what is asked of the logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from console.errors import UsageError
from console.model.containers import Container, ContainerKey
from console.model.hosts import HostState
from console.model.query import Query, Selection, globbed
from console.model.snapshot import HostSnapshot


@dataclass(slots=True)
class Chosen:
    """Which containers are wanted."""

    keys: set[ContainerKey] = field(default_factory=set)
    """Those there are."""
    ids: set[ContainerKey] = field(default_factory=set)
    """Those of them that were named by their id."""
    names: set[tuple[str, str]] = field(default_factory=set)
    """(host, name) of those that were named by it: whoever has the name later is wanted too."""
    lasting: Query | None = None
    """What else may join."""
    missing: list[UsageError] = field(default_factory=list)
    """What was not found, and may be on a host that is away."""


def choose(selection: Selection, snapshots: Sequence[HostSnapshot], *, follow: bool) -> Chosen:
    """Find what selectors mean on the hosts that have answered; with `follow` what matches may come later.

    Raises UsageError where a name means nothing and no host is away that could have it, or means too much.
    """
    known = [c for s in snapshots if s.listed is not None for c in s.containers.values()]
    away = [s.name for s in snapshots if s.status.state not in (HostState.UP, HostState.OFF)]
    chosen = Chosen(lasting=selection.lasting())
    if not selection.names:
        chosen.keys = {c.key for c in selection.narrowed(known)}
        if not chosen.keys and not follow and not selection.hosts(away):
            raise UsageError("nothing matches")
    for name in selection.names:
        found = selection.named(name, known)
        for container in found:
            chosen.keys.add(container.key)
            if _by_name(name, container):
                chosen.names.add((container.host, str(container.name)))
            else:
                chosen.ids.add(container.key)
        if not found:
            _look_away(name, selection, known, away, chosen, follow=follow)
    return chosen


def _by_name(name: str, container: Container) -> bool:
    return "@" in name or "/" in name or globbed(name) or name.casefold() == container.name.casefold()


def _look_away(
    name: str,
    selection: Selection,
    known: Sequence[Container],
    away: Sequence[str],
    chosen: Chosen,
    *,
    follow: bool,
) -> None:
    """What a name that was not found may mean on the hosts that are away."""
    if globbed(name) and follow:
        return
    there = replace(selection, names=(name,)).hosts(away)
    missing = selection.missing(name, known)
    if not there:
        raise missing
    if globbed(name):
        return
    plain = name.partition("/")[2] or name.partition("@")[0]
    chosen.names |= {(host, plain) for host in there}
    chosen.missing.append(missing)
