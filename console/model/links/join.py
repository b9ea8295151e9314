"""Who is connected to whom: what the kernels of all hosts show, put together. Pure.

One row of one host says little: its client may be masked by the host's address, its server be behind a
published port, an ambassador or docker-proxy. Together they name both ends of every connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from console.model.containers import ContainerKey
from console.model.links.ground import Ground, Who
from console.model.links.link import End, EndKind, Evidence, Hop
from console.model.links.seen import ProxySession, Seen
from console.model.links.sight import Address, HostSight
from console.model.links.through import Proxies, Station
from console.model.links.trace import Tie, Tracer, without_docker_proxy
from console.model.mappings.world import World
from console.model.text import NOTHING, SafeText, safe, sanitise

OUTSIDE = "outside"
"""The consumer's name for connections that come from elsewhere: there may be thousands of addresses."""
_NAMED = 3
"""Addresses of such consumers that are named."""
_EVERYBODY = Who(ip=OUTSIDE)


class _Row(NamedTuple):
    """Connections of one consumer that look the same."""

    client: Who
    stations: tuple[Station, ...]
    open: int
    opening: int
    sure: bool
    told: bool
    ties: tuple[Tie, ...]


def join(
    world: World, sights: Mapping[str, HostSight], sessions: Mapping[ContainerKey, tuple[ProxySession, ...]]
) -> tuple[Seen, ...]:
    """All flows with both ends found, by consumer, endpoint and way; sorted.

    What leads past an ambassador of this fleet is one way from the consumer to the endpoint. Left out: what
    concerns no container, an ambassador's own checks, leftovers of containers that are gone, name look-ups.
    """
    ground = Ground(world, sights)
    tracer = Tracer(ground)
    ties = without_docker_proxy(list(tracer.ties()), ground)
    ties += Proxies(ground, tracer, sessions, ties).missing(ties)
    proxies = Proxies(ground, tracer, sessions, ties)
    teller = _Teller(ground)
    found = [teller.seen(row) for row in _merged(_rows(ties, proxies, ground))]
    return tuple(sorted(found, key=lambda one: (one.consumer, one.endpoint, one.dialled)))


def _rows(ties: Iterable[Tie], proxies: Proxies, ground: Ground) -> Iterator[_Row]:
    groups: dict[tuple[Who, Who, int, Address], list[Tie]] = {}
    for tie in ties:
        if not (tie.client.id or tie.server.id) or tie.client[:2] in ground.ambassadors:
            continue
        # From elsewhere come thousands; an address of the fleet that cannot say more is named.
        client = tie.client if tie.client.host or not tie.named else _EVERYBODY
        groups.setdefault((client, tie.server, tie.port, tie.dialled), []).append(tie)
    for (client, server, port, dialled), group in groups.items():
        if server[:2] in ground.ambassadors:
            if proxies.carries(server, port):
                for way in proxies.onward(group):
                    yield _Row(client, way.stations, way.open, way.opening, way.sure, way.told, tuple(group))
            continue
        opened = sum(tie.open for tie in group)
        sure = any(tie.sure and tie.named for tie in group)
        there = (Station(server, port, dialled),)
        yield _Row(client, there, opened, len(group) - opened, sure, True, tuple(group))


def _merged(rows: Iterable[_Row]) -> Iterator[_Row]:
    """One of those that differ in nothing but how much is known of them."""
    found: dict[tuple[Who, tuple[Station, ...]], _Row] = {}
    for row in rows:
        key = (row.client, row.stations)
        if (other := found.get(key)) is None:
            found[key] = row
        else:
            found[key] = _Row(
                *key,
                row.open + other.open,
                max(row.opening, other.opening),
                row.sure or other.sure,
                row.told and other.told,
                other.ties,
            )
    yield from found.values()


