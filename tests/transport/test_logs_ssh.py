"""Logs over SSH, with a server inside the test process: cut, held back, and cut while held back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.errors import HostError, HostUnreachable
from console.model.hosts import EngineKind
from console.model.logs.lines import LogFrames
from console.transport.base import LogAsk

from .fake_engine import Handler, Request, hang
from .log_bytes import CHUNKED, END, ID, LOG, NOON, TOLD, Row, answering, line, read, rows, until_fault
from .sshd import Home
from .test_live_ssh import commands, world
from .waiting import until

KINDS = [EngineKind.UNIX, EngineKind.DIAL_STDIO]
LINES = 30_000
TEXT = b"x" * 500 + b"\n"
"""All of them 17 MB, far more than any window or buffer on the way."""


class Flood:
    """A log that is written as fast as it is taken."""

    def __init__(self) -> None:
        self.written = 0

    async def __call__(self, request: Request) -> None:
        request.writer.write(request.head(200, CHUNKED))
        for number in range(LINES):
            request.chunk(line(NOON + number, TEXT))
            await request.writer.drain()
            self.written = number + 1
        request.writer.write(END)

    async def stopped(self) -> int:
        """Wait until no more is taken; return how many lines were."""
        before, still = -1, 0
        while still < 40:
            await asyncio.sleep(0.005)
            still = still + 1 if self.written == before else 0
            before = self.written
        return before


async def first_then_all(batches: AsyncIterator[LogFrames], flood: Flood) -> list[int]:
    stamps = list((await anext(batches)).stamps)
    assert await flood.stopped() < LINES // 2
    async for batch in batches:
        stamps += batch.stamps
    return stamps


@pytest.mark.parametrize("kind", KINDS)
async def test_the_engine_is_held_back_and_goes_on(home: Home, tmp_path: Path, kind: EngineKind) -> None:
    async with world(home, tmp_path, kind) as around:
        commands(around.server, around.socket)
        engine = await around.reach()
        around.engine.faults["/logs"] = flood = Flood()
        async with engine.logs(ID, LogAsk()) as batches:
            stamps = await first_then_all(batches, flood)
        assert stamps == list(range(NOON, NOON + LINES))
        assert await engine.ping() > 0


async def test_others_are_not_held_back(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as around:
        engine = await around.reach()
        around.engine.faults["/logs"] = flood = Flood()
        async with engine.logs(ID, LogAsk()) as batches:
            await anext(batches)
            await flood.stopped()
            around.engine.faults["/logs"] = answering(*LOG)
            assert await read(engine, LogAsk()) == TOLD
            assert await engine.ping() > 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_lost_connection_is_no_end(home: Home, tmp_path: Path, kind: EngineKind) -> None:
    async with world(home, tmp_path, kind) as around:
        commands(around.server, around.socket)
        engine = await around.reach()
        around.engine.faults["/logs"] = answering(*LOG, end=b"200\r\n\x01\x00", stay=True)
        got: list[Row] = []
        async with engine.logs(ID, LogAsk(follow=True)) as batches:
            while len(got) < len(LOG):
                got += rows(await anext(batches))
            around.kill()
            with pytest.raises(HostUnreachable):
                await anext(batches)
        assert got == TOLD
        with pytest.raises(HostError):
            await read(engine, LogAsk())


async def test_a_connection_lost_while_it_is_held_back(home: Home, tmp_path: Path) -> None:
    async with world(home, tmp_path) as around:
        engine = await around.reach()
        around.engine.faults["/logs"] = flood = Flood()
        async with engine.logs(ID, LogAsk()) as batches:
            await anext(batches)
            await flood.stopped()
            around.kill()
            await around.link.lost()
            got, error = await until_fault(batches)
        assert isinstance(error, HostUnreachable)
        stamps = [stamp for stamp, _, _ in got]
        assert stamps == list(range(stamps[0], stamps[0] + len(stamps)))


@pytest.mark.parametrize("fault", [Flood(), hang])
async def test_whoever_is_cancelled_frees_the_channel(home: Home, tmp_path: Path, fault: Handler) -> None:
    async with world(home, tmp_path) as around:
        engine = await around.reach()

        async def follow() -> None:
            async with engine.logs(ID, LogAsk(follow=True)) as batches:
                await anext(batches)
                await asyncio.Event().wait()

        around.engine.faults["/logs"] = fault
        task = asyncio.create_task(follow())
        await until(lambda: any(request.endswith("/logs") for request in around.engine.requests))
        if isinstance(fault, Flood):
            await fault.stopped()
        assert len(around.engine.open) == 2
        task.cancel()
        await until(lambda: len(around.engine.open) == 1)  # that of the requests
        await until(task.cancelled)
