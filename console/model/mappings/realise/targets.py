"""Where connections go: the servers for an endpoint as seen from one host, and what it takes to have them.

A port that its host publishes is dialled there. Within a host an ambassador joins the endpoint's network and
finds it by name, through deaths and rebirths. Else an ambassador beside the endpoint opens a way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from console.model.mappings import haproxy
from console.model.mappings.body import network_name
from console.model.mappings.haproxy import Server
from console.model.mappings.mapping import Endpoint
from console.model.mappings.realise.scene import RUNS, Scene, home, place_in, truth
from console.model.mappings.steps import Candidate
from console.model.mappings.world import AmbassadorView, ContainerView, HostView, Side
from console.model.text import sanitise

OPENED = range(20000, 30000)
"""Where the ports are that ambassadors beside endpoints open."""

SLOTS = 8
"""Addresses that one name may have at once within a host."""


@dataclass(slots=True)
class Targets:
    """What was found for one ambassador."""

    servers: dict[int, list[Server]] = field(default_factory=dict)
    """By the place of the port in the mapping."""
    joins: set[str] = field(default_factory=set)
    """Networks of endpoints that the ambassador must be on."""
    pulled: list[tuple[HostView, ContainerView]] = field(default_factory=list)
    """Endpoints that must be on our own network, since they are on none of their users'."""
    provided: list[Endpoint] = field(default_factory=list)
    """Endpoints that need an ambassador beside them."""
    candidates: list[Candidate] = field(default_factory=list)

    def add(self, index: int, server: Server) -> None:
        self.servers.setdefault(index, []).append(server)


def label(endpoint: Endpoint) -> str:
    """What its servers are called after: `postgres`, `shop.worker`."""
    return endpoint.container or f"{endpoint.project}.{endpoint.service}"


def answers(host: HostView, container: ContainerView, port: int) -> tuple[str, int] | None:
    """Where other hosts reach a container's port: at its host's own address, or at another one it is
    published on; None where they cannot.
    """
    owner = truth(host, container)
    if owner is None or owner.mode == "none":
        return None
    if owner.mode == "host":
        return (host.reach, port) if host.reach else None
    found = []
    for one in sorted(owner.ports):
        if one.private != port or not one.public or one.protocol != "tcp":
            continue
        address = _published_on(host, one.ip)
        if address:
            found.append((address != host.reach, address, one.public))
    return min(found)[1:] if found else None


def _published_on(host: HostView, ip: str) -> str:
    try:
        address = ip_address(ip or "0.0.0.0")
    except ValueError:
        return ""
    if address.is_unspecified:
        return host.reach
    inner = any(ip in network.gateways for network in host.networks)
    return "" if address.is_loopback or address.is_link_local or inner else ip


def from_host(scene: Scene, host: HostView, standing: AmbassadorView | None) -> Targets:
    """The servers for an ambassador of consumers on `host`."""
    targets = Targets()
    config = standing.config if standing is not None else None
    old = haproxy.servers_of(config) if config else {}
    for endpoint in scene.stated.to:
        there = scene.world.hosts.get(endpoint.host)
        if there is None:
            scene.notes.refuse(f"{endpoint.host} is not a host of this fleet")
        elif there.missing:
            _keep(scene, targets, endpoint, old, f"{there.name} cannot be read ({there.missing})")
        elif not there.of(endpoint):
            _keep(scene, targets, endpoint, old, f"{endpoint.text} is not there")
        elif there.name != host.name or not within(scene, there, endpoint, targets):
            _across(scene, host, there, endpoint, targets, old)
    _news(scene, host, standing, targets, old)
    return targets


def _keep(
    scene: Scene, targets: Targets, endpoint: Endpoint, old: Mapping[tuple[int, str], Server], why: str
) -> None:
    """What cannot be found out now stays as the ambassador has it."""
    if _kept(scene, targets, endpoint, old):
        scene.notes.warn(f"{why}: connections go on to where they go now")
    else:
        scene.notes.refuse(f"{why}: where it answers is not known")


def _kept(scene: Scene, targets: Targets, endpoint: Endpoint, old: Mapping[tuple[int, str], Server]) -> bool:
    stem, kept = label(endpoint), False
    for index, port in enumerate(scene.stated.ports):
        for (at, name), server in old.items():
            number = name.removeprefix(f"{stem}.").removesuffix(f".{endpoint.host}")
            if at == port and (number.isdigit() or name == haproxy.server_name(stem, endpoint.host)):
                targets.add(index, _weighted(server, endpoint))
                kept = True
    return kept


def _ours(endpoint: Endpoint, old: Mapping[tuple[int, str], Server]) -> bool:
    """Whether it was dialled where an ambassador of ours opens ports."""
    name = haproxy.server_name(label(endpoint), endpoint.host)
    return any(server.name == name and server.port in OPENED for server in old.values())


def _weighted(server: Server, endpoint: Endpoint) -> Server:
    return Server(
        name=server.name, host=server.host, port=server.port, weight=endpoint.weight, slots=server.slots
    )


