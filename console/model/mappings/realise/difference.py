"""The steps from the world to what is wanted of it.

Nothing is taken away before what comes in its place works.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.model.mappings.body import network_labels, network_name
from console.model.mappings.realise.hostsline import lines_of
from console.model.mappings.realise.leftovers import leftovers
from console.model.mappings.realise.order import Phase, Planned, say
from console.model.mappings.realise.scene import RUNS, Scene, place_in
from console.model.mappings.realise.standing import ambassador_steps
from console.model.mappings.realise.wanted import Wanted, WantedJoin
from console.model.mappings.steps import Connect, Disconnect, MakeNetwork, SetHostsLine, Step
from console.model.mappings.world import Attachment


def difference(scene: Scene, wanted: Wanted) -> tuple[Step, ...]:
    """None where all is as wanted."""
    planned = [
        *_networks(scene, wanted),
        *(step for one in wanted.ambassadors for step in ambassador_steps(scene, one)),
        *(step for join in wanted.joins.values() for step in _join(scene, join)),
        *_lines(wanted),
        *leftovers(scene, wanted),
    ]
    images: dict[tuple[Phase, str], Planned] = {}
    ordered = sorted(planned, key=lambda one: one.phase)  # stable: within a phase as they were thought of
    for number, one in enumerate(ordered):
        # Both sides may want the image of one host.
        key = one.step.host if one.phase is Phase.IMAGE else str(number)
        images.setdefault((one.phase, key), one)
    return tuple(one.step for one in images.values())


def _networks(scene: Scene, wanted: Wanted) -> Iterator[Planned]:
    name = network_name(scene.id)
    for host in sorted(wanted.networks):
        network = scene.world.hosts[host].network(name)
        if network is None:
            yield Planned(
                Phase.NETWORK,
                MakeNetwork(
                    host=host,
                    name=name,
                    labels=network_labels(scene.world.fleet, scene.id),
                    text=say(f"makes the internal network {name} on {host}"),
                ),
            )
        elif not scene.is_ours(network):
            scene.notes.refuse(f"on {host} a network is called {name} that is not ours: remove it")


def _join(scene: Scene, join: WantedJoin) -> Iterator[Planned]:
    host, container = join.host, join.container
    place = place_in(container, join.network)
    phase = Phase.NAME if join.aliases else Phase.CONSUMER_JOIN
    if not join.aliases and any(container.is_of(end) for end in scene.stated.to):
        phase = Phase.TARGET_JOIN
    if place is not None:
        if _well_placed(scene, join, place):
            return
        yield Planned(
            phase,
            Disconnect(
                host=host.name,
                network=join.network,
                container=container.target,
                text=say(
                    f"disconnects {container.name} from {join.network} on {host.name}, to rename it there"
                ),
                disruptive=True,
            ),
        )
    known = f" as {', '.join(join.aliases)}" if join.aliases else ""
    yield Planned(
        phase,
        Connect(
            host=host.name,
            network=join.network,
            container=container.target,
            aliases=(*join.aliases, scene.marker),
            text=say(f"connects {container.name} to {join.network} on {host.name}{known}"),
        ),
    )


def _well_placed(scene: Scene, join: WantedJoin, place: Attachment) -> bool:
    """Whether it is found by the names it must have, and, where we have put it, by no other: what was an
    endpoint once must not go on answering.
    """
    names = set(place.aliases)
    if scene.marker not in names:
        return set(join.aliases) <= names
    id_ = join.container.id
    own = {str(join.container.name), scene.marker, *(alias for alias in names if id_.startswith(alias))}
    return names - own == set(join.aliases) - own


def _lines(wanted: Wanted) -> Iterator[Planned]:
    for line in wanted.lines.values():
        container = line.container
        if container.state not in RUNS or container.hosts_lines is None:
            continue
        if lines_of(container.hosts_lines).get(line.name) != line.ip:
            yield Planned(
                Phase.LINE,
                SetHostsLine(
                    host=line.host.name,
                    container=container.target,
                    hosts_path=container.hosts_path,
                    name=line.name,
                    ip=line.ip,
                    text=say(
                        f"writes `{line.ip} {line.name}` into /etc/hosts of {container.name}@{line.host.name}"
                    ),
                ),
            )
