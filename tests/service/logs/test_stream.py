"""One merged stream: the past, what follows, and every interruption."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import Conflict
from console.model.logs.lines import NoteKind
from console.model.logs.setup import LogSetup
from console.model.logs.wish import LogWish
from console.model.text import safe
from console.service.tap import SourceState
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import Tapped, everything, write
from tests.service.loops import until, virtual


@virtual
async def test_past_and_following_lines_of_several_hosts_come_in_the_order_of_time() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    web, db = running(fleet["a"], "web"), running(fleet["b"], "db")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        for number in range(5):
            write(fleet["a"], web, f"web {number}")
            await asyncio.sleep(0.01)
            write(fleet["b"], db, f"db {number}")
            await asyncio.sleep(0.01)
        async with Tapped(at_work, everything()) as tap:
            past = [f"{name} {number}" for number in range(5) for name in ("web", "db")]
            await tap.has(*past)
            await tap.follows(2)
            write(fleet["b"], db, "db new")
            await asyncio.sleep(0.05)
            write(fleet["a"], web, "web new")
            await tap.has(*past, "db new", "web new")
            assert not tap.notes()
            assert tap.view("web").lines == 6
            assert not tap.update.loading


@virtual
async def test_a_cut_link_loses_nothing_repeats_nothing_and_is_said_once() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    names = [f"c{n}" for n in range(10)]
    made = {name: running(fleet["a"], name) for name in names}
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(10)
            for name in names:
                write(fleet["a"], made[name], f"{name} before")
            await until(lambda: len(tap.texts()) == 10)
            fleet["a"].cut()
            for name in names:
                write(fleet["a"], made[name], f"{name} meanwhile")
            await tap.noted(NoteKind.LOST)
            note = await tap.noted(NoteKind.BACK)
            await until(lambda: len(tap.texts()) == 20)
            for name in names:
                assert tap.texts(name) == [f"{name} before", f"{name} meanwhile"]
            assert "nothing is missing" in note.text
            await asyncio.sleep(5)
            assert len(tap.texts()) == 20
            assert not tap.notes(NoteKind.GAP)


@virtual
async def test_a_stream_that_breaks_alone_is_mended_without_a_word() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].daemon.logs.cut()
            write(fleet["a"], web, "2")
            await tap.has("1", "2")
            await asyncio.sleep(3)
            assert not tap.notes()


@virtual
async def test_a_restart_is_noted_between_its_lines() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            daemon.stop(web, 3)
            await tap.noted(NoteKind.ENDED)
            await until(lambda: tap.view("web").state is SourceState.STOPPED)
            await asyncio.sleep(30)
            daemon.start(web)
            write(fleet["a"], web, "2")
            await tap.has("1", "2")
            shown = [line.note.text if line.note else line.raw.decode() for line in tap.lines]
            assert shown == ["1", "stopped, exit code 3", "runs again", "2"]
            daemon.restart(web)
            write(fleet["a"], web, "3")
            await tap.has("1", "2", "3")
            assert [n.kind for n in tap.notes()] == [NoteKind.ENDED, NoteKind.STARTED] * 2


@virtual
async def test_a_recreated_container_is_another_source_of_the_same_name() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    running(fleet["a"], "other")
    wish = LogWish(title=safe("web"), names=frozenset({("a", safe("web"))}), tail=3)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, wish) as tap:
            await tap.follows()
            write(fleet["a"], web, "old")
            await tap.has("old")
            daemon.remove(web)
            again = daemon.create("web", "busybox:2")
            daemon.start(again)
            write(fleet["a"], again, "1", "2", "3", "4", "5")
            await tap.has("old", "1", "2", "3", "4", "5")
            await until(lambda: tap.update.sources[0].state is SourceState.GONE)
            assert [v.source.index for v in tap.update.sources] == [0, 1]
            assert "recreated" in (await tap.noted(NoteKind.STARTED)).text
            assert (await tap.noted(NoteKind.GONE)).source == 0
            assert not tap.notes(NoteKind.GAP)


@virtual
async def test_an_engine_that_is_removing_a_container_is_not_said_to_read_no_logs() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            daemon.logs.fail(Conflict("a", "can not get logs from container which is dead", status=409))
            await asyncio.sleep(0.1)
            daemon.remove(web)
            await tap.noted(NoteKind.GONE)
            assert not tap.notes(NoteKind.NOTHING)


@virtual
async def test_a_container_that_the_engine_says_is_dead_is_given_up_though_it_is_listed() -> None:
    fleet = plain_fleet("a", containers=0)
    web, logs = running(fleet["a"], "web"), fleet["a"].daemon.logs
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            for _ in range(6):
                await until(lambda: logs.following == 1)
                logs.fail(Conflict("a", "it is dead", status=409))
                await until(lambda: logs.following == 0)
            await tap.noted(NoteKind.GONE)


@virtual
async def test_only_the_newest_lines_are_read_where_no_more_are_wanted() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    write(fleet["a"], web, *(str(n) for n in range(500)))
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything(tail=3)) as tap:
            await tap.has("497", "498", "499")
            write(fleet["a"], web, "new")
            await tap.has("497", "498", "499", "new")
        async with Tapped(at_work, everything(tail=0)) as tap:
            await tap.follows()
            write(fleet["a"], web, "newer")
            await tap.has("newer")


@virtual
async def test_a_window_is_read_whole_and_nothing_before_it() -> None:
    fleet = plain_fleet("a", containers=0)
    web, idle = running(fleet["a"], "web"), running(fleet["a"], "idle")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        write(fleet["a"], idle, "long ago")
        write(fleet["a"], web, *(f"before {n}" for n in range(2000)))
        await asyncio.sleep(600)
        since = int(fleet["a"].daemon.bus.now() * 1e9)
        for begin in range(0, 12_000, 1000):
            write(fleet["a"], web, *(str(n) for n in range(begin, begin + 1000)))
            await asyncio.sleep(1)
        fleet["a"].daemon.logs.asks.clear()
        async with Tapped(at_work, everything(since_ns=since)) as tap:
            await tap.follows(2)
            await tap.has(*(str(n) for n in range(12_000)))
            asked = [ask for container, ask in fleet["a"].daemon.logs.asks if container == web.id]
            # Never the whole log.
            assert all(ask.tail is not None for ask in asked)
            write(fleet["a"], idle, "now")
            await tap.has("now", name="idle")
            write(fleet["a"], web, "on")
            await until(lambda: tap.texts("web")[-1] == "on")
            assert len(tap.texts("web")) == 12_001
            assert not tap.notes()


@virtual
async def test_a_stretch_of_the_past_is_read_and_nothing_followed() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    times = []
    async with Running(fleet) as at_work:
        await at_work.all_up()
        for number in range(1000):
            times.append(int(fleet["a"].daemon.bus.now() * 1e9))
            write(fleet["a"], web, str(number))
            await asyncio.sleep(1)
        window = {"since_ns": times[100] - 10**8, "until_ns": times[900] - 10**8}
        async with Tapped(at_work, everything(**window)) as tap:
            await until(lambda: tap.states()[SourceState.READ] == 1)
            await tap.has(*(str(n) for n in range(100, 900)))
        async with Tapped(at_work, everything(tail=5, **window)) as tap:
            await tap.has(*(str(n) for n in range(895, 900)))
            await until(lambda: tap.states()[SourceState.READ] == 1)
        assert fleet["a"].daemon.logs.followed == 0


@virtual
async def test_new_containers_that_match_join_with_all_they_ever_wrote() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    running(fleet["a"], "web-1")
    running(fleet["b"], "db")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything("name:web*", tail=0)) as tap:
            await tap.follows(1)
            new = fleet["b"].daemon.create("web-2", "busybox:1")
            fleet["b"].daemon.start(new)
            write(fleet["b"], new, "1", "2")
            running(fleet["b"], "cache")
            await tap.has("1", "2")
            assert [str(view.source.ref) for view in tap.update.sources] == ["web-1@a", "web-2@b"]
            note = await tap.noted(NoteKind.STARTED)
            assert (note.source, note.text) == (1, "joins")


@virtual
async def test_what_is_written_while_a_window_is_looked_at_belongs_to_it() -> None:
    fleet = plain_fleet("a", containers=0)
    made = [running(fleet["a"], f"c{n}") for n in range(60)]
    for container in made:
        write(fleet["a"], container, "before")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        await asyncio.sleep(60)
        since = int(fleet["a"].daemon.bus.now() * 1e9)
        fleet["a"].faults.delay = 0.3
        async with Tapped(at_work, everything(since_ns=since)) as tap:
            for container in made:
                # One after the other, whatever is being asked just then.
                await asyncio.sleep(0.15)
                write(fleet["a"], container, f"{container.name} now")
            await until(lambda: len(tap.texts()) == 60, 60)
            assert sorted(tap.texts()) == sorted(f"{container.name} now" for container in made)


@pytest.mark.parametrize("lines", [3, 60])
@virtual
async def test_what_was_rotated_away_before_a_new_container_was_ever_read_is_a_gap(lines: int) -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    log = LogSetup(driver="json-file", max_size=2_000, max_files=2)
    web = running(fleet["a"], "web", log=log)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "old")
            await tap.has("old")
            fleet["a"].engine_stops()
            await tap.noted(NoteKind.LOST)
            daemon.remove(web)
            again = daemon.create("web", "busybox:2", log=log)
            daemon.start(again)
            for number in range(lines):
                await asyncio.sleep(0.05)
                write(fleet["a"], again, f"{number} {'.' * 40}")
            fleet["a"].engine_starts()
            await until(lambda: any(text.startswith(f"{lines - 1} ") for text in tap.texts()), 60)
            await asyncio.sleep(5)
            new = len(tap.update.sources) - 1
            gaps = [note for note in tap.notes(NoteKind.GAP) if note.source == new]
            whole = any(text.startswith("0 ") for text in tap.texts())
            assert whole is (lines == 3)
            assert len(gaps) == (0 if whole else 1)
            for gap in gaps:
                first = next(line.ns for line in tap.lines if line.source == new and not line.note)
                assert gap.from_ns is not None
                assert gap.from_ns < (gap.to_ns or 0) == first
                assert "ruled out" in gap.text