def _across(
    scene: Scene,
    host: HostView,
    there: HostView,
    endpoint: Endpoint,
    targets: Targets,
    old: Mapping[tuple[int, str], Server],
) -> None:
    """Servers for an endpoint that is dialled at an address of its host."""
    containers = there.of(endpoint)
    if not there.reach and not all(
        answers(there, one, port) for one in containers for port in endpoint.ports
    ):
        scene.notes.refuse(f"no address is known at which other hosts reach {there.name}: state `reach`")
        return
    found = {
        (number, index): answers(there, one, port)
        for number, one in enumerate(containers, 1)
        for index, port in enumerate(endpoint.ports)
    }
    if None in found.values():
        # Of a container that does not run the engine does not say where it is published.
        stopped = not any(one.state in RUNS for one in containers)
        unopened = scene.standing(there, Side.PROVIDER) is None
        if stopped and unopened and not _ours(endpoint, old) and _kept(scene, targets, endpoint, old):
            scene.notes.warn(f"{endpoint.text} does not run: connections go on to where they go now")
        elif _closed(scene, there, containers, endpoint):
            targets.provided.append(endpoint)
        return
    for (number, index), at in found.items():
        if at is not None:
            stem = label(endpoint) if endpoint.container else f"{label(endpoint)}.{number}"
            name = haproxy.server_name(stem, endpoint.host)
            targets.add(index, Server(name=name, host=at[0], port=at[1], weight=endpoint.weight))


def _closed(scene: Scene, there: HostView, containers: Iterable[ContainerView], endpoint: Endpoint) -> bool:
    """Whether an ambassador beside the endpoint can open a way; what speaks against it is noted."""
    before = len(scene.notes.refusals)
    port = endpoint.ports[0]
    if there.engine == "podman":
        scene.notes.refuse(
            f"{endpoint.text} publishes no port {port} that others reach, and beside a container of Podman "
            f"no way can be opened: publish the port"
        )
    for container in containers:
        owner = truth(there, container)
        if owner is None:
            scene.notes.refuse(f"{endpoint.text}: the container whose network it uses is gone")
        elif owner.mode == "none":
            scene.notes.refuse(f"{endpoint.text} has no network at all (mode `none`)")
    return len(scene.notes.refusals) == before


def within(scene: Scene, host: HostView, endpoint: Endpoint, targets: Targets) -> bool:
    """Servers for an endpoint found by name on its own host; False where it must be dialled as others do."""
    containers = host.of(endpoint)
    owners = [truth(host, one) for one in containers]
    if host.engine == "podman" or any(one is None or one.mode in ("host", "none") for one in owners):
        return False
    known = [one for one in owners if one is not None]
    network = home(host, known)
    if network:
        targets.joins.add(network)
    elif all(answers(host, one, port) for one in known for port in endpoint.ports):
        return False
    else:
        network = network_name(scene.id)
        targets.joins.add(network)
        targets.pulled += [(host, one) for one in known]
    _by_name(scene, host, endpoint, known, network, targets)
    return True


def _by_name(
    scene: Scene,
    host: HostView,
    endpoint: Endpoint,
    owners: list[ContainerView],
    network: str,
    targets: Targets,
) -> None:
    names = [str(one.name) for one in owners]
    shared = [place_in(one, network) for one in owners]
    if endpoint.service and all(place is not None and endpoint.service in place.aliases for place in shared):
        names = [endpoint.service]
    for number, name in enumerate(dict.fromkeys(names), 1):
        stem = label(endpoint) if len(names) == 1 else f"{label(endpoint)}.{number}"
        # The ambassador itself may answer to that name on the consumers' network.
        dialled = f"{name}.{network}" if name == scene.stated.name else name
        if not haproxy.valid_name(dialled):
            scene.notes.refuse(f"{name!r} cannot be looked up")
            return
        for index, port in enumerate(endpoint.ports):
            targets.add(
                index,
                Server(
                    name=haproxy.server_name(stem, endpoint.host),
                    host=dialled,
                    port=port,
                    weight=endpoint.weight,
                    slots=SLOTS,
                ),
            )
    targets.candidates += beside(host, endpoint)


def beside(host: HostView, endpoint: Endpoint) -> list[Candidate]:
    """What can be tried from an endpoint's own host: its containers' addresses."""
    found = []
    for container in host.of(endpoint):
        owner = truth(host, container)
        place = next((place for place in owner.attachments if place.ip), None) if owner is not None else None
        for port in endpoint.ports:
            if place is not None:
                address = Server(name="", host=place.ip, port=port).address
                text = sanitise(f"{container.name}@{host.name}:{port}", 200)
                found.append(Candidate(host=host.name, ambassador=None, address=address, endpoint=text))
    return found


def _news(
    scene: Scene,
    host: HostView,
    standing: AmbassadorView | None,
    targets: Targets,
    old: Mapping[tuple[int, str], Server],
) -> None:
    """Addresses that are dialled already need not be tried; the others are, from where it stands."""
    known = {(server.host, server.port) for server in old.values()}
    named = {server.name for servers in targets.servers.values() for server in servers if server.slots}
    if named <= {name for _, name in old}:
        targets.candidates.clear()
    texts = {haproxy.server_name(label(end), end.host): end.text for end in scene.stated.to}
    runs = standing is not None and standing.container.state in RUNS
    ambassador = standing.container.target if standing is not None and runs else None
    for servers in targets.servers.values():
        for server in servers:
            if not server.slots and (server.host, server.port) not in known:
                targets.candidates.append(
                    Candidate(
                        host=host.name,
                        ambassador=ambassador,
                        address=server.address,
                        endpoint=sanitise(texts.get(server.name, server.name), 200),
                    )
                )
