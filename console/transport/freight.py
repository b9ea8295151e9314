"""What goes in bulk on a connection of its own: pulls, and images from one engine to another.

Natively on the network loop, not by the SDK: whoever stops waiting closes the connection, which ends a pull
in the engine, too, and bytes that pass through are held back by the slower side instead of piling up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlencode

from console.errors import EngineError
from console.model.text import SafeText, sanitise
from console.transport import wire_text
from console.transport.base import PullProgress
from console.transport.faults import translated
from console.transport.feeds import LineFeed
from console.transport.http import Head, HttpFault, Sink
from console.transport.httpconn import HttpConnection
from console.transport.wire_text import mapping, number, raw_text, text

PATIENCE = 300.0
"""Seconds without a word after which it has failed; a registry may think for long."""

WAITING_AT_MOST = 1 << 20
"""Bytes of an archive that one engine has sent and the other has not taken; those in channels come on top."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is more than a GET."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, prefix: str) -> bytes:
        """Its first bytes; `prefix` is the API version's. Raises UnicodeError for what is not quoted."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        lines = [f"{self.method} {prefix}{self.path}{query} HTTP/1.1", "Host: docker", "User-Agent: dockcon"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


class Exchanging(Protocol):
    """An engine that takes such requests."""

    def exchange(
        self, request: Request, sink: Sink, *, patience: float | None = None
    ) -> AbstractAsyncContextManager[HttpConnection]: ...


async def pull(
    host: str,
    engine: Exchanging,
    repository: str,
    tag: str,
    auth: str,
    progress: Callable[[PullProgress], None],
) -> None:
    """`POST /images/create`; `auth`: what X-Registry-Auth says, or empty. Cancelled, the pull ends.

    Raises EngineError where the registry or the engine refuses, EngineDown, HostUnreachable.
    """
    headers = {"Content-Length": "0"} | ({"X-Registry-Auth": auth} if auth else {})
    request = Request("POST", "/images/create", {"fromImage": repository, "tag": tag}, headers)
    layers, feed = _Layers(), LineFeed()
    # An engine sends no head before the registry has answered it.
    async with engine.exchange(request, feed, patience=0):
        while (line := await _next(host, feed, "the registry")) is not None:
            told, refusal = layers.take(line)
            if refusal:
                raise EngineError(host, refusal, status=500)
            progress(told)


class Parts:
    """A sink for a body of any length: once too much of it waits to be taken the engine is held back."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._waiting = 0
        self._connection: HttpConnection | None = None
        self._fault: HttpFault | None = None
        self._ended = False
        self._news = asyncio.Event()

    def attach(self, connection: HttpConnection) -> None:
        """Whom to hold back."""
        self._connection = connection
        self._weigh()

    def head(self, head: Head) -> None:
        """Nothing of it is needed."""

    def body(self, data: bytes) -> None:
        if self._ended:
            return
        self._parts.append(data)
        self._waiting += len(data)
        self._news.set()
        self._weigh()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def failed(self, fault: HttpFault) -> None:
        if not self._ended:
            self._fault, self._ended = fault, True
            self._news.set()

    def _weigh(self) -> None:
        if self._connection is not None and self._waiting > WAITING_AT_MOST:
            self._connection.pause()

    async def next(self) -> bytes | None:
        """The next part; None at a proper end. Raises the stream's fault once what came before is taken."""
        while not self._parts:
            if self._fault is not None:
                raise self._fault
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        part = self._parts.popleft()
        self._waiting -= len(part)
        if self._connection is not None and self._waiting <= WAITING_AT_MOST // 2:
            self._connection.resume()
        return part


@contextlib.asynccontextmanager
async def export(host: str, engine: Exchanging, reference: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """`GET /images/{name}/get`: an archive of one image. The engine is held back while nobody takes.

    Entering returns at once. The iterator ends with the archive, or raises NotFound, EngineError, EngineDown
    or HostUnreachable, so that a cut is never taken for an end.
    """
    request, parts = Request("GET", f"/images/{quote(reference, safe='/:@')}/get"), Parts()
    # An engine may unpack every layer before it sends the first byte.
    async with engine.exchange(request, parts, patience=0) as connection:
        parts.attach(connection)
        async with contextlib.aclosing(_taken(host, parts)) as taken:
            yield taken


async def _taken(host: str, parts: Parts) -> AsyncGenerator[bytes, None]:
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                with translated(host, but=(TimeoutError,)):
                    part = await parts.next()
        except TimeoutError as error:
            raise EngineError(host, f"no more of the image came for {PATIENCE:.0f} s", status=504) from error
        if part is None:
            return
        yield part


async def load(host: str, engine: Exchanging, parts: AsyncIterator[bytes]) -> None:
    """`POST /images/load`, an archive as it comes; `parts` are taken no faster than the engine does.

    Raises what `parts` raises, EngineError where the engine cannot keep it, EngineDown, HostUnreachable. What
    of an archive that was cut had been loaded is of no use to anybody and is not shown as an image.
    """
    headers = {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
    feed = LineFeed()
    request = Request("POST", "/images/load", {}, headers)
    async with engine.exchange(request, feed, patience=0) as connection:
        async for part in parts:
            if connection.gone or feed.ended:
                break  # it has said no, which is read below
            await _sent(host, connection, b"%x\r\n%b\r\n" % (len(part), part))
        else:
            await _sent(host, connection, b"0\r\n\r\n")
        while (line := await _next(host, feed, "the engine")) is not None:
            if refusal := _refusal(line):
                raise EngineError(host, refusal, status=500)


async def _sent(host: str, connection: HttpConnection, data: bytes) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await connection.write(data)
    except TimeoutError as error:
        raise EngineError(host, f"it took nothing of the image for {PATIENCE:.0f} s", status=504) from error


async def _next(host: str, feed: LineFeed, who: str) -> Mapping[str, object] | None:
    """The next line, or None at the end. Raises EngineError after too long a silence."""
    try:
        async with asyncio.timeout(PATIENCE):
            with translated(host, but=(TimeoutError,)):
                line = await feed.next()
                return None if line is None else mapping(wire_text.load(line))
    except TimeoutError as error:
        raise EngineError(host, f"{who} said nothing for {PATIENCE:.0f} s", status=504) from error


class _Layers:
    """How far the layers of an image are, all together."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, told: Mapping[str, object]) -> tuple[PullProgress, SafeText]:
        """Take one line; what to tell, and why the engine gave up where it did."""
        layer, status = raw_text(told.get("id")), text(told.get("status"), 200)
        detail = mapping(told.get("progressDetail"))
        if layer and status == "Downloading":
            self._layers[layer] = (number(detail.get("current")), number(detail.get("total")))
        elif layer in self._layers and status in ("Download complete", "Pull complete"):
            self._layers[layer] = (self._layers[layer][1], self._layers[layer][1])
        known = self._layers.values()
        done, total = (sum(column) for column in zip(*known, strict=True)) if known else (0, 0)
        return PullProgress(status, done, total), _refusal(told)


def _refusal(told: Mapping[str, object]) -> SafeText:
    """Why an engine gives up in the middle of a stream, or nothing."""
    error = raw_text(told.get("error")) or raw_text(mapping(told.get("errorDetail")).get("message"))
    return sanitise(error, 1000)
