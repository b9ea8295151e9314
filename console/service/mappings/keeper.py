"""The list of mappings as they stand: events and the file say when to look, a clock what they miss."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from console.errors import ConfigError, DockconError
from console.model.events import EngineEvent
from console.model.mappings.judge import judge
from console.model.mappings.mapping import Book, Revision
from console.model.mappings.standing import Standing
from console.model.mappings.world import World
from console.model.text import NOTHING, SafeText, sanitise
from console.service.mappings.desk import MappingList
from console.service.mappings.room import MapRoom
from console.service.tasks import end, first

log = logging.getLogger(__name__)

LOOKED_AT_EVERY = 2.0
"""Seconds between two looks while somebody watches: what no event tells is asked then."""

ALONE_EVERY = 15.0
"""The same while nobody does, and there is a mapping."""

GATHER = 0.15
"""Seconds in which events are gathered before the world is looked at because of them."""

_SEEN = frozenset({"container", "network"})


class Keeper:
    """Publishes a `MappingList` whenever something of it changed. Belongs to the network loop."""

    def __init__(
        self,
        room: MapRoom,
        publish: Callable[[MappingList], None],
        amend: Callable[[MappingList], MappingList],
    ) -> None:
        """`amend` is given every new list and returns it with what else is to be said."""
        self.list = MappingList(book=Book())
        self.world: World | None = None
        """The one the list was judged over."""
        self._room = room
        self._publish = publish
        self._amend = amend
        self._watchers: set[str] = set()
        self._fresh = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    def start(self) -> None:
        """Begin to keep. Idempotent."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="mappings")

    def watch(self, on: bool, who: str = "mappings") -> None:
        """Whether somebody looks; `who`: several may, each for itself."""
        self.start()
        if on:
            self._watchers.add(who)
        else:
            self._watchers.discard(who)
        self._wake.set()

    def nudge(self) -> None:
        """Something has been done: look soon."""
        self._wake.set()

    def event(self, event: EngineEvent) -> None:
        """What an engine tells may make a mapping untrue."""
        self._room.gatherer.event(event)
        if event.type in _SEEN and not event.action.startswith(("health_status", "top", "resize")):
            self._wake.set()

    async def aclose(self) -> None:
        """Stop, and wait for it."""
        tasks = [self._task] if self._task is not None else []
        await end(tasks)

    async def look(self, *, fresh: bool = True) -> MappingList:
        """Read the book and judge it over the world now. Raises ConfigError where it cannot be read."""
        async with self._looking:
            try:
                book = await self._room.store.read()
            except ConfigError as error:
                self._put(replace(self.list, error=sanitise(error.message, 2000)))
                raise
            histories = {ident: await self._room.store.history(ident) for ident in book.mappings}
            world = await self._room.look(book=book, fresh=fresh)
            histories |= await self._orphans(world, histories)
            now = self._room.clock.now()
            self.world = world
            standings = judge(book, histories, world, now, self.list.standings, self._room.realising)
            found = MappingList(book=book, standings=standings, looked=now, error=NOTHING)
            self._put(self._amend(found))
            return self.list

    async def _orphans(
        self, world: World, known: dict[str, tuple[Revision, ...]]
    ) -> dict[str, tuple[Revision, ...]]:
        names = {
            one.mapping
            for host in world.hosts.values()
            for one in host.ambassadors
            if one.fleet == world.fleet and one.mapping not in known
        }
        return {name: await self._room.store.history(name) for name in sorted(names)}

    def _put(self, found: MappingList) -> None:
        before, self.list = self.list, found
        if _told(before) != _told(found):
            self._publish(found)

    async def _run(self) -> None:
        while True:
            try:
                await self.look(fresh=False)
            except ConfigError:
                pass  # it stands in the list
            except DockconError as error:
                log.warning("mappings: %s", error)
                self._put(replace(self.list, error=SafeText(error.message)))
            await self._pause()

    async def _pause(self) -> None:
        """Until an event, the file, or the clock says that it is time."""
        self._wake.clear()
        needed = bool(self._watchers) or bool(self.list.book.mappings) or bool(self.list.standings)
        clock = self._room.clock
        works = [self._wake.wait(), self._room.store.changed()]
        if needed:
            works.append(clock.sleep(LOOKED_AT_EVERY if self._watchers else ALONE_EVERY))
        await first(*works)
        await clock.sleep(GATHER)


def _told(found: MappingList) -> tuple[object, ...]:
    """What of a list is worth a repaint: not the time it was looked at, unless it is the first."""
    standings: list[Standing] = [replace(one, checked=0.0) for one in found.standings]
    return (found.book, tuple(standings), found.looked is None, found.error)
