"""The demo as it stands a moment after its database host was lost, in time that only the program passes."""

from __future__ import annotations

import asyncio

from console.model.problems import find
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.remember import Forgetful
from console.transport.memory.demo import FIRST_LOSS, DemoTransport, demo_fleet
from tests.service.loops import EPOCH, LoopClock, VirtualLoop
from tests.ui.fleet import FakeFleet

MOMENT = FIRST_LOSS + 8 + 7.5
"""Seconds from the start: eight of silence, then lost for a while."""


def lost_database() -> tuple[FakeFleet, float]:
    """What the screen knows at that moment, and the moment itself (seconds of the Unix epoch)."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_until(MOMENT)), EPOCH + MOMENT


async def _until(moment: float) -> FakeFleet:
    clock = LoopClock()
    memory = demo_fleet(clock)
    feed = Feed()
    fleet = Fleet(tuple(memory.specs), clock, Forgetful(), feed, jitter=lambda: 0.5)
    fleet.start(DemoTransport(memory))
    fleet.in_view([(spec.name, "any") for spec in memory.specs])
    fleet.stock.look(True)
    await asyncio.sleep(moment)
    newest = feed.latest()
    await fleet.aclose()
    shown = FakeFleet(*newest, fleet="demo")
    shown.given = find(newest, clock.now())
    return shown
