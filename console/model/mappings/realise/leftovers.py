"""Steps that take away what nobody wants any more; all that is ours is told from the world."""

from __future__ import annotations

from collections.abc import Iterator

from console.model.mappings import haproxy
from console.model.mappings.body import network_name
from console.model.mappings.mapping import Party
from console.model.mappings.realise.hostsline import lines_of
from console.model.mappings.realise.order import Phase, Planned, say
from console.model.mappings.realise.scene import RUNS, Scene, is_kept, truth
from console.model.mappings.realise.wanted import Wanted
from console.model.mappings.steps import Disconnect, DropAmbassador, DropNetwork, SetHostsLine
from console.model.mappings.world import ContainerView, HostView, NetworkView, Side


def leftovers(scene: Scene, wanted: Wanted) -> Iterator[Planned]:
    """For all hosts that can be read."""
    for host in scene.world.hosts.values():
        if host.missing:
            if any(one.mapping == scene.id for one in host.ambassadors):
                scene.notes.warn(f"{host.name} cannot be read ({host.missing}): what is there stays for now")
            continue
        yield from _lines(scene, host, wanted)
        if host.name not in wanted.held:
            yield from _ambassadors(scene, host, wanted)
        yield from _places(scene, host, wanted)


def _ambassadors(scene: Scene, host: HostView, wanted: Wanted) -> Iterator[Planned]:
    for one in scene.ours(host):
        stays = any(
            want.host.name == host.name
            and want.side is one.side
            and (found := scene.standing(host, one.side)) is not None
            and found.container.id == one.container.id
            for want in wanted.ambassadors
        )
        if stays:
            continue
        name = one.container.name
        if scene.foreign(one):
            scene.notes.refuse(f"{name} on {host.name} runs a wording that nobody here knows: adopt it first")
            continue
        closes = ", and closes what it opens" if one.side is Side.PROVIDER else ""
        yield Planned(
            Phase.DROP_PROVIDER if one.side is Side.PROVIDER else Phase.DROP,
            DropAmbassador(
                host=host.name,
                container=one.container.target,
                text=say(f"removes {name} on {host.name}{closes}: sessions through it end"),
                disruptive=one.container.state in RUNS,
            ),
        )


def _places(scene: Scene, host: HostView, wanted: Wanted) -> Iterator[Planned]:
    """Containers leave the networks that we have joined them to, and then our own network goes."""
    ours = [network for network in host.networks if scene.is_ours(network)]
    stays = host.name in wanted.networks or host.name in wanted.held
    dropped = {network.name for network in ours if not (stays and network.name == network_name(scene.id))}
    own = {one.container.id for one in scene.ours(host)}
    strangers: set[str] = set()
    for container in host.containers:
        if container.id in own:
            continue
        for place in container.attachments:
            marked = scene.marker in place.aliases
            if (host.name, container.id, place.network) in wanted.joins or (host.name in wanted.held):
                continue
            if marked and (place.network in dropped or not is_kept(container)):
                yield Planned(Phase.LEAVE, _leave(host, container, place.network))
            elif place.network in dropped and container.state in RUNS:
                strangers.add(place.network)
                scene.notes.warn(
                    f"{container.name} on {host.name} is on {place.network}, and not by us: the network stays"
                )
    for network in ours:
        if network.name in dropped - strangers:
            yield Planned(Phase.DROP_NETWORK, _drop(host, network))


def _leave(host: HostView, container: ContainerView, network: str) -> Disconnect:
    return Disconnect(
        host=host.name,
        network=network,
        container=container.target,
        text=say(f"disconnects {container.name} from {network} on {host.name}: its sessions there end"),
        disruptive=True,
    )


def _drop(host: HostView, network: NetworkView) -> DropNetwork:
    return DropNetwork(
        host=host.name, name=network.name, text=say(f"removes the network {network.name} on {host.name}")
    )


def _lines(scene: Scene, host: HostView, wanted: Wanted) -> Iterator[Planned]:
    """Lines in /etc/hosts under names that this mapping had for consumers it had."""
    worded = [scene.mapping, scene.before]
    worded += [haproxy.mapping_of(one.config) for one in scene.ours(host) if one.config]
    gone: set[tuple[str, str]] = set()
    for wording in worded:
        for container in _consumers(host, wording.consumers) if wording is not None else ():
            assert wording is not None
            want = wanted.lines.get((host.name, container.id))
            here = wording.name in lines_of(container.hosts_lines or ())
            stays = want is not None and want.name == wording.name
            key = (container.id, wording.name)
            if not here or stays or container.state not in RUNS or key in gone:
                continue
            gone.add(key)
            text = f"takes the line for {wording.name} out of /etc/hosts of {container.name}@{host.name}"
            yield Planned(
                Phase.LINE_GONE,
                SetHostsLine(
                    host=host.name,
                    container=container.target,
                    hosts_path=container.hosts_path,
                    name=wording.name,
                    ip="",
                    text=say(text),
                ),
            )


def _consumers(host: HostView, parties: tuple[Party, ...]) -> Iterator[ContainerView]:
    for party in parties:
        for container in host.of(party):
            owner = truth(host, container)
            if owner is not None:
                yield owner
