"""A further name for an endpoint on a network that its consumers are on: no proxy, no hop, nothing to run.

For one container on the consumers' own host that listens on the very ports that are dialled.
"""

from __future__ import annotations

from console.model.mappings.body import network_name
from console.model.mappings.mapping import Endpoint, Via
from console.model.mappings.realise.ambassador import attached
from console.model.mappings.realise.consumers import Site
from console.model.mappings.realise.scene import Scene, holder, network_of, place_in, places, truth
from console.model.mappings.realise.targets import beside
from console.model.mappings.realise.wanted import Wanted, WantedJoin
from console.model.mappings.world import ContainerView, HostView


def fits(scene: Scene, site: Site) -> str:
    """Why an alias will not do for the consumers of a site; empty where it will."""
    mapping, host = scene.stated, site.host
    if len(mapping.to) != 1:
        return "several endpoints need something that shares connections out among them"
    end = mapping.to[0]
    if end.host != host.name:
        return f"{end.text} is on another host than {', '.join(str(one.name) for one in site.all)}"
    if end.ports != mapping.ports:
        stated, own = _ports(mapping.ports), _ports(end.ports)
        return f"{end.text} listens on {own}, not on {stated}: an alias changes no port"
    if site.hosted:
        return f"{site.hosted[0].name} is on the network of {host.name}, where there are no aliases"
    owner = _owner(host, end)
    if owner is None:
        return f"{end.text} is not one container with a network"
    if host.engine == "podman" and (site.loners or not places(host, owner)):
        return "a container of Podman on its default network is not joined to another on the run"
    return ""


def plan(scene: Scene, site: Site, wanted: Wanted) -> None:
    """Want the endpoint to be found by the name on a network of each consumer."""
    mapping, host = scene.stated, site.host
    owner = _owner(host, mapping.to[0])
    assert owner is not None
    wanted.via.append(Via.ALIAS)
    for consumer in site.joined:
        if consumer.id == owner.id:
            scene.notes.refuse(f"{consumer.name}@{host.name} would dial itself: it is consumer and endpoint")
            continue
        network = _shared(scene, host, consumer, owner)
        if network:
            _keep(scene, host, owner, network, wanted)
            continue
        for place in places(host, consumer):
            other = holder(scene, host, place.network, mapping.name)
            if other is not None and other.id != owner.id:
                scene.notes.refuse(
                    f"on {place.network} of {host.name} the name {mapping.name} is taken by {other.name}: "
                    f"choose another name"
                )
        chosen = _joinable(scene, host, consumer, owner)
        if not chosen:
            chosen = network_name(scene.id)
            wanted.networks.add(host.name)
            wanted.join(WantedJoin(host=host, container=consumer, network=chosen))
        wanted.join(WantedJoin(host=host, container=owner, network=chosen, aliases=(mapping.name,)))
        for candidate in beside(host, mapping.to[0]):
            wanted.try_first(candidate)


def _owner(host: HostView, end: Endpoint) -> ContainerView | None:
    containers = host.of(end)
    owner = truth(host, containers[0]) if len(containers) == 1 else None
    return owner if owner is not None and owner.mode not in ("host", "none") else None


def _shared(scene: Scene, host: HostView, consumer: ContainerView, owner: ContainerView) -> str:
    """A network on which the consumer finds the endpoint by the name already, and nobody else."""
    name = scene.stated.name
    for place in places(host, consumer):
        other = holder(scene, host, place.network, name)
        if attached(owner, place.network, name) and (other is None or other.id == owner.id):
            return place.network
    return ""


def _keep(scene: Scene, host: HostView, owner: ContainerView, network: str, wanted: Wanted) -> None:
    """A name that we have given it must stay wanted; its own is none of our business."""
    place = place_in(owner, network)
    if place is not None and scene.marker in place.aliases:
        wanted.join(WantedJoin(host=host, container=owner, network=network, aliases=(scene.stated.name,)))


def _joinable(scene: Scene, host: HostView, consumer: ContainerView, owner: ContainerView) -> str:
    """A network of the consumer's to which the endpoint can be joined without taking its default route: the
    engine gives that to the network whose name comes first, internal ones apart. Empty for none.
    """
    routes = [
        place.network
        for place in owner.attachments
        if (network := network_of(host, place)) is not None and not network.internal
        if scene.marker not in place.aliases
    ]
    for place in places(host, consumer):
        network = network_of(host, place)
        mine = place_in(owner, place.network)
        if network is None or (mine is not None and scene.marker not in mine.aliases):
            continue
        if network.internal or (routes and min(routes) < place.network):
            return place.network
    return ""


def _ports(ports: tuple[int, ...]) -> str:
    return ", ".join(map(str, ports))
