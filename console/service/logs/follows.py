"""How many logs of one host are open at the same time, by all streams of the fleet together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOST = 64
"""Follows of one host: an engine takes one inotify instance for each, and root has 128."""

ASKS = 8
"""Finite asks of one host under way at the same time."""

POLL_EVERY = 2.0
"""Seconds between two asks for the log of a container that runs and is not followed."""

SPARE = 2
"""Streams left for finite asks where the carrier allows few."""


class Follow:
    """The right to follow one log; given back by `Follows.release`."""

    __slots__ = ("give_up",)

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.give_up = give_up
        """Called when others need the room: stop following, soon."""


class Follows:
    """The follows of one host. Belongs to the network loop."""

    def __init__(self, most: int = MOST) -> None:
        self.asks = asyncio.Semaphore(ASKS)
        self.highest = 0
        """The most that were open at once."""
        self._most = most
        self._limit = most
        self._held: list[Follow] = []
        self._epoch = -1

    @property
    def open(self) -> int:
        """Follows held now."""
        return len(self._held)

    def take(self, epoch: int, give_up: Callable[[], None]) -> Follow | None:
        """The right to follow, where one is left on this connection."""
        if epoch != self._epoch:
            # What a carrier allows was found out on the connection before.
            self._epoch, self._limit = epoch, self._most
        if len(self._held) >= self._limit:
            return None
        follow = Follow(give_up)
        self._held.append(follow)
        self.highest = max(self.highest, len(self._held))
        return follow

    def release(self, follow: Follow) -> None:
        """Give the right back."""
        self._held.remove(follow)

    def refused(self) -> None:
        """The carrier allows no more streams: follow fewer, so that the others can at least be asked."""
        self._limit = max(0, min(self._limit, len(self._held)) - SPARE)
        for follow in self._held[self._limit :]:
            follow.give_up()
