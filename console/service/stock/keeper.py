"""What hosts have in store, read while somebody looks and again when an event says that it is different.

Nothing is polled. While nobody looks nothing is read; what happens meanwhile makes the lists stale. Each
host has tasks of its own, so that a slow one delays no other, and measuring (minutes on a host with large
volumes) delays no list.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from console.errors import HostError
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.model.stock.things import Kind, Stock
from console.model.text import NOTHING, safe
from console.service.board import Board
from console.service.stock.reading import read, sized
from console.service.tasks import end
from console.transport.base import Engine

log = logging.getLogger(__name__)

GATHER = 0.2
"""Seconds in which events are gathered before the lists they concern are read."""

AGAIN = 15.0
"""Seconds after which a list that could not be read is tried again."""

MEASURED_FOR = 600.0
"""Seconds after which sizes are measured again when somebody begins to look."""

_JOINED = frozenset({"connect", "disconnect"})
"""Of networks: who is in them is told by the containers."""


class HostStock:
    """One host's store."""

    def __init__(self, board: Board, reach: Callable[[], tuple[Engine, int] | None], clock: Clock) -> None:
        self._board = board
        self._reach = reach
        self._clock = clock
        self._dirty: set[Kind] = set(Kind)
        self._place = (-1, -1)
        """Of the connection that was read last: its epoch, and the events it had lost."""
        self._measure = False
        self._wake = asyncio.Event()
        self._wake_measure = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def stock(self) -> Stock:
        """What is known."""
        return self._board.stock or Stock()

    def look(self) -> None:
        """Somebody looks from now on."""
        if not self._tasks:
            name = self._board.spec.name
            usage = self.stock.usage
            self._measure |= usage is None or self._clock.now() - usage.at > MEASURED_FOR
            self._place = (self._board.epoch, self._board.dropped)
            works = (self._reading(), self._measuring())
            self._tasks = [asyncio.create_task(work, name=f"stock {name}") for work in works]
            self._nudge()

    async def leave(self) -> None:
        """Nobody looks any more."""
        tasks, self._tasks = self._tasks, []
        await end(tasks)
        if self.stock.measuring:
            self._put(replace(self.stock, measuring=False))

    def again(self) -> None:
        """Read and measure now, whatever is known."""
        self._dirty |= set(Kind)
        self._measure = True
        self._nudge()

    def event(self, event: EngineEvent) -> None:
        """Something happened on this host."""
        if event.type in ("image", "volume", "network") and event.action not in _JOINED:
            self.suspect(Kind(event.type))

    def suspect(self, kind: Kind) -> None:
        """A list is not what it was."""
        self._dirty.add(kind)
        if self._tasks:
            self._wake.set()
        elif self.stock.read is not None and not self.stock.stale:
            self._put(replace(self.stock, stale=True))

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """After a gap in the events anything may have happened."""
        if snapshot.status.state is not HostState.UP:
            return
        place = (snapshot.epoch, snapshot.dropped)
        if place != self._place:
            self._place = place
            self._dirty |= set(Kind)
            self._nudge()

    def _nudge(self) -> None:
        self._wake.set()
        self._wake_measure.set()

    def _put(self, stock: Stock) -> None:
        self._board.stock = stock
        self._board.touch()

    def _engine(self) -> tuple[Engine, int] | None:
        return self._reach() if self._board.status.state is HostState.UP else None

    # Lists

    async def _reading(self) -> None:
        pause = None if await self._read() else AGAIN
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass  # a list that could not be read
            else:
                await self._clock.sleep(GATHER)
            self._wake.clear()
            pause = None if await self._read() else AGAIN

    async def _read(self) -> bool:
        """Read what is different; return whether there is nothing left to try again by itself."""
        reached = self._engine()
        if reached is None or not self._dirty:
            return True  # a snapshot will say when it is up
        engine, epoch = reached
        kinds, self._dirty = self._dirty, set()
        well = False
        try:
            stock = await read(engine, kinds, self.stock, self._clock.now())
            well = epoch == self._board.epoch
        except HostError as error:
            log.info("%s: its store could not be read: %s", self._board.spec.name, error)
            self._put(replace(self.stock, stale=True, trouble=safe(error.message)))
            return False
        finally:
            if not well:
                self._dirty |= kinds
        if not well:
            return False
        now = self.stock
        self._put(sized(replace(stock, measuring=now.measuring, unmeasured=now.unmeasured), now.usage))
        return True

    # Sizes

    async def _measuring(self) -> None:
        while True:
            await self._wake_measure.wait()
            self._wake_measure.clear()
            reached = self._engine()
            if not self._measure or reached is None:
                continue
            self._measure = False
            self._put(replace(self.stock, measuring=True))
            try:
                usage = await reached[0].stock.disk_usage()
            except HostError as error:
                log.info("%s: sizes could not be measured: %s", self._board.spec.name, error)
                self._put(replace(self.stock, measuring=False, unmeasured=safe(error.message)))
                # Tried again when the host is back, or when somebody asks for it.
                self._measure = reached[1] != self._board.epoch
            else:
                self._put(replace(sized(self.stock, usage), measuring=False, unmeasured=NOTHING))


class StockKeeper:
    """The stores of all hosts. Belongs to the network loop."""

    def __init__(self, hosts: Iterable[tuple[Board, Callable[[], tuple[Engine, int] | None]]], clock: Clock):
        self._hosts = {board.spec.name: HostStock(board, reach, clock) for board, reach in hosts}
        self._leaving: set[asyncio.Task[None]] = set()
        self._looks = False

    def look(self, on: bool) -> None:
        """Somebody looks, or nobody does any more."""
        if on is self._looks:
            return
        self._looks = on
        for host in self._hosts.values():
            if on:
                host.look()
            else:
                task = asyncio.create_task(host.leave())
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    def again(self, hosts: Collection[str]) -> None:
        """Read and measure these hosts now."""
        for name in hosts:
            self._hosts[name].again()

    def event(self, event: EngineEvent) -> None:
        """Something happened."""
        self._hosts[event.host].event(event)

    def suspect(self, host: str, kind: Kind) -> None:
        """Something was done here, of which an engine may not tell (Podman says nothing of networks)."""
        self._hosts[host].suspect(kind)

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """A host has changed."""
        self._hosts[snapshot.name].snapshot(snapshot)

    async def aclose(self) -> None:
        """Stop everything. Idempotent."""
        self._looks = False
        for host in self._hosts.values():
            await host.leave()
        await asyncio.gather(*self._leaving)
