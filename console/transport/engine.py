"""One host's Docker Engine API: typed calls on the native reader, and the docker SDK beside it.

Nothing here imports the SDK until the first call that needs it, so that the first list of a cold start
costs no more than its round trips.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from console.errors import CapabilityMissing, EngineDown, UsageError
from console.model.containers import Container, Inspection
from console.model.events import EngineEvent
from console.model.hosts import EngineFacts
from console.model.logs.lines import LogFrames
from console.model.logs.wish import ClockReading
from console.model.text import sanitise
from console.transport import logs, wire, wire_feeds
from console.transport.base import LogAsk, StatsFrame
from console.transport.calls import PER_HOST, CallPool, HostCalls
from console.transport.carrier import Carrier, Lanes
from console.transport.clock import SystemClock
from console.transport.faults import translated
from console.transport.feeds import LineFeed
from console.transport.freight import Request
from console.transport.http import Sink
from console.transport.httpconn import DEADLINE, HttpClient, HttpConnection
from console.transport.inside import Inside
from console.transport.logfeed import LogFeed
from console.transport.rebuild import SdkDeeds
from console.transport.wire_text import FULL_ID, BadJson, load, mapping

if TYPE_CHECKING:
    from docker import APIClient

    from console.transport.channels import NetDialer
    from console.transport.sdk import Sdk
    from console.transport.sight_live import LiveSight
    from console.transport.store import StockShelf
    from console.transport.wiring_live import LiveWiring

log = logging.getLogger(__name__)

T = TypeVar("T")

IDS_AT_ONCE = 100
"""Above this many the whole list is cheaper than a filter."""

EVENT_TYPES = ("container", "network", "image", "volume", "daemon")
# Without exec_* (three for every health check), top, attach, resize, mount and unmount: noise, of which the
# engine keeps no more than 256. `health_status` stands for `health_status: unhealthy`.
EVENT_ACTIONS = (
    *("create", "start", "restart", "die", "stop", "kill", "oom", "pause", "unpause", "rename", "update"),
    *("destroy", "health_status", "connect", "disconnect"),
    *("pull", "delete", "tag", "untag", "import", "load", "reload"),
    "cleanup",  # Podman: after `die`, when the list says so, too
)


class HttpEngine:
    """An engine on one carrier. Belongs to the loop it was made on."""

    def __init__(
        self,
        host: str,
        carrier: Carrier,
        client: HttpClient,
        facts: EngineFacts,
        pool: CallPool,
        dialer: NetDialer,
    ) -> None:
        self._host = host
        self._carrier = carrier
        self._client = client
        self.facts = facts
        self._prefix = f"/v{facts.api}"
        self._calls = HostCalls(host, pool, at_once=calls_at_once(carrier.lanes))
        self._feeds = carrier.lanes.feeds
        self._sdk: Sdk | None = None
        self._deeds = SdkDeeds(host, self)
        self._inside: Inside | None = None
        self._dialer = dialer
        self._wiring: LiveWiring | None = None
        self._sight: LiveSight | None = None
        self.closed = False

    @property
    def deeds(self) -> SdkDeeds:
        return self._deeds

    @property
    def inside(self) -> Inside:
        """Processes and files in its containers."""
        if self._inside is None:
            # Imported when it is first needed: nobody waits for it before.
            from console.transport.httpinside import HttpInside

            self._inside = HttpInside(self._host, self._client, self._prefix, self._feed, self.inspect)
        return self._inside

    @property
    def stock(self) -> StockShelf:
        """Its images, volumes and networks."""
        from console.transport.store import StockShelf

        return StockShelf(self._host, str(self.facts.api), self.read)

    @property
    def wiring(self) -> LiveWiring:
        """What mappings ask of this host."""
        if self._wiring is None:
            # Of a fleet without mappings nothing of this is needed.
            from console.transport.wiring_live import LiveWiring

            self._wiring = LiveWiring(self._host, self, self.read, self._dialer)
        return self._wiring

    @property
    def sight(self) -> LiveSight:
        """What is seen of this host's connections."""
        if self._sight is None:
            # Needed once somebody looks at links.
            from console.transport.sight_live import LiveSight

            self._sight = LiveSight(self._host, self._dialer)
        return self._sight

    async def ping(self) -> float:
        """Seconds of one round trip. Raises EngineDown or HostUnreachable."""
        begun = time.perf_counter()
        with translated(self._host):
            await self._client.get("/_ping")
        return time.perf_counter() - begun

    async def containers(self, ids: Collection[str] | None = None) -> tuple[Container, ...]:
        """All containers; with `ids` only those of them that exist.

        Raises EngineDown, HostUnreachable or EngineError.
        """
        if ids is not None and not ids:
            return ()
        query = "all=1"
        if ids is not None and len(ids) <= IDS_AT_ONCE:
            wanted = sorted(_full_id(i) for i in ids)
            query += "&filters=" + quote(json.dumps({"id": wanted}, separators=(",", ":")))
        rows = wire.containers(self._host, await self.read(f"/containers/json?{query}"), time.time())
        return rows if ids is None else tuple(row for row in rows if row.id in ids)

    async def inspect(self, container_id: str) -> Inspection:
        """Everything of one container. Raises NotFound, EngineDown, HostUnreachable."""
        found = wire.inspection(self._host, await self.read(f"/containers/{_full_id(container_id)}/json"))
        if found is None:
            raise EngineDown(self._host, "the engine's answer to an inspect cannot be read")
        return found

    async def info(self) -> Mapping[str, object]:
        """`GET /info` as it came (unsafe text)."""
        return mapping(await self.read("/info"))

    async def read(self, path: str, deadline: float = DEADLINE, api: str = "") -> object:
        """The JSON behind a path, within so many seconds; `api`: an older version than the one agreed on."""
        target = (f"/v{api}" if api else self._prefix) + path
        with translated(self._host):
            return load((await self._client.get(target, deadline=deadline)).body)

    @contextlib.asynccontextmanager
    async def events(self, since_ns: int | None = None) -> AsyncIterator[AsyncIterator[EngineEvent]]:
        """Subscribe; with `since_ns` the events since then that the engine still has come first.

        The iterator ends with HostUnreachable or EngineDown, never quietly.
        """
        filters: dict[str, tuple[str, ...]] = {"type": EVENT_TYPES}
        if self.facts.engine != "podman":  # which names its actions otherwise; see `_Events`
            filters["event"] = EVENT_ACTIONS
        query = "filters=" + quote(json.dumps(filters, separators=(",", ":")))
        if since_ns is not None:
            query += f"&since={since_ns // 1_000_000_000}.{since_ns % 1_000_000_000:09d}"
        feed = LineFeed()
        async with self._stream(f"/events?{query}", feed):
            yield _Events(self._host, feed)

    @contextlib.asynccontextmanager
    async def stats(self, container_id: str) -> AsyncIterator[AsyncIterator[StatsFrame]]:
        """Follow the statistics of one container; ends when it stops.

        Raises NotFound, and CapabilityMissing where as many feeds are open as the carrier allows.
        """
        with self._feed():
            feed = LineFeed()
            async with self._stream(f"/containers/{_full_id(container_id)}/stats?stream=1", feed):
                yield _Stats(self._host, feed)

    @contextlib.asynccontextmanager
    async def logs(self, container_id: str, ask: LogAsk) -> AsyncIterator[AsyncIterator[LogFrames]]:
        """Read a container's log; see `LogReader`. The engine is held back while nobody takes.

        Raises NotFound, EngineError, and CapabilityMissing where as many feeds are open as the carrier
        allows, of which one that does not follow is one, too.
        """
        path = logs.target(_full_id(container_id), ask)
        patience = logs.PATIENCE if ask.follow and self.facts.engine == "podman" else None
        with self._feed():
            feed = LogFeed(ask.tty)
            async with self._stream(path, feed, patience) as connection:
                feed.attach(connection)
                yield logs.Frames(self._host, feed)

    async def clock(self) -> ClockReading:
        """How far the engine's clock is ahead of ours. Raises EngineDown, HostUnreachable, EngineError."""
        return await logs.read_clock(self._host, SystemClock(), self.info)

    @contextlib.contextmanager
    def _feed(self) -> Iterator[None]:
        if self._feeds <= 0:
            raise CapabilityMissing(self._host, f"no more feeds are possible by {self._carrier.label}")
        self._feeds -= 1
        try:
            yield
        finally:
            self._feeds += 1

    @contextlib.asynccontextmanager
    async def exchange(
        self, request: Request, sink: Sink, *, patience: float | None = None
    ) -> AsyncIterator[HttpConnection]:
        """A request of any kind on a connection of its own, in the place of one call of the SDK.

        See `HttpClient.stream`. Raises EngineError, EngineDown or HostUnreachable.
        """
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._calls.lane())
            with translated(self._host):
                stream = self._client.stream("", sink, patience=patience, request=request.head(self._prefix))
                connection = await stack.enter_async_context(stream)
            yield connection

    @contextlib.asynccontextmanager
    async def _stream(
        self, path: str, sink: Sink, patience: float | None = None
    ) -> AsyncIterator[HttpConnection]:
        async with contextlib.AsyncExitStack() as stack:
            with translated(self._host):
                stream = self._client.stream(self._prefix + path, sink, patience=patience)
                connection = await stack.enter_async_context(stream)
            yield connection

    async def call(self, function: Callable[[APIClient], T], *, timeout: float = DEADLINE) -> T:
        """Run `function` with the docker SDK's low-level client in a thread of the pool.

        `timeout` is what the SDK waits for bytes of an answer by default. Errors of the SDK arrive as ours;
        a changing request whose answer was lost raises OutcomeUnknown.
        """
        sdk = self._sdk
        if sdk is None:
            from console.transport.sdk import Sdk

            sdk = self._sdk = Sdk(self._host, self._carrier, str(self.facts.api))
        return await self._calls.call(lambda: sdk.call(function, timeout))

    async def aclose(self) -> None:
        """End every request, stream and call; returns when their threads and channels are gone."""
        self.closed = True
        if self._wiring is not None:
            await self._wiring.aclose()
        if self._sight is not None:
            await self._sight.aclose()
        if self._sdk is not None:
            self._sdk.shut()
        await self._calls.aclose()
        if self._sdk is not None:
            await self._sdk.aclose()
        await self._client.aclose()


