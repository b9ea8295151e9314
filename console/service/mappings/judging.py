"""How mappings stand: what is left to do, and what their ambassadors say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.model.mappings.mapping import Book, Revision, Via
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.standing import Standing, State
from console.model.mappings.world import ServerView, World
from console.model.text import NOTHING, SafeText, safe
from console.service.mappings.room import MapRoom, away


def judge(
    room: MapRoom,
    book: Book,
    histories: Mapping[str, Sequence[Revision]],
    world: World,
    earlier: Sequence[Standing],
) -> tuple[Standing, ...]:
    """Standings in the order of the book."""
    before = {one.mapping.id: one for one in earlier}
    found = []
    for ident, mapping in book.mappings.items():
        standing = _one(room, mapping, histories.get(ident, ()), world)
        old = before.get(ident)
        same = old is not None and old.state is standing.state
        found.append(replace(standing, since=old.since) if old is not None and same else standing)
    return tuple(found)


def _one(room: MapRoom, mapping: Stated, history: Sequence[Revision], world: World) -> Standing:
    outline = room.outline(mapping.id, mapping, mapping, history, world)
    running = [one.running for one in world.ambassadors(mapping.id) if one.running is not None]
    servers = tuple(server for proxy in running for server in proxy.servers)
    old = [proxy.old_sessions for proxy in running]
    if missing := away(world, mapping):
        state, reason = State.UNKNOWN, safe(f"{', '.join(sorted(missing))} cannot be read")
    elif outline.refusals:
        state, reason = State.PENDING, outline.refusals[0]
    elif outline.steps:
        state, reason = State.PENDING, safe(f"{len(outline.steps)} left: {outline.steps[0].text}")
    else:
        state, reason = _of_servers(servers)
    return Standing(
        mapping=mapping,
        state=state,
        via=outline.via if outline.via is not Via.AUTO else mapping.via,
        reason=reason,
        since=world.at,
        checked=world.at,
        servers=servers,
        sessions=sum(server.sessions for server in servers),
        old_sessions=None if None in old else sum(filter(None, old)),
        steps=len(outline.steps),
    )


def _of_servers(servers: Sequence[ServerView]) -> tuple[State, SafeText]:
    down = [server for server in servers if server.status.startswith("DOWN")]
    if not down:
        return State.OK, NOTHING
    state = State.BROKEN if len(down) == len(servers) else State.DEGRADED
    return state, safe(f"{down[0].server} is down: {down[0].check}")
