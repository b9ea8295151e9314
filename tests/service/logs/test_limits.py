"""What is bounded: follows of one host, what waits for a reader, what a frozen one costs."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from console.model.logs.lines import NoteKind
from console.service.logs.follows import MOST
from console.service.logs.outbox import Caps
from console.service.tap import SourceState
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import Tapped, everything, write
from tests.service.loops import until, virtual


@virtual
async def test_of_a_hundred_containers_64_are_followed_and_the_others_polled() -> None:
    fleet = plain_fleet("a", containers=0)
    logs = fleet["a"].daemon.logs
    made = [running(fleet["a"], f"c{n}") for n in range(100)]
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap, Tapped(at_work, everything()) as other:
            await until(lambda: tap.states()[SourceState.POLLED] + other.states()[SourceState.POLLED] == 136)
            for number in range(3):
                for container in made:
                    write(fleet["a"], container, f"{container.name} {number}")
                await asyncio.sleep(3)
            for container in made:
                for reader in (tap, other):
                    assert reader.texts(container.name) == [f"{container.name} {n}" for n in range(3)]
            assert logs.most_following == MOST
            # Never is what is followed polled.
            followed = {ask[0] for ask in logs.asks if ask[1].follow}
            logs.asks.clear()
            await asyncio.sleep(9)
            polled = [container_id for container_id, ask in logs.asks if not ask.follow]
            assert 136 * 4 <= len(polled) <= 136 * 5
            # What becomes free is taken.
            fleet["a"].daemon.stop(next(c for c in made if c.id in followed))
            await until(lambda: tap.states()[SourceState.POLLED] + other.states()[SourceState.POLLED] < 136)
            assert logs.most_following == MOST
            assert not tap.notes(NoteKind.GAP)


@virtual
async def test_where_a_carrier_allows_few_streams_the_rest_is_polled() -> None:
    fleet = plain_fleet("a", containers=0)
    fleet["a"].daemon.logs.limit = 6
    made = [running(fleet["a"], f"c{n}") for n in range(20)]
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: SourceState.LOADING not in tap.states() and len(tap.update.sources) == 20, 60)
            for container in made:
                write(fleet["a"], container, container.name)
            await until(lambda: len(tap.texts()) == 20, 60)
            await until(lambda: tap.states()[SourceState.FOLLOWING] >= 1, 60)
            assert not tap.notes(NoteKind.GAP, NoteKind.LOST)


@virtual
async def test_the_drop_counter_is_right_to_the_line() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(), Caps(1000, 64 << 20)) as tap:
            await tap.follows()
            for begin in range(0, 30_000, 100):
                if begin == 10_000:
                    tap.reading = False
                if begin == 20_000:
                    tap.reading = True
                write(fleet["a"], web, *(str(n) for n in range(begin, begin + 100)))
                await asyncio.sleep(0.05)
            await until(lambda: tap.texts()[-1:] == ["29999"])
            numbers = [int(text) for text in tap.texts()]
            assert numbers == sorted(set(numbers))
            missing = 30_000 - len(numbers)
            assert missing == tap.update.dropped > 8000
            dropped = [line for line in tap.lines if line.note]
            assert sum(line.note.lines for line in dropped if line.note) == missing
            # In their place.
            at = tap.lines.index(dropped[0])
            after = int(tap.lines[at + 1].raw)
            assert after - int(tap.lines[at - 1].raw) - 1 == dropped[0].note.lines if dropped[0].note else 0


@virtual
async def test_a_frozen_stream_is_kept_for_a_while_then_closed_and_goes_on_where_it_was() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    made = [running(host, "web") for host in fleet.hosts.values()]
    logs = [host.daemon.logs for host in fleet.hosts.values()]
    written = 0

    async def write_some(lines: int) -> None:
        nonlocal written
        for _ in range(lines):
            for host, container in zip(fleet.hosts.values(), made, strict=True):
                write(host, container, str(written))
            written += 1
            await asyncio.sleep(0.01)

    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(), Caps(2000, 64 << 20)) as tap:
            await tap.follows(2)
            tap.reading = False
            tap.stream.freeze(True)
            await write_some(100)
            assert not tap.stream.suspended
            await write_some(300)
            assert tap.stream.suspended
            for log in logs:
                assert log.following == 0
                log.asks.clear()
            await write_some(1000)
            assert not any(log.asks for log in logs)
            tap.take()
            assert tap.update.suspended
            tap.stream.freeze(False)
            tap.reading = True
            await until(lambda: len(tap.texts()) == 2 * written)
            for ref in ("web@a", "web@b"):
                assert tap.texts(ref) == [str(n) for n in range(written)]
            assert not tap.notes(NoteKind.GAP, NoteKind.DROPPED)
            assert not tap.update.suspended


@virtual
async def test_more_than_the_caps_hold_while_frozen_is_said_to_be_left_out() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(), Caps(2000, 64 << 20)) as tap:
            await tap.follows()
            tap.reading = False
            tap.stream.freeze(True)
            for begin in range(0, 9000, 100):
                write(fleet["a"], web, *(str(n) for n in range(begin, begin + 100)))
                await asyncio.sleep(0.05)
            assert tap.stream.suspended
            tap.take()
            tap.reading = True
            tap.stream.freeze(False)
            await until(lambda: tap.texts()[-1:] == ["8999"])
            numbers = [int(text) for text in tap.texts()]
            first = next(b for a, b in pairwise(numbers) if b != a + 1)
            assert first == 7000
            gap = await tap.noted(NoteKind.GAP)
            assert "while the stream was frozen" in gap.text
            at = next(n for n, line in enumerate(tap.lines) if line.note is gap)
            assert tap.lines[at + 1].raw == b"7000"
            assert gap.from_ns == tap.lines[at - 1].ns


@virtual
async def test_history_never_asks_for_more_than_the_cap_and_says_what_it_left_out() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, *(str(n) for n in range(5000)))
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(), Caps(3000, 64 << 20)) as tap:
            await tap.follows()
            await until(lambda: len(tap.texts()) == 3000)
            assert tap.texts() == [str(n) for n in range(2000, 5000)]
            assert "older ones are left out" in (await tap.noted(NoteKind.DROPPED)).text
            assert tap.update.dropped == 0
    assert all((ask.tail or 0) <= 3000 for _, ask in fleet["a"].daemon.logs.asks)
