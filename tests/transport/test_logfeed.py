"""Holding an engine back while nobody takes its log, and the order of what is taken."""

from __future__ import annotations

import asyncio

import pytest

from console.transport.base import LogAsk
from console.transport.engine import HttpEngine
from console.transport.http import Cut, Head
from console.transport.logfeed import LogFeed

from .fake_engine import FakeEngine, Request
from .log_bytes import CHUNKED, END, ID, LOG, NOON, TOLD, line, rows
from .waiting import until


async def flood(request: Request) -> None:
    request.writer.write(request.head(200, CHUNKED))
    request.writer.transport.set_write_buffer_limits(high=65536)
    for number in range(200_000):
        request.chunk(line(NOON + number, b"x" * 100 + b"\n"))
        if number % 100 == 99:
            await request.writer.drain()
            written[0] = number + 1
    request.writer.write(END)


written = [0]


async def test_the_engine_is_held_back_while_nobody_takes(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = flood
    written[0] = 0
    async with engine.logs(ID, LogAsk()) as batches:
        first = await anext(batches)
        seen, still = -1, 0
        while still < 20:  # the fake engine's loop is this one: it had its chance to go on
            still = still + 1 if written[0] == seen else 0
            seen = written[0]
            await asyncio.sleep(0.005)
        assert 3_000 < seen < 40_000
        stamps = list(first.stamps)
        largest = 0
        async for batch in batches:
            largest = max(largest, len(batch))
            stamps += batch.stamps
        assert stamps == list(range(NOON, NOON + 200_000))
        assert largest < 8192 + 4096


async def test_leaving_a_paused_log_closes_its_connection(fake: FakeEngine, engine: HttpEngine) -> None:
    fake.faults["/logs"] = flood
    async with engine.logs(ID, LogAsk()) as batches:
        await anext(batches)
    await until(lambda: len(fake.open) <= 1)
    assert await engine.ping() > 0


class Valve:
    """A connection that is only told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def abort(self) -> None:
        self.told.append("abort")


async def test_what_came_with_the_head_counts() -> None:
    feed, valve = LogFeed(False, most_lines=10), Valve()
    feed.head(Head(200, "OK", {}))
    feed.chunks(LOG)
    feed.attach(valve)
    assert valve.told == ["pause"]
    taken = await feed.next()
    assert taken is not None
    assert rows(taken) == TOLD
    assert valve.told == ["pause", "resume"]


async def test_bytes_count_as_well_as_lines() -> None:
    feed, valve = LogFeed(False, most_bytes=1000), Valve()
    feed.attach(valve)
    feed.chunks([line(NOON, b"x" * 800 + b"\n")])
    assert valve.told == []
    feed.chunks([line(NOON, b"x" * 800 + b"\n")])
    assert valve.told == ["pause"]


async def test_a_fault_comes_after_what_was_before_it() -> None:
    feed = LogFeed(False)
    feed.chunks(LOG)
    feed.failed(Cut(None, answered=True))
    feed.end()
    taken = await feed.next()
    assert taken is not None
    assert rows(taken) == TOLD
    for _ in range(2):
        with pytest.raises(Cut):
            await feed.next()
