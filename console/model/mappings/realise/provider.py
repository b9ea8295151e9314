"""An ambassador beside endpoints whose ports are not published.

It opens one port for each, on the address that other hosts reach theirs at, for the consumers' hosts alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Lookup
from ipaddress import ip_address

from console.model.mappings import haproxy
from console.model.mappings.body import create_body
from console.model.mappings.haproxy import Carried, Proxy
from console.model.mappings.mapping import Endpoint
from console.model.mappings.realise.ambassador import pull_in, text_of
from console.model.mappings.realise.scene import Scene, way_out
from console.model.mappings.realise.targets import OPENED, Targets, beside, label, within
from console.model.mappings.realise.wanted import Wanted, WantedAmbassador
from console.model.mappings.world import HostView, Side

Opened = dict[tuple[Endpoint, int], int]
"""By endpoint and the place of the port in the mapping: the port of the host."""


def openings(scene: Scene, host: HostView, endpoints: Lookup[Endpoint, frozenset[str]]) -> Opened:
    """Which ports are opened on a host; the same ones for as long as they are free or already ours."""
    standing = scene.standing(host, Side.PROVIDER)
    config = standing.config if standing is not None else None
    own = {port.public for port in standing.container.ports} if standing is not None else set()
    had = {(server.name, server.port): port for (port, _), server in haproxy.servers_of(config or "").items()}
    others = {
        port.public
        for container in host.containers
        for port in container.ports
        if standing is None or container.id != standing.container.id
    }
    taken = others | ((host.listening or frozenset()) - own - set(had.values()))
    opened: Opened = {}
    for endpoint in sorted(endpoints):
        name = haproxy.server_name(label(endpoint), endpoint.host)
        for index, port in enumerate(endpoint.ports):
            before = had.get((name, port))
            free = before if before is not None and before not in opened.values() else None
            opened[endpoint, index] = free or _free(scene.id, endpoint, port, taken | set(opened.values()))
    return opened


def _free(mapping: str, endpoint: Endpoint, port: int, taken: set[int] | frozenset[int]) -> int:
    exact = f"{mapping} {endpoint.text} {port}".encode()
    start = int.from_bytes(hashlib.sha256(exact).digest()[:4], "big")
    ports = (OPENED[(start + step) % len(OPENED)] for step in range(len(OPENED)))
    return next(port for port in ports if port not in taken)


def plan(scene: Scene, host: HostView, endpoints: Lookup[Endpoint, frozenset[str]], wanted: Wanted) -> Opened:
    """Want an ambassador on `host` for these endpoints, each with the consumers' hosts that dial it."""
    opened = openings(scene, host, endpoints)
    targets, carried = _found(scene, host, endpoints, opened, wanted)
    out, sources = way_out(host), _sources(scene, endpoints)
    if not _address(host.reach):
        scene.notes.refuse(f"no IP address of {host.name} is known to open a port on: state `reach`")
    if out is None or not out.gateways:
        scene.notes.refuse(f"{host.name} has no default bridge by which an ambassador reaches others")
    if scene.notes.refusals or out is None:
        return opened
    pull_in(scene, targets, wanted)
    proxy = Proxy(
        fleet=scene.world.fleet,
        mapping=scene.stated,
        number=scene.revision.number,
        parent=scene.revision.parent,
        side=Side.PROVIDER,
        carried=carried,
        gateways=out.gateways,
        sources=tuple(sources.values()),
    )
    ports = sorted(opened.values())
    body = create_body(
        fleet=scene.world.fleet,
        mapping=scene.id,
        side=Side.PROVIDER,
        image=scene.rules.image,
        publish=dict.fromkeys(ports, host.reach),
    )
    wanted.ambassadors.append(
        WantedAmbassador(
            host=host,
            side=Side.PROVIDER,
            body=body,
            config=text_of(scene, proxy),
            joins=dict.fromkeys(sorted(targets.joins), ()),
            purpose=f"opens {host.reach}:{','.join(map(str, ports))} on {host.name} to {', '.join(sources)}",
        )
    )
    return opened


def _found(
    scene: Scene,
    host: HostView,
    endpoints: Lookup[Endpoint, frozenset[str]],
    opened: Opened,
    wanted: Wanted,
) -> tuple[Targets, tuple[Carried, ...]]:
    """The endpoints by name on their own host, and what is carried to them."""
    targets = Targets()
    carried = []
    for endpoint in sorted(endpoints):
        mine = Targets()
        if not within(scene, host, endpoint, mine):
            scene.notes.refuse(f"{endpoint.text} is on no network of its host that can be joined")
            continue
        targets.joins |= mine.joins
        targets.pulled += mine.pulled
        for index, servers in mine.servers.items():
            carried.append(Carried(port=opened[endpoint, index], servers=tuple(servers)))
        if scene.standing(host, Side.PROVIDER) is None:
            for candidate in beside(host, endpoint):
                wanted.try_first(candidate)
    return targets, tuple(carried)


def _sources(scene: Scene, endpoints: Lookup[Endpoint, frozenset[str]]) -> dict[str, str]:
    """The addresses that the consumers' hosts come from, by host."""
    found = {}
    for name in sorted(set().union(*endpoints.values())):
        reach = scene.world.hosts[name].reach
        if _address(reach):
            found[name] = reach
        else:
            scene.notes.refuse(f"no IP address of {name} is known that could be let in: state `reach`")
    return found


def _address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
