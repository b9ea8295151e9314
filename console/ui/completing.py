"""What can be put into a field of a mapping, from the live fleet: narrowed by what is typed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.model.containers import Container, ContainerKey, ContainerState
from console.model.mappings.mapping import CheckKind, Party, Via
from console.model.mappings.offers import Proposal
from console.model.mappings.world import MAPPING_LABEL
from console.ui.editing import party_of, words
from console.ui.present import state_words
from console.ui.world import World

MOST = 40
"""Offers made at once; whoever wants more types another letter."""

_VIA_NOTES = {
    Via.AUTO: "an alias on the same host, else an ambassador",
    Via.ALIAS: "another name on a network of the same host; nothing in between",
    Via.AMBASSADOR: "a small HAProxy beside the consumer; re-pointed without a restart",
    Via.HOSTS: "a line in /etc/hosts, for consumers on the host's network",
    Via.ENV: "other variables, by a redeploy of the consumer",
}
_CHECK_NOTES = {
    CheckKind.TCP: "the port takes a connection",
    CheckKind.HTTP: "it answers a request for / well",
    CheckKind.NONE: "nobody asks",
    CheckKind.PGSQL: "pgsql USER: PostgreSQL greets that login",
    CheckKind.MYSQL: "mysql USER: MySQL greets that login",
    CheckKind.REDIS: "it answers a PING",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be taken."""

    text: str
    note: str = ""
    tone: str = "dim"


@dataclass(frozen=True, slots=True)
class Known:
    """What offers are made from."""

    world: World
    typed: Mapping[str, str]
    consumer: Sequence[Proposal] = ()
    endpoint: Sequence[Proposal] = ()


def last_word(text: str) -> str:
    """The word that is being typed."""
    return "" if not text or text[-1] in " ," else text.replace(",", " ").split()[-1]


def taken(text: str, offer: str, field: str) -> str:
    """A field's text with an offer taken for the word that is being typed."""
    if field not in ("for", "to", "port"):
        return offer
    word = last_word(text)
    return f"{text[: len(text) - len(word)]}{offer}"


def offers(field: str, known: Known) -> list[Offer]:
    """What fits what is typed there, best first."""
    text = known.typed.get(field, "")
    word = last_word(text) if field in ("for", "to", "port") else text.strip()
    found = {
        "for": _consumers,
        "to": _endpoints,
        "name": _names,
        "port": _ports,
        "via": _vias,
        "check": _checks,
    }.get(field)
    if found is None:
        return []
    wanted = word.casefold()
    had = set(words(text)[: None if not word else -1])
    ranked: list[tuple[int, int, Offer]] = []
    for number, offer in enumerate(found(known)):
        at = offer.text.casefold().find(wanted)
        if at >= 0 and offer.text not in had:
            start = at == 0 or not offer.text[at - 1].isalnum()
            ranked.append((0 if at == 0 else 1 if start else 2, number, offer))
    return [offer for _, _, offer in sorted(ranked, key=lambda one: one[:2])][:MOST]


def _containers(world: World) -> list[Container]:
    """Those that can be meant: running ones first, by name; no ambassador, nothing that a redeploy keeps."""
    found = [
        container
        for _, container in world.containers()
        if ".dockcon-" not in container.name and MAPPING_LABEL not in container.labels
    ]
    return sorted(found, key=lambda one: (one.state is not ContainerState.RUNNING, one.name, one.host))


def _services(containers: Sequence[Container]) -> Iterator[Offer]:
    counted: dict[str, int] = {}
    for one in containers:
        if one.project and one.service:
            text = f"{one.project}/{one.service}@{one.host}"
            counted[text] = counted.get(text, 0) + 1
    for text, number in counted.items():
        yield Offer(text, f"Compose service, {number} container{'s' * (number != 1)}")


def _consumers(known: Known) -> Iterator[Offer]:
    containers = _containers(known.world)
    for one in containers:
        yield Offer(one.ref, _about(one), _tone(one))
    yield from _services(containers)


def _endpoints(known: Known) -> Iterator[Offer]:
    """Containers with each of their ports; those on the port that is dialled first."""
    dialled = words(known.typed.get("port", ""))
    containers = _containers(known.world)
    mine = set(words(known.typed.get("for", "")))
    first: list[Offer] = []
    rest: list[Offer] = []
    for one in containers:
        if one.ref in mine:
            continue
        ports = sorted({port.private for port in one.ports if port.protocol == "tcp"})
        for port in ports:
            offer = Offer(f"{one.ref}:{port}", _about(one), _tone(one))
            (first if [str(port)] == dialled else rest).append(offer)
        if not ports:
            rest.append(Offer(one.ref, _about(one), _tone(one)))
    yield from first
    yield from rest
    yield from _services(containers)


def _about(container: Container) -> str:
    return f"{container.image}  {state_words(container)}"


def _tone(container: Container) -> str:
    return "dim" if container.state is ContainerState.RUNNING else "warn"


def _names(known: Known) -> Iterator[Offer]:
    seen = set()
    for proposal in (*known.consumer, *known.endpoint):
        if proposal.name and proposal.name not in seen:
            seen.add(proposal.name)
            port = f":{proposal.port}" if proposal.port else ""
            yield Offer(proposal.name, f"{proposal.source}{port and f'  on {port[1:]}'}")


def _ports(known: Known) -> Iterator[Offer]:
    name = known.typed.get("name", "").strip()
    seen = set()
    ordered = sorted(known.consumer, key=lambda one: one.name != name)
    for proposal in (*ordered, *known.endpoint):
        if proposal.port and proposal.port not in seen:
            seen.add(proposal.port)
            yield Offer(str(proposal.port), f"{proposal.name}: {proposal.source}")


def _vias(known: Known) -> Iterator[Offer]:
    for via, note in _VIA_NOTES.items():
        yield Offer(via.value, note)


def _checks(known: Known) -> Iterator[Offer]:
    for kind, note in _CHECK_NOTES.items():
        yield Offer(kind.value, note)


def key_of(party: Party, world: World) -> ContainerKey | None:
    """The container that is meant, or one of the service's."""
    for _, container in world.containers():
        if container.host != party.host:
            continue
        if party.container:
            found = container.name == party.container
        else:
            found = (container.project, container.service) == (party.project, party.service)
        if found:
            return container.key
    return None


def first_key(text: str, world: World) -> ContainerKey | None:
    """The first container that a field names."""
    hosts = {spec.name for spec in world.hosts}
    for word in words(text):
        party = party_of(word.partition(":")[0].partition("*")[0], hosts)
        if party is not None:
            return key_of(party, world)
    return None
