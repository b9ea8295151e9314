"""What speaks against a mapping, and what is worth knowing before it is agreed to. Pure.

An objection is something that cannot work or must not be; all of them are told at once. A caution is
something that cannot be told from here: whether a port answers is only known for sure when it is tried, which
is done before anything is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from console.model.containers import ContainerState
from console.model.hosts import Guard
from console.model.mappings.mapping import Book, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.names import bad_id, bad_name, is_user
from console.model.mappings.neighbours import Neighbours, listed, nearest, truth
from console.model.mappings.world import MAPPING_LABEL, ContainerView, HostView, World
from console.model.text import SafeText, sanitise

WEIGHT_MAX = 256
_NOT_YET = frozenset({Via.DNS, Via.OVERLAY})
_RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})


def objections(
    mapping: Mapping, book: Book, world: World, fleet: Collection[str] = ()
) -> tuple[SafeText, ...]:
    """All that speaks against `mapping`. `fleet`: the names of all hosts, where the world has only some."""
    found = dict.fromkeys(shape(mapping))
    where = _Where(mapping, world, fleet)
    found |= dict.fromkeys(where.consumers())
    found |= dict.fromkeys(where.endpoints())
    found |= dict.fromkeys(_leads_back(mapping, world))
    neighbours = Neighbours(mapping, book, world)
    found |= dict.fromkeys(neighbours.taken())
    return tuple(sanitise(text, 400) for text in found)


def cautions(mapping: Mapping, book: Book, world: World) -> tuple[SafeText, ...]:
    """What is worth knowing, and speaks against nothing."""
    found: dict[str, None] = {}
    for end in mapping.to:
        host = world.hosts.get(end.host)
        for container in world.containers(end):
            assert host is not None
            found |= dict.fromkeys(_ports_unsure(end, host, container))
            if container.state not in _RUNS:
                found[f"{container.name}@{end.host} does not run ({container.state.value})"] = None
    for consumer in mapping.consumers:
        for container in world.containers(consumer):
            if container.state not in _RUNS:
                found[
                    f"{container.name}@{consumer.host} does not run: it finds the name when it is started"
                ] = None
    found |= dict.fromkeys(_mutual(mapping, book, world))
    return tuple(sanitise(text, 400) for text in found)


def shape(mapping: Mapping) -> Iterable[str]:
    """What is wrong with a mapping by itself, whatever the fleet looks like."""
    if why := bad_id(mapping.id):
        yield f"`{mapping.id}`: {why}" if mapping.id else why
    if why := bad_name(mapping.name):
        yield f"`{mapping.name}`: {why}" if mapping.name else "a name is missing: what do consumers dial?"
    yield from _ports(mapping.ports, "the mapping")
    if len(set(mapping.ports)) < len(mapping.ports):
        yield "the same port twice"
    yield from _sides(mapping)
    if mapping.via in _NOT_YET:
        yield f"via {mapping.via.value} is not possible yet: use ambassador"
    if mapping.secure != "none":
        yield f"secure: {mapping.secure} is not possible yet: only `none` is"
    if mapping.check.kind in (CheckKind.PGSQL, CheckKind.MYSQL) and not is_user(mapping.check.user):
        yield f"the check {mapping.check.kind.value} needs a login that may connect without a password"


def _sides(mapping: Mapping) -> Iterable[str]:
    if not mapping.consumers:
        yield "no consumer is named: who dials it?"
    if not mapping.to:
        yield "no endpoint is named: where does it lead?"
    for party in _twice(mapping.consumers):
        yield f"{party.text} is named twice as a consumer"
    for party in _twice(Party(**_names(end)) for end in mapping.to):
        yield f"{party.text} is named twice as an endpoint; a weight gives it more"
    for end in mapping.to:
        yield from _ports(end.ports, end.text)
        if end.ports and mapping.ports and len(end.ports) != len(mapping.ports):
            yield f"{end.text}: as many ports as the mapping has are needed, in the same order"
        if not 1 <= end.weight <= WEIGHT_MAX:
            yield f"{end.text}: a weight is a number from 1 to {WEIGHT_MAX}"


def _ports(ports: tuple[int, ...], what: str) -> Iterable[str]:
    if not ports:
        yield f"{what}: a port is missing"
    for port in ports:
        if not 1 <= port <= 65535:
            yield f"{what}: {port} is no port"


def _names(party: Party) -> dict[str, str]:
    return {key: getattr(party, key) for key in ("host", "container", "project", "service")}


def _twice(parties: Iterable[Party]) -> list[Party]:
    found = list(parties)
    return [party for party in dict.fromkeys(found) if found.count(party) > 1]


class _Where:
    """Looks for everything that a mapping names."""

    def __init__(self, mapping: Mapping, world: World, fleet: Collection[str]) -> None:
        self._mapping = mapping
        self._world = world
        self._fleet = tuple(fleet) or tuple(world.hosts)

    def consumers(self) -> Iterable[str]:
        """What is wrong with them."""
        for consumer in self._mapping.consumers:
            host, why = self._host(consumer)
            if host is None:
                yield why
                continue
            if host.guard is Guard.OBSERVE:
                yield f"{host.name} may only be observed (`guard: observe`): nothing can be made there"
            yield from self._containers(consumer, host)

    def endpoints(self) -> Iterable[str]:
        """What is wrong with them."""
        for end in self._mapping.to:
            host, why = self._host(end)
            if host is None:
                yield why
                continue
            yield from self._containers(end, host)
            for container in host.of(end):
                if MAPPING_LABEL in container.labels:
                    yield f"{end.text} is an ambassador itself: lead to what it leads to"
                yield from _nobody_listens(end, host, container)

    def _host(self, party: Party) -> tuple[HostView | None, str]:
        host = self._world.hosts.get(party.host)
        if host is None:
            if party.host in self._fleet and party.host not in self._world.hosts:
                return None, f"{party.host} was not looked at"
            near = nearest(party.host, self._fleet)
            return None, f"no host is called `{party.host}`{near or listed(self._fleet, '; there are ')}"
        if host.missing:
            return None, f"{host.name} cannot be read now: {host.missing}"
        return host, ""

    def _containers(self, party: Party, host: HostView) -> Iterable[str]:
        found = host.of(party)
        if not found:
            yield self._nobody(party, host)
        for container in found:
            owner = truth(host, container)
            if owner is None:
                yield f"{container.name}@{host.name}: the container whose network it uses is gone"
            elif owner.mode == "none":
                yield f"{container.name}@{host.name} has no network at all (mode `none`)"

    def _nobody(self, party: Party, host: HostView) -> str:
        named = [str(one.name) for one in host.containers if ".dockcon-" not in one.name]
        if party.service:
            services = {
                f"{project}/{service}"
                for one in host.containers
                if (project := one.labels.get("com.docker.compose.project"))
                and (service := one.labels.get("com.docker.compose.service"))
            }
            wanted = f"{party.project}/{party.service}"
            return f"{host.name} has no service {wanted}{nearest(wanted, services)}"
        elsewhere = [
            other.name
            for other in self._world.hosts.values()
            if other is not host and any(one.name == party.container for one in other.containers)
        ]
        if elsewhere:
            return f"{host.name} has no container {party.container}; it is on {', '.join(elsewhere)}"
        return f"{host.name} has no container {party.container}{nearest(party.container, named)}"


def _nobody_listens(end: Endpoint, host: HostView, container: ContainerView) -> Iterable[str]:
    """What is known for sure: ports of the host itself."""
    owner = truth(host, container)
    if owner is None or owner.mode != "host" or host.listening is None or owner.state not in _RUNS:
        return
    for port in end.ports:
        if port not in host.listening:
            yield f"nobody listens on port {port} of {host.name}, whose network {container.name} uses"


def _ports_unsure(end: Endpoint, host: HostView, container: ContainerView) -> Iterable[str]:
    """Ports of which only the image tells something."""
    owner = truth(host, container)
    if owner is None or owner.mode == "none" or (owner.mode == "host" and host.listening is not None):
        return
    exposed = sorted({port.private for port in owner.ports if port.protocol == "tcp"})
    who = f"{container.name}@{host.name}"
    for port in end.ports:
        if owner.mode == "host":
            yield f"whether {who} listens on {port} cannot be told before it is tried"
        elif not exposed:
            yield f"{who} exposes no port: whether it listens on {port} is seen when it is tried"
        elif port not in exposed:
            ports = ", ".join(map(str, exposed[:8]))
            yield f"{who} exposes {ports}, not {port}: whether it listens there is seen when it is tried"


def _leads_back(mapping: Mapping, world: World) -> Iterable[str]:
    """A consumer that would reach itself."""
    for consumer in mapping.consumers:
        mine = {one.id for one in world.containers(consumer)}
        for end in mapping.to:
            if end.host == consumer.host and mine & {one.id for one in world.containers(end)}:
                yield f"{end.text} would lead to itself"


def _mutual(mapping: Mapping, book: Book, world: World) -> Iterable[str]:
    """Endpoints that reach a consumer through other mappings."""
    leads: dict[str, dict[str, str]] = {}
    for other in book.mappings.values():
        if other.id == mapping.id:
            continue
        for consumer in other.consumers:
            for one in world.containers(consumer):
                for end in other.to:
                    leads.setdefault(one.id, {}).update({far.id: other.id for far in world.containers(end)})
    consumers = {one.id: one for party in mapping.consumers for one in world.containers(party)}
    for end in mapping.to:
        for start in world.containers(end):
            ways: dict[str, tuple[str, ...]] = {start.id: ()}
            queue = [start.id]
            while queue:
                at = queue.pop(0)
                for far, through in leads.get(at, {}).items():
                    if far not in ways:
                        ways[far] = (*ways[at], through)
                        queue.append(far)
            for ident in consumers.keys() & ways.keys() - {start.id}:
                one = consumers[ident]
                through = ", ".join(ways[ident])
                yield f"{end.text} in turn depends on {one.name}@{one.host} (by {through})"
