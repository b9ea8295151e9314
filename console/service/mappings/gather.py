"""The world that planning sees: several hosts looked at side by side, a bad one never delaying another."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Collection, Mapping

from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.hosts import HostSpec
from console.model.mappings.mapping import Book, Party
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.world import FLEET_LABEL, HostView, World
from console.service.mappings.look import HostLooker
from console.service.supervisor import Supervisor


class Gatherer:
    """Belongs to the network loop."""

    def __init__(
        self,
        specs: Mapping[str, HostSpec],
        clock: Clock,
        supervisor: Callable[[str], Supervisor],
        fleet: str,
        image: str,
    ) -> None:
        """`image`: reference of the ambassadors' image."""
        self._fleet = fleet
        self._clock = clock
        self._supervisor = supervisor
        self._lookers = {
            name: HostLooker(spec, functools.partial(supervisor, name), fleet, image)
            for name, spec in specs.items()
        }

    def event(self, event: EngineEvent) -> None:
        """Forget what an event has made doubtful."""
        if event.host in self._lookers:
            self._lookers[event.host].event(event)

    async def look(
        self, hosts: Collection[str], parties: Collection[Party] = (), *, fresh: bool = False
    ) -> World:
        """These hosts, as far as they are of this fleet; with `fresh` nothing remembered is believed."""
        known = [name for name in self._lookers if name in hosts]
        views = await asyncio.gather(*(self._one(name, parties, fresh=fresh) for name in known))
        return World(fleet=self._fleet, at=self._clock.now(), hosts=dict(zip(known, views, strict=True)))

    async def _one(self, name: str, parties: Collection[Party], *, fresh: bool) -> HostView:
        mine = [party for party in parties if party.host == name]
        return await self._lookers[name].look(mine, fresh=fresh)

    def carrying(self) -> frozenset[str]:
        """Hosts on which some container carries the label of this fleet, as the tables say."""
        return frozenset(
            name
            for name in self._lookers
            if any(
                row.labels.get(FLEET_LABEL) == self._fleet
                for row in self._supervisor(name).board.table.containers.values()
            )
        )

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(self._lookers)


def concerned(*mappings: Stated | None) -> frozenset[str]:
    """The hosts that some mappings speak of."""
    return frozenset(party.host for one in mappings if one is not None for party in (*one.to, *one.consumers))


def consumers(*mappings: Stated | None) -> tuple[Party, ...]:
    """Whose names some mappings are about."""
    return tuple(dict.fromkeys(party for one in mappings if one is not None for party in one.consumers))


def of_book(book: Book) -> tuple[Stated, ...]:
    """All that is stated."""
    return tuple(book.mappings.values())