class _Events:
    """Events of a feed. Podman cannot be asked for a set of actions, so those unwanted are left out here."""

    def __init__(self, host: str, feed: LineFeed) -> None:
        self._host = host
        self._feed = feed

    def __aiter__(self) -> _Events:
        return self

    async def __anext__(self) -> EngineEvent:
        while True:
            with translated(self._host):
                line = await self._feed.next()
            if line is None:
                raise EngineDown(self._host, "the engine ended its event stream")
            try:
                event = wire_feeds.event(self._host, load(line))
            except BadJson as error:
                log.warning("%s: an event could not be read: %s", self._host, sanitise(str(error), 200))
                continue
            if event is not None and event.action.startswith(EVENT_ACTIONS):
                return event


class _Stats:
    def __init__(self, host: str, feed: LineFeed) -> None:
        self._host = host
        self._feed = feed

    def __aiter__(self) -> _Stats:
        return self

    async def __anext__(self) -> StatsFrame:
        with translated(self._host):
            line = await self._feed.next()
            frame = None if line is None else wire_feeds.stats(load(line))
        if frame is None:
            raise StopAsyncIteration
        return frame


def calls_at_once(lanes: Lanes) -> int:
    """One less than there are channels: a call may hold one (an exec's stream) and need another."""
    return max(1, min(PER_HOST, lanes.calls - 1))


def _full_id(container_id: str) -> str:
    if not FULL_ID.match(container_id):
        raise UsageError(f"not a full container id: {sanitise(container_id, 80)}")
    return container_id
