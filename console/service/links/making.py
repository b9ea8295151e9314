"""Links of a fleet, put together from what the fleet has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from console.model.clock import Clock
from console.model.containers import ContainerKey
from console.model.links.join import join
from console.model.links.judge import judge
from console.model.links.link import Link, LinkList
from console.model.mappings.mapping import Book, Party
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.standing import Standing
from console.model.mappings.world import World
from console.model.timeline.entries import Entry
from console.service.feed import Feed
from console.service.links.desk import Probed
from console.service.links.eye import Eye
from console.service.links.observer import Observer, Stand
from console.service.mappings.gather import Gatherer, consumers
from console.service.mappings.making import Parts
from console.service.mappings.place import MapPlace
from console.service.mappings.work import Mappings
from console.transport.base import Engine

IMAGE = "haproxy:lts"
"""Reference of the ambassadors' image, where no mappings are kept and so none is made."""


def make(place: MapPlace, parts: Parts, feed: Feed) -> Observer:
    """Put them together, on the network loop."""
    mappings = None if place.none else place.mappings
    if mappings is not None:
        gatherer, fleet = mappings.room.gatherer, mappings.room.rules.fleet
    else:
        gatherer, fleet = Gatherer(parts.specs, parts.clock, parts.supervisor, "", IMAGE), ""
    finding = FleetFinding(
        fleet=fleet,
        clock=parts.clock,
        mappings=mappings,
        gatherer=gatherer,
        reach=parts.reach,
        read_only=parts.read_only,
    )

    def publish(found: LinkList, changed: bool, entries: tuple[Entry, ...]) -> None:
        feed.links(found, changed=changed, entries=entries)

    eyes = {
        name: Eye(spec, parts.clock, gatherer, parts.reach, finding.parties, lambda engine: engine.sight)
        for name, spec in parts.specs.items()
    }
    return Observer(parts.clock, eyes, finding, publish)


@dataclass(slots=True, kw_only=True)
class FleetFinding:
    """What makes links of what is known, and answers about them."""

    fleet: str
    clock: Clock
    mappings: Mappings | None
    gatherer: Gatherer
    reach: Callable[[str], Awaitable[Engine]]
    read_only: bool = False

    def find(self, stand: Stand, before: LinkList | None) -> LinkList:
        """Join and judge."""
        now = self.clock.now()
        world = World(fleet=self.fleet, at=now, hosts=stand.views)
        seen = join(world, stand.sights, stand.sessions)
        return judge(world, self.standings, seen, stand.sights, before, now)

    def changes(self, before: LinkList, after: LinkList) -> Iterable[Entry]:
        """What of it belongs into the timeline."""
        from console.model.links.changes import changes

        return changes(before, after)

    @property
    def standings(self) -> Sequence[Standing]:
        """How the mappings stand, as far as they were looked at."""
        return self.mappings.keeper.list.standings if self.mappings is not None else ()

    def parties(self) -> tuple[Party, ...]:
        """Whose names mappings are about, as far as they were looked at."""
        if self.mappings is None:
            return ()
        return consumers(*self.mappings.keeper.list.book.mappings.values())

    async def look(self) -> None:
        """Read the mappings now. Raises ConfigError."""
        if self.mappings is not None:
            await self.mappings.keeper.look()

    def watch(self, on: bool) -> None:
        """Mappings are looked at as often as links."""
        if self.mappings is not None:
            self.mappings.keeper.watch(on, "links")

    def breaks(self, found: LinkList, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        """Those that would break without these containers."""
        from console.model.links.impact import breaks

        return breaks(found, containers)

    async def adopt(self, link: Link) -> Stated:
        """The wording of a mapping. Raises UsageError, ConfigError."""
        from console.model.links.wording import wording

        hosts = [end.host for end in (link.consumer, link.endpoint) if end.host]
        return wording(link, await self.book(), await self.world(hosts))

    async def book(self) -> Book:
        """What is stated. Raises ConfigError."""
        return await self.mappings.room.store.read() if self.mappings is not None else Book()

    async def world(self, hosts: Sequence[str]) -> World:
        """These hosts now."""
        parties = consumers(*(await self.book()).mappings.values())
        return await self.gatherer.look(hosts, parties, fresh=True)

    async def probe(self, link: Link) -> Probed:
        """Dial it as its consumer does."""
        from console.service.links.probing import probe

        world = await self.world([link.consumer.host] if link.consumer.host else [])
        return await probe(link, world, self.reach, self.clock, read_only=self.read_only)
