"""All log streams of a fleet: told of what its hosts say, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.logs.wish import LogWish
from console.model.snapshot import HostSnapshot
from console.service.logs.follows import Follows
from console.service.logs.host import HostAccess, Reached
from console.service.logs.stream import LogStream, Out


class LogRoom:
    """Belongs to the network loop, except that `snapshot` and `event` may be called before there is one."""

    def __init__(
        self, clock: Clock, jitter: Callable[[], float], reach: Callable[[str], Reached | None]
    ) -> None:
        """`jitter`: 0 to 1, by chance; `reach`: the engine of a host, while it answers."""
        self._clock = clock
        self._jitter = jitter
        self._reach = reach
        self._latest: dict[str, HostSnapshot] = {}
        self._hosts: dict[str, HostAccess] = {}
        self._streams: list[LogStream] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._streams)

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """What is known of a host now."""
        self._latest[snapshot.name] = snapshot
        for stream in self._streams:
            stream.members.seen(snapshot)

    def event(self, event: EngineEvent) -> None:
        """What an engine told."""
        if event.type == "container":
            for stream in self._streams:
                stream.members.event(event)

    def open(self, wish: LogWish, out: Out) -> LogStream:
        """A new stream, at work."""
        stream = LogStream(wish, out, self._clock, self._jitter, self.access)
        self._streams.append(stream)
        stream.start()
        for snapshot in self._latest.values():
            stream.members.seen(snapshot)
        return stream

    async def end(self, stream: LogStream) -> None:
        """End a stream and wait for it. Idempotent."""
        if stream in self._streams:
            self._streams.remove(stream)
        await stream.aclose()

    def close(self, stream: LogStream) -> None:
        """End a stream in the background."""
        task = asyncio.create_task(self.end(stream), name="log closing")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """End all streams and wait for them."""
        for stream in tuple(self._streams):
            await self.end(stream)
        while self._closing:
            await asyncio.gather(*self._closing)

    def access(self, host: str) -> HostAccess:
        """What all streams share of a host."""
        access = self._hosts.get(host)
        if access is None:
            access = HostAccess(name=host, reach=lambda: self._reach(host), follows=Follows())
            self._hosts[host] = access
        return access
