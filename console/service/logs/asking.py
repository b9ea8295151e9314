"""One ask for one container's log, as its host allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace

from console.errors import EngineDown, HostUnreachable
from console.model.logs.lines import LogFrames
from console.service.logs.host import HostSide, Reached
from console.transport.base import LogAsk

ACCEPT = 30.0
"""Seconds an engine may take to accept an ask."""


class Asker:
    """Asks for the log of one container, at most so many of one host at a time."""

    def __init__(self, container_id: str, host: HostSide) -> None:
        self.tty = False
        """Whether it has a terminal: to be set before the first ask."""
        self._id = container_id
        self._host = host

    @asynccontextmanager
    async def asked(
        self, reached: Reached, ask: LogAsk, *, through: bool
    ) -> AsyncIterator[AsyncIterator[LogFrames]]:
        """Ask; `through`: it counts as an ask under way until its end, not only until its answer begins.

        Raises HostUnreachable for what an older connection brings, besides what `LogReader.logs` raises.
        """
        async with AsyncExitStack() as stack:
            async with AsyncExitStack() as turn:
                await turn.enter_async_context(self._host.follows.asks.passed())
                try:
                    async with asyncio.timeout(ACCEPT):
                        answer = reached.engine.logs(self._id, replace(ask, tty=self.tty))
                        stream = await stack.enter_async_context(answer)
                except TimeoutError:
                    text = f"the engine did not answer an ask for a log in {ACCEPT:.0f} s"
                    raise EngineDown(self._host.name, text) from None
                stack.enter_context(self._host.follows.open())
                if through:
                    stack.push_async_exit(turn.pop_all())
            yield await stack.enter_async_context(aclosing(self._current(reached, stream)))

    async def newest(self, reached: Reached, tail: int) -> LogFrames:
        """The newest frames of the log."""
        found = LogFrames()
        async with self.asked(reached, LogAsk(tail=tail), through=True) as stream:
            async for frames in stream:
                found.stamps += frames.stamps
                found.streams += frames.streams
                found.payloads += frames.payloads
        return found

    async def _current(
        self, reached: Reached, stream: AsyncIterator[LogFrames]
    ) -> AsyncGenerator[LogFrames, None]:
        async for frames in stream:
            if not self._host.current(reached):
                raise HostUnreachable(self._host.name, "the connection was lost")
            yield frames
