"""A pool of threads for what must block: the docker SDK. Shared by all hosts, none of which may eat it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from console.errors import EngineDown

log = logging.getLogger(__name__)

THREADS = 32
PER_HOST = 8

T = TypeVar("T")


class CallPool:
    """The threads. Made on the network loop; a thread is started when it is first needed."""

    def __init__(self, threads: int = THREADS) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="dockcon-call")

    def submit(self, function: Callable[[], T]) -> Future[T]:
        return self._executor.submit(function)

    def close(self) -> None:
        """End the threads; call it when every HostCalls is closed, so that all of them are idle."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class HostCalls:
    """One host's share of the pool: at most `PER_HOST` calls at once, the others wait without a thread."""

    def __init__(self, host: str, pool: CallPool, *, at_once: int = PER_HOST) -> None:
        self._host = host
        self._pool = pool
        self._slots = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Future[Any]] = set()
        self._closed = False

    async def call(self, function: Callable[[], T]) -> T:
        """Run `function` in a thread. Cancelling the wait leaves the thread to finish by itself.

        Raises what `function` raises, and EngineDown once the host's engine is closed.
        """
        await self._slots.acquire()
        if self._closed:
            self._slots.release()
            raise EngineDown(self._host, "the connection was closed")
        running = asyncio.wrap_future(self._pool.submit(function))
        self._running.add(running)
        # The slot belongs to the thread, not to the one who waits for it.
        running.add_done_callback(functools.partial(self._finished, self._slots))
        return await asyncio.shield(running)

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        """Take the place of one call for something that needs a connection and no thread.

        Raises EngineDown once the host's engine is closed.
        """
        async with self._slots:
            if self._closed:
                raise EngineDown(self._host, "the connection was closed")
            yield

    def _finished(self, slots: asyncio.Semaphore, running: asyncio.Future[Any]) -> None:
        slots.release()
        self._running.discard(running)
        if not running.cancelled() and running.exception() is not None:
            log.debug("%s: a call ended with %r", self._host, running.exception())

    async def aclose(self) -> None:
        """Refuse new calls and wait for those in threads; their sockets must have been shut before."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
