"""Problems found without looking everywhere each time are the same problems."""

from __future__ import annotations

import asyncio
import random

from console.errors import HostUnreachable
from console.model.problems import find
from console.service.troubles import LOOK_AGAIN, Troubles
from tests.service.fleets import Running, plain_fleet
from tests.service.loops import virtual
from tests.service.test_exact import DEEDS, operate


@virtual
async def test_they_are_those_of_the_pure_function() -> None:
    hosts = plain_fleet("a", "b")
    dice, troubles, seen = random.Random(3), Troubles(), set()
    async with Running(hosts) as fleet:
        for step in range(400):
            operate(hosts[dice.choice("ab")], dice.choice(DEEDS), dice.randrange(40))
            await asyncio.sleep(dice.choice((0.0, 0.06, 1.0)))
            if step == 200:
                hosts["b"].faults.refuse = HostUnreachable("b", "no route to host")
                hosts["b"].cut()
            elif step == 240:
                hosts["b"].faults.refuse = None
            found = troubles.find(fleet.feed.latest(), hosts.clock.now())
            if dice.random() < 0.1:
                await asyncio.sleep(LOOK_AGAIN)
                now = hosts.clock.now()
                found = troubles.find(fleet.feed.latest(), now)
                assert found == find(fleet.feed.latest(), now)
            seen.update(problem.kind for problem in found)
    assert len(seen) >= 4
