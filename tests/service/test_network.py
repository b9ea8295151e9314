from __future__ import annotations

import asyncio
import threading
import time

from console.model.hosts import HostState
from console.service.network import NetworkThread
from console.service.remember import Forgetful
from console.transport.clock import SystemClock
from console.transport.memory import DemoTransport, demo_fleet


async def test_the_demo_comes_up_on_its_own_thread_and_leaves_nothing() -> None:
    clock = SystemClock()
    demo = demo_fleet(clock)
    threads = threading.active_count()
    handle = NetworkThread(
        demo.name, demo.specs, lambda: DemoTransport(demo), clock=clock, memory=Forgetful()
    ).start()
    try:
        snapshots = {}
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            if batch := handle.take():
                snapshots.update(batch.snapshots)
            if len(snapshots) == 3 and all(s.fresh for s in snapshots.values()):
                break
            await asyncio.sleep(0.01)
        assert [s.status.state for s in snapshots.values()] == [HostState.UP] * 3
        assert sum(len(s.containers) for s in snapshots.values()) == 28
        assert {p.name for p in handle.problems()} >= {"rabbit"}
    finally:
        await handle.aclose()
        await handle.aclose()
    assert threading.active_count() == threads
