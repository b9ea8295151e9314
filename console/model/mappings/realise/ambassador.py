"""An ambassador beside consumers: it answers to the mapping's name on their networks, and leads on.

Consumers on networks of their own are not touched: the ambassador comes to them. Those on the default bridge
alone, where there are no names, are joined to an internal network of ours, which leaves their default route
alone. Those on the host's own network find it on 127.0.0.1, and its name in /etc/hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.model.mappings import haproxy
from console.model.mappings.body import create_body, network_name
from console.model.mappings.haproxy import Carried, Proxy, Server
from console.model.mappings.mapping import Endpoint, Via
from console.model.mappings.realise.consumers import Site
from console.model.mappings.realise.scene import Scene, holder, home, place_in, places, way_out
from console.model.mappings.realise.targets import Targets, label
from console.model.mappings.realise.wanted import Wanted, WantedAmbassador, WantedJoin, WantedLine
from console.model.mappings.world import ContainerView, HostView, Side

LOOPBACK = "127.0.0.1"


def fits(scene: Scene, site: Site) -> str:
    """Why there can be no ambassador for the consumers of a site; empty where there can."""
    out = way_out(site.host)
    if out is None or not out.gateways or not out.subnets:
        return f"{site.host.name} has no default bridge by which an ambassador reaches others"
    if site.host.engine == "podman" and site.loners:
        names = ", ".join(str(one.name) for one in site.loners)
        return (
            f"{names} on {site.host.name}: a container of Podman is not joined to a network on the run; "
            f"put it on a network of its own first"
        )
    return ""


def plan(
    scene: Scene, site: Site, targets: Targets, opened: Mapping[tuple[Endpoint, int], int], wanted: Wanted
) -> None:
    """Want an ambassador for the consumers of one host; `opened` are the ports of those beside endpoints."""
    for endpoint in targets.provided:
        name = haproxy.server_name(label(endpoint), endpoint.host)
        reach = scene.world.hosts[endpoint.host].reach
        for index in range(len(endpoint.ports)):
            port = opened[endpoint, index]
            targets.add(index, Server(name=name, host=reach, port=port, weight=endpoint.weight))
    joins = _joins(scene, site, targets, wanted)
    _names_free(scene, site)
    publish = _loopback(scene, site, wanted)
    config = _config(scene, site, targets)
    if scene.notes.refusals:
        return
    pull_in(scene, targets, wanted)
    mapping, host = scene.stated, site.host
    purpose = f"carries {mapping.address} to {', '.join(end.text for end in mapping.to)}"
    wanted.ambassadors.append(
        WantedAmbassador(
            host=host,
            side=Side.CONSUMER,
            body=create_body(
                fleet=scene.world.fleet,
                mapping=scene.id,
                side=Side.CONSUMER,
                image=scene.rules.image,
                publish=dict.fromkeys(publish, LOOPBACK),
            ),
            config=config,
            joins=joins,
            purpose=f"{purpose}, on {LOOPBACK} of {host.name}" if publish else purpose,
        )
    )
    wanted.via.append(Via.AMBASSADOR)
    for candidate in targets.candidates:
        wanted.try_first(candidate)


def _joins(scene: Scene, site: Site, targets: Targets, wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """The networks that the ambassador is to be on, and its further names there."""
    host, name, ours = site.host, scene.stated.name, network_name(scene.id)
    joins: dict[str, tuple[str, ...]] = dict.fromkeys(sorted(targets.joins), ())
    joins |= dict.fromkeys(_networks(host, site.networked), (name,))
    if site.loners:
        joins[ours] = (name,)
        wanted.networks.add(host.name)
        for one in site.loners:
            wanted.join(WantedJoin(host=host, container=one, network=ours))
    return joins


def _config(scene: Scene, site: Site, targets: Targets) -> str:
    out = way_out(site.host)
    carried = (
        Carried(port=port, servers=tuple(targets.servers.get(index, ())))
        for index, port in enumerate(scene.stated.ports)
    )
    return text_of(
        scene,
        Proxy(
            fleet=scene.world.fleet,
            mapping=scene.stated,
            number=scene.revision.number,
            parent=scene.revision.parent,
            side=Side.CONSUMER,
            carried=tuple(carried),
            gateways=out.gateways if out is not None else (),
            refused=out.subnets if out is not None else (),
        ),
    )


def text_of(scene: Scene, proxy: Proxy) -> str:
    """The configuration; what has no place in one is refused."""
    try:
        return haproxy.render(proxy)
    except ValueError as error:
        scene.notes.refuse(str(error))
        return ""


def pull_in(scene: Scene, targets: Targets, wanted: Wanted) -> None:
    """Endpoints that are on none of their users' networks are joined to ours."""
    for host, container in targets.pulled:
        wanted.networks.add(host.name)
        wanted.join(WantedJoin(host=host, container=container, network=network_name(scene.id)))


def _networks(host: HostView, consumers: Iterable[ContainerView]) -> list[str]:
    """One network of each consumer: the one it was made on, which stays whatever it is joined to later."""
    return sorted({home(host, [one]) for one in consumers})


def _names_free(scene: Scene, site: Site) -> None:
    """A name that two answer to on one network leads to either of them, by turns."""
    host, name = site.host, scene.stated.name
    for network in sorted({place.network for one in site.networked for place in places(host, one)}):
        other = holder(scene, host, network, name)
        if other is not None:
            scene.notes.refuse(
                f"on {network} of {host.name} the name {name} is taken by {other.name}: choose another name"
            )


def _loopback(scene: Scene, site: Site, wanted: Wanted) -> tuple[int, ...]:
    """The ports that must be had on the host's own loopback address; the name comes by a line."""
    if not site.hosted:
        return ()
    for one in site.hosted:
        if one.hosts_lines is None:
            scene.notes.refuse(unwritable(site.host.name, str(one.name)))
        wanted.line(WantedLine(host=site.host, container=one, name=scene.stated.name, ip=LOOPBACK))
    host, standing = site.host, scene.standing(site.host, Side.CONSUMER)
    own = {port.public for port in standing.container.ports} if standing is not None else set()
    for port in scene.stated.ports:
        if port in own:
            continue
        user = next((c for c in host.containers if any(p.public == port for p in c.ports)), None)
        if port in (host.listening or ()) or user is not None:
            who = f" by {user.name}" if user is not None else ""
            scene.notes.refuse(
                f"port {port} of {host.name} is taken{who}, and consumers on the host's own network "
                f"share it: choose another port"
            )
    return scene.stated.ports


def unwritable(host: str, names: str) -> str:
    """Why a line cannot be had."""
    return (
        f"/etc/hosts of {names} on {host} cannot be read or written here: the login is not root and the "
        f"container has no shell"
    )


def attached(container: ContainerView, network: str, name: str) -> bool:
    """Whether it is found by `name` on a network."""
    place = place_in(container, network)
    return place is not None and (name in place.aliases or container.name == name)
