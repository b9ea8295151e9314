"""Connections in the memory fleet: what somebody who dials an address meets, as far as the wire tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from console.model.containers import ContainerState
from console.transport.memory.containers import MemoryContainer

if TYPE_CHECKING:
    from console.transport.memory.host import MemoryHost

ANYWHERE = ("", "0.0.0.0", "::")
HOPS = 4
"""Proxies behind proxies that are followed."""


class Met(StrEnum):
    """How an attempt ends."""

    HELD = "connected"
    CLOSED = "connected and closed at once"
    REFUSED = "refused"
    SILENT = "no answer"


@dataclass(frozen=True, slots=True)
class End:
    """What was met, and at whose port."""

    met: Met
    container: MemoryContainer | None = None
    port: int = 0

    @property
    def mute(self) -> bool:
        """Whether it is frozen: its kernel takes connections, and nobody answers them."""
        return self.container is not None and self.container.state is ContainerState.PAUSED


def in_host(container: MemoryContainer) -> bool:
    """Whether it uses the host's own network."""
    return "host" in container.networks


def dial(host: MemoryHost, source: MemoryContainer | None, address: str, port: int, hops: int = HOPS) -> End:
    """From a container of a host, or (None) from the host itself."""
    local = source is None or in_host(source)
    if address.startswith("127.") or address == "::1":
        if not local and source is not None:
            return _inside(host, source, "127.0.0.1", port, hops)
        return _published(host, "127.0.0.1", port, "127.0.0.1", hops)
    if (found := host.daemon.nets.at(address)) is not None:
        container, network = found
        if not local and source is not None and network not in source.networks:
            return End(Met.SILENT)
        net = host.daemon.nets.find(network)
        gateway = net.gateway if net is not None else "127.0.0.1"
        return _inside(host, container, gateway if local else source_in(source, network), port, hops)
    for other in host.fleet():
        if other.spec.address == address:
            if other is not host and (other.faults.refuse or other.faults.black_hole):
                return End(Met.SILENT)
            return _published(other, address, port, host.spec.address, hops)
    return End(Met.SILENT)


def source_in(source: MemoryContainer | None, network: str) -> str:
    """The address it is seen under."""
    return source.networks[network] if source is not None else "127.0.0.1"


def _published(host: MemoryHost, address: str, port: int, source: str, hops: int) -> End:
    """A port of a host itself."""
    for container in host.daemon.containers.values():
        if not container.alive:
            continue
        if in_host(container):
            end = _inside(host, container, source, port, hops)
            if end.met is not Met.REFUSED:
                return end
        for bound in container.ports:
            if bound.public == port and (bound.ip in ANYWHERE or bound.ip == address):
                return _inside(host, container, source, bound.private, hops)
    return End(Met.HELD) if port == 22 else End(Met.REFUSED)


def _inside(host: MemoryHost, container: MemoryContainer, source: str, port: int, hops: int) -> End:
    """A port of a container's own network."""
    proxy = host.daemon.proxies.get(container.id)
    if proxy is not None:
        front = proxy.config.front(port)
        if front is None:
            return End(Met.REFUSED, container, port)
        if not front.admits(source):
            return End(Met.CLOSED, container, port)
        if not front.goal:
            return End(Met.HELD, container, port)
        there = hops > 0 and any(
            s.status.startswith("UP") or s.status == "no check"
            for s in proxy.servers(host, front.goal, hops - 1)
        )
        return End(Met.HELD if there else Met.CLOSED, container, port)
    listens = {known.private for known in container.ports if known.protocol == "tcp"} - container.refuses
    return End(Met.HELD if port in listens else Met.REFUSED, container, port)


def listening(host: MemoryHost) -> frozenset[int]:
    """The TCP ports that are taken on a host itself."""
    ports = {22}
    for container in host.daemon.containers.values():
        if container.alive:
            ports |= {port.private if in_host(container) else port.public for port in container.ports}
    return frozenset(ports - {0})
