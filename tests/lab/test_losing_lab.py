"""Every way of losing a host or its engine, on real ones: noticed in time, told apart, and come back from."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from console.errors import EngineDown, HostUnreachable
from console.transport.base import Engine, HostLink
from console.transport.live import LiveTransport
from tests.lab.aids import engine_of, until
from tests.lab.containers import start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab

LOST_AFTER = 16.0
"""Keep-alive 5 s, two missed, one interval more; and a second for a busy machine."""


async def ending(engine: Engine, ready: asyncio.Event) -> Exception:
    """Subscribe, wait for the end of the stream, and return how it ended."""
    async with engine.events() as events:
        ready.set()
        try:
            async for _ in events:
                pass
        except (HostUnreachable, EngineDown) as error:
            return error
    raise AssertionError("the stream of events ended quietly")


async def timed(what: Any, limit: float = 30) -> tuple[Any, float]:
    began = time.monotonic()
    return await asyncio.wait_for(what, limit), time.monotonic() - began


async def watched(
    transport: LiveTransport, host: LabHost
) -> tuple[HostLink, Engine, asyncio.Task[Exception]]:
    link = await transport.connect(host.spec(), None)
    engine = await link.engine()
    ready = asyncio.Event()
    task = asyncio.create_task(ending(engine, ready))
    await asyncio.wait_for(ready.wait(), 10)
    return link, engine, task


async def test_a_killed_connection_is_noticed_at_once(transport: LiveTransport, h1: LabHost) -> None:
    link, engine, stream = await watched(transport, h1)
    await asyncio.to_thread(h1.kill_sshd_children)
    error, took = await timed(link.lost())
    assert isinstance(error, HostUnreachable)
    assert took < 2
    assert isinstance(await stream, HostUnreachable)
    with pytest.raises(HostUnreachable):
        await engine.containers()
    assert await (await engine_of(transport, h1)).ping() < 5


@pytest.mark.parametrize("fault", ["cable", "frozen"])
async def test_silence_is_noticed_by_the_keep_alive(transport: LiveTransport, lab: Lab, fault: str) -> None:
    host = lab["h2"]
    link, _, stream = await watched(transport, host)
    await asyncio.to_thread(host.link_down if fault == "cable" else host.sshd.freeze_sessions)
    (error, took), in_stream = await timed(link.lost()), await stream
    assert isinstance(error, HostUnreachable)
    assert isinstance(in_stream, HostUnreachable)
    assert 4 < took < LOST_AFTER
    assert link.idle() > 4


async def test_an_engine_that_stops_is_not_a_lost_host(transport: LiveTransport, h1: LabHost) -> None:
    link, engine, stream = await watched(transport, h1)
    losing = asyncio.create_task(link.lost())
    probe = await link.probe()
    await asyncio.to_thread(h1.stop_dockerd)
    assert isinstance(await asyncio.wait_for(stream, 10), EngineDown)
    with pytest.raises(EngineDown):
        await engine.ping()
    assert (await probe.sample([])).load.memory_total > 0
    await asyncio.to_thread(h1.start_dockerd)
    assert await engine.ping() < 5
    container = await asyncio.to_thread(start_plain, h1, "plain")
    assert [c.id for c in await engine.containers()] == [container]
    assert not losing.done()
    losing.cancel()


async def test_an_engine_that_hangs_is_down_and_comes_back(transport: LiveTransport, h1: LabHost) -> None:
    link, engine, stream = await watched(transport, h1)
    await asyncio.to_thread(h1.engine.freeze)
    with pytest.raises(EngineDown):
        await asyncio.wait_for(engine.ping(), 30)
    h1.engine.thaw()
    assert await engine.ping() < 5
    stream.cancel()
    await link.aclose()


async def test_a_killed_engine_comes_back_on_the_same_connection(
    transport: LiveTransport, h1: LabHost
) -> None:
    link, engine, stream = await watched(transport, h1)
    await asyncio.to_thread(h1.kill_dockerd)
    assert isinstance(await asyncio.wait_for(stream, 10), EngineDown)
    await asyncio.to_thread(h1.start_dockerd)
    assert await engine.ping() < 5
    await link.aclose()


async def test_closing_leaves_nothing_on_the_host(transport: LiveTransport, h1: LabHost) -> None:
    link, engine, stream = await watched(transport, h1)
    await (await link.probe()).sample([])
    await engine.aclose()
    await link.aclose()
    await link.aclose()
    assert isinstance(await stream, HostUnreachable | EngineDown)
    await until(lambda: not h1.sshd.sessions(), "the host's end of the connection to go")
