"""Processes and files in containers, over the connections of one engine."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import quote

from console.errors import Conflict, HostError, HostUnreachable, NotFound, OutcomeUnknown, UsageError
from console.model.containers import ContainerState, Inspection
from console.model.inside import Command, Ended, PathStat, TerminalSize
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.transport.acts import PATIENCE
from console.transport.bytefeed import ByteFeed, Demultiplexer
from console.transport.faults import translated
from console.transport.http import BadResponse, Cut
from console.transport.httpconn import ERROR_BODY_LIMIT, HttpClient, HttpConnection, WholeBody
from console.transport.httprequest import Request
from console.transport.inside import STDOUT
from console.transport.wire_text import FULL_ID, BadJson, load, mapping, number, raw_text

PAUSES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between looks at a process whose output has ended: engines end the stream a little earlier than
they know the exit code.
"""

FATE_PAUSES = (0.0, 0.2, 0.6)
"""Seconds before each look at a container whose process was killed: an engine tells of the process first."""

RESIZES = 10
"""Tries to set the first size: an engine may not know the process yet for which it has just answered."""

SLOW = 60.0
"""Seconds until an archive begins: an engine that has much to do mounts the container first."""

KILLED = 137
"""What is left of a process whose container was stopped."""

UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
_STAT = "x-docker-container-path-stat"


