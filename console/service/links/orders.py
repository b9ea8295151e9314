"""`LinkDesk` over a fleet that lives on another thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from console.model.containers import ContainerKey
    from console.model.links.link import Link, LinkList
    from console.model.mappings.mapping import Mapping
    from console.service.feed import Feed
    from console.service.fleet import Fleet
    from console.service.links.desk import Probed
    from console.service.links.observer import Observer
    from console.service.orders import Ask

T = TypeVar("T")


class LinkOrders:
    """Plain methods return at once; coroutines run on the caller's loop and wait for the network loop."""

    def __init__(self, fleet: Fleet, feed: Feed, call: Callable[..., None], ask: Ask) -> None:
        """`call` runs a function on the network loop, without waiting."""
        self._fleet = fleet
        self._feed = feed
        self._call = call
        self._send = ask

    def links(self) -> LinkList:
        """As they were last seen."""
        found = self._feed.latest_links()
        if found is not None:
            return found
        # Imported when somebody looks: the first screen does without.
        from console.model.links.link import LinkList

        return LinkList()

    def watch(self, on: bool) -> None:
        """Whether somebody looks."""
        self._call(self._fleet.link_place.watch, on)

    def select(self, link: Link | None) -> None:
        """The one under the cursor."""
        self._call(self._fleet.link_place.select, link)

    async def look(self) -> LinkList:
        """Observe the fleet now."""
        return await self._ask(lambda observer: observer.look())

    async def probe(self, link: Link) -> Probed:
        """Dial it as its consumer does."""
        return await self._ask(lambda observer: observer.probe(link))

    async def breaks(self, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        """Which links would break if these containers stopped."""
        return await self._ask(lambda observer: observer.breaks(containers))

    async def adopt(self, link: Link) -> Mapping:
        """The wording of a mapping for an undeclared link."""
        return await self._ask(lambda observer: observer.adopt(link))

    async def _ask(self, question: Callable[[Observer], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            # Made on the network loop, to which everything of it belongs.
            return await question(self._fleet.link_place.observer)

        return await self._send("links", asked())
