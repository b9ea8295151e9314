"""What is being looked at: it decides how often figures are taken, and of what."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from console.model.containers import ContainerKey


class View:
    """Which containers are on the screen. Belongs to the network loop."""

    def __init__(self) -> None:
        self._ids: dict[str, frozenset[str]] = {}
        self._changed = asyncio.Event()

    @property
    def anybody(self) -> bool:
        """Whether containers are being looked at at all."""
        return bool(self._ids)

    def ids(self, host: str) -> frozenset[str]:
        """The containers of `host` in view."""
        return self._ids.get(host, frozenset())

    def show(self, keys: Collection[ContainerKey]) -> None:
        """These and no others are in view."""
        by_host: dict[str, set[str]] = {}
        for host, container_id in keys:
            by_host.setdefault(host, set()).add(container_id)
        ids = {host: frozenset(found) for host, found in by_host.items()}
        if ids != self._ids:
            self._ids = ids
            self._changed.set()
            self._changed = asyncio.Event()

    async def changed(self, at_most: float) -> None:
        """Wait until something else is in view, `at_most` seconds."""
        try:
            async with asyncio.timeout(at_most):
                await self._changed.wait()
        except TimeoutError:
            return
