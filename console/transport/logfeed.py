"""Between a log's stream and its one reader: parses as bytes come, and holds the engine back."""

from __future__ import annotations

import asyncio
from typing import Protocol

from console.model.logs.lines import LogFrames
from console.transport.http import Head, HttpFault
from console.transport.logframes import FrameParser, LineParser

WAITING_BYTES = 1 << 19
WAITING_LINES = 8192
"""More than either of them waiting, and the engine is held back; it may send a channel's window more."""

_CONTENT = {
    "application/vnd.docker.raw-stream": True,
    "application/vnd.docker.multiplexed-stream": False,
}
"""Whether there is a terminal; engines say so since API 1.42."""


class Tap(Protocol):
    """What can be held back: an HttpConnection."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abort(self) -> None: ...


class LogFeed:
    """A ChunkSink that parses the log of one container. `next` takes; it is meant for one taker.

    What waits is bounded: above its limits the connection is paused, until everything was taken.
    """

    def __init__(
        self, tty: bool, *, most_bytes: int = WAITING_BYTES, most_lines: int = WAITING_LINES
    ) -> None:
        self._parser: FrameParser | LineParser = LineParser() if tty else FrameParser()
        self._most_bytes = most_bytes
        self._most_lines = most_lines
        self._frames = LogFrames()
        self._bytes = 0
        self._tap: Tap | None = None
        self._paused = False
        self._fault: HttpFault | None = None
        self._ended = False
        self._news = asyncio.Event()

    def attach(self, tap: Tap) -> None:
        """From now on the engine can be held back; what came with the head counts."""
        self._tap = tap
        if self._parser.fault is not None:
            tap.abort()
        self._hold()

    # ChunkSink, in the channel callback

    def head(self, head: Head) -> None:
        """Engines that say whether there are frames are believed more than what an inspect said."""
        tty = _CONTENT.get(head.headers.get("content-type", "").partition(";")[0].strip().lower())
        if tty is not None:
            self._parser = LineParser() if tty else FrameParser()

    def chunks(self, chunks: list[bytes]) -> None:
        if not self._ended:
            self._bytes += sum(map(len, chunks))
            self._took(self._parser.chunks(chunks))

    def body(self, data: bytes) -> None:
        if not self._ended:
            self._bytes += len(data)
            self._took(self._parser.feed(data))

    def end(self) -> None:
        if not self._ended:
            self._took(self._parser.finish())
            self._ended = True
            self._news.set()

    def failed(self, fault: HttpFault) -> None:
        if not self._ended:
            self._fault, self._ended = fault, True
            self._news.set()

    # Within

    def _took(self, frames: LogFrames) -> None:
        mine = self._frames
        if not mine.stamps:
            self._frames = frames
        elif frames.stamps:
            mine.stamps.extend(frames.stamps)
            mine.streams.extend(frames.streams)
            mine.payloads.extend(frames.payloads)
        if self._parser.fault is not None:
            self.failed(self._parser.fault)
            if self._tap is not None:
                self._tap.abort()
        elif self._frames.stamps:
            self._news.set()
            self._hold()

    def _hold(self) -> None:
        full = self._bytes > self._most_bytes or len(self._frames.stamps) > self._most_lines
        if full and self._frames.stamps and not self._paused and not self._ended and self._tap is not None:
            self._paused = True
            self._tap.pause()

    # The taker

    async def next(self) -> LogFrames | None:
        """All that waits, as soon as there is anything; None at a proper end.

        Raises the stream's fault once what came before it is taken.
        """
        while not self._frames.stamps:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        frames, self._frames = self._frames, LogFrames()
        self._bytes = 0
        if self._paused:
            # It may deliver, and be paused again, before this returns.
            self._paused = False
            assert self._tap is not None
            self._tap.resume()
        return frames
