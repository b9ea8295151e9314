"""How all mappings stand: from what is stated, what is known of earlier wordings, and the world. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from console.model.containers import ContainerState
from console.model.mappings import haproxy
from console.model.mappings.mapping import Book, Revision, Via
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.realise.choose import plan
from console.model.mappings.realise.outline import Outline, RealiseRules
from console.model.mappings.standing import Standing, State
from console.model.mappings.verdicts import Verdict, reason_left, verdicts
from console.model.mappings.world import AmbassadorView, ServerView, Side, World
from console.model.text import NOTHING, SafeText, sanitise

Histories = Mapping[str, Sequence[Revision]]


@dataclass(frozen=True, slots=True)
class _Now:
    """Which wording is planned, for a comparison that does not look at its number."""

    id: str
    number: int
    parent: str


def judge(
    book: Book,
    histories: Histories,
    world: World,
    now: float,
    earlier: Iterable[Standing] = (),
    rules: RealiseRules | None = None,
) -> tuple[Standing, ...]:
    """In the order of the book, then the orphans. `now` is seconds of the Unix epoch; a state that has not
    changed since the `earlier` standings keeps its time.

    A mapping is `ok` only when everything that it needs could be read and says so. Without `rules` the image
    of standing ambassadors is taken for the right one.
    """
    found = [
        _judged(stated, histories.get(stated.id), world, now, rules) for stated in book.mappings.values()
    ]
    found += _orphans(book, histories, world, now)
    since = {(one.mapping.id, one.state, one.orphan): one.since for one in earlier}
    return tuple(replace(one, since=since.get((one.mapping.id, one.state, one.orphan), now)) for one in found)


def _judged(
    mapping: Stated, history: Sequence[Revision] | None, world: World, now: float, rules: RealiseRules | None
) -> Standing:
    ours = world.ambassadors(mapping.id)
    known = _known(mapping, history)
    rules = replace(rules or _rules(world, ours), known=known)
    number = max((one.number for one in history or ()), default=1)
    outline = plan(mapping, mapping, _Now(mapping.id, number, ""), world, rules)
    strange = [one for one in ours if known is not None and not _digests(one) <= known]
    unread = _unread(mapping, world, ours)
    ends = verdicts(mapping, world, ours)
    state, reason, next_step = _state(mapping, outline, strange, unread, ends)
    consumer_side = [one for one in ours if one.side is Side.CONSUMER and one.running is not None]
    servers = _servers(consumer_side)
    return Standing(
        mapping=mapping,
        state=state,
        via=outline.via if outline.via is not Via.AUTO else mapping.via,
        reason=reason,
        next_step=next_step,
        since=now,
        checked=world.at,
        servers=servers,
        sessions=sum(server.sessions for server in servers),
        old_sessions=_old_sessions(consumer_side),
        steps=len(outline.steps),
    )


def _known(mapping: Stated, history: Sequence[Revision] | None) -> frozenset[str] | None:
    if history is None:
        return None
    return frozenset({mapping.digest, *(one.digest for one in history), *(one.parent for one in history)}) - {
        ""
    }


def _digests(ambassador: AmbassadorView) -> set[str]:
    found = {ambassador.header.digest} if ambassador.header is not None else set()
    if ambassador.running is not None and ambassador.running.revision:
        found.add(haproxy.meaning_of(ambassador.running.revision)[:12])
    return found


def _rules(world: World, ours: Sequence[AmbassadorView]) -> RealiseRules:
    plain = RealiseRules(fleet=world.fleet)
    image = next((str(one.container.image) for one in ours if one.container.image), plain.image)
    return replace(plain, image=image)


def _state(
    mapping: Stated,
    outline: Outline,
    strange: Sequence[AmbassadorView],
    unread: Sequence[str],
    ends: Sequence[Verdict],
) -> tuple[State, SafeText, SafeText]:
    """The worst that holds, why, and the next thing to try."""
    bad = [end for end in ends if end.well is False]
    why = "; ".join(dict.fromkeys(end.why for end in bad))
    if strange:
        where = ", ".join(dict.fromkeys(one.container.host for one in strange))
        text = f"on {where} runs a wording that nobody here knows: somebody else has changed it"
        return State.FOREIGN, sanitise(text), sanitise(f"dockcon map adopt {mapping.id}, or ask who did it")
    if outline.steps:
        # Whether endpoints answer as it is now says little of whether they will when it is as stated.
        count = len(outline.steps)
        text = f"{count} step{'s' if count > 1 else ''} left: {reason_left(outline.steps)}"
        return State.PENDING, sanitise(text), sanitise(f"dockcon map apply {mapping.id}")
    if bad and len(bad) == len(ends) and not any(end.partly for end in bad):
        return State.BROKEN, sanitise(why), sanitise(bad[0].next_step)
    if outline.refusals and not unread:
        text = f"cannot be made true: {'; '.join(outline.refusals)}"
        return State.PENDING, sanitise(text), sanitise(f"dockcon map plan {mapping.id}")
    if bad:
        return State.DEGRADED, sanitise(why), sanitise(bad[0].next_step)
    unknown = [*unread, *(end.why for end in ends if end.well is None)]
    if unknown:
        return State.UNKNOWN, sanitise("; ".join(dict.fromkeys(unknown))), NOTHING
    return State.OK, NOTHING, NOTHING


def _unread(mapping: Stated, world: World, ours: Sequence[AmbassadorView]) -> list[str]:
    """What could not be read of all that it needs."""
    found = []
    for name in dict.fromkeys(party.host for party in (*mapping.consumers, *mapping.to)):
        host = world.hosts.get(name)
        if host is None:
            found.append(f"{name} is not read")
        elif host.missing:
            found.append(f"{name} cannot be read ({host.missing})")
    for one in ours:
        if one.running is None and one.container.state is ContainerState.RUNNING:
            why = f" ({one.unread})" if one.unread else ""
            found.append(f"{one.container.name} on {one.container.host} cannot be asked{why}")
    for consumer in mapping.consumers:
        host = world.hosts.get(consumer.host)
        if host is not None and not host.missing and not host.of(consumer):
            found.append(f"{consumer.text} is not there")
    return found


def _servers(ambassadors: Iterable[AmbassadorView]) -> tuple[ServerView, ...]:
    """Those with an address: of a name with eight places most are empty."""
    return tuple(
        server
        for one in ambassadors
        if one.running is not None
        for server in one.running.servers
        if server.backend.startswith(haproxy.TARGETS_BACKEND) and not server.status.startswith("MAINT")
    )


def _old_sessions(ambassadors: Iterable[AmbassadorView]) -> int | None:
    counts = [one.running.old_sessions for one in ambassadors if one.running is not None]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _orphans(book: Book, histories: Histories, world: World, now: float) -> list[Standing]:
    """Ambassadors of this fleet whose mapping is not in the book."""
    lost: dict[str, list[AmbassadorView]] = {}
    for host in world.hosts.values():
        for one in host.ambassadors:
            if one.fleet == world.fleet and one.mapping not in book.mappings:
                lost.setdefault(one.mapping, []).append(one)
    return [_orphan(id_, ones, histories.get(id_), world, now) for id_, ones in sorted(lost.items())]


def _orphan(
    id_: str, ones: Sequence[AmbassadorView], history: Sequence[Revision] | None, world: World, now: float
) -> Standing:
    worded = (haproxy.mapping_of(one.config) for one in ones if one.config)
    bare = Stated(id=id_, name=id_, ports=(), to=(), consumers=())
    mapping = next((one for one in worded if one is not None), bare)
    known = {one.digest for one in history or ()}
    ours = all(_digests(one) <= known for one in ones)
    where = ", ".join(dict.fromkeys(one.container.host for one in ones))
    text = f"an ambassador for {id_} is on {where}, and no mapping of that id is stated"
    return Standing(
        mapping=mapping,
        state=State.PENDING if ours else State.FOREIGN,
        via=Via.AMBASSADOR,
        reason=sanitise(text),
        next_step=sanitise(f"dockcon map adopt {id_}, or dockcon map remove {id_}"),
        since=now,
        checked=world.at,
        servers=_servers(one for one in ones if one.running is not None),
        sessions=sum(server.sessions for server in _servers(ones)),
        old_sessions=_old_sessions(ones),
        steps=len(ones),
        orphan=True,
    )