class _Teller:
    """Says in words what was found."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def seen(self, row: _Row) -> Seen:
        first, last = row.stations[0], row.stations[-1]
        rtts = [tie.rtt for tie in row.ties if tie.rtt is not None]
        through = len(row.stations) > 1 or first.who[:2] in self._ground.ambassadors
        return Seen(
            consumer=self._end(row.client, 0),
            endpoint=self._end(last.who, last.port),
            dialled=first.dialled,
            ambassador=(first.who.host, first.who.id) if through else None,
            path=tuple(self._path(row)),
            open=row.open,
            opening=row.opening,
            latency=min(rtts, default=None),
            proven=row.sure and row.told,
        )

    def _end(self, who: Who, port: int) -> End:
        if who.id:
            view = self._ground.containers[who.host, who.id]
            return End(kind=EndKind.CONTAINER, host=who.host, id=who.id, name=view.name, port=port)
        if who.host:
            return End(kind=EndKind.MACHINE, host=who.host, name=safe(who.host), port=port)
        return End(kind=EndKind.OUTSIDE, name=sanitise(who.ip, 64), port=port)

    def _path(self, row: _Row) -> Iterator[Hop]:
        yield Hop(end=self._end(row.client, 0), evidence=tuple(self._of_consumer(row)))
        before = row.client
        for station in row.stations:
            evidence: tuple[Evidence, ...] = ()
            if station is row.stations[0]:
                evidence = tuple(self._counted(row))
            if station is row.stations[-1]:
                evidence += tuple(self._doubts(row))
            how = self._how(before, station)
            yield Hop(end=self._end(station.who, station.port), how=how, evidence=evidence)
            before = station.who

    def _of_consumer(self, row: _Row) -> Iterator[Evidence]:
        if names := self._ground.sharing.get(row.client[:2]):
            text = f"its network is also that of {', '.join(names)}: which of them it is cannot be told"
            yield Evidence(text=sanitise(text, 200), source=_source("engine", row.client.host))
        if row.client == _EVERYBODY:
            known = Counter(tie.client.ip for tie in row.ties)
            named = [ip for ip, _ in known.most_common(_NAMED)]
            more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
            yield Evidence(text=sanitise(f"from {', '.join(named)}{more}", 200))
        elif not row.client.host:
            text = "an address of the fleet, whose host does not show which container it is"
            yield Evidence(text=safe(text))

    def _counted(self, row: _Row) -> Iterator[Evidence]:
        tie = row.ties[0]
        sight = self._ground.sights.get(tie.told)
        source = _source("connection tracking" if tie.tracked else "sockets", tie.told)
        at = sight.at if sight is not None else None
        opened = sum(one.open for one in row.ties)
        waiting = len(row.ties) - opened
        if opened:
            yield Evidence(text=_number(opened, "connection"), ok=True, source=source, at=at)
        if waiting:
            text = safe(f"{_number(waiting, 'connection')} not answered yet")
            yield Evidence(text=text, ok=False, source=source, at=at)

    def _doubts(self, row: _Row) -> Iterator[Evidence]:
        last = row.stations[-1]
        if not row.told:
            text = safe("several endpoints are possible: how many go here is not told")
            yield Evidence(text=text, source=_source("HAProxy", row.stations[0].who.host))
        if not row.sure and last.who.id:
            text = safe("follows from the published ports, not from a connection seen there")
            yield Evidence(text=text, source=_source("engine", last.who.host))

    def _how(self, before: Who, station: Station) -> SafeText:
        """How one gets to a station from the one before."""
        who, at = station.who, _written(station.dialled)
        if not who.id:
            return safe(f"at {at}") if who.host else NOTHING
        view = self._ground.containers[who.host, who.id]
        for place in view.attachments:
            if place.ip and place.ip == station.dialled.ip:
                return sanitise(f"as {at} on network {place.network}", 200)
        if view.mode == "host":
            return sanitise(f"as {at} on the network of {who.host} itself", 200)
        return safe(f"published on {at}")


def _number(count: int, word: str) -> SafeText:
    return safe(f"{count} {word}{'' if count == 1 else 's'}")


def _source(what: str, host: str) -> SafeText:
    return safe(f"{what} of {host}")


def _written(at: Address) -> str:
    return str(sanitise(f"[{at.ip}]:{at.port}" if ":" in at.ip else f"{at.ip}:{at.port}", 80))
