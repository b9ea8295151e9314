"""What a front end on another thread asks about images, volumes and networks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.service.fleet import Fleet


class StockOrders:
    """`handle.StockDesk` over a fleet that lives on another thread."""

    def __init__(self, fleet: Fleet, call: Callable[..., None]) -> None:
        """`call` runs a function on the network loop, without waiting."""
        self._fleet = fleet
        self._call = call

    def look(self, on: bool) -> None:
        """They are on the screen, or no more."""
        self._call(lambda: self._fleet.stock.look(on))

    def again(self, hosts: Collection[str]) -> None:
        """Read and measure them now."""
        self._call(lambda: self._fleet.stock.again(hosts))
