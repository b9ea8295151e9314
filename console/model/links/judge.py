"""All links of a fleet and their states: from mappings, from what consumers say, and from what is seen. Pure.

What is known of one link in several ways is put together first; then the first rule that matches decides.
Of links that no mapping states, `undeclared` are those that cross hosts, or go by a port that a host
publishes: names within one network are the engine's own doing, and nothing could be declared there better.
Connections from or to outside of the fleet are `ok` while they are seen: no mapping could state them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from console.model.containers import ContainerKey, ContainerState
from console.model.links.configured import configured
from console.model.links.declared import declared, judged
from console.model.links.draft import Draft, Drafts, Finding
from console.model.links.fleet import DOWN, Fleet, ambassador_on, shared, written
from console.model.links.link import (
    End,
    EndKind,
    Evidence,
    Fault,
    Hop,
    Known,
    Link,
    LinkList,
    LinkState,
)
from console.model.links.seen import Seen
from console.model.links.sight import HostSight
from console.model.mappings.standing import Standing
from console.model.mappings.world import World
from console.model.text import NOTHING, SafeText, safe, sanitise

PATIENCE = 6.0
"""Seconds after which what was seen of a host is too old to rest a state on: three looks."""
READING = 20.0
"""The same of what the engines and ambassadors said; they are read every 15 s when nobody looks."""
WINDOW = 60.0
"""Seconds over which failed attempts are counted."""

_RANK = {state: rank for rank, state in enumerate(LinkState)}
_DIGITS = re.compile(r"\d+")

Attempts = Mapping[ContainerKey, tuple[tuple[float, int], ...]]


def judge(
    world: World,
    standings: Sequence[Standing],
    seen: Sequence[Seen],
    sights: Mapping[str, HostSight],
    before: LinkList | None,
    now: float,
    *,
    patience: float = PATIENCE,
    reading: float = READING,
) -> LinkList:
    """Worst first, then by consumer. `now` is seconds of the Unix epoch; `before` gives `since` to links that
    stand as they did, and the counters that `failing` is told from.
    """
    fleet = Fleet(world, sights, now, patience, reading)
    drafts = Drafts(declared(fleet, standings))
    for more in configured(fleet):
        _add_configured(drafts, more)
    for one in sorted(seen, key=lambda one: (one.consumer, one.endpoint, one.dialled)):
        _add_seen(fleet, drafts, one)
    attempts = _attempts(sights, before, now)
    found: dict[tuple[str, str, str, str, str, int], Link] = {}
    known = {link.identity: link for link in before.links} if before is not None else {}
    for draft in drafts.all:
        link = _link(fleet, draft, attempts)
        earlier = known.get(link.identity)
        if earlier is not None and _class(earlier) == _class(link):
            link = replace(link, since=earlier.since)
        other = found.get(link.identity)
        if other is None or _order(link) < _order(other):
            found[link.identity] = link
    return LinkList(
        links=tuple(sorted(found.values(), key=_order)),
        partly=_partly(world, sights, now, patience),
        looked=max((one.at for one in sights.values()), default=world.at),
        cost={name: one.cost for name, one in sorted(sights.items()) if one.cost is not None},
        attempts=attempts,
        sharing=tuple(_sharing(fleet)),
    )


def _sharing(fleet: Fleet) -> Iterable[tuple[ContainerKey, ContainerKey]]:
    for key, view in fleet.views.items():
        owner = fleet.owner(view) if view.mode.startswith("container:") else None
        if owner is not None:
            yield key, (owner.host, owner.id)


def _order(link: Link) -> tuple[object, ...]:
    return (_RANK[link.state], link.consumer.host, str(link.consumer.text), *link.identity)


def _class(link: Link) -> tuple[object, ...]:
    """Its state and why, apart from figures that change."""
    return (link.state, link.fault, _DIGITS.sub("", link.reason))


def _add_configured(drafts: Drafts, more: Draft) -> None:
    """A name that a mapping carries is the mapping's link; the same endpoint said twice is one."""
    mine = drafts.of(more.consumer)
    name, _, port = more.dials.rpartition(":")
    same = [
        one
        for one in mine
        if one.stated is not None
        and one.stated.standing.mapping.name.casefold() in (name.casefold(), more.dials.casefold())
        and (not port.isdigit() or not more.endpoint.port or int(port) == one.stated.dialled)
    ]
    if not same:
        same = [
            one
            for one in mine
            if one.stated is None
            and one.endpoint == replace(more.endpoint, port=one.endpoint.port)
            and more.endpoint.port in (0, one.endpoint.port)
        ][:1]
    for one in same:
        one.known |= more.known
        one.said += [evidence for evidence in more.said if evidence not in one.said]
    if not same:
        drafts.add(more)


