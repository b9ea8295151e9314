"""Every line exactly once, or inside a gap that is said; whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from console.model.logs.lines import NoteKind
from tests.service.fleets import Running, plain_fleet
from tests.service.logs.chaos import Chaos, judge
from tests.service.logs.taps import Tapped, everything
from tests.service.loops import until, virtual

HARMLESS = "cut streams engine restart pause recreate quiet hush"
"""What leaves the log as it is."""

ALL = f"{HARMLESS} truncate rotate"

SECONDS = 60.0


async def _run(seed: int, kinds: str, *, freeze: bool = False) -> tuple[Chaos, Tapped]:
    fleet = plain_fleet("a", "b", "c", containers=0)
    chaos = Chaos(fleet, seed)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(
            at_work,
            everything(),
        ) as tap:
            works = [chaos.write(SECONDS), chaos.disturb(SECONDS, kinds=kinds)]
            if freeze:
                works.append(_freeze(tap, chaos))
            await asyncio.gather(*works)
            await asyncio.sleep(150)
            await until(lambda: not judge(chaos, tap), 200)
    return chaos, tap


async def _freeze(tap: Tapped, chaos: Chaos) -> None:
    for _ in range(4):
        await asyncio.sleep(chaos.chance.uniform(2, 12))
        tap.stream.freeze(True)
        tap.reading = False
        await asyncio.sleep(chaos.chance.uniform(1, 40))
        tap.reading = True
        tap.stream.freeze(False)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_repeated_where_the_log_is_whole(seed: int) -> None:
    found = []

    @virtual
    async def run() -> None:
        found.append(await _run(seed, HARMLESS))

    run()
    chaos, tap = found[0]
    assert not judge(chaos, tap), chaos.happened


@pytest.mark.parametrize("seed", range(4))
def test_what_is_missing_lies_in_a_gap_that_is_said(seed: int) -> None:
    @virtual
    async def run() -> None:
        chaos, tap = await _run(seed, ALL, freeze=True)
        assert not judge(chaos, tap), chaos.happened
        assert tap.notes(NoteKind.BACK)

    run()
