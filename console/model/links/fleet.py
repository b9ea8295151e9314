"""The fleet as judging links looks things up in it: by key, by address, by published port, by name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from console.model.containers import ContainerState
from console.model.links.link import End, EndKind
from console.model.links.seen import Seen
from console.model.links.sight import HostSight
from console.model.mappings.realise.scene import is_kept, truth
from console.model.mappings.world import AmbassadorView, Attachment, ContainerView, HostView, Side, World
from console.model.text import safe, sanitise

DOWN = frozenset(
    {ContainerState.CREATED, ContainerState.EXITED, ContainerState.DEAD, ContainerState.REMOVING}
)
NAMELESS = frozenset({"bridge", "podman", "host", "none"})
"""Networks on which an engine resolves nothing."""


class Fleet:
    """Indexes of one world, with what was seen of it."""

    def __init__(
        self, world: World, sights: Mapping[str, HostSight], now: float, patience: float, reading: float
    ) -> None:
        self.world = world
        self.sights = sights
        self.now = now
        self.patience = patience
        self.old = now - world.at > reading
        """Whether what the engines said was read too long ago."""
        self.views = {(host.name, one.id): one for host in world.hosts.values() for one in host.containers}
        self.ambassadors = {
            (host.name, one.container.id): one
            for host in world.hosts.values()
            for one in host.ambassadors
            if one.fleet == world.fleet
        }
        self.machines = {host.reach: host for host in world.hosts.values() if host.reach}

    def host(self, name: str) -> HostView | None:
        """A host that could be read."""
        host = self.world.hosts.get(name)
        return host if host is not None and not host.missing else None

    def owner(self, view: ContainerView) -> ContainerView | None:
        """The container whose network it uses: itself, but for `container:` mode."""
        host = self.world.hosts.get(view.host)
        return truth(host, view) if host is not None else view

    def sight(self, host: str) -> HostSight | None:
        """What was seen there, not too long ago, where connections are visible."""
        sight = self.sights.get(host)
        if sight is None or self.now - sight.at > self.patience:
            return None
        return sight

    def confirmed(self, seen: Seen) -> int:
        """How many of the connections are there: tracking keeps rows for days after both ends have gone, but
        the counters of the consumer's namespace do not.
        """
        sight = self.sight(seen.consumer.host) if seen.consumer.host else None
        if seen.consumer.host and sight is None:
            return 0
        if sight is not None and (counters := sight.counters.get(seen.consumer.id)) is not None:
            return min(seen.open, counters.established)
        return seen.open

    def machine(self, name: str, near: str) -> HostView | None:
        """The host that a name or address is one of, as said by a container on the host `near`."""
        if name in ("host.docker.internal", "gateway.docker.internal"):
            return self.world.hosts.get(near)
        if name in self.world.hosts:
            return self.world.hosts[name]
        if (found := self.machines.get(name)) is not None:
            return found
        for host, sight in self.sights.items():
            if name in sight.addresses and (host == near or not _of_a_bridge(self.world, host, name)):
                return self.world.hosts.get(host)
        return None

    def published(self, host: HostView, ip: str, port: int) -> tuple[ContainerView, int] | None:
        """Who answers on a port of a host, and its own port; one that is stopped where nobody else does."""
        for one in sorted(host.containers, key=lambda one: one.state in DOWN):
            if is_kept(one):
                continue
            if one.mode == "host" and any(p.private == port and p.protocol == "tcp" for p in one.ports):
                return one, port
            for bound in one.ports:
                if bound.public == port and bound.protocol == "tcp" and bound.ip in ("", "0.0.0.0", "::", ip):
                    return one, bound.private
        return None

    def named(self, view: ContainerView, name: str) -> list[tuple[ContainerView, str]]:
        """Who answers to a name on a network of the container's, with the network; running ones first."""
        host, owner = self.world.hosts.get(view.host), self.owner(view)
        if host is None or owner is None:
            return []
        folded, found = name.casefold(), []
        for place in owner.attachments:
            if place.network in NAMELESS:
                continue
            for one in host.containers:
                theirs = shared(one, place)
                if one.id in (owner.id, view.id) or is_kept(one) or theirs is None:
                    continue
                if folded == one.name.casefold() or folded in (alias.casefold() for alias in theirs.aliases):
                    found.append((one, place.network))
        return sorted(found, key=lambda pair: (pair[0].state in DOWN, pair[0].name, pair[1]))


def _of_a_bridge(world: World, host: str, ip: str) -> bool:
    """Whether an address of a machine is that of a bridge: every host has those."""
    view = world.hosts.get(host)
    if ip_address(ip).is_loopback or view is None:
        return True
    return any(ip in network.gateways for network in view.networks)


def shared(one: ContainerView, place: Attachment) -> Attachment | None:
    """The other's place in the same network."""
    for theirs in one.attachments:
        known = theirs.network_id and place.network_id
        if (theirs.network_id == place.network_id) if known else (theirs.network == place.network):
            return theirs
    return None


def end_of(view: ContainerView, port: int = 0) -> End:
    """A container as an end."""
    return End(kind=EndKind.CONTAINER, host=view.host, id=view.id, name=view.name, port=port)


def machine_end(host: HostView, port: int) -> End:
    return End(kind=EndKind.MACHINE, host=host.name, name=safe(host.name), port=port)


def written(ip: str, port: int) -> str:
    """`10.0.0.21:5432`, `[fd00::1]:5432`; without a port the address alone."""
    where = str(sanitise(ip, 200))
    if not port:
        return where
    return f"[{where}]:{port}" if ":" in where else f"{where}:{port}"


def ambassador_on(fleet: Fleet, mapping: str, host: str) -> AmbassadorView | None:
    """The one of ours that consumers on a host use."""
    view = fleet.host(host)
    ours = [
        one
        for one in (view.ambassadors if view is not None else ())
        if one.fleet == fleet.world.fleet and one.mapping == mapping and one.side is Side.CONSUMER
    ]
    return ours[0] if ours else None
