"""A fleet in the mind: worlds to plan in, and what a step does to one."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import singledispatch

from console.model.containers import ContainerState, Port
from console.model.mappings import haproxy
from console.model.mappings.body import published
from console.model.mappings.mapping import Endpoint, Party
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.steps import (
    BringImage,
    Configure,
    Connect,
    Disconnect,
    DropAmbassador,
    DropNetwork,
    MakeAmbassador,
    MakeNetwork,
    SetHostsLine,
    StartAmbassador,
    Step,
)
from console.model.mappings.world import (
    FLEET_LABEL,
    MAPPING_LABEL,
    SIDE_LABEL,
    SPEC_LABEL,
    AmbassadorView,
    Attachment,
    ContainerView,
    HostView,
    NetworkView,
    ProxyView,
    Side,
    World,
)
from console.model.text import safe

FLEET = "prod"


class Refused(Exception):
    """What an engine would not do."""


def ident(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def network(name: str, number: int, **more: object) -> NetworkView:
    return NetworkView(
        id=ident("net", name, number),
        name=name,
        subnets=(f"172.{number}.0.0/16",),
        gateways=(f"172.{number}.0.1",),
        **more,  # type: ignore[arg-type]
    )


def container(
    host: str,
    name: str,
    *networks: str,
    aliases: Mapping[str, tuple[str, ...]] = {},
    ports: Iterable[Port] = (),
    mode: str = "",
    state: ContainerState = ContainerState.RUNNING,
    service: tuple[str, str] | None = None,
    lines: tuple[str, ...] | None = (),
) -> ContainerView:
    """On these networks, or on the default bridge."""
    nets = networks or (() if mode else ("bridge",))
    labels = {}
    if service is not None:
        labels = {
            "com.docker.compose.project": safe(service[0]),
            "com.docker.compose.service": safe(service[1]),
        }
    id_ = ident(host, name)
    return ContainerView(
        host=host,
        id=id_,
        name=safe(name),
        labels=labels,
        mode=mode or nets[0],
        state=state,
        ports=tuple(ports),
        hosts_path=f"/var/lib/docker/{name}/hosts",
        hosts_lines=lines,
        attachments=tuple(
            Attachment(
                network=net,
                ip=f"172.{30 + index}.0.{int(id_[:2], 16)}",
                aliases=()
                if net == "bridge"
                else (name, *aliases.get(net, ()), *((service[1],) if service else ())),
            )
            for index, net in enumerate(nets)
        ),
    )


def host(
    name: str,
    reach: str,
    containers: Iterable[ContainerView] = (),
    networks: Iterable[NetworkView] = (),
    **more: object,
) -> HostView:
    return HostView(
        name=name,
        reach=reach,
        root=True,
        shell=True,
        containers=tuple(containers),
        networks=(network("bridge", 17), *networks),
        listening=frozenset(),
        image="sha256:haproxy",
        **more,  # type: ignore[arg-type]
    )


def world(*hosts: HostView) -> World:
    return World(fleet=FLEET, at=0.0, hosts={one.name: one for one in hosts})


def mapping(
    *to: Endpoint,
    consumers: Iterable[Party],
    name: str = "db",
    ports: tuple[int, ...] = (5432,),
    **more: object,
) -> Stated:
    return Stated(id="db", name=name, ports=ports, to=to, consumers=tuple(consumers), **more)  # type: ignore[arg-type]


def change(world: World, host: HostView) -> World:
    return replace(world, hosts={**world.hosts, host.name: host})


def change_container(world: World, one: ContainerView) -> World:
    """A container as it is now, in the list and behind its ambassador."""
    host = world.hosts[one.host]
    return change(
        world,
        replace(
            host,
            containers=tuple(one if c.id == one.id else c for c in host.containers),
            ambassadors=tuple(
                replace(a, container=one) if a.container.id == one.id else a for a in host.ambassadors
            ),
        ),
    )


def find(world: World, host: str, name: str) -> ContainerView:
    return next(c for c in world.hosts[host].containers if c.name == name)


def _by_id(world: World, step: Step, id_: str) -> ContainerView:
    found = next((c for c in world.hosts[step.host].containers if c.id == id_), None)
    if found is None:
        raise Refused(f"404 {id_[:12]}")
    return found


_births = itertools.count(1)


@singledispatch
def apply(step: Step, world: World) -> World:
    """The world after a step. Raises Refused where an engine would say no."""
    raise TypeError(f"a step that this world cannot take: {step}")


@apply.register
def _(step: BringImage, world: World) -> World:
    return change(world, replace(world.hosts[step.host], image="sha256:haproxy"))


@apply.register
def _(step: MakeNetwork, world: World) -> World:
    host = world.hosts[step.host]
    if host.network(step.name) is not None:
        raise Refused("409 network")
    new = network(step.name, 100 + next(_births) % 100, internal=True, labels=step.labels)
    return change(world, replace(host, networks=(*host.networks, new)))


@apply.register
def _(step: DropNetwork, world: World) -> World:
    host = world.hosts[step.host]
    for one in host.containers:
        runs = one.state not in (ContainerState.EXITED, ContainerState.CREATED)
        if runs and any(place.network == step.name for place in one.attachments):
            raise Refused(f"403 {step.name} has active endpoints")
    return change(world, replace(host, networks=tuple(n for n in host.networks if n.name != step.name)))


@apply.register
def _(step: MakeAmbassador, world: World) -> World:
    host = world.hosts[step.host]
    if not host.image:
        raise Refused("404 no image")
    if any(one.name == step.name for one in host.containers):
        raise Refused("409 name")
    labels: Mapping[str, str] = step.body["Labels"]
    ports = published(step.body)
    taken = {port.public for one in host.containers for port in one.ports if port.public}
    if taken & set(ports):
        raise Refused("500 port is already allocated")
    new = ContainerView(
        host=host.name,
        id=ident("ambassador", step.name, next(_births)),
        name=safe(step.name),
        labels={key: safe(value) for key, value in labels.items()},
        ports=tuple(Port(port, port, ip) for port, ip in ports.items()),
        attachments=(Attachment(network="bridge", ip="172.17.0.9"),),
    )
    view = AmbassadorView(
        container=new,
        fleet=labels[FLEET_LABEL],
        mapping=labels[MAPPING_LABEL],
        side=Side(labels[SIDE_LABEL]),
        spec=labels[SPEC_LABEL],
        config=step.config,
        header=haproxy.parse_header(step.config),
        running=ProxyView(revision=step.revision),
    )
    host = replace(
        host,
        containers=(*host.containers, new),
        ambassadors=(*host.ambassadors, view),
        listening=(host.listening or frozenset()) | set(ports),
    )
    return change(world, host)


@apply.register
def _(step: StartAmbassador, world: World) -> World:
    one = _by_id(world, step, step.container.id)
    host = world.hosts[step.host]
    if any(host.network(place.network) is None for place in one.attachments):
        raise Refused("404 network not found")
    world = change_container(world, replace(one, state=ContainerState.RUNNING))
    return _run(world, step, one.id)


def _run(world: World, step: Step, id_: str) -> World:
    """Its HAProxy has taken over its file."""
    host = world.hosts[step.host]
    views = []
    for view in host.ambassadors:
        if view.container.id == id_:
            header = haproxy.parse_header(view.config or "")
            view = replace(view, running=ProxyView(revision=header.revision if header else ""))
        views.append(view)
    return change(world, replace(host, ambassadors=tuple(views)))


@apply.register
def _(step: Configure, world: World) -> World:
    one = _by_id(world, step, step.container.id)
    if one.state is not ContainerState.RUNNING:
        raise Refused("409 not running")
    host = world.hosts[step.host]
    header = haproxy.parse_header(step.config)
    views = (
        replace(view, config=step.config, header=header) if view.container.id == one.id else view
        for view in host.ambassadors
    )
    return _run(change(world, replace(host, ambassadors=tuple(views))), step, one.id)


@apply.register
def _(step: DropAmbassador, world: World) -> World:
    one = _by_id(world, step, step.container.id)
    host = world.hosts[step.host]
    return change(
        world,
        replace(
            host,
            containers=tuple(c for c in host.containers if c.id != one.id),
            ambassadors=tuple(a for a in host.ambassadors if a.container.id != one.id),
            listening=(host.listening or frozenset()) - {port.public for port in one.ports},
        ),
    )


@apply.register
def _(step: Connect, world: World) -> World:
    host = world.hosts[step.host]
    there = host.network(step.network)
    if there is None:
        raise Refused("404 network")
    one = _by_id(world, step, step.container.id) if step.container else find(world, step.host, step.name)
    if any(place.network == step.network for place in one.attachments):
        raise Refused("403 endpoint exists already")
    place = Attachment(
        network=step.network,
        network_id=there.id,
        ip="172.99.0.2",
        aliases=(str(one.name), one.id[:12], *step.aliases),
    )
    return change_container(world, replace(one, attachments=(*one.attachments, place)))


@apply.register
def _(step: Disconnect, world: World) -> World:
    one = _by_id(world, step, step.container.id)
    if all(place.network != step.network for place in one.attachments):
        raise Refused("403 not connected")
    if world.hosts[step.host].network(step.network) is None and not step.force:
        raise Refused("404 network")
    left = tuple(place for place in one.attachments if place.network != step.network)
    return change_container(world, replace(one, attachments=left))


@apply.register
def _(step: SetHostsLine, world: World) -> World:
    one = _by_id(world, step, step.container.id)
    others = [line for line in one.hosts_lines or () if f" {step.name} " not in line]
    if step.ip:
        others.append(f"{step.ip} {step.name} # dockcon")
    return change_container(world, replace(one, hosts_lines=tuple(others)))


def shape(world: World) -> set[object]:
    """All of a world but ids that are born anew, and the numbers of revisions."""
    found: set[object] = set()
    for name, host in world.hosts.items():
        found |= {(name, "network", net.name, net.internal) for net in host.networks}
        for one in host.containers:
            found.add((name, "container", one.name, one.state, one.ports))
            found |= {(name, one.name, line) for line in one.hosts_lines or ()}
            for place in one.attachments:
                aliases = frozenset(place.aliases) - {one.id[:12]}
                found.add((name, one.name, place.network, aliases))
        for view in host.ambassadors:
            assert view.header is not None
            meaning = view.header.digest + view.header.text
            found.add((name, "ambassador", view.container.name, view.spec, meaning))
    return found
