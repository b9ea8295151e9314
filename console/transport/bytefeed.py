"""What a process or an archive brings: bytes for one taker, who holds the engine back."""

from __future__ import annotations

import asyncio

from console.transport.http import BadResponse, Head, HttpFault
from console.transport.inside import STDERR, STDOUT
from console.transport.logfeed import Tap

WAITING = 1 << 18
"""Bytes waiting to be taken above which the engine is held back."""

_HEADER = 8


class ByteFeed:
    """A sink whose body is taken by one taker. What waits is bounded: beyond that the engine is paused."""

    def __init__(self, most: int = WAITING) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._bytes = 0
        self._tap: Tap | None = None
        self._paused = False
        self._fault: HttpFault | None = None
        self._ended = False
        self._news = asyncio.Event()

    def attach(self, tap: Tap) -> None:
        """From now on the engine can be held back; what came with the head counts."""
        self._tap = tap
        self._hold()

    def head(self, head: Head) -> None:
        """Nothing of it is needed."""

    def body(self, data: bytes) -> None:
        if not self._ended:
            self._parts.append(data)
            self._bytes += len(data)
            self._news.set()
            self._hold()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def failed(self, fault: HttpFault) -> None:
        if not self._ended:
            self._fault, self._ended = fault, True
            self._news.set()

    def _hold(self) -> None:
        if self._bytes > self._most and not self._paused and not self._ended and self._tap is not None:
            self._paused = True
            self._tap.pause()

    async def next(self) -> bytes | None:
        """All that waits, as soon as there is anything; None at a proper end.

        Raises the stream's fault once what came before it is taken.
        """
        while not self._parts:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        data, self._parts, self._bytes = b"".join(self._parts), [], 0
        if self._paused:
            # It may deliver, and be paused again, before this returns.
            self._paused = False
            assert self._tap is not None
            self._tap.resume()
        return data


class Demultiplexer:
    """Takes the frames of a process without a terminal apart: eight bytes (which output, how long), data.

    (Docker API, "Attach to a container", stream format.) Data are handed on as they come, whole frames are
    not waited for.
    """

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._stream = STDOUT

    @property
    def between(self) -> bool:
        """Whether no frame is half read: only then may the stream end."""
        return not self._left and not self._head

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes; return what they hold, neighbours of one output joined. Raises BadResponse."""
        found: list[tuple[int, list[bytes]]] = []
        at = 0
        while at < len(data):
            if not self._left:
                at = self._read_head(data, at)
                continue
            piece = data[at : at + self._left]
            at += len(piece)
            self._left -= len(piece)
            if found and found[-1][0] == self._stream:
                found[-1][1].append(piece)
            else:
                found.append((self._stream, [piece]))
        return [(stream, b"".join(pieces)) for stream, pieces in found]

    def _read_head(self, data: bytes, at: int) -> int:
        wanted = _HEADER - len(self._head)
        self._head += data[at : at + wanted]
        if len(self._head) == _HEADER:
            kind = self._head[0]
            if kind > 3 or self._head[1:4] != b"\0\0\0":
                raise BadResponse(f"not a frame of output: {self._head!r}")
            # 0 is standard input, which nothing echoes here; 3 is the engine's own error.
            self._stream = STDOUT if kind in (0, 1) else STDERR
            self._left = int.from_bytes(self._head[4:], "big")
            self._head = b""
        return at + wanted
