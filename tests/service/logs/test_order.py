"""The past of many sources is one, in order, however long and however uneven."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.lines import NoteKind
from console.service.logs.braid import ALWAYS, LEAST_LINES, NEVER, STREAMS_APART, Braid
from console.service.logs.pipe import LogPipe
from console.transport.memory import MemoryFleet
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import Tapped, everything, lines_of
from tests.service.loops import until, virtual


def uneven(hosts: str, lines: int, seed: int) -> tuple[MemoryFleet, int]:
    """Hosts with logs of very different length and age; how many lines they have in all."""
    chance = random.Random(seed)
    fleet = plain_fleet(*hosts, containers=0)
    total = 0
    for host in fleet.hosts.values():
        for number in range(4):
            container = running(host, f"c{number}")
            count = lines // chance.choice((1, 10, 100))
            hours = chance.choice((0.1, 1, 24))
            for line in range(count):
                host.daemon.write(container, b"%d\n" % line, ago=hours * 3600 * (1 - line / count) + 1)
            total += count
    return fleet, total


@virtual
async def test_a_pipe_gives_the_past_of_hosts_in_one_order_and_holds_little() -> None:
    fleet, total = uneven("abc", 20_000, 1)
    fleet["b"].faults.delay, fleet["c"].faults.delay = 0.2, 0.5
    async with Running(fleet) as at_work:
        stamps: list[int] = []
        async with LogPipe(at_work.fleet, everything(follow=False)) as pipe:
            most = 0
            async for update in pipe:
                lines = [line for block in update.blocks for line in lines_of(block)]
                stamps += [line.ns for line in lines if line.note is None]
                assert not [line.note for line in lines if line.note]
                assert pipe._stream is not None
                most = max(most, pipe._stream._funnel.waiting)
                await asyncio.sleep(0.02)
        assert len(stamps) == total > 30_000
        assert stamps == sorted(stamps)
        # A read of each source may be more than its share.
        assert most < total


@virtual
async def test_a_tap_of_hosts_that_answer_shows_their_past_in_one_order() -> None:
    fleet, total = uneven("ab", 5_000, 2)
    fleet["b"].faults.delay = 0.1
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(8)
            await until(lambda: len(tap.texts()) == total)
            stamps = [line.ns for line in tap.lines]
            assert stamps == sorted(stamps)


@virtual
async def test_a_host_that_takes_too_long_is_not_waited_for_and_comes_late() -> None:
    fleet, total = uneven("ab", 1_000, 3)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        fleet["b"].faults.delay = 4.0
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: tap.texts(), 3)
            await until(lambda: len(tap.texts()) == total, 30)
            late = tap.notes(NoteKind.LATE)
            assert late
            named = [tap.update.sources[note.source].source.host for note in late if note.source >= 0]
            assert set(named) <= {"b"}


def test_who_gives_nothing_is_waited_for_only_so_long() -> None:
    braid = Braid(2.0, 100_000, 1 << 30, strict=True)
    braid.join("a", 0.0)
    braid.join("b", 0.0)
    assert braid.upto(0.1) == NEVER
    braid.added("a", 10**9, 10, 10, 0.2)
    assert braid.upto(1.9) == NEVER
    # One that would go on and may not is not to blame.
    braid.added("a", 2 * 10**9, 100_000, 10, 1.0)
    assert braid.holds_back("a", 1.0)
    assert braid.upto(2.5) == 2 * 10**9
    assert not braid.holds_back("a", 2.5)
    braid.through("a")
    assert braid.upto(2.6) == ALWAYS
    assert braid.over


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3000)), max_size=60))
def test_nobody_waits_for_himself_and_what_waits_is_bounded(given: list[tuple[int, int]]) -> None:
    braid = Braid(1e9, 10_000, 1 << 40, strict=True)
    keys = dict.fromkeys(range(5), 0)
    waiting = dict.fromkeys(range(5), 0)
    for name in keys:
        braid.join(name, 0.0)
    for name, count in given:
        if braid.holds_back(name, 0.0):
            assert waiting[name] >= LEAST_LINES
            continue
        keys[name] += count * STREAMS_APART
        waiting[name] += count
        braid.added(name, keys[name], count, 1, 0.0)
        braid.gone_on(braid.upto(0.0))
        least = min(keys, key=lambda name: keys[name])
        assert not braid.holds_back(least, 0.0)
        assert braid.upto(0.0) <= keys[least]
