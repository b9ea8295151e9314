"""The docker SDK on our channels: everything that plain tunnels get wrong."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient

from console.errors import EngineDown, HostUnreachable, NotFound, OutcomeUnknown
from console.model.hosts import HostSpec
from console.transport.bridge import Bridges
from console.transport.carrier import Lanes, SocketCarrier
from console.transport.channels import Channel, ChannelReader
from console.transport.engine import HttpEngine
from console.transport.live import LiveTransport
from console.transport.local import LocalDialer

from .fake_engine import FakeEngine, Request, full_id, hang, row
from .waiting import until


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    engine = FakeEngine()
    async with engine.serving(tmp_path / "s"):
        yield engine


def call_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("dockcon-call")]


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
async def engine(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[HttpEngine]:
    before = descriptors()
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    yield await link.engine()
    await transport.aclose()
    assert not call_threads()
    await until(lambda: not fake.open)
    assert descriptors() <= before


def run(api: APIClient) -> bytes:
    """What `docker exec` does."""
    made = api.exec_create("web", ["echo", "hello"])
    said: bytes = api.exec_start(made["Id"])
    assert api.exec_inspect(made["Id"])["ExitCode"] == 0
    return said


async def test_exec_never_loses_output_that_comes_with_the_head(fake: FakeEngine, engine: HttpEngine) -> None:
    said = await asyncio.gather(*(engine.call(run) for _ in range(300)))
    assert set(said) == {b"hello\n"}


async def test_all_urls_share_a_few_channels(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.containers = [row(f"c{n}") for n in range(50)]
    before = fake.connections
    ids = [c["Id"] for c in fake.containers]
    await asyncio.gather(*(engine.call(lambda api, i=i: api.inspect_container(i)) for i in ids * 4))
    assert fake.connections - before <= 8


async def test_errors_of_the_engine_arrive_as_ours(engine: HttpEngine) -> None:
    with pytest.raises(NotFound, match="No such container"):
        await engine.call(lambda api: api.inspect_container(full_id()))


async def test_a_post_whose_answer_was_lost_is_neither_failed_nor_repeated(
    fake: FakeEngine, engine: HttpEngine
) -> None:
    async def swallow(request: Request) -> None:
        request.writer.close()

    fake.faults["/restart"] = swallow
    with pytest.raises(OutcomeUnknown):
        await engine.call(lambda api: api.restart("web"))
    assert fake.requests.count("POST /v1.41/containers/web/restart") == 1


async def test_an_engine_that_takes_too_long(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/restart"] = fake.faults["/json"] = hang
    await engine.call(lambda api: api.rename("web", "new"))
    with pytest.raises(OutcomeUnknown, match="too long"):
        await engine.call(lambda api: api._post(api._url("/containers/web/restart")), timeout=0.1)
    with pytest.raises(EngineDown):
        await engine.call(lambda api: api.inspect_container("web"), timeout=0.1)


async def test_an_engine_that_is_not_there(fake: FakeEngine, engine: HttpEngine, tmp_path: Path) -> None:
    (tmp_path / "s").rename(tmp_path / "away")
    with pytest.raises(EngineDown, match="No such file"):
        await engine.call(lambda api: api.restart("web"))
    (tmp_path / "away").rename(tmp_path / "s")


async def test_bulk_goes_both_ways_without_being_kept_in_memory(fake: FakeEngine, engine: HttpEngine) -> None:
    body = os.urandom(1 << 20) * 8

    async def download(request: Request) -> None:
        request.writer.write(request.head(200, f"Content-Length: {len(body)}"))
        request.writer.write(body)
        await request.writer.drain()

    fake.faults["/export"] = download
    assert await engine.call(lambda api: api.put_archive("web", "/", body)) is True
    assert fake.actions == [f"archive {len(body)}"]
    assert await engine.call(lambda api: b"".join(api.export("web"))) == body


async def test_a_stream_that_is_dropped_leaves_no_channel(fake: FakeEngine, engine: HttpEngine) -> None:
    def first(api: APIClient) -> object:
        stream = api.stats("web", stream=True)
        found = next(stream)
        stream.close()
        return found

    open_before = len(fake.open)
    for _ in range(20):
        assert await engine.call(first)
    gc.collect()
    await until(lambda: len(fake.open) <= open_before + 1)


async def test_a_half_closed_exec_ends_when_it_is_dropped(fake: FakeEngine, engine: HttpEngine) -> None:
    """The full close of a half-closed socket is no event of the loop: it is looked for."""
    gate = asyncio.Event()

    async def hijack(request: Request) -> None:
        request.writer.write(request.head(101, "Connection: Upgrade", "Upgrade: tcp"))
        fake.actions.append(f"stdin {len(await request.reader.read())}")
        await gate.wait()

    def half(api: APIClient) -> Any:
        sock = api.exec_start("e" * 64, socket=True)
        sock._sock.sendall(b"x" * 100_000)
        sock._sock.shutdown(socket.SHUT_WR)
        return sock

    fake.faults["/start"] = hijack
    held = await engine.call(half)
    await until(lambda: fake.actions == ["stdin 100000"])
    assert engine._sdk is not None
    open_bridges = engine._sdk._bridges._open
    assert len(open_bridges) == 1
    held._response.close()
    await until(lambda: not open_bridges)
    gate.set()


async def test_closing_wakes_up_blocked_threads(fake: FakeEngine, tmp_path: Path) -> None:
    fake.faults["/wait"] = hang
    transport = LiveTransport()
    link = await transport.connect(HostSpec(name="here", local=str(tmp_path / "s")), None)
    engine = await link.engine()
    calls = [asyncio.create_task(engine.call(lambda api: api.wait("web"))) for _ in range(20)]
    await until(lambda: fake.requests.count("POST /v1.41/containers/web/wait") == 8)
    await transport.aclose()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(o, OutcomeUnknown) for o in outcomes) == 8
    assert sum(isinstance(o, EngineDown) for o in outcomes) == 12
    assert not call_threads()


class Slow:
    """A carrier whose channels open when the test says so."""

    label, lanes = "slow", Lanes()

    def __init__(self, path: Path) -> None:
        self.carrier = SocketCarrier(LocalDialer(), str(path))
        self.gate = asyncio.Event()
        self.cancelled = 0

    async def open(self, reader: ChannelReader, *, window: int = 262144) -> Channel:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await self.carrier.open(reader)


async def test_a_dial_that_takes_too_long_leaves_no_channel(fake: FakeEngine, tmp_path: Path) -> None:
    slow = Slow(tmp_path / "s")
    bridges = Bridges("here", slow)
    for _ in range(20):  # more than there are slots
        with pytest.raises(EngineDown, match="no channel to the engine"):
            await asyncio.to_thread(bridges.dial, 0.01)
    await until(lambda: slow.cancelled == 20)
    slow.gate.set()
    dialled = await asyncio.to_thread(bridges.dial, 30.0)
    await until(lambda: fake.connections == 1)
    dialled.close()
    await until(lambda: not bridges._open)
    await bridges.aclose()


async def test_a_dial_that_races_its_time_limit_loses_nothing(fake: FakeEngine, tmp_path: Path) -> None:
    bridges = Bridges("here", SocketCarrier(LocalDialer(), str(tmp_path / "s")))

    def dial(limit: float) -> None:
        try:
            bridges.dial(limit).close()
        except EngineDown:
            return

    for number in range(60):
        await asyncio.to_thread(dial, number / 20_000)
    await until(lambda: not bridges._open)
    await until(lambda: not fake.open)
    await bridges.aclose()


async def test_closing_wakes_up_a_thread_that_dials(tmp_path: Path) -> None:
    bridges = Bridges("here", Slow(tmp_path / "s"))
    dialling = asyncio.create_task(asyncio.to_thread(bridges.dial, 30.0))
    await until(lambda: bridges._dialling)
    await bridges.aclose()
    with pytest.raises(HostUnreachable, match="closed"):
        await dialling


async def test_one_host_cannot_eat_the_pool(fake: FakeEngine, tmp_path: Path) -> None:
    fake.faults["/wait"] = hang
    transport = LiveTransport()
    spec = HostSpec(name="here", local=str(tmp_path / "s"))
    stuck = [await (await transport.connect(spec, None)).engine() for _ in range(3)]
    calls = [asyncio.create_task(e.call(lambda api: api.wait("web"))) for e in stuck for _ in range(20)]
    await until(lambda: fake.requests.count("POST /v1.41/containers/web/wait") == 24)
    other = await (await transport.connect(spec, None)).engine()
    assert await other.call(lambda api: api.ping()) is True
    await transport.aclose()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_a_cancelled_wait_leaves_the_call_to_finish(fake: FakeEngine, engine: HttpEngine) -> None:
    gate = asyncio.Event()

    async def slowly(request: Request) -> None:
        await gate.wait()
        fake.actions.append("done")
        request.writer.write(request.head(204))

    fake.faults["/restart"] = slowly
    call = asyncio.create_task(engine.call(lambda api: api.restart("web")))
    await until(lambda: "POST /v1.41/containers/web/restart" in fake.requests)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    gate.set()
    await until(lambda: fake.actions == ["done"])


async def test_the_network_thread_may_not_dial(engine: HttpEngine) -> None:
    await engine.call(lambda api: api.ping())
    assert engine._sdk is not None
    with pytest.raises(RuntimeError, match="network thread"):
        engine._sdk._bridges.dial(1.0)


async def test_the_first_list_needs_no_sdk(tmp_path: Path) -> None:
    code = (
        "import sys, console.transport.live, console.transport.handshake;"
        "print([n for n in ('docker', 'requests', 'urllib3', 'asyncssh', 'http.client') if n in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.strip() == b"[]"
