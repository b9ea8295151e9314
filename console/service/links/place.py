"""The links of a fleet before anybody looks at them: nothing is imported or asked until then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.model.events import EngineEvent
from console.model.snapshot import HostSnapshot
from console.service.feed import Feed
from console.service.mappings.place import MapPlace

if TYPE_CHECKING:
    from console.model.links.link import Link
    from console.service.links.observer import Observer
    from console.service.mappings.making import Parts


class LinkPlace:
    """Belongs to the network loop."""

    def __init__(self, mappings: MapPlace, parts: Callable[[], Parts], feed: Feed) -> None:
        self._mappings = mappings
        self._parts = parts
        self._feed = feed
        self._observer: Observer | None = None
        self._closed = False

    @property
    def observer(self) -> Observer:
        """Made at the first call."""
        if self._observer is None:
            from console.service.links.making import make

            self._observer = make(self._mappings, self._parts(), self._feed)
        return self._observer

    def watch(self, on: bool) -> None:
        """Whether somebody looks."""
        if self._observer is not None or (on and not self._closed):
            self.observer.watch(on and not self._closed)

    def select(self, link: Link | None) -> None:
        """The one under the cursor."""
        if self._observer is not None:
            self._observer.select(link)

    def event(self, event: EngineEvent) -> None:
        """What an engine tells."""
        if self._observer is not None:
            self._observer.event(event)

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """What is known of a host has changed."""
        if self._observer is not None:
            self._observer.snapshot(snapshot)

    async def aclose(self) -> None:
        """Stop what is under way. Idempotent."""
        self._closed = True
        if self._observer is not None:
            await self._observer.aclose()