def _add_seen(fleet: Fleet, drafts: Drafts, one: Seen) -> None:
    """To the link it is seen of, else as one of its own."""
    ends = (one.consumer.key, one.endpoint.key)
    if any(key in fleet.ambassadors for key in ends if key is not None) or not (one.open or one.opening):
        return
    fits = [draft for draft in drafts.to(one.endpoint) if _fits(fleet, draft, one)]
    carried = fleet.ambassadors[one.ambassador].mapping if one.ambassador in fleet.ambassadors else ""
    best = [draft for draft in fits if (draft.stated.standing.mapping.id if draft.stated else "") == carried]
    if not best and not carried:
        # An alias leaves no trace: who dials its endpoint on one network goes by it.
        best = [draft for draft in fits if draft.stated is not None and draft.via == "alias"]
    for draft in best:
        draft.known.add(Known.OBSERVED)
        draft.seen.append(one)
        if draft.stated is None:
            draft.via = draft.via or _way(fleet, one)
            draft.endpoint = replace(draft.endpoint, port=draft.endpoint.port or one.endpoint.port)
    if not best:
        drafts.add(
            Draft(
                consumer=one.consumer,
                endpoint=one.endpoint,
                dials=written(*one.dialled),
                via=_way(fleet, one),
                known={Known.OBSERVED},
                seen=[one],
            )
        )


def _fits(fleet: Fleet, draft: Draft, one: Seen) -> bool:
    if draft.endpoint.port not in (0, one.endpoint.port):
        return False
    if draft.consumer == one.consumer:
        return True
    view = fleet.views.get(draft.consumer.key) if draft.consumer.key else None
    owner = fleet.owner(view) if view is not None else None
    return owner is not None and (owner.host, owner.id) == one.consumer.key


def _way(fleet: Fleet, one: Seen) -> str:
    """How the packets go."""
    if one.ambassador is not None:
        return "ambassador"
    if one.consumer.key and one.endpoint.key and one.consumer.host == one.endpoint.host:
        client, server = fleet.views.get(one.consumer.key), fleet.views.get(one.endpoint.key)
        if client is not None and server is not None:
            for place in client.attachments:
                theirs = shared(server, place)
                if theirs is not None and one.dialled.ip == theirs.ip:
                    return "bridge"
    return "published" if one.endpoint.kind is EndKind.CONTAINER else "direct"


def _link(fleet: Fleet, draft: Draft, attempts: Attempts) -> Link:
    opening = sum(one.opening for one in draft.seen)
    finding = judged(fleet, draft, opening) if draft.stated is not None else _unstated(fleet, draft, opening)
    count = sum(fleet.confirmed(one) for one in draft.seen)
    sight = fleet.sight(draft.consumer.host)
    visible = bool(draft.seen) or (sight is not None and sight.flows is not None)
    latency = min((one.latency for one in draft.seen if one.latency is not None), default=None)
    return Link(
        consumer=draft.consumer,
        endpoint=draft.endpoint,
        dials=sanitise(draft.dials, 300),
        mapping=draft.stated.standing.mapping.id if draft.stated is not None else "",
        via=safe(draft.via),
        known=frozenset(draft.known),
        state=finding.state,
        fault=finding.fault,
        reason=finding.reason,
        next_step=finding.next_step,
        sessions=count if visible else None,
        latency=latency,
        failing=_failing(fleet, draft, attempts),
        path=_path(fleet, draft, finding),
        since=fleet.now,
        checked=finding.checked,
    )


