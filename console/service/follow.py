"""Engine events alone, past and coming, for verbs without a screen: nothing is listed or sampled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from console.errors import AnswerNeeded, HostError, HostRefused
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.hosts import HostSpec
from console.service.remember import Memory
from console.transport.base import Engine, Transport

log = logging.getLogger(__name__)

DRAINED = 0.3
"""Seconds without an event after which the engine is taken to have sent all of its past."""

SKEW = 5.0
"""Seconds that a host's clock may be behind ours when a gap is read that began before any event was seen."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before the first new try after a loss, and at most; doubled each time."""


async def past_events(engine: Engine, since_ns: int, until_ns: int) -> list[EngineEvent]:
    """What the engine still knows of a stretch of time (it keeps the last 256 events), in its order."""
    async with engine.events(since_ns) as events:
        return [event async for event in _past(events) if event.time_ns <= until_ns]


async def _past(events: AsyncIterator[EngineEvent]) -> AsyncIterator[EngineEvent]:
    with suppress(TimeoutError):
        while True:
            # Not `timeout` around the whole: each event shows that there may be more.
            async with asyncio.timeout(DRAINED):
                event = await anext(events)
            yield event


class Follower:
    """The events of one host, through losses: on each new connection from the last one seen."""

    def __init__(
        self,
        transport: Transport,
        spec: HostSpec,
        *,
        clock: Clock,
        memory: Memory,
        emit: Callable[[EngineEvent], None],
        lost: Callable[[HostSpec, HostError], None],
    ) -> None:
        """`emit` gets every event once, `lost` every reason for a loss (not each failed try to come back)."""
        self.caught_up = asyncio.Event()
        """Set when the past is through, or when it is clear that it will not come soon."""
        self._transport = transport
        self._spec = spec
        self._clock = clock
        self._memory = memory
        self._emit = emit
        self._lost = lost
        self._since: int | None = None
        self._newest = 0
        self._seen: set[tuple[int, str, str, str]] = set()
        """Events of the newest nanosecond: a new subscription repeats them."""

    async def run(self, since_ns: int | None) -> HostError:
        """Follow until trying again cannot help; return why."""
        self._since = since_ns
        wait, said = FIRST_WAIT, ""
        while True:
            before = self._newest
            try:
                await self._follow()
            except (AnswerNeeded, HostRefused) as error:
                self._lost(self._spec, error)
                return error
            except HostError as error:
                if error.message != said or self._newest > before:
                    self._lost(self._spec, error)
                said = error.message
            finally:
                self.caught_up.set()
            await self._clock.sleep(wait)
            wait = FIRST_WAIT if self._newest > before else min(2 * wait, LONGEST_WAIT)

    async def _follow(self) -> None:
        """One connection's worth of events."""
        name = self._spec.name
        link = await self._transport.connect(self._spec, None)
        try:
            engine = await link.engine(self._memory.carrier(name))
            self._memory.keep_carrier(name, str(engine.facts.carrier))
            async with engine.events(self._since) as events:
                if self._since is None:
                    self._since = int((self._clock.now() - SKEW) * 1e9)
                    self.caught_up.set()
                await self._note_all(events)
        finally:
            await link.aclose()

    async def _note_all(self, events: AsyncIterator[EngineEvent]) -> None:
        loop = asyncio.get_running_loop()
        quiet = loop.call_later(DRAINED, self.caught_up.set)
        try:
            async for event in events:
                if not self.caught_up.is_set():
                    quiet.cancel()
                    quiet = loop.call_later(DRAINED, self.caught_up.set)
                self._note(event)
        finally:
            quiet.cancel()

    def _note(self, event: EngineEvent) -> None:
        key = (event.time_ns, event.type, event.action, event.id)
        if event.time_ns < self._newest or key in self._seen:
            return
        if event.time_ns > self._newest:
            self._newest = self._since = event.time_ns
            self._seen.clear()
        self._seen.add(key)
        self._emit(event)
