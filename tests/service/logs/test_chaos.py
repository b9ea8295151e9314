"""Every line exactly once, or inside a gap that is said; whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from console.model.logs.lines import NoteKind
from console.service.logs.outbox import Caps
from tests.service.fleets import Running, plain_fleet
from tests.service.logs.chaos import Chaos, judge
from tests.service.logs.taps import Tapped, everything
from tests.service.loops import virtual

HARMLESS = "cut streams engine restart pause recreate quiet hush"
"""What leaves the log as it is."""

ALL = f"{HARMLESS} truncate rotate"

LINES_A_SECOND = 200
"""Of the caps, for each second of a run: so few that a frozen stream is suspended, and so many that what was
written meanwhile fits when it goes on, since a quarter of the run is the longest that the reader looks away.
"""


async def _run(seed: int, kinds: str, seconds: float, *, freeze: bool = False) -> tuple[Chaos, Tapped]:
    fleet = plain_fleet("a", "b", "c", containers=0)
    chaos = Chaos(fleet, seed)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(), Caps(int(LINES_A_SECOND * seconds), 64 << 20)) as tap:
            works = [chaos.write(seconds), chaos.disturb(seconds, kinds=kinds)]
            if freeze:
                works.append(_freeze(tap, chaos, seconds))
            await asyncio.gather(*works)
            # A stream may be silent for a minute before it is found out.
            for _ in range(30):
                await asyncio.sleep(5)
                if not judge(chaos, tap):
                    break
            await asyncio.sleep(100)
            assert not judge(chaos, tap), (judge(chaos, tap), chaos.happened)
    return chaos, tap


async def _freeze(tap: Tapped, chaos: Chaos, seconds: float) -> None:
    """The reader looks away a few times, so long that the streams are closed."""
    for _ in range(3):
        await asyncio.sleep(seconds / 20)
        tap.reading = False
        tap.stream.freeze(True)
        await asyncio.sleep(chaos.chance.uniform(seconds / 10, seconds / 4))
        if tap.stream.suspended:
            chaos.happened.append("suspended")
            assert all(host.daemon.logs.following == 0 for host in chaos.fleet.hosts.values())
        tap.reading = True
        tap.stream.freeze(False)


@virtual
async def _whole(seed: int, seconds: float) -> None:
    _, tap = await _run(seed, HARMLESS, seconds)
    assert tap.notes(NoteKind.BACK)


@virtual
async def _torn(seed: int, seconds: float) -> None:
    chaos, _ = await _run(seed, ALL, seconds, freeze=True)
    assert "suspended" in chaos.happened


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_or_repeated_where_the_log_is_whole(seed: int) -> None:
    _whole(seed, 40)


@pytest.mark.parametrize("seed", range(10, 15))
def test_what_is_missing_lies_in_a_gap_that_is_said(seed: int) -> None:
    _torn(seed, 40)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_the_same_for_long(seed: int) -> None:
    _whole(seed, 120)
    _torn(seed, 120)