def _unstated(fleet: Fleet, draft: Draft, opening: int) -> Finding:
    """The state of a link that no mapping states."""
    end, at = draft.endpoint, fleet.world.at
    view = fleet.views.get(end.key) if end.key else None
    host = fleet.world.hosts.get(end.host)
    if draft.unresolved:
        step = safe("state a mapping for it, or put both on one network")
        return _bad(fleet, Fault.DNS, draft.unresolved, step, f"engine of {draft.consumer.host}")
    if view is not None and view.state in DOWN and Known.OBSERVED not in draft.known:
        if all("Compose:" in said.text for said in draft.said):
            return Finding(
                state=LinkState.CONFIGURED, reason=sanitise(f"{end.text} does not run"), checked=at
            )
        step = sanitise(f"dockcon start {end.host}/{end.name}", 200)
        return _bad(fleet, Fault.STOPPED, f"{end.text} is stopped", step, f"engine of {end.host}")
    if view is not None and view.state is ContainerState.PAUSED:
        step = sanitise(f"dockcon unpause {end.host}/{end.name}", 200)
        return _bad(fleet, Fault.PAUSED, f"{end.text} is paused", step, f"engine of {end.host}")
    count = sum(fleet.confirmed(one) for one in draft.seen)
    if not count and opening:
        text = f"{opening} attempts to connect are not answered"
        step = sanitise(f"look at {end.with_port}, and at firewalls between the hosts", 200)
        return _bad(fleet, Fault.TIMEOUT, text, step, f"connection tracking of {draft.consumer.host}")
    if draft.seen and not count:
        reason = "what was seen of it is old, or its ends are gone"
        return Finding(state=LinkState.UNKNOWN, reason=safe(reason), checked=at)
    if draft.seen:
        return _flowing(fleet, draft, count)
    if host is not None and host.missing:
        reason = sanitise(f"{end.host} cannot be read ({host.missing})", 300)
        return Finding(
            state=LinkState.UNKNOWN, reason=reason, next_step=sanitise(f"dockcon check {end.host}")
        )
    reason = "nobody is connected"
    if end.kind is EndKind.NAME:
        reason = f"who {end.name} is, is not known"
    elif end.kind is EndKind.MACHINE and end.port:
        reason = f"no container of {end.host} is known to answer on {end.port}"
    return Finding(state=LinkState.CONFIGURED, reason=sanitise(reason, 300), checked=at)


def _flowing(fleet: Fleet, draft: Draft, count: int) -> Finding:
    sight = fleet.sights.get(draft.consumer.host) or fleet.sights.get(draft.endpoint.host)
    at = sight.at if sight is not None else fleet.world.at
    where = sight.host if sight is not None else draft.consumer.host
    text = safe(f"{count} connection{'s' if count > 1 else ''}")
    told = Evidence(text=text, ok=True, source=sanitise(f"connection tracking of {where}", 200), at=at)
    inside = draft.consumer.kind is EndKind.CONTAINER and draft.endpoint.kind in (
        EndKind.CONTAINER,
        EndKind.MACHINE,
    )
    if inside and (draft.via != "bridge" or draft.consumer.host != draft.endpoint.host):
        reason, step = "no mapping states it", "state it: a mapping can be made of it"
        return Finding(
            state=LinkState.UNDECLARED,
            reason=safe(reason),
            next_step=safe(step),
            evidence=(told,),
            checked=at,
        )
    if not all(one.proven for one in draft.seen):
        reason = "one of its ends is only concluded, not seen"
        return Finding(state=LinkState.UNKNOWN, reason=safe(reason), evidence=(told,), checked=at)
    return Finding(state=LinkState.OK, evidence=(told,), checked=at)


