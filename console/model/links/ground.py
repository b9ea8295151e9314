"""Whose an address is: the fleet's containers, machines and published ports, found without searching.

The same address is another container on every host, so each question names the host that asks. What is not
running owns nothing: rows of connection tracking outlive by days those whose they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from console.model.containers import ContainerKey, ContainerState
from console.model.links.sight import Address, HostSight, SocketState
from console.model.mappings.world import AmbassadorView, ContainerView, HostView, World

_WITHOUT = (
    ContainerState.CREATED,
    ContainerState.EXITED,
    ContainerState.DEAD,
    ContainerState.REMOVING,
    ContainerState.RESTARTING,
)
"""States in which a container has no process, and so no connection."""
_ANY = ("", "0.0.0.0", "::")
_WIDE = ("macvlan", "ipvlan")
"""Drivers that give containers addresses of the network outside, the same for every host."""
_HOPS = 4
"""Containers that use the network of one that uses the network of another ..."""


class Who(NamedTuple):
    """Somebody at an end of a connection: a container; with no id, the machine; with no host, an address."""

    host: str = ""
    id: str = ""
    ip: str = ""

    @property
    def is_container(self) -> bool:
        return bool(self.id)

    @property
    def is_machine(self) -> bool:
        return bool(self.host) and not self.id


NOBODY = Who()


class Answer(NamedTuple):
    """Who answers at an address of a machine."""

    who: Who
    port: int
    sure: bool
    """False: concluded from a table of ports."""


class Ground:
    """An index of one world and what was seen of its hosts at about the same time."""

    def __init__(self, world: World, sights: Mapping[str, HostSight]) -> None:
        self.sights = sights
        self.hosts = world.hosts
        self.containers: dict[ContainerKey, ContainerView] = {}
        self.ambassadors: dict[ContainerKey, AmbassadorView] = {}
        self.sharing: dict[ContainerKey, tuple[str, ...]] = {}
        """Names of the containers that use the network of one."""
        self.bridged: set[Who] = set()
        """Containers with an address of their own on a bridge."""
        self._owners: dict[tuple[str, str], Who] = {}
        self._wide: dict[tuple[str, str], Who] = {}
        self._local: dict[str, frozenset[str]] = {}
        self._subnets: dict[str, tuple[IPv4Network | IPv6Network, ...]] = {}
        self._published: dict[tuple[str, str, int], list[tuple[str, Who, int]]] = {}
        self._places: dict[tuple[str, str], Who | None] = {}
        for host in world.hosts.values():
            self._survey(host, world.fleet)
        self._far = dict(self._reached(world))
        self._listening, self._held = self._sockets()
        self.dead = frozenset(self._dead())
        """Containers whose network has no open connection at all: what is tracked of them is left over."""

    def whose(self, host: str, ip: str) -> Who | None:
        """Who has an address, as `host` sees it; None: nobody has it any more."""
        key = (host, ip)
        if key not in self._places:
            self._places[key] = self._place(host, ip)
        return self._places[key]

    def is_far(self, host: str, ip: str) -> bool:
        """Whether an address is another machine's."""
        who = self.whose(host, ip)
        return who is not None and who.is_machine and who.host != host

    def process(self, host: str, local: Address, remote: Address) -> Who:
        """Who on the network of the machine has a connection: a container there, or the machine."""
        return self._held.get((host, local, remote), Who(host))

    def answers(self, host: str, at: Address, client: Address | None, protocol: str = "tcp") -> Answer:
        """Who answers at an address of the machine `host` itself, where no kernel tells of a translation."""
        if client is not None and (held := self._held.get((host, at, client))) is not None:
            return Answer(held, at.port, True)
        for ip in (at.ip, *_ANY):
            if (found := self._listening.get((host, ip, at.port))) is not None:
                return Answer(found, at.port, True)
        published = self._published.get((host, protocol, at.port), ())
        for exact in (True, False):
            for ip, who, port in published:
                if (ip == at.ip) if exact else (ip in _ANY):
                    return Answer(who, port, False)
        if not self.is_known(host):
            return Answer(Who(ip=at.ip), at.port, False)
        return Answer(Who(host), at.port, True)

    def publishes(self, who: Who, port: int, protocol: str) -> bool:
        """Whether a container publishes a port of its own."""
        view = self.containers.get((who.host, who.id))
        return view is not None and any(
            one.public and one.private == port and one.protocol == protocol for one in view.ports
        )

    def is_known(self, host: str) -> bool:
        """Whether anything is known of what goes on there now."""
        view = self.hosts.get(host)
        return host in self.sights or (view is not None and not view.missing)

    def across(self, who: Who, ip: str) -> Who | None:
        """Who has an address on a network that `who` shares across hosts (overlay); None: nobody."""
        view = self.containers.get((who.host, who.id))
        if view is None or not self._wide:
            return None
        found = (self._wide.get((place.network_id or place.network, ip)) for place in view.attachments)
        return next((one for one in found if one is not None), None)

    def namespace(self, host: str, ident: str) -> ContainerKey:
        """The container whose network namespace a container lives in; itself, mostly."""
        for _ in range(_HOPS):
            view = self.containers.get((host, ident))
            joined = view.mode.removeprefix("container:") if view is not None else ""
            if view is None or joined == view.mode or (host, joined) not in self.containers:
                break
            ident = joined
        return (host, ident)

    def _survey(self, host: HostView, fleet: str) -> None:
        """Take in one host."""
        running = [one for one in host.containers if one.state not in _WITHOUT]
        drivers = {name: network.driver for network in host.networks for name in (network.name, network.id)}
        self.containers.update(((host.name, one.id), one) for one in running)
        sharing: dict[ContainerKey, list[str]] = {}
        for one in running:
            who = Who(host.name, one.id)
            joined = self.namespace(*who[:2])
            if joined != who[:2]:
                sharing.setdefault(joined, []).append(str(one.name))
                continue
            for place in one.attachments:
                if place.ip:
                    driver = drivers.get(place.network_id) or drivers.get(place.network, "bridge")
                    if driver == "overlay":
                        self._wide[place.network_id or place.network, place.ip] = who
                    elif driver in _WIDE:
                        self._wide["", place.ip] = who
                    else:
                        self._owners[host.name, place.ip] = who
                        self.bridged.add(who)
            for port in one.ports:
                if port.public:
                    table = self._published.setdefault((host.name, port.protocol, port.public), [])
                    table.append((port.ip, who, port.private))
        self.sharing.update((key, tuple(sorted(names))) for key, names in sharing.items())
        sight = self.sights.get(host.name)
        gateways = {ip for network in host.networks for ip in network.gateways}
        here = {host.reach} | gateways | (sight.addresses if sight is not None else frozenset())
        self._local[host.name] = frozenset(here - {""})
        self._subnets[host.name] = tuple(_networks(host))
        for ambassador in host.ambassadors:
            if ambassador.fleet == fleet and ambassador.container.state not in _WITHOUT:
                self.ambassadors[host.name, ambassador.container.id] = ambassador
                self.containers.setdefault((host.name, ambassador.container.id), ambassador.container)

    def _reached(self, world: World) -> Iterator[tuple[str, str]]:
        """Addresses by which other hosts know a machine; those that two machines have are nobody's."""
        claims: dict[str, set[str]] = {}
        for host in world.hosts:
            for ip in self._local[host]:
                if not is_loopback(ip) and not self._is_inner(host, ip):
                    claims.setdefault(ip, set()).add(host)
        yield from ((ip, next(iter(names))) for ip, names in claims.items() if len(names) == 1)
        # What the others are told to dial counts before what a machine merely has.
        yield from ((host.reach, host.name) for host in world.hosts.values() if host.reach)

    def _sockets(
        self,
    ) -> tuple[dict[tuple[str, str, int], Who], dict[tuple[str, Address, Address], Who]]:
        """Of containers on the networks of the machines: what they listen on, and their connections."""
        listening: dict[tuple[str, str, int], Who] = {}
        held: dict[tuple[str, Address, Address], Who] = {}
        for host, sight in self.sights.items():
            for socket in sight.sockets.get("", ()):
                if not socket.owner or (host, socket.owner) not in self.containers:
                    continue
                who = Who(host, socket.owner)
                if socket.state is SocketState.LISTENING:
                    listening[host, socket.local.ip, socket.local.port] = who
                else:
                    held[host, socket.local, socket.remote] = who
        return listening, held

    def _dead(self) -> Iterator[ContainerKey]:
        for host, sight in self.sights.items():
            for ident, counters in sight.counters.items():
                if counters.established == 0:
                    yield (host, ident)
                    yield self.namespace(host, ident)

    def _place(self, host: str, ip: str) -> Who | None:
        if (owner := self._owners.get((host, ip))) is not None:
            return owner
        if is_loopback(ip) or ip in self._local.get(host, ()):
            return Who(host)
        if (far := self._far.get(ip)) is not None:
            return Who(far)
        if (wide := self._wide.get(("", ip))) is not None:
            return wide
        return None if self._is_inner(host, ip) else Who(ip=ip)

    def _is_inner(self, host: str, ip: str) -> bool:
        """Whether an address is of a network that the engine of `host` made."""
        subnets = self._subnets.get(host, ())
        if not subnets:
            return False
        try:
            address = ip_address(ip)
        except ValueError:
            return False
        return any(address in subnet for subnet in subnets)


def _networks(host: HostView) -> Iterator[IPv4Network | IPv6Network]:
    for network in host.networks:
        if network.driver in _WIDE:
            continue
        for subnet in network.subnets:
            try:
                yield ip_network(subnet, strict=False)
            except ValueError:
                continue  # an engine may say what it likes


def is_loopback(ip: str) -> bool:
    """Whether an address is a machine's or container's own, seen by nobody else."""
    return ip.startswith("127.") or ip == "::1"
