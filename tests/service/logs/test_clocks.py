"""Clocks of hosts that differ, and what is done about the order of lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.model.logs.lines import LogFrames, NoteKind, Stream
from console.model.logs.setup import LogSetup
from console.model.logs.wish import ClockReading
from console.service.logs.skew import corrections, spoken
from console.transport.base import LogAsk
from console.transport.memory.link import MemoryEngine
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import Tapped, everything, write
from tests.service.loops import until, virtual


def readings(**ahead: tuple[float, float]) -> dict[str, ClockReading]:
    return {host: ClockReading(*each) for host, each in ahead.items()}


def test_clocks_are_corrected_by_their_middle_where_they_differ() -> None:
    found = corrections(readings(a=(100.0, 0.01), b=(100.0, 0.01), c=(103.0, 0.01)))
    assert found == {"a": 0, "b": 0, "c": 3_000_000_000}
    assert spoken(readings(a=(-1.0, 0.0), b=(2.5, 0.0))).startswith(
        "the clock of b is 3.5 s ahead of that of a"
    )


@pytest.mark.parametrize(
    "clocks",
    [
        {},
        {"a": (5.0, 0.0)},
        {"a": (0.0, 0.0), "b": (0.049, 0.0)},
        {"a": (0.0, 0.3), "b": (0.5, 0.3)},
        {"a": (0.0, 0.0), "b": (0.2, 0.3), "c": (0.04, 0.0)},
    ],
)
def test_clocks_that_are_equal_or_cannot_be_told_apart_are_left_alone(
    clocks: dict[str, tuple[float, float]],
) -> None:
    assert corrections(readings(**clocks)) == {}


@virtual
async def test_lines_of_hosts_with_wrong_clocks_are_in_the_order_they_were_written() -> None:
    fleet = plain_fleet("a", "b", "c", containers=0)
    fleet["b"].ahead, fleet["c"].ahead = 3.0, -40.0
    made = {name: running(fleet[name], name) for name in "abc"}
    written: list[str] = []
    async with Running(fleet) as at_work:
        await at_work.all_up()

        async def some(count: int) -> None:
            for number in range(count):
                for name in "bca":
                    text = f"{name} {len(written)} {number}"
                    write(fleet[name], made[name], text)
                    written.append(text)
                    await asyncio.sleep(0.02)

        await some(20)
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: len(tap.texts()) == 60)
            assert tap.texts() == written
            await some(50)
            await until(lambda: len(tap.texts()) == 210)
            assert tap.texts() == written
            assert tap.update.corrected
            assert {host: round(read.ahead) for host, read in tap.update.clocks.items()} == {
                "a": 0,
                "b": 3,
                "c": -40,
            }
            # What is shown stays the engines' own.
            stamps = {line.source: line.ns for line in tap.lines if line.stream is not Stream.NOTE}
            hosts = [view.source.host for view in tap.update.sources]
            assert stamps[hosts.index("b")] - stamps[hosts.index("c")] > 42e9
            assert "ahead" in (await tap.noted(NoteKind.CLOCK)).text
            assert len(tap.notes()) == 1


@virtual
async def test_one_host_is_not_asked_for_its_clock_and_several_now_and_then() -> None:
    fleet = plain_fleet("a", "b", containers=1)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything("host:a")) as tap:
            await tap.follows(1)
            await asyncio.sleep(30)
            assert not tap.update.clocks
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(2)
            await until(lambda: len(tap.update.clocks) == 2)
            fleet["b"].ahead = 5.0
            await asyncio.sleep(300)
            assert not tap.update.corrected
            await asyncio.sleep(310)
            assert tap.update.corrected
            assert round(tap.update.clocks["b"].ahead) == 5
            fleet["b"].ahead = 0.0
            fleet["b"].cut()
            await until(lambda: not tap.update.corrected)


@virtual
async def test_the_first_lines_wait_for_clocks_that_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = plain_fleet("a", "b", containers=0)
    fleet["b"].ahead = 30.0
    written = []
    for number in range(50):
        for host in fleet.hosts.values():
            name = f"c{number % 2}"
            made = next((c for c in host.daemon.containers.values() if c.name == name), None)
            made = made or running(host, name)
            write(host, made, f"{host.name} {number}")
            written.append(f"{host.name} {number}")
            await asyncio.sleep(0.1)
    read = MemoryEngine.clock

    async def slow(engine: MemoryEngine) -> ClockReading:
        await asyncio.sleep(0.4)
        return await read(engine)

    monkeypatch.setattr(MemoryEngine, "clock", slow)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: len(tap.texts()) == 100)
            assert tap.texts() == written


@virtual
async def test_what_is_sent_twice_for_seconds_after_a_rotation_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than is remembered, and for longer than a clock that went back is waited for."""
    fleet = plain_fleet("a", containers=0)
    rotated = LogSetup(driver="json-file", max_size=50_000_000, max_files=2)
    web = running(fleet["a"], "web", log=rotated)
    again = asyncio.Event()
    read = MemoryEngine.logs

    @asynccontextmanager
    async def twice(engine: MemoryEngine, ident: str, ask: LogAsk) -> AsyncIterator[AsyncIterator[LogFrames]]:
        async with read(engine, ident, ask) as stream:
            yield resent(stream) if ask.follow else stream

    async def resent(stream: AsyncIterator[LogFrames]) -> AsyncIterator[LogFrames]:
        old = LogFrames()
        async for frames in stream:
            if again.is_set() and len(old):
                for at in range(0, 5000, 1000):
                    yield LogFrames(
                        *(column[at : at + 1000] for column in (old.stamps, old.streams, old.payloads))
                    )
                    await asyncio.sleep(1)
                old = LogFrames()
            else:
                old = LogFrames(
                    old.stamps + frames.stamps, old.streams + frames.streams, old.payloads + frames.payloads
                )
            yield frames

    monkeypatch.setattr(MemoryEngine, "logs", twice)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            for number in range(40):
                write(fleet["a"], web, *(f"{number} {line}" for line in range(1000)))
                await asyncio.sleep(0.5)
            await until(lambda: len(tap.texts()) == 40_000)
            again.set()
            write(fleet["a"], web, "the next")
            await until(lambda: "the next" in tap.texts())
            assert len(tap.texts()) == 40_001
            assert not tap.notes()


@virtual
async def test_a_clock_that_is_set_back_is_believed_where_a_log_is_rotated_too() -> None:
    fleet = plain_fleet("a", containers=0)
    rotated = LogSetup(driver="json-file", max_size=50_000_000, max_files=2)
    web = running(fleet["a"], "web", log=rotated)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            for number in range(20):
                write(fleet["a"], web, f"{number}")
                await asyncio.sleep(1)
            fleet["a"].ahead = -600.0
            for number in range(20, 40):
                write(fleet["a"], web, f"{number}")
                await asyncio.sleep(1)
            await until(lambda: tap.texts() == list(map(str, range(40))))
            assert "went back" in (await tap.noted(NoteKind.CLOCK)).text or tap.notes(NoteKind.CLOCK)
