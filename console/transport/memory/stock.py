"""`StockReader` over a memory daemon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from console.model.clock import Clock
from console.model.stock.things import DiskUsage, Image, Network, Volume
from console.transport.memory.shelf import Shelf

T = TypeVar("T")


class MemoryStock:
    """Lists as they are when the engine looks: before the answer travels."""

    def __init__(self, shelf: Shelf, clock: Clock, call: Callable[[], Awaitable[None]]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._call = call

    async def images(self) -> tuple[Image, ...]:
        """All of them."""
        return await self._answered(self._shelf.images())

    async def volumes(self) -> tuple[Volume, ...]:
        """All of them."""
        return await self._answered(self._shelf.volumes())

    async def networks(self) -> tuple[Network, ...]:
        """All of them."""
        return await self._answered(self._shelf.networks())

    async def disk_usage(self) -> DiskUsage:
        """What they take."""
        return await self._answered(self._shelf.disk_usage(self._clock.now()))

    async def _answered(self, found: T) -> T:
        await self._call()
        return found
