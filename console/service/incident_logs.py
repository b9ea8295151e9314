"""The logs of an incident bundle: the newest lines of each container, bounded, secrets masked."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from console.errors import CapabilityMissing, EngineError
from console.model.clock import Clock
from console.model.containers import Inspection
from console.model.logs.ecs import stamp_of
from console.model.logs.lines import LogFrames, Stream
from console.model.logs.masked import LineMask
from console.model.logs.resume import Resume
from console.model.secrets import mask_text, secret_values
from console.model.text import LIMIT, NOTHING, SafeText, safe
from console.transport.base import Engine, LogAsk

LINES, BYTES = 2_000, 1 << 20
"""Of one container at most, the newest."""

ALL_BYTES = 256 << 20
"""Of all containers together."""

PATIENCE = 20.0
"""Seconds for one container."""

_AT_ONCE = 200
"""Lines that are masked before others get their turn."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """What was read of one container's log."""

    text: str = ""
    """`stamp | line`, or `stamp ! line` from standard error; masked."""
    cut: bool = False
    """Whether there was more than is kept."""
    unread: SafeText = NOTHING
    """Why it was not read, or not to its end."""


class LogRecorder:
    """Reads logs from one moment on, for one archive."""

    def __init__(self, clock: Clock, since_ns: int) -> None:
        self._clock = clock
        self._since_ns = since_ns
        self._room = ALL_BYTES

    async def read(self, engine: Engine, inspection: Inspection) -> LogPart:
        """The log of one container. Raises HostUnreachable and EngineDown; other reasons are in the part."""
        if self._room <= 0:
            return LogPart(unread=safe(f"left out: {ALL_BYTES >> 20} MiB of logs are in the archive already"))
        kept = _Newest()
        unread = NOTHING
        try:
            async with asyncio.timeout(PATIENCE):
                await self._take(engine, inspection, kept)
        except TimeoutError:
            unread = safe(f"not read to its end within {PATIENCE:.0f} s")
        except (EngineError, CapabilityMissing) as error:
            unread = mask_text(error.message)
        text = await _masked(kept, inspection)
        self._room -= len(text)
        return LogPart(text, kept.cut, unread)

    async def _take(self, engine: Engine, inspection: Inspection, kept: _Newest) -> None:
        # One more than is kept shows whether there are more.
        ask = LogAsk(tail=LINES + 1, since_ns=self._since_ns, tty=inspection.logs.tty)
        resume = Resume()
        async with engine.logs(inspection.container.id, ask) as stream:
            resume.begin(finite=True)
            async for frames in stream:
                kept.add(resume.take(frames, self._clock.monotonic()).lines)
        kept.add(resume.finish().lines)


class _Newest:
    """The newest lines, as many as are kept, each as far as it is kept."""

    def __init__(self) -> None:
        self.lines: deque[tuple[int, int, bytes]] = deque()
        self.cut = False
        self._size = 0

    def add(self, frames: LogFrames) -> None:
        for stamp, stream, payload in zip(frames.stamps, frames.streams, frames.payloads, strict=True):
            line = payload[: LIMIT * 4]
            self.lines.append((stamp, stream, line))
            self._size += len(line)
            while len(self.lines) > LINES or self._size > BYTES:
                self._size -= len(self.lines.popleft()[2])
                self.cut = True


async def _masked(kept: _Newest, inspection: Inspection) -> str:
    mask = LineMask(secret_values(inspection.document))
    texts = []
    for number, (stamp, stream, raw) in enumerate(kept.lines):
        mark = "!" if stream == Stream.ERR else "|"
        line = mask.line(stream, raw.rstrip(b"\r\n"))
        texts.append(f"{stamp_of(stamp)} {mark} {line}\n")
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return "".join(texts)
