"""Asking an engine for logs and for its time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from console.errors import EngineDown
from console.model.clock import Clock
from console.model.logs.lines import LogFrames
from console.model.logs.wish import ClockReading
from console.transport.base import LogAsk
from console.transport.faults import translated
from console.transport.logfeed import LogFeed
from console.transport.wire_text import moment

ASKS = 2
PATIENCE = 1.0
"""Seconds for the head of a follow of Podman's, which sends none before the first line."""


def target(container_id: str, ask: LogAsk) -> str:
    """Path and query, without the version. Stamps are always asked for: nothing works without them."""
    words = [f"/containers/{container_id}/logs?stdout=1&stderr=1&timestamps=1"]
    if ask.follow:
        words.append("follow=1")
    if ask.tail is not None:
        words.append(f"tail={ask.tail}")
    if ask.since_ns is not None:
        words.append(f"since={_seconds(ask.since_ns)}")
    if ask.until_ns is not None:
        words.append(f"until={_seconds(ask.until_ns)}")
    return "&".join(words)


def _seconds(ns: int) -> str:
    ns = max(0, ns)
    return f"{ns // 1_000_000_000}.{ns % 1_000_000_000:09d}"


class Frames:
    """What a feed brings, as an asynchronous iterator whose errors an operator can act on."""

    def __init__(self, host: str, feed: LogFeed) -> None:
        self._host = host
        self._feed = feed

    def __aiter__(self) -> Frames:
        return self

    async def __anext__(self) -> LogFrames:
        with translated(self._host):
            frames = await self._feed.next()
        if frames is None:
            raise StopAsyncIteration
        return frames


async def read_clock(
    host: str, clock: Clock, info: Callable[[], Awaitable[Mapping[str, object]]]
) -> ClockReading:
    """How far the clock of `info`'s engine is ahead of `clock`; of a few trips the shortest counts.

    Raises EngineDown where the engine does not tell its time, and what `info` raises.
    """
    best: ClockReading | None = None
    for _ in range(ASKS):
        begun, ours = time.perf_counter(), clock.now()
        said = moment((await info()).get("SystemTime"))
        half = (time.perf_counter() - begun) / 2
        if said is None:
            raise EngineDown(host, "the engine does not tell its time")
        if best is None or half < best.error:
            best = ClockReading(ahead=said - (ours + half), error=half)
    assert best is not None
    return best
