"""Logs for one reader who wants all of them: `dockcon logs`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console.errors import HostUnreachable
from console.model.hosts import HostState
from console.model.logs.lines import Stream
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.logs.pipe import LINES, LogPipe
from console.service.remember import Forgetful
from console.service.tap import LogUpdate, SourceState
from console.transport.memory import MemoryTransport
from console.transport.memory.link import MemoryEngine, MemoryLink
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import everything, lines_of, write
from tests.service.loops import virtual


async def drained(pipe: LogPipe, pause: float = 0.0) -> tuple[list[str], LogUpdate]:
    """All lines to the end, and the last update."""
    texts: list[str] = []
    last = LogUpdate()
    async for last in pipe:
        lines = [line for block in last.blocks for line in lines_of(block)]
        texts += [line.raw.decode() for line in lines if line.stream is not Stream.NOTE]
        await asyncio.sleep(pause)
    return texts, last


@virtual
async def test_a_pipe_that_does_not_follow_ends_when_everything_was_read() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    web, db = running(fleet["a"], "web"), running(fleet["b"], "db")
    fleet["b"].daemon.stop(db)
    write(fleet["a"], web, *(f"web {n}" for n in range(3000)))
    write(fleet["b"], db, "db")
    async with Running(fleet) as at_work:
        async with LogPipe(at_work.fleet, everything(follow=False)) as pipe:
            texts, last = await drained(pipe)
            assert sorted(texts) == sorted(["db", *(f"web {n}" for n in range(3000))])
            assert {view.state for view in last.sources} == {SourceState.READ}
            assert not pipe.unreached
        assert fleet["a"].daemon.logs.followed == 0


@virtual
async def test_a_slow_reader_holds_the_writers_back_and_loses_nothing() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, *(str(n) for n in range(200_000)))
    most = 0
    async with Running(fleet) as at_work:
        async with LogPipe(at_work.fleet, everything(follow=False)) as pipe:
            texts = []
            async for update in pipe:
                lines = sum(map(len, update.blocks))
                most = max(most, lines)
                texts += [line.raw.decode() for block in update.blocks for line in lines_of(block)]
                await asyncio.sleep(1)
        assert texts == [str(n) for n in range(200_000)]
        assert most < 2 * LINES


@virtual
async def test_a_host_that_is_not_reached_is_waited_for_and_named() -> None:
    fleet = plain_fleet("a", "b", containers=1)
    fleet["b"].faults.black_hole = True
    write(fleet["a"], next(iter(fleet["a"].daemon.containers.values())), "1")
    async with Running(fleet) as at_work:
        began = asyncio.get_running_loop().time()
        async with LogPipe(at_work.fleet, everything(follow=False)) as pipe:
            texts, _ = await drained(pipe)
            assert texts == ["1"]
            assert list(pipe.unreached) == ["b"]
            assert pipe.unreached["b"].state in (HostState.CONNECTING, HostState.LOST)
        assert 15 < asyncio.get_running_loop().time() - began < 30


@virtual
async def test_a_pipe_that_follows_goes_on_until_it_is_left() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, "old", "1")
    async with Running(fleet) as at_work:
        texts: list[str] = []
        async with LogPipe(at_work.fleet, everything(tail=1)) as pipe:
            async for update in pipe:
                new = [line.raw.decode() for block in update.blocks for line in lines_of(block)]
                texts += new
                if new == ["3"]:
                    break
                for text in new:
                    write(fleet["a"], web, str(int(text) + 1))
        assert texts == ["1", "2", "3"]


@virtual
async def test_a_stretch_of_the_past_is_whole_where_the_way_to_it_breaks() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, *(f"in {n}" for n in range(60_000)))
    await asyncio.sleep(1)
    until_ns = int(fleet["a"].daemon.bus.now() * 1e9)
    await asyncio.sleep(1)
    write(fleet["a"], web, *(f"out {n}" for n in range(100)))
    async with Running(fleet) as at_work:
        async with LogPipe(at_work.fleet, everything(until_ns=until_ns)) as pipe:
            texts: list[str] = []
            async for update in pipe:
                lines = [line for block in update.blocks for line in lines_of(block)]
                texts += [line.raw.decode() for line in lines if line.stream is not Stream.NOTE]
                if len(texts) < 50_000:
                    # What is left is found by its end, which is later than what is wanted.
                    fleet["a"].cut()
                await asyncio.sleep(0.1)
        assert texts == [f"in {n}" for n in range(60_000)]


@virtual
async def test_patience_begins_anew_with_each_loss() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, *(str(n) for n in range(200_000)))
    texts: list[str] = []

    async def break_off() -> None:
        for _ in range(2):
            await asyncio.sleep(10)
            fleet["a"].faults.refuse = HostUnreachable("a", "no route")
            fleet["a"].cut()
            await asyncio.sleep(8)
            fleet["a"].faults.refuse = None
            await at_work.all_up()

    async with Running(fleet) as at_work:
        breaking = asyncio.create_task(break_off())
        async with LogPipe(at_work.fleet, everything(follow=False), patience=18) as pipe:
            async for update in pipe:
                texts += [
                    line.raw.decode() for block in update.blocks for line in lines_of(block) if line.stream
                ]
                await asyncio.sleep(9)
        assert texts == [str(n) for n in range(200_000)]
        assert not pipe.unreached
        await breaking


@virtual
async def test_without_figures_nothing_is_asked_of_a_host_but_what_logs_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fleet = plain_fleet("a", containers=4)
    web = next(iter(fleet["a"].daemon.containers.values()))
    write(fleet["a"], web, "1")
    asked: list[str] = []
    for owner, name in ((MemoryLink, "probe"), (MemoryEngine, "info"), (MemoryEngine, "inspect")):
        real = getattr(owner, name)

        def noted(self: object, *args: object, _real: Any = real, _name: str = name) -> object:
            asked.append(_name)
            return _real(self, *args)

        monkeypatch.setattr(owner, name, noted)
    quiet = Fleet(fleet.specs, fleet.clock, Forgetful(), Feed(), jitter=lambda: 0.5, figures=False)
    quiet.start(MemoryTransport(fleet))
    try:
        async with LogPipe(quiet, everything("name:c0")) as pipe:
            async for update in pipe:
                if update.blocks:
                    break
            await asyncio.sleep(120)
        # One inspect, of the one container that is read.
        assert asked == ["inspect"]
    finally:
        await quiet.aclose()
