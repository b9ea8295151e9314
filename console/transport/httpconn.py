"""HTTP/1.1 over byte channels: connections that are reused for requests, and streams of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from console.transport.channels import Channel, ChannelReader
from console.transport.http import (
    BadResponse,
    BodyTooLarge,
    ChunkSink,
    Cut,
    Head,
    HttpFault,
    ResponseParser,
    Sink,
)
from console.transport.httprequest import Request

log = logging.getLogger(__name__)

DEADLINE = 9.0
"""Seconds for one request, from asking for a connection to the last byte of the answer."""
BODY_LIMIT = 64 << 20
ERROR_BODY_LIMIT = 65536
NOTE_LIMIT = 4000
LINGER = 0.5
"""Seconds between the end of a stream and our closing it, for what a command still has to say."""

Open = Callable[[ChannelReader], Awaitable[Channel]]


class ErrorStatus(HttpFault):
    """The engine answered with a status of 400 or more."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Response:
    head: Head
    body: bytes


class HttpConnection:
    """One channel that speaks HTTP/1.1, one exchange at a time. A ChannelReader."""

    def __init__(self, on_gone: Callable[[HttpConnection], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_gone = on_gone
        self._channel: Channel | None = None
        self._parser: ResponseParser | None = None
        self._sink: Sink | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._note = b""
        self._spent = False
        self._error: Exception | None = None
        self._gone = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    async def open(self, dial: Open) -> None:
        """Raises what the dialer raises."""
        self._channel = await dial(self)

    @property
    def idle(self) -> bool:
        """Whether a request may be sent."""
        return self._sink is None and not self._spent

    @property
    def gone(self) -> bool:
        return self._gone.is_set()

    @property
    def note(self) -> str:
        """What the carrying command said on its standard error (unsafe text)."""
        return self._note.decode(errors="replace").strip()

    def send(self, request: bytes, sink: Sink, *, method: str = "GET") -> None:
        """Begin an exchange; `sink` hears of its end whatever happens."""
        assert self._sink is None
        if self.gone:
            # A command may end before it is asked anything.
            sink.failed(Cut(self._error, answered=False, note=self.note))
            return
        self._parser = ResponseParser(sink, method=method)
        self._sink = sink
        if self._channel is not None:
            self._channel.write(request)

    async def write(self, data: bytes) -> None:
        """Send more of a request's body; returns when there is room for more, or nobody there any more."""
        if self._channel is not None and not self.gone:
            self._channel.write(data)
            await self._drained.wait()

    def write_eof(self) -> None:
        """Nothing more will be written; the answer goes on."""
        if self._channel is not None:
            self._channel.write_eof()

    def pause(self) -> None:
        """Hold the peer back."""
        if self._channel is not None:
            self._channel.pause()

    def resume(self) -> None:
        if self._channel is not None:
            self._channel.resume()

    def abort(self) -> None:
        """Close at once; an exchange that is under way fails."""
        self._spent = True
        if self._channel is not None:
            self._channel.abort()

    async def wait_closed(self) -> None:
        await self._gone.wait()

    # ChannelReader

    def data(self, chunk: bytes) -> None:
        parser = self._parser
        if parser is None:
            self.abort()  # nothing was asked
            return
        if self._spent and self._linger is None:
            return  # aborted by us: what is still on the way does not count
        try:
            parser.feed(chunk)
        except BadResponse as bad:
            self._fail(bad)
            self.abort()
            return
        if parser.done:
            self._complete(parser)

    def _complete(self, parser: ResponseParser) -> None:
        self._parser = self._sink = None
        if not parser.reusable:
            self.abort()

    def _fail(self, fault: HttpFault) -> None:
        sink, self._sink, self._parser = self._sink, None, None
        self._spent = True
        if sink is not None:
            sink.failed(fault)

    def stderr(self, chunk: bytes) -> None:
        self._note = (self._note + chunk)[:NOTE_LIMIT]

    def eof(self) -> None:
        if self._parser is not None and self._parser.eof():
            self._complete(self._parser)
            return
        if self._channel is None or self._spent:
            return
        # A command may still say why on its standard error, so the fault waits for `closed`.
        self._spent = True
        self._channel.write_eof()
        self._linger = self._loop.call_later(LINGER, self._channel.abort)

    def hold_writes(self, hold: bool) -> None:
        """Bodies wait until what was sent has left; a request alone is small."""
        if hold:
            self._drained.clear()
        else:
            self._drained.set()

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        if self._linger is not None:
            self._linger.cancel()
        self._spent, self._error = True, error
        parser = self._parser
        if parser is not None:
            if error is None and not exit_status and parser.eof():
                self._parser = self._sink = None
            else:
                self._fail(Cut(error, answered=parser.answered, note=self.note))
        self._gone.set()
        self._drained.set()
        if self._on_gone is not None:
            self._on_gone(self)


class WholeBody:
    """A sink that collects one response."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._head: Head | None = None
        self.done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def head(self, head: Head) -> None:
        self._head = head

    def body(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._limit:
            self._parts.append(data)
        else:
            self._parts.clear()
            self.failed(BodyTooLarge(f"the answer is larger than {self._limit >> 20} MiB"))

    def end(self) -> None:
        if not self.done.done() and self._head is not None:
            self.done.set_result(Response(self._head, b"".join(self._parts)))

    def failed(self, fault: HttpFault) -> None:
        if not self.done.done():
            self.done.set_exception(fault)


class _Gate:
    """A sink between a stream and its reader: tells the head, and keeps the body of an error answer."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._error: WholeBody | None = None
        self.opened: asyncio.Future[Head] = asyncio.get_running_loop().create_future()

    def head(self, head: Head) -> None:
        if head.status >= 400:
            self._error = WholeBody(ERROR_BODY_LIMIT)
            self._error.head(head)
            self._error.done.add_done_callback(self._refuse)
        else:
            self._sink.head(head)
            if not self.opened.done():
                self.opened.set_result(head)

    def _refuse(self, answer: asyncio.Future[Response]) -> None:
        if answer.cancelled():
            return
        fault = answer.exception()
        if fault is None:
            response = answer.result()
            fault = ErrorStatus(response.head.status, response.body)
        if not self.opened.done():
            self.opened.set_exception(fault)
        elif isinstance(fault, HttpFault):
            self._sink.failed(fault)  # it was taken for opened before there was a head

    def body(self, data: bytes) -> None:
        (self._error or self._sink).body(data)

    def end(self) -> None:
        (self._error or self._sink).end()

    def failed(self, fault: HttpFault) -> None:
        if self._error is not None:
            self._error.failed(fault)
        elif not self.opened.done():
            self.opened.set_exception(fault)
        else:
            self._sink.failed(fault)


class _ChunkGate(_Gate):
    """The same before a sink that takes whole chunks."""

    def __init__(self, sink: ChunkSink) -> None:
        super().__init__(sink)
        self._chunk_sink = sink

    def chunks(self, chunks: list[bytes]) -> None:
        if self._error is None:
            self._chunk_sink.chunks(chunks)
        else:
            self._error.body(b"".join(chunks))


class HttpClient:
    """Requests over a few reused connections, and streams over one connection each.

    What fails raises HttpFault, ErrorStatus (a status of 400 or more), TimeoutError, or what the dialer
    raises. Owns every connection: `aclose` ends them and waits.
    """

    def __init__(self, dial: Open, *, requests: int = 4) -> None:
        self._dial = dial
        self._slots = asyncio.Semaphore(requests)
        self._idle: list[HttpConnection] = []
        self._all: set[HttpConnection] = set()
        self._closing = False

    async def get(
        self, target: str | Request, *, deadline: float = DEADLINE, limit: int = BODY_LIMIT
    ) -> Response:
        """One request for a whole answer; one round trip where a connection is free. It may be sent twice, so
        it is one that changes nothing by that.
        """
        request = Request.of(target)
        async with asyncio.timeout(deadline), self._slots:
            connection = self._take()
            if connection is not None:
                try:
                    return await self._exchange(connection, request, limit)
                except Cut as cut:
                    # The engine may have closed an idle connection as we wrote: asking anew is safe,
                    # because it changes nothing, and helps unless the whole link is gone.
                    if cut.answered or cut.error is not None or self._closing:
                        raise
            return await self._exchange(await self._open(), request, limit)

    def _take(self) -> HttpConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.idle:
                return connection
        return None

    async def _open(self) -> HttpConnection:
        connection = HttpConnection(self._all.discard)
        if not self._closing:
            await connection.open(self._dial)
        if self._closing:
            connection.abort()
            raise Cut(None, answered=False, note="closed")
        if not connection.gone:
            self._all.add(connection)
        return connection

    async def _exchange(self, connection: HttpConnection, request: Request, limit: int) -> Response:
        sink = WholeBody(limit)
        connection.send(request.encoded(), sink, method=request.method)
        try:
            response = await sink.done
        except BaseException:
            connection.abort()
            raise
        if connection.idle and not self._closing:
            self._idle.append(connection)
        else:
            connection.abort()
        if response.head.status >= 400:
            raise ErrorStatus(response.head.status, response.body[:ERROR_BODY_LIMIT])
        return response

    @contextlib.asynccontextmanager
    async def stream(
        self,
        target: str,
        sink: Sink,
        *,
        deadline: float = DEADLINE,
        patience: float | None = None,
        request: bytes = b"",
    ) -> AsyncIterator[HttpConnection]:
        """Follow an answer: entering returns when its head has come; the body goes to `sink` as it comes.

        With `patience`, for engines that say nothing until there is something to say, entering returns after
        that many seconds without a head; whatever is wrong then is told to the sink. `request` is the head of
        another request than a GET; its body can be written meanwhile. Leaving closes the connection.
        """
        gate = _ChunkGate(sink) if isinstance(sink, ChunkSink) else _Gate(sink)
        connection: HttpConnection | None = None
        try:
            async with asyncio.timeout(deadline):
                connection = await self._open()
                connection.send(request or Request(target).encoded(), gate)
                await self._opened(gate, patience)
            yield connection
        finally:
            gate.opened.cancel()
            if connection is not None:
                connection.abort()

    async def _opened(self, gate: _Gate, patience: float | None) -> None:
        try:
            async with asyncio.timeout(patience):
                await gate.opened
        except TimeoutError:
            log.debug("a stream without a head yet")

    async def aclose(self) -> None:
        """Close all connections; what is under way fails. Idempotent."""
        self._closing = True
        self._idle.clear()
        while self._all:
            connection = next(iter(self._all))
            connection.abort()
            await connection.wait_closed()
