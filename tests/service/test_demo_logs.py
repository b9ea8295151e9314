"""The logs of the demo: the same every time, made when somebody reads, and they tell its story."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.errors import EngineError
from console.model.logs.lines import LogFrames
from console.transport.base import Engine, LogAsk
from console.transport.memory import DemoTransport, MemoryContainer, MemoryFleet, demo_fleet
from tests.service.loops import LoopClock, virtual

HOUR = 3600 * 10**9
SILENT = {"cadvisor@app-1"}
"""Its log driver is `none`."""


@asynccontextmanager
async def demo(after: float = 0.0) -> AsyncIterator[tuple[MemoryFleet, dict[str, Engine]]]:
    """The demo some time after it began, and an engine of each of its hosts."""
    fleet = demo_fleet(LoopClock())
    transport = DemoTransport(fleet)
    await transport.connect(fleet.specs[0], None)
    await asyncio.sleep(after)
    engines = {}
    for spec in fleet.specs:
        engines[spec.name] = await (await transport.connect(spec, None)).engine()
    try:
        yield fleet, engines
    finally:
        await transport.aclose()


def containers(fleet: MemoryFleet) -> dict[str, tuple[str, MemoryContainer]]:
    return {
        f"{c.name}@{host.name}": (host.name, c)
        for host in fleet.hosts.values()
        for c in host.daemon.containers.values()
    }


async def read(engine: Engine, container: MemoryContainer, **ask: int) -> LogFrames:
    found = LogFrames()
    async with engine.logs(container.id, LogAsk(**ask)) as answer:
        async for frames in answer:
            add(found, frames)
    return found


def add(to: LogFrames, frames: LogFrames) -> None:
    to.stamps += frames.stamps
    to.streams += frames.streams
    to.payloads += frames.payloads


async def everything(after: float, **ask: int) -> dict[str, LogFrames]:
    """All logs, read at one moment."""
    async with demo(after) as (fleet, engines):
        return {
            ref: await read(engines[host], container, **ask)
            for ref, (host, container) in containers(fleet).items()
            if ref not in SILENT
        }


@pytest.fixture(scope="module")
def logs() -> dict[str, LogFrames]:
    """All logs a little more than a minute after the demo began."""
    found: dict[str, LogFrames] = {}

    async def look() -> None:
        found.update(await everything(70))

    virtual(look)()
    return found


@pytest.fixture(scope="module")
def texts(logs: dict[str, LogFrames]) -> dict[str, str]:
    return {ref: b"".join(frames.payloads).decode() for ref, frames in logs.items()}


def test_they_are_the_same_every_time(logs: dict[str, LogFrames]) -> None:
    seen: dict[str, LogFrames] = {}

    async def look() -> None:
        seen.update(await everything(70, tail=100))

    virtual(look)()
    for ref, frames in seen.items():
        assert frames == LogFrames(
            logs[ref].stamps[-100:], logs[ref].streams[-100:], logs[ref].payloads[-100:]
        )


def test_every_container_has_something_to_say_and_all_together_stay_calm(logs: dict[str, LogFrames]) -> None:
    assert all(logs.values())
    assert all(frames.stamps == sorted(frames.stamps) for frames in logs.values())
    for frames in logs.values():
        assert len(set(zip(frames.stamps, frames.streams, strict=True))) == len(frames)
    newest = max(frames.stamps[-1] for frames in logs.values())
    hour = sum(sum(newest - HOUR <= stamp for stamp in frames.stamps) for frames in logs.values())
    assert 5 <= hour / 3600 <= 15
    assert {stream for frames in logs.values() for stream in frames.streams} == {1, 2}
    assert all(len(set(logs[ref].streams)) == 2 for ref in ("web@app-1", "nginx@app-1", "worker@app-2"))


READ = ("web@app-1", "search@app-1", "rabbit@app-2", "mailer@app-2", "cleanup@app-2", "redis@app-1")


def test_a_past_made_later_is_what_a_follow_has_seen() -> None:
    live = {ref: LogFrames() for ref in READ}
    later: dict[str, LogFrames] = {}

    async def follow(engine: Engine, container: MemoryContainer, seen: LogFrames) -> None:
        ask = LogAsk(follow=True, tail=5)
        while True:
            async with engine.logs(container.id, ask) as answer:
                async for frames in answer:
                    add(seen, frames)
            ask = LogAsk(follow=True, since_ns=seen.stamps[-1] + 1)
            await asyncio.sleep(0.5)

    async def watch() -> None:
        async with demo() as (fleet, engines):
            found = [(containers(fleet)[ref], live[ref]) for ref in READ]
            tasks = [asyncio.create_task(follow(engines[host], c, seen)) for (host, c), seen in found]
            await asyncio.sleep(100)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def look() -> None:
        later.update(await everything(101))

    virtual(watch)()
    virtual(look)()
    for ref in READ:
        begin = later[ref].stamps.index(live[ref].stamps[0])
        count = len(live[ref])
        assert count > 7, ref
        assert live[ref].stamps == later[ref].stamps[begin : begin + count], ref
        assert live[ref].payloads == later[ref].payloads[begin : begin + count], ref
        assert live[ref].streams == later[ref].streams[begin : begin + count], ref


@virtual
async def test_a_tail_makes_up_no_more_of_the_past_than_it_needs() -> None:
    async with demo() as (fleet, engines):
        _, web = containers(fleet)["web@app-1"]
        tail = await read(engines["app-1"], web, tail=20)
        made = len(fleet["app-1"].daemon.log(web).file)
        assert 20 <= made < 400
        whole = await read(engines["app-1"], web)
        assert len(whole) > 3000
        assert whole.payloads[-20:] == tail.payloads


@virtual
async def test_nothing_is_written_where_nobody_reads() -> None:
    async with demo() as (fleet, _):
        await asyncio.sleep(300)
        written = {ref: len(fleet[host].daemon.log(c).file) for ref, (host, c) in containers(fleet).items()}
        assert {ref for ref, count in written.items() if count} == {"mailer@app-2"}


def test_the_demo_starts_without_the_words_of_its_logs() -> None:
    code = (
        "import sys, console.transport.memory as m; m.demo_fleet();"
        "sys.exit(any('voices' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_story_can_be_read(texts: dict[str, str]) -> None:
    assert "upstream db:5432 refused" in texts["web@app-1"]
    assert "connect to 10.0.0.29:5432: connection refused" in texts["web@app-1"]
    assert "refused" not in texts["web@app-2"]
    assert '"GET /cart HTTP/1.1" 500' in texts["nginx@app-1"]
    assert "application_name=web@app-2" in texts["postgres@db-1"]
    assert "web@app-1" not in texts["postgres@db-1"]
    assert "memory resource limit alarm set" in texts["rabbit@app-2"]
    assert "BrokerBlocked: rabbit@app-2 blocks publishers" in texts["mailer@app-2"]
    assert "broker blocks publishers" in texts["worker@app-1"]
    assert "Traceback" in texts["worker@app-1"] + texts["worker@app-2"]
    assert "of 256 MiB" in texts["report@app-1"].splitlines()[-1]
    assert "no space left on device" in texts["cron@app-2"]
    assert "\x1b[32m" in texts["search@app-1"]
    assert "\rindexing" in texts["search@app-1"]


def test_a_slow_request_can_be_traced_to_its_query_on_another_host(texts: dict[str, str]) -> None:
    slow = [json.loads(line) for line in texts["web@app-2"].splitlines() if '"slow request"' in line]
    queries, proxies = texts["postgres@db-1"], texts["nginx@app-2"]
    assert len(slow) > 5
    for request in slow:
        assert f"trace={request['trace_id']} */" in queries
        assert f"trace={request['trace_id']}\n" in proxies


@virtual
async def test_one_clock_is_ahead_and_one_driver_keeps_nothing() -> None:
    async with demo() as (fleet, engines):
        readings = {host: (await engine.clock()).ahead for host, engine in engines.items()}
        assert readings["db-1"] == pytest.approx(1.8)
        assert max(abs(readings["app-1"]), abs(readings["app-2"])) < 0.05
        host, mute = containers(fleet)["cadvisor@app-1"]
        assert (await engines[host].inspect(mute.id)).logs.driver == "none"
        with pytest.raises(EngineError):
            await read(engines[host], mute)


@virtual
async def test_an_operator_who_restarts_a_container_sees_it_start() -> None:
    async with demo() as (fleet, engines):
        _, web = containers(fleet)["web@app-1"]
        await asyncio.sleep(5)
        fleet["app-1"].daemon.stop(web)
        stopped = await read(engines["app-1"], web)
        await asyncio.sleep(30)
        assert await read(engines["app-1"], web) == stopped
        fleet["app-1"].daemon.start(web)
        await asyncio.sleep(10)
        after = (await read(engines["app-1"], web)).payloads[len(stopped) :]
        assert b"Starting gunicorn" in after[0]
        assert any(b'"msg":"request"' in line for line in after)
