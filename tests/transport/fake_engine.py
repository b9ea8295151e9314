"""A small engine on a Unix socket: real HTTP (chunks, keep-alive, hijacked streams), and faults on demand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

IDS = itertools.count(1)


def full_id(number: int | None = None) -> str:
    return f"{next(IDS) if number is None else number:064x}"


def row(name: str, **more: Any) -> dict[str, Any]:
    """A row of `GET /containers/json` as engine 20.10 writes it."""
    return {
        "Id": full_id(),
        "Names": [f"/{name}"],
        "Image": "app:1",
        "ImageID": "sha256:" + "0" * 64,
        "Command": "sleep 1000",
        "Created": 1_700_000_000,
        "Ports": [],
        "Labels": {},
        "State": "running",
        "Status": "Up 3 minutes",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {"bridge": {}}},
        "Mounts": [],
        **more,
    }


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def head(self, status: int, *headers: str, reason: str = "X") -> bytes:
        return "\r\n".join([f"HTTP/1.1 {status} {reason}", "Server: Fake", *headers, "", ""]).encode()

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.writer.write(
            self.head(status, "Content-Type: application/json", f"Content-Length: {len(body)}") + body
        )

    def chunk(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def chunks_of(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """A chunked body, to its end."""
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


Handler = Callable[[Request], Awaitable[None]]


async def hang(request: Request) -> None:
    """Say nothing until the client has gone."""
    await request.reader.read()


@dataclass
class FakeEngine:
    """Start it with `async with engine.serving(path)`."""

    containers: list[dict[str, Any]] = field(default_factory=list)
    version: dict[str, Any] = field(
        default_factory=lambda: {
            "Version": "20.10.24",
            "ApiVersion": "1.41",
            "MinAPIVersion": "1.12",
            "Os": "linux",
            "Arch": "amd64",
            "KernelVersion": "6.1.0",
            "Components": [{"Name": "Engine"}],
        }
    )
    requests: list[str] = field(default_factory=list)
    """`GET /path` of each, in order of arrival."""
    connections: int = 0
    """Accepted so far."""
    faults: dict[str, Handler] = field(default_factory=dict)
    """By the end of a path: taken instead of the usual answer."""
    unread: list[str] = field(default_factory=list)
    """By the end of a path: the handler reads the body."""
    idle_limit: float | None = None
    """Seconds after which an idle connection is closed."""
    exec_output: bytes = b"hello\n"
    actions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._subscribers: list[asyncio.Queue[dict[str, Any] | None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.open: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def serving(self, path: Path) -> Any:
        server = await asyncio.start_unix_server(self._accept, path, limit=1 << 20)
        try:
            yield path
        finally:
            server.close()
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def cut(self) -> None:
        """Close every connection, as a stopped dockerd does."""
        for writer in list(self.open):
            writer.transport.abort()

    @property
    def quiet(self) -> bool:
        """Whether every event was handed to the sockets of its subscribers."""
        return all(queue.empty() for queue in self._subscribers)

    def emit(self, **event: Any) -> None:
        for queue in self._subscribers:
            queue.put_nowait(event)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open.add(writer)
        try:
            while (request := await self._read(reader, writer)) is not None:
                self.requests.append(f"{request.method} {request.path}")
                await self._dispatch(request)
                await writer.drain()
                if request.headers.get("connection", "").lower() == "upgrade" or writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError):
            pass  # the client or the test has gone
        finally:
            self.open.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort() if task.cancelling() else writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        try:
            async with asyncio.timeout(self.idle_limit):
                raw = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, TimeoutError):
            return None
        line, *fields = raw.decode().split("\r\n")[:-2]
        method, target, _ = line.split(" ")
        headers = {k.lower(): v for k, v in (f.split(": ", 1) for f in fields)}
        parts = urlsplit(target)
        if parts.path.endswith(tuple(self.unread)):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in chunks_of(reader)])
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, parts.path, parse_qs(parts.query), headers, body, reader, writer)

    async def _dispatch(self, request: Request) -> None:
        for end, fault in self.faults.items():
            if request.path.endswith(end):
                await fault(request)
                return
        path = request.path
        if path == "/version":
            request.answer(200, self.version)
        elif path.endswith("/_ping"):
            request.writer.write(request.head(200, "Content-Length: 2") + b"OK")
        elif not path.startswith(f"/v{self.version['ApiVersion']}/"):
            request.answer(400, {"message": "client version is too new"})
        else:
            await self._versioned(request, path.split("/", 2)[2])

    async def _versioned(self, request: Request, path: str) -> None:
        match path.split("/"):
            case ["containers", "json"]:
                filters = json.loads(request.query.get("filters", ["{}"])[0])
                wanted = filters.get("id")
                request.answer(200, [c for c in self.containers if wanted is None or c["Id"] in wanted])
            case ["containers", ident, "json"]:
                await self._inspect(request, ident)
            case ["containers", ident, "stats"]:
                await self._stats(request)
            case ["containers", ident, "archive"]:
                self.actions.append(f"archive {len(request.body)}")
                request.answer(200, {})
            case ["containers", ident, "exec"]:
                request.answer(201, {"Id": "e" * 64})
            case ["containers", ident, action]:
                self.actions.append(f"{action} {ident[-4:]}")
                request.writer.write(request.head(204))
            case ["exec", _, "start"]:
                await self._exec(request)
            case ["exec", _, "json"]:
                request.answer(200, {"ExitCode": 0, "Running": False})
            case ["events"]:
                await self._events(request)
            case ["info"]:
                request.answer(200, {"ID": "fake", "DockerRootDir": "/var/lib/docker"})
            case _:
                request.answer(404, {"message": "page not found"})

    async def _inspect(self, request: Request, ident: str) -> None:
        for container in self.containers:
            if container["Id"] == ident:
                state = {"Status": container["State"], "ExitCode": 0, "StartedAt": "2024-01-01T00:00:00.5Z"}
                request.answer(
                    200, {"Id": ident, "Name": container["Names"][0], "State": state, "Config": {}}
                )
                return
        request.answer(404, {"message": f"No such container: {ident}"})

    async def _events(self, request: Request) -> None:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        request.writer.write(
            request.head(200, "Content-Type: application/json", "Transfer-Encoding: chunked")
        )
        await request.writer.drain()
        self._subscribers.append(queue)
        gone = asyncio.create_task(request.reader.read())
        gone.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                request.chunk(json.dumps(event).encode() + b"\n")
                await request.writer.drain()
            request.writer.write(b"0\r\n\r\n")
        finally:
            self._subscribers.remove(queue)
            gone.cancel()

    async def _stats(self, request: Request) -> None:
        request.writer.write(request.head(200, "Transfer-Encoding: chunked"))
        for number in range(3):
            frame = {
                "read": f"2024-01-01T00:00:0{number}Z",
                "cpu_stats": {
                    "cpu_usage": {"total_usage": 10**9 * number},
                    "system_cpu_usage": 2 * 10**9 * (number + 1),
                    "online_cpus": 2,
                },
                "precpu_stats": {
                    "cpu_usage": {"total_usage": 10**9 * (number - 1)},
                    "system_cpu_usage": 2 * 10**9 * number,
                },
                "memory_stats": {"usage": 300, "limit": 1000, "stats": {"inactive_file": 100}},
            }
            request.chunk(json.dumps(frame).encode() + b"\n")
        request.chunk(json.dumps({"read": "0001-01-01T00:00:00Z"}).encode() + b"\n")
        await request.writer.drain()
        await hang(request)

    async def _exec(self, request: Request) -> None:
        """Hijacked: head and output in one packet, as they come through a tunnel."""
        frame = struct.pack(">BxxxL", 1, len(self.exec_output)) + self.exec_output
        head = request.head(
            101,
            "Content-Type: application/vnd.docker.raw-stream",
            "Connection: Upgrade",
            "Upgrade: tcp",
            reason="UPGRADED",
        )
        request.writer.write(head + frame)