def _bad(fleet: Fleet, fault: Fault, reason: str, step: SafeText, source: str) -> Finding:
    text = sanitise(reason, 400)
    told = Evidence(text=text, ok=False, source=sanitise(source, 200), at=fleet.world.at)
    return Finding(
        state=LinkState.BROKEN,
        fault=fault,
        reason=text,
        next_step=step,
        evidence=(told,),
        checked=fleet.world.at,
    )


def _path(fleet: Fleet, draft: Draft, finding: Finding) -> tuple[Hop, ...]:
    """The way as it was seen, else as it should be; what speaks for and against it at the stations."""
    most = max(draft.seen, key=lambda one: (one.open, one.opening), default=None)
    hops = list(most.path) if most is not None else []
    if not hops:
        hops = [Hop(end=draft.consumer), *_between(fleet, draft), Hop(end=draft.endpoint, how=_how(draft))]
    first, last = hops[0], hops[-1]
    known = {evidence.text for hop in hops for evidence in hop.evidence}
    hops[0] = replace(first, end=draft.consumer, evidence=(*draft.said, *first.evidence))
    fresh = tuple(one for one in finding.evidence if one.text not in known)
    hops[-1] = replace(last, evidence=(*last.evidence, *fresh))
    return tuple(hops)


def _between(fleet: Fleet, draft: Draft) -> Iterable[Hop]:
    if draft.stated is None or draft.via != "ambassador":
        return
    one = ambassador_on(fleet, draft.stated.standing.mapping.id, draft.consumer.host)
    if one is not None:
        end = End(
            kind=EndKind.CONTAINER,
            host=one.container.host,
            id=one.container.id,
            name=one.container.name,
            port=draft.stated.dialled,
        )
        yield Hop(end=end, how=sanitise(f"as {draft.dials}", 200))


def _how(draft: Draft) -> SafeText:
    match draft.via:
        case "bridge" | "alias":
            return sanitise(f"as {draft.dials} on the same network", 200)
        case "published":
            return sanitise(f"published on {draft.dials}", 200)
        case "ambassador":
            return safe("by the ambassador's choice")
        case _:
            return NOTHING


def _attempts(sights: Mapping[str, HostSight], before: LinkList | None, now: float) -> Attempts:
    """The counters of the last minute, with the newest one before that to count from."""
    kept = dict(before.attempts) if before is not None else {}
    found: dict[ContainerKey, tuple[tuple[float, int], ...]] = {}
    for host, sight in sights.items():
        for id_, counters in sight.counters.items():
            past = kept.get((host, id_), ())
            if past and counters.failed < past[-1][1]:
                past = ()  # it was restarted
            if not past or sight.at > past[-1][0]:
                past = (*past, (sight.at, counters.failed))
            while len(past) > 1 and past[1][0] <= now - WINDOW:
                past = past[1:]
            found[host, id_] = past
    return found


def _failing(fleet: Fleet, draft: Draft, attempts: Attempts) -> int:
    key = draft.consumer.key
    if key is None:
        return 0
    view = fleet.views.get(key)
    owner = fleet.owner(view) if view is not None else None
    past = attempts.get(key) or (attempts.get((owner.host, owner.id)) if owner is not None else None)
    return past[-1][1] - past[0][1] if past else 0


def _partly(
    world: World, sights: Mapping[str, HostSight], now: float, patience: float
) -> dict[str, SafeText]:
    found: dict[str, SafeText] = {}
    for name, host in sorted(world.hosts.items()):
        sight = sights.get(name)
        if host.missing:
            found[name] = host.missing
        elif sight is None:
            found[name] = safe("not looked at")
        elif sight.blind:
            found[name] = sight.blind
        elif now - sight.at > patience:
            found[name] = safe(f"last seen {now - sight.at:.0f} s ago")
        elif sight.flows is None:
            found[name] = safe("no connection tracking")
        elif sight.dropped:
            found[name] = safe(f"{sight.dropped} connections more than are read")
        elif host.engine == "podman":
            found[name] = safe("Podman: connections within one network may be missing")
    return found
