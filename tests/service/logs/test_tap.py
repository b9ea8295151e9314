"""Taps from another thread, in real time."""

from __future__ import annotations

import asyncio
import time

from console.model.hosts import HostSpec
from console.model.logs.lines import Stream
from console.service.handle import FleetHandle
from console.service.network import NetworkThread
from console.service.remember import Forgetful
from console.service.tap import LogTap
from console.transport.clock import SystemClock
from console.transport.memory import MemoryFleet, MemoryTransport
from tests.service.logs.taps import everything, lines_of, write


async def lines(tap: LogTap, count: int) -> list[bytes]:
    """The next `count` lines of containers, or more."""
    found: list[bytes] = []
    give_up = time.monotonic() + 30
    while len(found) < count:
        assert time.monotonic() < give_up, found
        if update := tap.take():
            all_lines = [line for block in update.blocks for line in lines_of(block)]
            found += [line.raw for line in all_lines if line.stream is not Stream.NOTE]
        await asyncio.sleep(0.02)
    return found


async def test_several_taps_of_a_fleet_that_runs_on_its_own_thread() -> None:
    fleet = MemoryFleet(SystemClock(), [HostSpec(name="a", address="x")])
    daemon = fleet["a"].daemon
    web = daemon.create("web", "busybox:1")
    daemon.start(web)
    write(fleet["a"], web, "1", "2")
    handle = NetworkThread(
        "test", fleet.specs, lambda: MemoryTransport(fleet), clock=fleet.clock, memory=Forgetful()
    )
    desk: FleetHandle = handle
    first = desk.logs(everything())
    handle.start()
    try:
        second = desk.logs(everything(tail=1))
        assert await lines(first, 2) == [b"1", b"2"]
        assert await lines(second, 1) == [b"2"]
        second.close()
        second.close()
        assert second.take() is None
        handle._call(write, fleet["a"], web, "3")
        assert await lines(first, 1) == [b"3"]
    finally:
        await handle.aclose()
    assert daemon.logs.following == 0
    first.freeze(True)
    first.close()
    late = desk.logs(everything())
    assert late.take() is None
