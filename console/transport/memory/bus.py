"""The event log of the memory engine: a short ring, and the streams that read from it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping

from console.errors import HostError
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.text import sanitise

RING = 256
"""Events a Docker Engine keeps for `since`."""


class Subscription:
    """One `GET /events` stream."""

    def __init__(self, replay: list[EngineEvent]) -> None:
        self._queue = deque(replay)
        self._wake = asyncio.Event()
        self._error: HostError | None = None
        if replay:
            self._wake.set()

    def put(self, event: EngineEvent) -> None:
        """Queue one event."""
        self._queue.append(event)
        self._wake.set()

    def end(self, error: HostError) -> None:
        """End the stream; what is queued is still read first."""
        self._error = self._error or error
        self._wake.set()

    async def next(self) -> EngineEvent:
        """The next event; raises what the stream ended with."""
        while not self._queue:
            if self._error is not None:
                raise self._error
            self._wake.clear()
            await self._wake.wait()
        return self._queue.popleft()

    async def events(self) -> AsyncIterator[EngineEvent]:
        """All of them, one after the other."""
        while True:
            yield await self.next()


class EventBus:
    """Stamps events, keeps the last 256 and hands them to every open stream."""

    def __init__(self, host: str, clock: Clock, skew: float = 0.0) -> None:
        self.host = host
        self.skew = skew
        self.drop = 0
        """How many of the next events streams will miss, as after an overrun; the ring keeps them."""
        self.forget = 0
        """How many of the next events the engine itself will not have: neither streams nor ring."""
        self._clock = clock
        self._ring: deque[EngineEvent] = deque(maxlen=RING)
        self._subscriptions: set[Subscription] = set()
        self._last_ns = 0

    def now(self) -> float:
        """The host's own clock."""
        return self._clock.now() + self.skew

    def emit(
        self,
        kind: str,
        action: str,
        actor: str,
        attributes: Mapping[str, str],
        *,
        container_id: str = "",
    ) -> None:
        """Record one event."""
        self._last_ns = max(self._last_ns + 1, int(self.now() * 1e9))
        if self.forget > 0:
            self.forget -= 1
            return
        event = EngineEvent(
            host=self.host,
            time_ns=self._last_ns,
            type=sanitise(kind),
            action=sanitise(action),
            id=actor,
            name=sanitise(attributes.get("name", "")),
            attributes={key: sanitise(value) for key, value in attributes.items()},
            container_id=actor if kind == "container" else container_id,
        )
        self._ring.append(event)
        if self.drop > 0:
            self.drop -= 1
            return
        for subscription in self._subscriptions:
            subscription.put(event)

    def subscribe(self, since_ns: int | None) -> Subscription:
        """Open a stream, with what the ring still has from `since_ns` on."""
        replay = [] if since_ns is None else [event for event in self._ring if event.time_ns >= since_ns]
        subscription = Subscription(replay)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a stream. Idempotent."""
        self._subscriptions.discard(subscription)

    def end_all(self, error: HostError) -> None:
        """End every open stream, as a stopping engine does."""
        for subscription in self._subscriptions:
            subscription.end(error)

    @property
    def readers(self) -> int:
        """Streams open now."""
        return len(self._subscriptions)
