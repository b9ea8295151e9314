"""A host's table kept equal to its engine's own list without polling.

Subscribe to events first, list afterwards: nothing can fall between. Each event only marks its container
as dirty; a moment later all dirty ones are asked for in one list. When the stream ends, subscribe and list
again. Once a minute a whole list catches what an engine forgot to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from console.errors import EngineDown, EngineError, HostError, HostRefused, HostUnreachable
from console.model.containers import Container
from console.model.events import EngineEvent
from console.service.board import Board
from console.service.tasks import first, patient
from console.service.waits import phase
from console.transport.base import Engine

T = TypeVar("T")

log = logging.getLogger(__name__)

GATHER = 0.03
"""Seconds in which events are gathered before the containers they concern are asked for."""

RECONCILE_EVERY = 60.0

DOUBT_EVERY = 10
"""Every so many reconciles details are doubted too: a restart that an engine did not tell of can look, in a
list, like a container that ran on.
"""

DEADLINE = 30.0
"""Seconds after which a list or subscription that has not answered means that the engine hangs."""

PING_DEADLINE = 10.0

MANY = 100
"""Dirty containers from which a whole list is cheaper than a filter."""

LOOK_BACK = 600.0
"""Seconds of the past asked for at first, so that a restart loop is known as one from the beginning."""


class Watch:
    """Keeps `board.table` exact over one `Engine` after the other."""

    def __init__(
        self, board: Board, emit: Callable[[EngineEvent], None], applied: Callable[[], None]
    ) -> None:
        """`emit` gets every event but the noise of health checks; `applied` is called after every list."""
        self._board = board
        self._emit = emit
        self._on_applied = applied
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()

    def suspect(self, container_id: str) -> None:
        """Ask for this container's row again soon."""
        self._dirty.add(container_id)
        self._wake.set()

    async def run(self, engine: Engine) -> None:
        """Until the engine or the way to it fails; raises why."""
        pause = 0.0
        clock = self._board.clock
        while True:
            began = clock.monotonic()
            try:
                await self._subscribed(engine)
            except HostRefused:
                raise
            except EngineError as error:
                host = self._board.spec.name
                raise EngineDown(host, f"the engine answers with an error: {error.message}") from error
            except HostError as error:
                # Only the stream may have ended: if the engine still answers, it was a gap and no more.
                await ping(engine, self._board)
                log.info("%s: event stream ended (%s), subscribing again", self._board.spec.name, error)
                self._board.dropped += 1
            pause = 0.0 if clock.monotonic() - began > 10 else min(pause + 0.5, 5.0)
            await clock.sleep(pause)

    async def _subscribed(self, engine: Engine) -> None:
        table = self._board.table
        since = table.last_ns + 1 if table.last_ns else int((self._board.clock.now() - LOOK_BACK) * 1e9)
        async with AsyncExitStack() as stack:
            subscribed = stack.enter_async_context(engine.events(since))
            stream = await answered(subscribed, DEADLINE, self._board, "a subscription to events")
            self._dirty.clear()
            await self._list(engine, gap=True)
            await first(self._read(stream), self._refetch(engine))

    async def _read(self, stream: AsyncIterator[EngineEvent]) -> None:
        note, host = self._board.table.note, self._board.spec.name
        async for event in stream:
            if event.action.startswith("exec_"):
                continue
            if note(event):
                self.suspect(event.container_id)
            self._emit(event)
        raise HostUnreachable(host, "the event stream ended")

    async def _refetch(self, engine: Engine) -> None:
        clock = self._board.clock
        reconcile_at = clock.monotonic() + RECONCILE_EVERY * phase(self._board.spec.name)
        lists = 0
        while True:
            try:
                async with asyncio.timeout(max(0.0, reconcile_at - clock.monotonic())):
                    await self._wake.wait()
            except TimeoutError:
                pass
            else:
                await clock.sleep(GATHER)
            self._wake.clear()
            ids, self._dirty = self._dirty, set()
            if len(ids) > MANY or clock.monotonic() >= reconcile_at:
                lists += 1
                await self._list(engine, gap=lists % DOUBT_EVERY == 0)
                reconcile_at = clock.monotonic() + RECONCILE_EVERY
            elif ids:
                rows = await self._ask(engine, ids)
                self._board.table.update(ids, rows, clock.now())
                self._applied()

    async def _list(self, engine: Engine, *, gap: bool) -> None:
        rows = await self._ask(engine, None)
        self._board.table.replace_all(rows, self._board.clock.now(), gap=gap)
        self._applied()

    async def _ask(self, engine: Engine, ids: Collection[str] | None) -> tuple[Container, ...]:
        return await answered(engine.containers(ids), DEADLINE, self._board, "a list of containers")

    def _applied(self) -> None:
        self._board.listed = self._board.clock.now()
        self._board.touch()
        self._on_applied()


async def ping(engine: Engine, board: Board) -> float:
    """One round trip; raises EngineDown where no answer comes within `PING_DEADLINE`."""
    return await answered(engine.ping(), PING_DEADLINE, board, "a ping")


async def answered(asked: Coroutine[Any, Any, T], seconds: float, board: Board, what: str) -> T:
    """The answer; EngineDown where none comes in time although the host as a whole is not silent."""
    try:
        return await patient(asked, seconds, board.silent)
    except TimeoutError as error:
        text = f"the engine did not answer {what} in {seconds:.0f} s"
        raise EngineDown(board.spec.name, text) from error
