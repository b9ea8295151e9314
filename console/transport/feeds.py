"""Lines of JSON from a stream, as an asynchronous iterator: events and statistics."""

from __future__ import annotations

import asyncio
from collections import deque

from console.transport.http import BodyTooLarge, Head, HttpFault

LINE_LIMIT = 1 << 20
QUEUE_LIMIT = 8192


class FellBehind(HttpFault):
    """More lines came than were taken: what follows would have a gap."""


class LineFeed:
    """A sink that cuts a body into lines. `next` takes them; it is meant for one taker.

    It never holds the engine back: dockerd drops events of a slow subscriber without a word, while a feed
    that ends with FellBehind is seen and subscribed anew.
    """

    def __init__(self, *, queue: int = QUEUE_LIMIT) -> None:
        self._lines: deque[bytes] = deque()
        self._limit = queue
        self._rest = b""
        self._fault: HttpFault | None = None
        self._ended = False
        self._news = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether no more lines will come; some may still wait to be taken."""
        return self._ended

    def head(self, head: Head) -> None:
        """Nothing of it is needed."""

    def body(self, data: bytes) -> None:
        if self._ended:
            return
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        self._lines.extend(line for line in lines if line.strip())
        if len(self._lines) > self._limit:
            self.failed(FellBehind(f"{len(self._lines)} lines were waiting"))
        elif len(self._rest) > LINE_LIMIT:
            self.failed(BodyTooLarge("a line of more than 1 MiB"))
        else:
            self._news.set()

    def end(self) -> None:
        if self._rest.strip():
            self._lines.append(self._rest)
        self._ended = True
        self._news.set()

    def failed(self, fault: HttpFault) -> None:
        if not self._ended:
            self._fault, self._ended, self._rest = fault, True, b""
            self._news.set()

    async def next(self) -> bytes | None:
        """The next line; None at a proper end. Raises the stream's fault once what came before is taken."""
        while not self._lines:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        return self._lines.popleft()
