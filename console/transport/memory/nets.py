"""The networks of a memory engine: who is in them, under which addresses and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from console.model.mappings.world import NetworkView
from console.transport.memory.containers import MemoryContainer, stable_hex

DEFAULT = "bridge"
"""The one network in which nobody is found by name."""
APART = ("host", "none")
SHARED = "container:"
"""Begins the mode of a container that uses another one's network."""
BUILTIN = {"bridge": "bridge", "host": "host", "none": "null"}
"""The networks that every engine has, with their drivers."""


@dataclass(slots=True, kw_only=True)
class MemoryNetwork:
    """One network."""

    name: str
    driver: str = "bridge"
    subnet: str = ""
    internal: bool = False
    created: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return stable_hex(self.name)

    @property
    def gateway(self) -> str:
        return str(IPv4Network(self.subnet)[1]) if self.subnet else ""

    @property
    def view(self) -> NetworkView:
        """As an engine lists it."""
        return NetworkView(
            id=self.id,
            name=self.name,
            driver=self.driver,
            internal=self.internal,
            subnets=(self.subnet,) if self.subnet else (),
            gateways=(self.gateway,) if self.gateway else (),
            labels=dict(self.labels),
        )


class Nets:
    """Those of one engine. A network that a container is in is there, whoever made it."""

    def __init__(self, containers: Mapping[str, MemoryContainer]) -> None:
        self._containers = containers
        self._made: dict[str, MemoryNetwork] = {}
        for name, driver in BUILTIN.items():
            self.put(MemoryNetwork(name=name, driver=driver, subnet="172.17.0.0/16" * (name == DEFAULT)))

    def put(self, network: MemoryNetwork) -> None:
        """As if it had always been there."""
        self._made[network.name] = network

    def all(self) -> tuple[MemoryNetwork, ...]:
        """In the order they came."""
        for container in self._containers.values():
            for name, address in container.networks.items():
                if name not in self._made and not name.startswith(SHARED):
                    subnet = IPv4Network(f"{address}/16", strict=False) if address else self._free_subnet()
                    self.put(MemoryNetwork(name=name, subnet=str(subnet), created=container.created))
        return tuple(self._made.values())

    def find(self, name: str) -> MemoryNetwork | None:
        """By name or id."""
        return next((net for net in self.all() if name in (net.name, stable_hex(net.name))), None)

    def make(self, name: str, labels: Mapping[str, str], *, internal: bool, now: float) -> None:
        """A bridge network with a subnet of its own."""
        self.all()
        subnet = str(self._free_subnet())
        self.put(MemoryNetwork(name=name, subnet=subnet, internal=internal, created=now, labels=dict(labels)))

    def drop(self, name: str) -> None:
        """Nobody may be in it."""
        self._made.pop(name, None)

    def members(self, name: str) -> tuple[MemoryContainer, ...]:
        """Running or not."""
        return tuple(c for c in self._containers.values() if name in c.networks)

    def free_address(self, name: str) -> str:
        """The lowest one; empty in a network without addresses."""
        net = self.find(name)
        if name.startswith(SHARED):
            return ""
        if net is None:
            return str(self._free_subnet()[2])
        if not net.subnet:
            return ""
        taken, subnet = (
            {container.networks[name] for container in self.members(name)},
            IPv4Network(net.subnet),
        )
        return next(str(subnet[n]) for n in range(2, 60000) if str(subnet[n]) not in taken)

    def names(self, container: MemoryContainer, network: str) -> tuple[str, ...]:
        """What its neighbours in a network find it by."""
        if network in (DEFAULT, *APART):
            return ()
        service = container.labels.get("com.docker.compose.service", "")
        own = (container.name, *container.aliases.get(network, ()), service, container.id[:12])
        return tuple(dict.fromkeys(name for name in own if name))

    def look_up(self, container: MemoryContainer, name: str) -> tuple[str, ...]:
        """The addresses the engine's resolver gives a container for a name, those of running ones only."""
        return tuple(self._found(container, name))

    def _found(self, container: MemoryContainer, name: str) -> Iterator[str]:
        for network in container.networks:
            for other in self.members(network):
                if other.alive and name in self.names(other, network):
                    yield other.networks[network]

    def at(self, address: str) -> tuple[MemoryContainer, str] | None:
        """Which running container has an address, in which network."""
        for container in self._containers.values():
            for network, own in container.networks.items():
                if container.alive and address and own == address:
                    return container, network
        return None

    def _free_subnet(self) -> IPv4Network:
        taken = {net.subnet for net in self._made.values()}
        for second in range(28, 200):
            subnet = IPv4Network(f"172.{second}.0.0/16" if second < 32 else f"10.{second + 100}.0.0/16")
            if str(subnet) not in taken:
                return subnet
        raise RuntimeError("a memory engine has no more subnets")
