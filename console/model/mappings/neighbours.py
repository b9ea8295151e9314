"""Who has a name or a port already, where a mapping would put it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from console.model.mappings.mapping import Book, Mapping, Via
from console.model.mappings.world import MAPPING_LABEL, Attachment, ContainerView, HostView, World

_WITHOUT_NAMES = frozenset({"bridge", "podman", "host", "none"})
"""Networks on which an engine resolves nothing."""


def truth(host: HostView, container: ContainerView) -> ContainerView | None:
    """The container whose network it is: itself, but for `container:` mode. None where that one is gone."""
    seen: set[str] = set()
    while container.mode.startswith("container:"):
        other = container.mode.removeprefix("container:")
        if container.id in seen:
            return None
        seen.add(container.id)
        found = next((one for one in host.containers if other and other in (one.id, str(one.name))), None)
        if found is None:
            return None
        container = found
    return container


def listed(words: Collection[str], lead: str) -> str:
    """`; there are a, b`, where they are few."""
    return f"{lead}{', '.join(sorted(words))}" if 0 < len(words) <= 12 else ""


def nearest(word: str, words: Collection[str]) -> str:
    """`; did you mean X?`, or nothing where nothing is near."""
    import difflib  # only for whoever has made a mistake

    folded = {one.casefold(): one for one in words}
    near = difflib.get_close_matches(word.casefold(), folded, 1)
    if not near and word:
        near = [one for one in sorted(folded) if word.casefold() in one][:1]
    return f"; did you mean {folded[near[0]]}?" if near else ""


class Neighbours:
    """Looks beside the consumers of one mapping."""

    def __init__(self, mapping: Mapping, book: Book, world: World) -> None:
        self._mapping = mapping
        self._others = [one for one in book.mappings.values() if one.id != mapping.id]
        self._world = world

    def taken(self) -> Iterable[str]:
        """Why the name or a port cannot be had."""
        if self._mapping.via is Via.ENV:
            return
        for consumer in self._mapping.consumers:
            host = self._world.hosts.get(consumer.host)
            if host is None or host.missing:
                continue
            for container in host.of(consumer):
                owner = truth(host, container)
                if owner is not None:
                    yield from self._of(host, container, owner)

    def _of(self, host: HostView, container: ContainerView, owner: ContainerView) -> Iterable[str]:
        yield from self._same_name(host, container, owner)
        if owner.mode == "host":
            yield from self._ports_of_host(host, container)
        elif self._mapping.via in (Via.AUTO, Via.ALIAS, Via.AMBASSADOR):
            yield from self._held(host, owner)

    def _same_name(self, host: HostView, container: ContainerView, owner: ContainerView) -> Iterable[str]:
        """Another mapping of that name for the same consumer, or for a neighbour who would hear both."""
        name = self._mapping.name.casefold()
        networks = {place.network for place in _named(owner)}
        for other in self._others:
            if other.name.casefold() != name:
                continue
            for party in other.consumers:
                for one in host.of(party):
                    if one.id == container.id:
                        yield f"{one.name}@{host.name} has {other.name} already, by the mapping {other.id}"
                        continue
                    beside = truth(host, one)
                    shared = networks & {place.network for place in _named(beside)} if beside else set()
                    if shared:
                        yield (
                            f"{other.name} on the network {min(shared)} of {host.name} is taken by the "
                            f"mapping {other.id} (for {one.name}): neighbours there would hear both"
                        )

    def _ports_of_host(self, host: HostView, container: ContainerView) -> Iterable[str]:
        """A consumer on the host's own network dials 127.0.0.1: the ports are shared by all of them."""
        mapping = self._mapping
        if any(one.mapping == mapping.id and one.fleet == self._world.fleet for one in host.ambassadors):
            return
        for port in mapping.ports:
            if host.listening is not None and port in host.listening:
                yield (
                    f"port {port} of {host.name} is taken, and {container.name} uses the host's own network: "
                    f"choose another port"
                )
        for other in self._others:
            there = [one for party in other.consumers for one in host.of(party)]
            on_host = any((owner := truth(host, one)) and owner.mode == "host" for one in there)
            for port in set(mapping.ports) & set(other.ports) if on_host else ():
                yield f"port {port} of {host.name} is taken by the mapping {other.id}"

    def _held(self, host: HostView, owner: ContainerView) -> Iterable[str]:
        """Somebody on a network of the consumer's who answers to the name."""
        name = self._mapping.name
        for place in _named(owner):
            for one in host.containers:
                theirs = next((other for other in one.attachments if other.network == place.network), None)
                told = one.labels.get(MAPPING_LABEL) in {other.id for other in self._others}
                if theirs is None or told or ".dockcon-" in one.name or self._ours(one, theirs, host):
                    continue
                if one.name == name:
                    yield f"{name} is the name of a container on the network {place.network} of {host.name}"
                elif name in theirs.aliases:
                    yield (
                        f"{name} on the network {place.network} of {host.name} is taken by {one.name} "
                        f"(an alias, or its service's name)"
                    )

    def _ours(self, one: ContainerView, place: Attachment, host: HostView) -> bool:
        """Whether it has the name by this very mapping, or is where the mapping leads by an alias."""
        mapping = self._mapping
        if one.labels.get(MAPPING_LABEL) == mapping.id or f"dockcon.{mapping.id}" in place.aliases:
            return True
        if len(mapping.to) != 1 or mapping.via is Via.AMBASSADOR:
            return False
        end = mapping.to[0]
        return end.ports == mapping.ports and [far.id for far in host.of(end)] == [one.id]


def _named(container: ContainerView) -> tuple[Attachment, ...]:
    """Its places in networks on which names are resolved."""
    return tuple(place for place in container.attachments if place.network not in _WITHOUT_NAMES)
