"""How many logs of one host are read at the same time, by all streams of the fleet together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

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
    """The follows and asks of one host. Belongs to the network loop."""

    def __init__(self, most: int = MOST) -> None:
        self.highest = 0
        """The most follows that were held at once."""
        self._most = most
        self._limit = most
        self._held: list[Follow] = []
        self.asks = Turnstile(ASKS)
        """To be passed for as long as an ask is under way."""
        self._streams = 0
        self._epoch = -1

    @property
    def held(self) -> int:
        """Follows held now."""
        return len(self._held)

    def take(self, epoch: int, give_up: Callable[[], None]) -> Follow | None:
        """The right to follow, where one is left on this connection."""
        if epoch != self._epoch:
            # What a carrier allows was found out on the connection before.
            self._epoch, self._limit, self.asks.limit = epoch, self._most, ASKS
        if len(self._held) >= self._limit:
            return None
        follow = Follow(give_up)
        self._held.append(follow)
        self.highest = max(self.highest, len(self._held))
        return follow

    def release(self, follow: Follow) -> None:
        """Give the right back."""
        self._held.remove(follow)

    @contextmanager
    def open(self) -> Iterator[None]:
        """A stream is open as long as this is."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    def refused(self) -> None:
        """The carrier allows no more streams than are open: follow fewer, so that the others can be asked."""
        self._limit = max(0, min(self._limit, self._streams - SPARE))
        self.asks.limit = max(1, min(self.asks.limit, self._streams - self._limit))
        for follow in self._held[self._limit :]:
            follow.give_up()


class Turnstile:
    """Lets so many through at a time, first come, first served."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait for one's turn, and keep it."""
        await self._enter()
        try:
            yield
        finally:
            self._inside -= 1
            self._next()

    async def _enter(self) -> None:
        while self._inside >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next()
                raise
        self._inside += 1

    def _next(self) -> None:
        while self._waiting and self._inside < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
