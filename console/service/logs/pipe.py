"""A merged stream for one reader on the same loop who wants all of it: nothing is dropped, writers wait."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from console.model.hosts import HostState, HostStatus
from console.model.logs.lines import LogBlock
from console.model.logs.wish import LogWish
from console.service.fleet import Fleet
from console.service.logs.outbox import StreamState
from console.service.logs.stream import LogStream
from console.service.tap import LogUpdate

LINES, BYTES = 40_000, 4 << 20
"""What waits for the reader at most, a read of each source aside: with more, nothing more is read."""

PATIENCE = 20.0
"""Seconds for which a host that is not reached is waited for, where the end of all logs is wanted."""

HOLD = 3.0
"""Seconds for which the past of others waits for a host or a source that gives nothing."""

LOOK = 0.1
"""Seconds between two looks whether everything was read."""

HOPELESS = frozenset({HostState.REFUSED, HostState.NEEDS_YOU, HostState.OFF})
"""States that do not end by themselves."""


class LogPipe:
    """`async with LogPipe(fleet, wish) as pipe: async for update in pipe: ...`

    Ends by itself when the wish does not follow and everything was read that can be: sources of hosts that
    are not reached stay WAITING, and `unreached` names those hosts. Belongs to the loop the fleet runs on.
    """

    def __init__(self, fleet: Fleet, wish: LogWish, *, patience: float = PATIENCE) -> None:
        self._fleet = fleet
        self._wish = wish
        self._patience = patience
        self._stream: LogStream | None = None
        self._watch: asyncio.Task[None] | None = None
        self._state = StreamState()
        self._blocks: list[LogBlock] = []
        self._lines = self._size = 0
        self._news = asyncio.Event()
        self._taken = asyncio.Event()
        self._done = False
        self._unreached: dict[str, HostStatus] = {}

    async def __aenter__(self) -> LogPipe:
        self._stream = self._fleet.logs.open(self._wish, self)
        if not self._wish.follow or self._wish.until_ns is not None:
            self._watch = asyncio.create_task(self._end(self._stream), name="log pipe end")
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._stream is not None:
            await self._fleet.logs.end(self._stream)

    @property
    def unreached(self) -> Mapping[str, HostStatus]:
        """Hosts that were wanted and not, or not to the end, read, and how they were; complete at the end."""
        return self._unreached

    def __aiter__(self) -> LogPipe:
        return self

    async def __anext__(self) -> LogUpdate:
        """What came since the last one, with the newest state of all sources."""
        while not self._news.is_set():
            if self._done:
                raise StopAsyncIteration
            await self._news.wait()
        self._news.clear()
        blocks, self._blocks = self._blocks, []
        self._lines = self._size = 0
        self._taken.set()
        self._taken = asyncio.Event()
        state = self._state
        return LogUpdate(
            blocks=tuple(blocks),
            sources=state.sources,
            loading=state.loading,
            clocks=state.clocks,
            corrected=state.corrected,
        )

    # Where the stream goes.

    @property
    def most(self) -> int | None:
        """All is of use."""
        return None

    @property
    def patience(self) -> float:
        """Order is worth a wait."""
        return HOLD

    @property
    def frozen_full(self) -> bool:
        """A pipe is not frozen, it is full."""
        return False

    def put(self, blocks: list[LogBlock]) -> None:
        """More to take."""
        self._blocks += blocks
        self._lines += sum(map(len, blocks))
        self._size += sum(block.size for block in blocks)
        self._news.set()

    def show(self, state: StreamState) -> None:
        """How the stream is doing."""
        self._state = state
        self._news.set()

    async def room(self) -> None:
        """Wait while as much waits as should."""
        while self._lines >= LINES or self._size >= BYTES:
            await self._taken.wait()

    async def _end(self, stream: LogStream) -> None:
        """Find out when nothing more will come."""
        since: dict[str, float] = {}
        while True:
            unfinished = stream.members.unfinished()
            if not any(self._hopeful(name, status, since) for name, status in unfinished.items()):
                break
            await asyncio.sleep(LOOK)
        self._unreached = unfinished
        stream.flush()
        self._done = True
        self._news.set()

    def _hopeful(self, name: str, status: HostStatus, since: dict[str, float]) -> bool:
        """Whether more may come of a host; `since`: when each was first seen to be away."""
        if status.state is HostState.UP:
            since.pop(name, None)
            return True
        now = asyncio.get_running_loop().time()
        return status.state not in HOPELESS and now - since.setdefault(name, now) < self._patience
