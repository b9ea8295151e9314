"""Connections that containers of the memory fleet keep, and the rows that kernels have of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.model.links.sight import Address, Flow, FlowState
from console.transport.memory.names import resolve
from console.transport.memory.nets import DEFAULT
from console.transport.memory.paths import ANYWHERE, HOPS, Met, dial, in_host

if TYPE_CHECKING:
    from console.transport.memory.containers import MemoryContainer
    from console.transport.memory.host import MemoryHost


@dataclass(frozen=True, slots=True)
class Talk:
    """What a container keeps connected, as long as it runs and somebody answers."""

    dials: str
    """A name or an address."""
    port: int
    count: int = 1
    outside: bool = False
    """Whether it is nobody's in the fleet, and answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One connection: both ends as they see themselves, and as the other side sees them."""

    host: str
    client: str
    """Full id."""
    src: Address
    dst: Address
    state: FlowState = FlowState.OPEN
    far_host: str = ""
    far: str = ""
    """Full id of who answers, where it is in the fleet."""
    seen: Address
    """The client as the server sees it."""
    at: Address
    """The server's own address."""

    def rows(self, host: str) -> Iterator[Flow]:
        """Those of one host's connection tracking."""
        if host == self.host and host == self.far_host and self.at != self.dst:
            # By way of docker-proxy, which connects anew from the bridge.
            yield Flow(self.src, self.dst, self.dst, self.src, self.state)
            yield Flow(self.seen, self.at, self.at, self.seen, self.state)
            return
        if host == self.host:
            yield Flow(self.src, self.dst, self.dst, self.seen, self.state)
        elif host == self.far_host:
            yield Flow(self.seen, self.dst, self.at, self.seen, self.state)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one habit of a container comes to now."""

    host: str
    client: str
    met: Met
    wires: tuple[Wire, ...] = ()


def attempts(host: MemoryHost) -> Iterator[Attempt]:
    """Of all containers in the fleet, those of ambassadors in their stead included."""
    for each in host.fleet():
        for container in list(each.daemon.containers.values()):
            if not container.alive:
                continue
            for number, talk in enumerate(each.talks.get(container.name, ())):
                yield from _attempts(each, container, talk, number)


def _attempts(host: MemoryHost, container: MemoryContainer, talk: Talk, number: int) -> Iterator[Attempt]:
    for ip in resolve(host, container, talk.dials)[:1] or ((talk.dials,) if talk.outside else ()):
        yield from _dialled(host, container, Address(ip, talk.port), talk, number, HOPS)


def _dialled(
    host: MemoryHost, container: MemoryContainer, dst: Address, talk: Talk, number: int, hops: int
) -> Iterator[Attempt]:
    met = Met.HELD if talk.outside else dial(host, container, dst.ip, dst.port).met
    count = {Met.HELD: talk.count, Met.SILENT: 1}.get(met, 0)
    wires = tuple(_wire(host, container, dst, met, f"{number}/{n}/{hops}") for n in range(count))
    yield Attempt(host.name, container.id, met, wires)
    if not wires or met is not Met.HELD or not wires[0].far or hops == 0:
        return
    far = next(each for each in host.fleet() if each.name == wires[0].far_host)
    proxy = far.daemon.proxies.get(wires[0].far)
    front = proxy.config.front(wires[0].at.port) if proxy is not None else None
    if proxy is None or front is None or not front.goal:
        return
    servers = [
        s for s in proxy.servers(far, front.goal) if s.status.startswith("UP") or s.status == "no check"
    ]
    for n, server in enumerate(servers):
        share = len(range(n, talk.count, len(servers)))
        ip, _, port = server.address.rpartition(":")
        if share:
            onward = Address(ip.strip("[]"), int(port))
            carried = Talk(onward.ip, onward.port, share)
            yield from _dialled(far, proxy.container, onward, carried, 100 * number + n, hops - 1)


def _wire(host: MemoryHost, client: MemoryContainer, dst: Address, met: Met, which: str) -> Wire:
    sport = 32768 + zlib.crc32(f"{host.name}/{client.id}/{dst}/{which}".encode()) % 28000
    state = FlowState.OPEN if met is Met.HELD else FlowState.OPENING
    machine = Address(host.spec.address, sport)
    found = host.daemon.nets.at(dst.ip)
    if found is not None:
        near = machine if in_host(client) else Address(client.networks.get(found[1], ""), sport)
        far, ident = host.name, found[0].id
        seen, at = near, dst
    else:
        own = client.networks.get(DEFAULT) or next(iter(client.own_networks.values()), "")
        near = machine if in_host(client) else Address(own, sport)
        far, ident, at = _published(host, dst)
        seen = machine
        if far == host.name and at != dst:
            seen = Address(_gateway(host, at.ip), sport)
    return Wire(
        host=host.name,
        client=client.id,
        src=near,
        dst=dst,
        state=state,
        far_host=far,
        far=ident,
        seen=seen,
        at=at,
    )


def _gateway(host: MemoryHost, ip: str) -> str:
    found = host.daemon.nets.at(ip)
    net = host.daemon.nets.find(found[1]) if found is not None else None
    return net.gateway if net is not None else host.spec.address


def _published(host: MemoryHost, dst: Address) -> tuple[str, str, Address]:
    """Which host and container answer at an address of a machine, and where; empty: nobody's of the fleet."""
    for each in host.fleet():
        if each.spec.address != dst.ip:
            continue
        for container in each.daemon.containers.values():
            if not container.alive:
                continue
            for bound in container.ports:
                if in_host(container) and bound.private == dst.port:
                    return each.name, container.id, dst
                if bound.public == dst.port and (bound.ip in ANYWHERE or bound.ip == dst.ip):
                    own = next(iter(container.own_networks.values()), "")
                    return each.name, container.id, Address(own, bound.private)
        return each.name, "", dst
    return "", "", dst
