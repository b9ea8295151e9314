"""Connections through ambassadors: from the consumer on one side of a proxy to the endpoint on the other.

A proxy's own connections are never links: each belongs to a consumer's, or is a check of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from console.model.containers import ContainerKey
from console.model.links.ground import Answer, Ground, Who
from console.model.links.seen import ProxySession
from console.model.links.sight import Address
from console.model.links.trace import Tie, Tracer
from console.model.mappings.haproxy import STATS_PORTS, TARGETS_BACKEND
from console.model.mappings.world import AmbassadorView, ServerView

_DEPTH = 3
"""Ambassadors on one way."""


class Station(NamedTuple):
    """Somewhere on the way: who, on which port of its own, and what was dialled to get there."""

    who: Who
    port: int
    dialled: Address


class Way(NamedTuple):
    """How some connections of one consumer go on behind an ambassador."""

    stations: tuple[Station, ...]
    """From the ambassador to the endpoint, both included."""
    open: int
    opening: int
    sure: bool
    told: bool = True
    """False: several endpoints are possible, and which it is for how many cannot be told."""


class _Back(NamedTuple):
    """One server of an ambassador, with what is connected to it."""

    at: Address
    answer: Answer
    sessions: int


class Proxies:
    """The ambassadors of a fleet, with what is known of their sessions at one time."""

    def __init__(
        self,
        ground: Ground,
        tracer: Tracer,
        sessions: Mapping[ContainerKey, tuple[ProxySession, ...]],
        ties: Iterable[Tie],
    ) -> None:
        self._ground, self._tracer = ground, tracer
        self._chosen = {key: {one.client: one.server for one in found} for key, found in sessions.items()}
        self._out: dict[ContainerKey, dict[Address, list[Tie]]] = {}
        self._clients: dict[tuple[ContainerKey, int], set[Who]] = {}
        for tie in ties:
            if tie.client[:2] in ground.ambassadors:
                self._out.setdefault(tie.client[:2], {}).setdefault(tie.dialled, []).append(tie)
            if tie.server[:2] in ground.ambassadors:
                self._clients.setdefault((tie.server[:2], tie.port), set()).add(tie.client)

    def carries(self, who: Who, port: int) -> bool:
        """Whether that is an ambassador, on a port that is for consumers and not for us."""
        ambassador = self._ground.ambassadors.get(who[:2])
        if ambassador is None:
            return False
        carried = {_port(one) for one in _servers(ambassador)}
        return port in carried if carried else port not in STATS_PORTS

    def onward(self, ties: Sequence[Tie]) -> Iterator[Way]:
        """Where connections of one consumer go that reach one port of one ambassador by one address."""
        first = ties[0]
        here = Station(first.server, first.port, first.dialled)
        sources = [tie.source for tie in ties if tie.open]
        opening = len(ties) - len(sources)
        sure = any(tie.sure for tie in ties)
        for way in self._behind(here, sources, len(sources), _DEPTH):
            yield way._replace(opening=opening, sure=sure and way.sure)

    def missing(self, ties: Iterable[Tie]) -> Iterator[Tie]:
        """Sessions of ambassadors that no connection seen so far accounts for: kernels that do not track what
        stays on one bridge leave them out.
        """
        seen = {(tie.server[:2], tie.source) for tie in ties}
        for key, chosen in self._chosen.items():
            ambassador = self._ground.ambassadors.get(key)
            sight = self._ground.sights.get(key[0])
            if ambassador is None or sight is None:
                continue
            for client, server in chosen.items():
                who = self._ground.whose(key[0], client.ip)
                if who is None or not who.is_container or who[:2] == key or (key, client) in seen:
                    continue
                port = next((_port(one) for one in _servers(ambassador) if address(one.address) == server), 0)
                at = Address(self._shared_address(who, key), port)
                yield Tie(who, Who(*key), port, at, client, key[0], True, True, tracked=False)

    def _shared_address(self, who: Who, key: ContainerKey) -> str:
        """The address of an ambassador on a network that a container is on, too."""
        one, other = self._ground.containers[who[:2]], self._ground.containers[key]
        shared = {place.network for place in one.attachments}
        return next((place.ip for place in other.attachments if place.network in shared and place.ip), "")

    def _behind(self, here: Station, sources: Sequence[Address], count: int, depth: int) -> Iterator[Way]:
        """The ways of `count` connections that come to `here`; their sources, as far as they are known."""
        if depth == 0 or not self.carries(here.who, here.port):
            yield Way((here,), count, 0, True)
            return
        key = here.who[:2]
        backs = list(self._backs(key, here.port))
        if not backs:
            yield Way((here,), count, 0, True)
            return
        known = Counter(self._chosen.get(key, {}).get(source) for source in sources)
        left = count
        by_address = {back.at: back for back in backs}
        given: Counter[Address] = Counter()
        for at, number in known.items():
            if at is not None and at in by_address:
                given[at] += number
                left -= number
        untold = Counter[Address]()
        if left or not count:
            shares, told = self._shares(key, here.port, backs, left, bool(given))
            (given if told else untold).update(shares)
        for found, told in ((given, True), (untold, False)):
            for at, number in found.items():
                yield from self._on(here, by_address[at], number, depth, told)

    def _shares(
        self, key: ContainerKey, port: int, backs: Sequence[_Back], count: int, some: bool
    ) -> tuple[dict[Address, int], bool]:
        """How many of `count` connections go to which server, and whether that can be told."""
        if not count:
            # Not one is open: they would go to any.
            return ({} if some else {back.at: 0 for back in backs}), len(backs) == 1
        busy = [back for back in backs if back.sessions] or list(backs)
        if len(busy) == 1:
            return {busy[0].at: count}, True
        alone = len(self._clients.get((key, port), ())) == 1 and not some
        if alone and sum(back.sessions for back in busy) == count:
            return {back.at: back.sessions for back in busy}, True
        return {back.at: min(count, back.sessions or count) for back in busy}, False

    def _on(self, here: Station, back: _Back, count: int, depth: int, told: bool) -> Iterator[Way]:
        there = Station(back.answer.who, back.answer.port, back.at)
        for way in self._behind(there, (), count, depth - 1):
            yield way._replace(
                stations=(here, *way.stations),
                sure=way.sure and back.answer.sure,
                told=way.told and told,
            )

    def _backs(self, key: ContainerKey, port: int) -> Iterator[_Back]:
        """The servers behind one port of an ambassador."""
        ambassador = self._ground.ambassadors[key]
        out = self._out.get(key, {})
        servers = [one for one in _servers(ambassador) if _port(one) == port]
        stated = Counter[Address]()
        for one in servers:
            if (at := address(one.address)) is not None:
                stated[at] += one.sessions
        places = dict(stated)
        if not any(stated.values()):
            # What it does not say of itself, its connections tell.
            opened = {at: sum(tie.open for tie in ties) for at, ties in out.items()}
            places = {at: opened.get(at, 0) for at in stated or opened}
        for at, sessions in places.items():
            ties = out.get(at)
            if ties:
                best = max(ties, key=lambda tie: (tie.sure, tie.open))
                yield _Back(at, Answer(best.server, best.port, best.sure), sessions)
            elif (answer := self._tracer.address(key[0], at)) is not None:
                yield _Back(at, answer, sessions)
            else:
                yield _Back(at, Answer(Who(ip=at.ip), at.port, False), sessions)


def address(text: str) -> Address | None:
    """`10.0.0.21:5432`, `[fd00::1]:5432`; None where it is none."""
    ip, _, port = text.rpartition(":")
    ip = ip.removeprefix("[").removesuffix("]")
    return Address(ip, int(port)) if ip and port.isascii() and port.isdigit() and len(port) < 6 else None


def _servers(ambassador: AmbassadorView) -> tuple[ServerView, ...]:
    return ambassador.running.servers if ambassador.running is not None else ()


def _port(server: ServerView) -> int:
    """The port that a server's backend serves; 0 where it is none of ours."""
    digits = server.backend.removeprefix(TARGETS_BACKEND)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
