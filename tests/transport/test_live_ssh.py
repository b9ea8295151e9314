"""An engine and a probe over SSH, with a server inside the test process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shlex
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from docker import APIClient

from console.errors import EngineDown, HostUnreachable, OutcomeUnknown
from console.model.hosts import EngineChoice, EngineKind
from console.transport.engine import HttpEngine
from console.transport.live import LiveLink, LiveTransport

from .fake_engine import FakeEngine, full_id, hang, row
from .sshd import Home, Sshd, sshd
from .waiting import until


@dataclass
class World:
    engine: FakeEngine
    server: Sshd
    link: LiveLink
    socket: Path

    def kill(self) -> None:
        for connection in list(self.server.connections):
            connection.abort()

    async def reach(self) -> HttpEngine:
        return await self.link.engine()


CHILDREN: set[asyncio.subprocess.Process] = set()
"""Shells that the server runs."""


async def pump(reader: Any, writer: Any) -> None:
    with contextlib.suppress(ConnectionError, asyncssh.Error):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


def commands(server: Sshd, socket: Path) -> None:
    """Let the server run the shell for real, and `docker system dial-stdio` by way of the socket."""

    async def dial(process: asyncssh.SSHServerProcess[bytes]) -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        up = asyncio.create_task(pump(process.stdin, writer))
        try:
            await pump(reader, process.stdout)
        finally:
            up.cancel()
            writer.close()
            process.exit(0)

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        words = shlex.split(process.command or "")
        if words[-1] == "dial-stdio":
            await dial(process)
            return
        child = await asyncio.create_subprocess_exec(
            *[word for word in words if word != "exec"],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        CHILDREN.add(child)
        try:
            # A shell ends when its input does, and its input when the channel does.
            await asyncio.gather(pump(process.stdin, child.stdin), pump(child.stdout, process.stdout))
            process.exit(await child.wait())
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            child._transport.close()  # type: ignore[attr-defined]  # else its pipes stay until collected
            CHILDREN.discard(child)

    server.run = run  # type: ignore[method-assign]  # the commands of this test


@asynccontextmanager
async def world(
    home: Home, tmp_path: Path, kind: EngineKind = EngineKind.UNIX, **timing: float
) -> AsyncIterator[World]:
    path = tmp_path / "s"
    fake = FakeEngine(containers=[row("web")])
    async with fake.serving(path), sshd(home.key) as server, home.connector(**timing) as connector:
        home.trust(server)
        transport = LiveTransport(connector)
        choice = EngineChoice(kind, str(path) if kind is EngineKind.UNIX else "")
        try:
            link = await transport.connect(server.spec(engine=choice), None)
            yield World(fake, server, link, path)
        finally:
            await transport.aclose()
        await until(lambda: not fake.open)
        await until(lambda: not server.connections)
        await until(lambda: not CHILDREN)


def run(api: APIClient) -> bytes:
    made = api.exec_create("web", ["echo", "hello"])
    said: bytes = api.exec_start(made["Id"])
    return said


async def test_typed_calls_streams_and_the_sdk_share_the_connection(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        one = await here.reach()
        assert one.facts.carrier == f"streamlocal:{here.socket}"
        async with one.events() as events:
            assert [c.name for c in await one.containers()] == ["web"]
            here.engine.emit(Type="container", Action="start", Actor={"ID": full_id()})
            assert (await anext(events)).action == "start"
            assert set(await asyncio.gather(*(one.call(run) for _ in range(50)))) == {b"hello\n"}
            assert here.server.accepted == 1
            # The event stream, requests that took turns, and what the SDK keeps.
            assert here.server.channels <= 1 + 8 + 8


async def test_idle_connections_are_used_again(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        one = await here.reach()
        for _ in range(20):
            await one.ping()
        assert here.engine.connections == 1


async def test_a_large_answer_and_a_large_upload(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        one = await here.reach()
        here.engine.containers = [row(f"c{n}", Labels={"x": "y" * 500}) for n in range(2000)]
        assert len(await one.containers()) == 2000
        body = os.urandom(1 << 20) * 4
        assert await one.call(lambda api: api.put_archive("web", "/", body)) is True
        assert here.engine.actions == [f"archive {len(body)}"]


async def test_a_lost_connection_is_told_everywhere(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        one = await here.reach()
        here.engine.faults["/wait"] = hang
        here.engine.faults["/top"] = hang
        changing = asyncio.create_task(one.call(lambda api: api.wait("web")))
        reading = asyncio.create_task(one.call(lambda api: api.top("web")))
        async with one.events() as events:
            asked = {"POST /v1.41/containers/web/wait", "GET /v1.41/containers/web/top"}
            await until(lambda: asked <= set(here.engine.requests))
            here.kill()
            with pytest.raises(HostUnreachable):
                await anext(events)
        with pytest.raises(OutcomeUnknown):
            await changing
        with pytest.raises(HostUnreachable):
            await reading
        with pytest.raises(HostUnreachable):
            await one.containers()
        with pytest.raises(HostUnreachable):
            await one.call(lambda api: api.version())
        assert isinstance(await here.link.lost(), HostUnreachable)


async def test_an_engine_that_stops_is_down_and_its_host_is_not(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        one = await here.reach()
        async with one.events() as events:
            here.socket.rename(tmp_path / "away")
            here.engine.cut()
            with pytest.raises(EngineDown):
                await anext(events)
        with pytest.raises(EngineDown):
            await one.ping()
        (tmp_path / "away").rename(here.socket)
        assert await one.ping() > 0
        assert here.server.accepted == 1


async def test_dial_stdio(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path, EngineKind.DIAL_STDIO) as here:
        commands(here.server, here.socket)
        one = await here.reach()
        assert one.facts.carrier == "dial-stdio"
        assert [c.name for c in await one.containers()] == ["web"]
        assert set(await asyncio.gather(*(one.call(run) for _ in range(10)))) == {b"hello\n"}


async def test_the_shell_and_its_probe(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as here:
        commands(here.server, here.socket)
        probe = await here.link.probe(str(tmp_path))
        sample = await probe.sample([full_id()])
        assert sample.load.disk_total > 0
        assert sample.usage == {}
        again = await here.link.probe(str(tmp_path))
        assert (await again.sample([])).load.cpus > 0
        here.kill()
        with pytest.raises(HostUnreachable):
            await again.sample([])


async def test_nothing_is_left(home: Home, tmp_path: Path) -> None:
    async def once() -> None:
        async with world(home, tmp_path) as here:
            commands(here.server, here.socket)
            one = await here.reach()
            await here.link.probe()
            await asyncio.gather(*(one.call(run) for _ in range(10)), one.containers())

    def state() -> tuple[set[str], int, int]:
        gc.collect()
        threads = {t.name for t in threading.enumerate() if not t.name.startswith("asyncio_")}
        return threads, len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())

    await once()
    before = state()
    await once()
    await until(lambda: state() == before)
