"""How mappings stand: what is left to do, what their ambassadors say, and whether endpoints run at all.

A connect that succeeds proves nothing (an ambassador takes it before its endpoint does), so the word of the
ambassadors' own checks counts, and the engine's on endpoints: a kernel answers checks for one that is paused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from console.model.containers import ContainerState
from console.model.mappings.haproxy import mapping_of
from console.model.mappings.mapping import Book, Revision, Via
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.standing import Standing, State
from console.model.mappings.world import AmbassadorView, ServerView, World
from console.model.text import NOTHING, SafeText, safe
from console.service.mappings.room import MapRoom, away
from console.service.mappings.verify import said

Verdict = tuple[State, SafeText, SafeText]
"""State, reason, next step."""


def judge(
    room: MapRoom,
    book: Book,
    histories: Mapping[str, Sequence[Revision]],
    world: World,
    earlier: Sequence[Standing],
) -> tuple[Standing, ...]:
    """Standings in the order of the book, then ambassadors of ours whose mapping is not in it."""
    before = {one.mapping.id: one for one in earlier}
    found = [
        _Case(room, mapping, tuple(histories.get(ident, ())), world).standing()
        for ident, mapping in book.mappings.items()
    ]
    found += _orphans(book, world)
    return tuple(_kept(one, before.get(one.mapping.id)) for one in found)


def _kept(standing: Standing, old: Standing | None) -> Standing:
    """A state that stays has been there since it began."""
    same = old is not None and (old.state, old.orphan) == (standing.state, standing.orphan)
    return replace(standing, since=old.since) if old is not None and same else standing


@dataclass(frozen=True, slots=True)
class _Case:
    room: MapRoom
    mapping: Stated
    history: tuple[Revision, ...]
    world: World

    def standing(self) -> Standing:
        mapping, world = self.mapping, self.world
        outline = self.room.outline(mapping.id, mapping, mapping, self.history, world)
        ambassadors = world.ambassadors(mapping.id)
        servers = _servers(ambassadors)
        left = len(outline.steps)
        verdicts: list[Verdict] = list(self._foreign(ambassadors))
        if outline.refusals and not verdicts:
            # A plan that cannot be made is not as stated either, unless it is for want of a host.
            state = State.UNKNOWN if away(world, mapping) else State.PENDING
            verdicts.append((state, outline.refusals[0], NOTHING))
        if left:
            more = f", and {left - 1} more" if left > 1 else ""
            verdicts.append((State.PENDING, safe(f"left to do: {outline.steps[0].text}{more}"), APPLY))
        verdicts += self._unread(ambassadors)
        verdicts += self._endpoints(servers)
        state, reason, next_step = min(
            verdicts, key=lambda one: _ORDER.index(one[0]), default=(State.OK, NOTHING, NOTHING)
        )
        old = [one.running.old_sessions for one in ambassadors if one.running is not None]
        return Standing(
            mapping=mapping,
            state=state,
            via=outline.via if outline.via is not Via.AUTO else mapping.via,
            reason=reason,
            next_step=next_step,
            since=world.at,
            checked=world.at,
            servers=servers,
            sessions=sum(server.sessions for server in servers),
            old_sessions=None if None in old else sum(filter(None, old)),
            steps=left,
        )

    def _foreign(self, ambassadors: Sequence[AmbassadorView]) -> Iterator[Verdict]:
        known = {one.digest for one in self.history} | {self.mapping.digest}
        for one in ambassadors:
            if one.header is not None and one.header.digest not in known:
                why = (
                    f"{one.container.target.ref} runs wording {one.header.revision}, which nobody here stated"
                )
                yield State.FOREIGN, SafeText(why), ADOPT

    def _unread(self, ambassadors: Sequence[AmbassadorView]) -> Iterator[Verdict]:
        for name in sorted(away(self.world, self.mapping)):
            yield State.UNKNOWN, SafeText(f"{name}: {self.world.hosts[name].missing}"), NOTHING
        for one in ambassadors:
            if one.running is None and one.container.state is ContainerState.RUNNING:
                yield State.UNKNOWN, SafeText(f"{one.container.target.ref}: {one.unread}"), NOTHING

    def _endpoints(self, servers: Sequence[ServerView]) -> Iterator[Verdict]:
        down = [f"{one.server} at {one.address} {said(one)}" for one in servers if _down(one)]
        dead = [
            f"{found.target.ref} is {found.state}"
            for end in self.mapping.to
            for found in self.world.containers(end)
            if found.state is not ContainerState.RUNNING
        ]
        gone = [
            f"{end.text} is not there"
            for end in self.mapping.to
            if not self.world.containers(end) and not self._away(end.host)
        ]
        bad = [*dead, *gone] or down
        if not bad:
            return
        some = len(dead) + len(gone) < len(self.mapping.to) and len(down) < len(servers or "-")
        yield State.DEGRADED if some else State.BROKEN, SafeText(bad[0]), MEND

    def _away(self, host: str) -> bool:
        view = self.world.hosts.get(host)
        return view is None or bool(view.missing)


APPLY = safe("apply it")
ADOPT = safe("adopt it, or apply what is stated over it")
MEND = safe("start the endpoint, or point the mapping elsewhere")
REMOVE = safe("adopt it, or remove the mapping")

_ORDER = (State.FOREIGN, State.PENDING, State.BROKEN, State.DEGRADED, State.UNKNOWN, State.OK)
"""Which of several findings is said: what would have to be done first."""


def _servers(ambassadors: Sequence[AmbassadorView]) -> tuple[ServerView, ...]:
    return tuple(server for one in ambassadors if one.running is not None for server in one.running.servers)


def _down(server: ServerView) -> bool:
    return server.status.startswith("DOWN")


def _orphans(book: Book, world: World) -> Iterator[Standing]:
    seen: set[str] = set()
    for host in world.hosts.values():
        for one in host.ambassadors:
            mapping = mapping_of(one.config or "")
            if one.fleet != world.fleet or one.mapping in book.mappings or one.mapping in seen:
                continue
            if mapping is None or mapping.id != one.mapping:
                continue
            seen.add(one.mapping)
            servers = _servers(world.ambassadors(one.mapping))
            yield Standing(
                mapping=mapping,
                state=State.FOREIGN,
                via=Via.AMBASSADOR,
                reason=SafeText(f"{one.container.target.ref} carries it, and it is not in mappings.yml"),
                next_step=REMOVE,
                since=world.at,
                checked=world.at,
                servers=servers,
                sessions=sum(server.sessions for server in servers),
                orphan=True,
            )