class HttpInside:
    """`Inside` of one engine. Belongs to the network loop."""

    def __init__(
        self,
        host: str,
        client: HttpClient,
        prefix: str,
        lane: Callable[[], AbstractContextManager[None]],
        inspect: Callable[[str], Awaitable[Inspection]],
    ) -> None:
        """`prefix`: `/v1.41`; `lane` counts a stream, and raises CapabilityMissing where none is left."""
        self._host = host
        self._client = client
        self._prefix = prefix
        self._lane = lane
        self._inspect = inspect

    # Processes

    @contextlib.asynccontextmanager
    async def run(self, container_id: str, command: Command) -> AsyncIterator[_Process]:
        """Start a process: `POST /containers/{id}/exec`, then `POST /exec/{id}/start`, upgraded."""
        with self._lane():
            ident = await self._create(container_id, command)
            feed = ByteFeed()
            start = {"Detach": False, "Tty": command.tty}
            request = Request.post(f"{self._prefix}/exec/{ident}/start", start, *UPGRADE)
            async with contextlib.AsyncExitStack() as stack:
                with self._once("the command may have been started"):
                    connection = await stack.enter_async_context(
                        self._client.stream("", feed, request=request.encoded())
                    )
                feed.attach(connection)
                key = (container_id, ident)
                process = _Process(self, self._host, key, command.tty, feed, connection)
                if command.size is not None:
                    await self._first_size(ident, command.size)
                if not command.stdin:
                    process.write_eof()
                yield process

    async def _create(self, container_id: str, command: Command) -> str:
        document: dict[str, object] = {
            "AttachStdin": command.stdin,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": command.tty,
            "Cmd": list(command.argv),
        }
        if command.env:
            document["Env"] = list(command.env)
        # To make one twice harms nothing: the engine forgets those that are never started.
        path = f"{self._prefix}/containers/{_known(container_id)}/exec"
        answer = await self._ask(Request.post(path, document))
        return quote(raw_text(mapping(answer).get("Id")), safe="")

    async def _first_size(self, ident: str, size: TerminalSize) -> None:
        for last in (*[False] * (RESIZES - 1), True):
            try:
                await self.set_size(ident, size)
            except (NotFound, Conflict):
                return  # it has ended already
            except HostError:
                if last:
                    raise
                await asyncio.sleep(0.02)
            else:
                return

    async def set_size(self, ident: str, size: TerminalSize) -> None:
        """`POST /exec/{id}/resize`."""
        path = f"/exec/{ident}/resize?h={size.rows}&w={size.columns}"
        with translated(self._host):
            await self._client.get(Request.post(self._prefix + path))

    async def ended(self, container_id: str, ident: str) -> Ended:
        """`GET /exec/{id}/json`, until it is not running any more."""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                found = mapping(await self._ask(Request(f"{self._prefix}/exec/{ident}/json")))
            except (NotFound, Conflict):
                return Ended(None, await self._fate(container_id))
            if found.get("Running") is False:
                code = number(found.get("ExitCode"))
                return Ended(code, await self._fate(container_id) if code == KILLED else NOTHING)
        return Ended(None, safe("its output ended, and it goes on in the container"))

    async def _fate(self, container_id: str) -> SafeText:
        """What became of the container, where that is why its processes ended."""
        for pause in FATE_PAUSES:
            await asyncio.sleep(pause)
            try:
                container = (await self._inspect(container_id)).container
            except NotFound:
                return safe("the container was removed")
            if container.state is not ContainerState.RUNNING:
                return safe(f"the container is {container.state}")
        return NOTHING

    async def _ask(self, request: Request) -> object:
        with translated(self._host):
            return load((await self._client.get(request)).body)

    @contextlib.contextmanager
    def _once(self, what: str) -> Iterator[None]:
        """A request that is never repeated: where its answer is lost, nobody knows what became of it."""
        try:
            with translated(self._host, but=(Cut, TimeoutError)):
                yield
        except HostUnreachable as error:
            if isinstance(error.__cause__, Cut):
                raise OutcomeUnknown(self._host, f"{error.message}; {what}") from error
            raise
        except (Cut, TimeoutError) as error:
            words = "the answer was lost" if isinstance(error, Cut) else "no answer came in time"
            raise OutcomeUnknown(self._host, f"{words}; {what}") from error

    # Files

    async def stat(self, container_id: str, path: str) -> PathStat | None:
        """`HEAD /containers/{id}/archive`."""
        request = Request(self._archive(container_id, path), "HEAD")
        try:
            with translated(self._host):
                head = (await self._client.get(request)).head
        except NotFound:
            return None
        return path_stat(head.headers.get(_STAT, ""))

    @contextlib.asynccontextmanager
    async def fetch(self, container_id: str, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """`GET /containers/{id}/archive`."""
        with self._lane():
            feed = ByteFeed()
            async with contextlib.AsyncExitStack() as stack:
                with translated(self._host):
                    stream = self._client.stream(self._archive(container_id, path), feed, deadline=SLOW)
                    feed.attach(await stack.enter_async_context(stream))
                yield _Pieces(self._host, feed)

    async def store(self, container_id: str, directory: str, archive: AsyncIterator[bytes]) -> None:
        """`PUT /containers/{id}/archive`, in chunks. An engine that refuses does so while we still send."""
        kind = ("Content-Type: application/x-tar", "Transfer-Encoding: chunked")
        target = self._archive(container_id, directory) + "&noOverwriteDirNonDir=1"
        answer = WholeBody(ERROR_BODY_LIMIT)
        with self._lane(), self._once("some of it may be there"):
            request = Request(target, "PUT", kind).encoded()
            stream = self._client.stream("", answer, patience=0, request=request)
            try:
                async with stream as connection:
                    await _send(connection, archive, answer)
                    async with asyncio.timeout(PATIENCE):
                        await answer.done
            finally:
                # Whoever was cancelled has no use for an answer, nor for why there was none.
                if not answer.done.cancel() and not answer.done.cancelled():
                    answer.done.exception()

    def _archive(self, container_id: str, path: str) -> str:
        return f"{self._prefix}/containers/{_known(container_id)}/archive?path={quote(path, safe='/')}"


def _known(container_id: str) -> str:
    if not FULL_ID.match(container_id):
        raise UsageError(f"not a full container id: {sanitise(container_id, 80)}")
    return container_id


async def _send(connection: HttpConnection, archive: AsyncIterator[bytes], answer: WholeBody) -> None:
    async for data in archive:
        if answer.done.done():
            return
        if data:
            await connection.write(b"%x\r\n%s\r\n" % (len(data), data))
    await connection.write(b"0\r\n\r\n")


class _Pieces:
    """What a feed brings, as an asynchronous iterator whose errors an operator can act on."""

    def __init__(self, host: str, feed: ByteFeed) -> None:
        self._host = host
        self._feed = feed

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        with translated(self._host):
            data = await self._feed.next()
        if data is None:
            raise StopAsyncIteration
        return data


def path_stat(header: str) -> PathStat | None:
    """The value of `X-Docker-Container-Path-Stat`: base64 of JSON. None where it cannot be read."""
    try:
        found = mapping(load(base64.b64decode(header, validate=True)))
    except (ValueError, BadJson):
        return None
    if not found:
        return None
    return PathStat(
        name=raw_text(found.get("name")),
        size=number(found.get("size")),
        mode=number(found.get("mode")),
        link=raw_text(found.get("linkTarget")),
    )


class _Process:
    """`Running`."""

    def __init__(
        self,
        inside: HttpInside,
        host: str,
        key: tuple[str, str],
        tty: bool,
        feed: ByteFeed,
        connection: HttpConnection,
    ) -> None:
        """`key`: the ids of the container and of the process."""
        self._inside = inside
        self._host = host
        self._container, self._ident = key
        self._parts = None if tty else Demultiplexer()
        self._feed = feed
        self._connection = connection
        self._waiting: deque[tuple[int, bytes]] = deque()

    async def read(self) -> tuple[int, bytes] | None:
        """What came, as soon as there is anything."""
        with translated(self._host):
            while not self._waiting:
                data = await self._feed.next()
                if data is None:
                    if self._parts is not None and not self._parts.between:
                        raise BadResponse("the output ends in the middle of a frame")
                    return None
                self._waiting.extend([(STDOUT, data)] if self._parts is None else self._parts.feed(data))
        return self._waiting.popleft()

    async def write(self, data: bytes) -> None:
        """To its input."""
        await self._connection.write(data)

    def write_eof(self) -> None:
        """Its input ends."""
        self._connection.write_eof()

    async def resize(self, columns: int, rows: int) -> None:
        """Another size of its terminal."""
        try:
            await self._inside.set_size(self._ident, TerminalSize(columns, rows))
        except (NotFound, Conflict):
            return  # it has ended meanwhile

    async def ended(self) -> Ended:
        """How it ended."""
        return await self._inside.ended(self._container, self._ident)
