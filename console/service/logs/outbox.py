"""From the network loop to one reader on another thread: merged blocks up to a cap, and how sources do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from console.model.logs.lines import LogBlock
from console.model.logs.wish import ClockReading
from console.service.logs.notes import dropped_block
from console.service.tap import LogUpdate, SourceView

HOLD = 1.5
"""Seconds for which the past of others waits for a source that gives nothing."""

FROZEN_SHARE = 4
"""A frozen reader is kept one part in so many of the caps."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How much is kept for a reader who does not take; whichever is reached first."""

    lines: int = 200_000
    bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class StreamState:
    """How one merged stream is doing; the part of `LogUpdate` that is not lines."""

    sources: tuple[SourceView, ...] = ()
    loading: bool = False
    clocks: Mapping[str, ClockReading] = field(default_factory=dict)
    corrected: bool = False
    suspended: bool = False


class Outbox:
    """A bounded queue of blocks that drops the oldest, counts what it drops, and says so in their place."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._lock = threading.Lock()
        self._blocks: deque[LogBlock] = deque()
        self._lines = 0
        self._size = 0
        self._state = StreamState()
        self._news = False
        self._dropped = 0
        self._gone: list[int] = []
        """Lines dropped since the last `take`, and the stamps of the first and the last of them."""

    @property
    def most(self) -> int | None:
        """The largest part of one container's past that is of use here."""
        return self.caps.lines

    @property
    def patience(self) -> float:
        """Who looks at a screen does not wait for the last host."""
        return HOLD

    @property
    def frozen_full(self) -> bool:
        """Whether as much waits as a frozen reader is kept."""
        share = FROZEN_SHARE
        return self._lines >= self.caps.lines // share or self._size >= self.caps.bytes // share

    def put(self, blocks: Sequence[LogBlock]) -> None:
        """Queue blocks; the oldest go where the caps are reached."""
        with self._lock:
            for block in blocks:
                self._blocks.append(block)
                self._lines += len(block)
                self._size += block.size
            while len(self._blocks) > 1 and (self._lines > self.caps.lines or self._size > self.caps.bytes):
                self._drop(self._blocks.popleft())
            self._news = True

    def show(self, state: StreamState) -> None:
        """How the stream is doing from now on."""
        with self._lock:
            self._state = state
            self._news = True

    async def room(self) -> None:
        """There always is: what nobody takes is dropped."""

    def take(self) -> LogUpdate | None:
        """All that came since the last call, or None."""
        # Looked at without the lock: what is missed by this call is seen by the next.
        if not self._news:
            return None
        with self._lock:
            self._news = False
            blocks, self._blocks = self._blocks, deque()
            self._lines = self._size = 0
            gone, self._gone = self._gone, []
            state, dropped = self._state, self._dropped
        if gone:
            blocks.appendleft(dropped_block(*gone))
        return LogUpdate(
            blocks=tuple(blocks),
            sources=state.sources,
            loading=state.loading,
            dropped=dropped,
            clocks=state.clocks,
            corrected=state.corrected,
            suspended=state.suspended,
        )

    def close(self) -> None:
        """Let go of what nobody will take any more."""
        with self._lock:
            self._blocks.clear()
            self._lines = self._size = 0
            self._state = replace(self._state, loading=False)

    def _drop(self, block: LogBlock) -> None:
        self._lines -= len(block)
        self._size -= block.size
        lines = len(block) - len(block.notes)
        self._dropped += lines
        if not self._gone:
            self._gone = [0, block.stamps[0], block.stamps[-1]]
        self._gone[0] += lines
        self._gone[2] = block.stamps[-1]
