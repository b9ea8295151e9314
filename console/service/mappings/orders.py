"""`MappingDesk` over a fleet that lives on another thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from console.model.actions import Consent
    from console.model.containers import ContainerKey
    from console.model.mappings.mapping import Mapping, Revision
    from console.model.mappings.steps import MapPlan, Proof
    from console.model.mappings.world import World
    from console.service.feed import Feed
    from console.service.fleet import Fleet
    from console.service.mappings.desk import MapJob, MappingList, Offers
    from console.service.mappings.work import Mappings
    from console.service.orders import Ask

T = TypeVar("T")


class MapOrders:
    """Plain methods return at once; coroutines run on the caller's loop and wait for the network loop."""

    def __init__(self, fleet: Fleet, feed: Feed, call: Callable[..., None], ask: Ask) -> None:
        """`call` runs a function on the network loop, without waiting."""
        self._fleet = fleet
        self._feed = feed
        self._call = call
        self._send = ask

    def mappings(self) -> MappingList:
        """As they were last seen."""
        found = self._feed.latest_mappings()
        if found is not None:
            return found
        # Imported when somebody looks: the first screen does without.
        from console.model.mappings.mapping import Book
        from console.service.mappings.desk import MappingList

        return MappingList(book=Book(), error=self._fleet.map_place.none)

    def watch(self, on: bool) -> None:
        """Whether somebody looks at the mappings now."""
        if not self._fleet.map_place.none:
            self._call(self._watch, on)

    async def look(self) -> MappingList:
        """Read the book and look at the world now."""
        return await self._ask(lambda mappings: mappings.look())

    async def world(self, hosts: Sequence[str] = ()) -> World:
        """The world as planning sees it."""
        return await self._ask(lambda mappings: mappings.world(tuple(hosts)))

    async def offers(self, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> Offers:
        """What to fill an editor with."""
        return await self._ask(lambda mappings: mappings.offers(consumer, endpoint))

    async def plan(self, mapping_id: str, mapping: Mapping | None) -> MapPlan:
        """What it would take."""
        return await self._ask(lambda mappings: mappings.plan(mapping_id, mapping))

    def apply(self, plan: MapPlan, consent: Consent) -> int:
        """Begin; return the job's number."""
        number = self._fleet.map_place.number()
        self._call(self._begin, number, plan, consent)
        return number

    def jobs(self) -> tuple[MapJob, ...]:
        """The last hundred, oldest first."""
        return self._fleet.map_place.jobs()

    async def verify(self, mapping_id: str) -> tuple[Proof, ...]:
        """Ask the running world."""
        return await self._ask(lambda mappings: mappings.verify(mapping_id))

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first."""
        return await self._ask(lambda mappings: mappings.history(mapping_id))

    async def adopt(self, mapping_id: str) -> MapPlan:
        """A plan that takes what runs into the book."""
        return await self._ask(lambda mappings: mappings.adopt(mapping_id))

    async def cut(self, mapping_id: str, consent: Consent) -> int:
        """End sessions on earlier endpoints."""
        return await self._ask(lambda mappings: mappings.cut(mapping_id, consent))

    async def _ask(self, question: Callable[[Mappings], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            # Made on the network loop, to which everything of it belongs.
            return await question(self._fleet.mappings)

        return await self._send("mappings", asked())

    def _watch(self, on: bool) -> None:
        self._fleet.mappings.keeper.watch(on)

    def _begin(self, number: int, plan: MapPlan, consent: Consent) -> None:
        self._fleet.mappings.begin(number, plan, consent)
