"""What goes wrong with one container or host, and what is said of it."""

from __future__ import annotations

import asyncio

from console.model.hosts import HostState
from console.model.logs.lines import NoteKind
from console.model.logs.setup import LogSetup
from console.service.tap import SourceState
from tests.service.fleets import Running, plain_fleet, running
from tests.service.logs.taps import Tapped, everything, write
from tests.service.loops import until, virtual


@virtual
async def test_a_silent_follow_is_found_out_and_opened_anew() -> None:
    fleet = plain_fleet("a", containers=0)
    web, quiet = running(fleet["a"], "web"), running(fleet["a"], "quiet")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(2)
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].daemon.log(web).hush()
            write(fleet["a"], web, "2", "3")
            note = await tap.noted(NoteKind.SILENT)
            assert tap.update.sources[note.source].source.name == web.name
            await tap.has("1", "2", "3")
            write(fleet["a"], web, "4")
            await tap.has("1", "2", "3", "4")
            assert not tap.notes(NoteKind.GAP, NoteKind.LOST)
            # One that has nothing to say is asked ever less often, and nothing is said of it.
            fleet["a"].daemon.logs.asks.clear()
            await asyncio.sleep(600)
            asked = [ask for container, ask in fleet["a"].daemon.logs.asks if container == quiet.id]
            assert 600 / 75 < len(asked) < 600 / 45
            assert all(ask.tail == 1 for ask in asked)
            assert len(tap.notes()) == 1


@virtual
async def test_lines_an_engine_hides_because_its_clock_was_set_far_back_are_found() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, *(str(n) for n in range(20)))
            await until(lambda: len(tap.texts()) == 20)
            fleet["a"].cut()
            fleet["a"].ahead = -3600
            await tap.follows(0)
            await tap.follows(1)
            for number in range(20, 40):
                write(fleet["a"], web, str(number))
                await asyncio.sleep(0.5)
            await until(lambda: len(tap.texts()) == 40, 120)
            assert tap.texts() == [str(n) for n in range(40)]
            assert tap.notes(NoteKind.CLOCK)


@virtual
async def test_log_drivers_that_keep_nothing_say_why() -> None:
    fleet = plain_fleet("a", containers=0)
    running(fleet["a"], "mute", log=LogSetup(driver="none"))
    running(fleet["a"], "far", log=LogSetup(driver="syslog"), log_cached=False)
    dual = running(fleet["a"], "dual", log=LogSetup(driver="syslog"))
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(1)
            write(fleet["a"], dual, "kept")
            await tap.has("kept")
            assert "none" in tap.view("mute").why
            assert "cache-disabled" in tap.view("far").why
            assert tap.states()[SourceState.NOTHING] == 2
            await asyncio.sleep(500)
            assert len(tap.notes(NoteKind.NOTHING)) == 2
            assert len(tap.notes()) == 2


@virtual
async def test_a_dead_host_delays_nobody() -> None:
    fleet = plain_fleet("a", "b", containers=0)
    web, db = running(fleet["a"], "web"), running(fleet["b"], "db")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(2)
            fleet["b"].go_quiet()
            for number in range(100):
                began = asyncio.get_running_loop().time()
                write(fleet["a"], web, str(number))
                write(fleet["b"], db, str(number))
                await until(lambda n=number: len(tap.texts("web")) == n + 1)
                assert asyncio.get_running_loop().time() - began < 0.6
            assert not tap.texts("db")
            fleet["b"].speak()
            await until(lambda: len(tap.texts("db")) == 100)


@virtual
async def test_a_host_that_is_not_there_from_the_beginning_joins_when_it_is() -> None:
    fleet = plain_fleet("a", "b", containers=1)
    fleet["b"].faults.black_hole = True
    db = next(iter(fleet["b"].daemon.containers.values()))
    write(fleet["b"], db, "old", "new")
    async with Running(fleet) as at_work:
        await at_work.reaches("a", HostState.UP)
        async with Tapped(at_work, everything(tail=1)) as tap:
            note = await tap.noted(NoteKind.LOST)
            assert (note.source, len(tap.update.sources)) == (-1, 1)
            assert "b is not reached" in note.text
            fleet["b"].faults.black_hole = False
            back = await tap.noted(NoteKind.BACK)
            assert not {word for word in ("back", "missing") if word in f"{note.text} {back.text}"}
            await tap.has("new", name="c0@b")
            # It was there before we looked: no news.
            assert not tap.notes(NoteKind.STARTED)


@virtual
async def test_a_container_removed_while_its_host_was_away_leaves_a_gap() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].cut()
            write(fleet["a"], web, "2")
            daemon.remove(web)
            again = daemon.create("web", "busybox:2")
            daemon.start(again)
            write(fleet["a"], again, "3")
            await tap.has("1", "3")
            gap = await tap.noted(NoteKind.GAP)
            assert gap.source == 0
            assert "removed" in gap.text
            assert gap.from_ns == tap.lines[0].ns
            back = await tap.noted(NoteKind.BACK)
            assert "noted above" in back.text


@virtual
async def test_what_goes_on_while_a_host_is_away_is_told_when_it_is_back() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].cut()
            await asyncio.sleep(0.1)
            write(fleet["a"], web, "2")
            await asyncio.sleep(0.1)
            daemon.stop(web, 7)
            await asyncio.sleep(0.5)
            daemon.start(web)
            write(fleet["a"], web, "3")
            await tap.has("1", "2", "3")
            await tap.noted(NoteKind.BACK)
            told = [line.note.kind if line.note else line.raw.decode() for line in tap.lines]
            told = [each for each in told if each not in (NoteKind.LOST, NoteKind.BACK, NoteKind.LATE)]
            assert told == ["1", "2", NoteKind.ENDED, NoteKind.STARTED, "3"]


@virtual
async def test_forty_containers_of_a_lost_host_are_one_note() -> None:
    fleet = plain_fleet("a", containers=40)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(40)
            fleet["a"].engine_stops()
            await tap.noted(NoteKind.LOST)
            await until(lambda: tap.states()[SourceState.WAITING] == 40)
            fleet["a"].engine_starts()
            await tap.noted(NoteKind.BACK)
            await tap.follows(40)
            assert len(tap.notes()) == 2


@virtual
async def test_a_truncated_log_is_a_gap_and_a_container_renamed_is_the_same_source() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].cut()
            daemon.log(web).truncate()
            write(fleet["a"], web, "2")
            await tap.has("1", "2")
            gap = await tap.noted(NoteKind.GAP)
            assert (gap.from_ns, gap.to_ns) == (tap.lines[0].ns, tap.lines[-1].ns) or gap.to_ns
            daemon.rename(web, "www")
            await until(lambda: tap.update.sources[0].source.ref == "www@a")
            write(fleet["a"], web, "3")
            await tap.has("1", "2", "3")
            assert len(tap.update.sources) == 1


@virtual
async def test_a_log_emptied_under_a_silent_follow_is_a_gap_said_once() -> None:
    fleet = plain_fleet("a", containers=0)
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].daemon.log(web).hush()
            write(fleet["a"], web, "2")
            fleet["a"].daemon.log(web).truncate()
            await tap.noted(NoteKind.GAP)
            await asyncio.sleep(300)
            assert len(tap.notes()) == 1
            write(fleet["a"], web, "3")
            await tap.has("1", "3")


@virtual
async def test_a_link_that_hangs_while_a_log_is_rotated_leaves_a_gap_that_is_said() -> None:
    fleet = plain_fleet("a", containers=0)
    rotated = LogSetup(driver="json-file", max_size=20_000, max_files=2)
    web = running(fleet["a"], "web", log=rotated)
    written: list[int] = []

    async def write_for(seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            written.append(int(fleet["a"].daemon.bus.now() * 1e9))
            write(fleet["a"], web, f"{len(written) - 1} {'.' * 400}")
            await asyncio.sleep(0.1)

    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            await write_for(20)
            assert not tap.notes()
            fleet["a"].go_quiet()
            await write_for(14)
            await asyncio.sleep(6)
            fleet["a"].speak()
            await asyncio.sleep(5)
            gap = await tap.noted(NoteKind.GAP)
            assert "cannot be ruled out" in gap.text
            got = {int(text.split()[0]) for text in tap.texts()}
            missing = set(range(len(written))) - got
            assert missing
            assert all((gap.from_ns or 0) <= written[n] <= (gap.to_ns or 0) for n in missing)
            await write_for(10)
            await until(lambda: len(tap.texts()) == len(written) - len(missing))
            assert len(tap.notes(NoteKind.GAP)) == 1


@virtual
async def test_a_restart_of_which_no_event_tells_is_known_when_the_host_is_back() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].cut()
            daemon.bus.forget = 100
            await asyncio.sleep(0.6)
            daemon.restart(web)
            write(fleet["a"], web, "2")
            await tap.has("1", "2")
            told = [note.kind for note in tap.notes(NoteKind.ENDED, NoteKind.STARTED)]
            assert told == [NoteKind.ENDED, NoteKind.STARTED]


@virtual
async def test_a_follow_that_does_not_end_with_its_container_is_left() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web, db = running(fleet["a"], "web"), running(fleet["a"], "db")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(2)
            for container in (web, db):
                write(fleet["a"], container, "1")
                daemon.log(container).hush()
                write(fleet["a"], container, "2")
            daemon.remove(web)
            daemon.stop(db)
            await until(lambda: tap.view("web").state is SourceState.GONE, 10)
            await until(lambda: tap.view("db").state is SourceState.STOPPED, 10)
            await until(lambda: tap.texts("db") == ["1", "2"])
            assert [note.source for note in tap.notes(NoteKind.GAP)] == [tap.view("web").source.index]


@virtual
async def test_streams_that_break_again_and_again_are_no_lost_host() -> None:
    fleet = plain_fleet("a", containers=5)
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await tap.follows(5)
            for _ in range(4):
                fleet["a"].daemon.logs.cut()
                await asyncio.sleep(0.25)
            await tap.follows(5)
            await asyncio.sleep(5)
            assert not tap.notes()


@virtual
async def test_a_host_all_of_whose_sources_are_polled_is_lost_and_back_as_well() -> None:
    fleet = plain_fleet("a", containers=3)
    fleet["a"].daemon.logs.limit = 1
    made = list(fleet["a"].daemon.containers.values())
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: tap.states()[SourceState.POLLED] == 3)
            await asyncio.sleep(10)
            fleet["a"].cut()
            write(fleet["a"], made[0], "1")
            await tap.noted(NoteKind.LOST)
            await tap.has("1")
            await tap.noted(NoteKind.BACK)
            assert len(tap.notes()) == 2


@virtual
async def test_a_polled_log_that_was_emptied_is_one_gap() -> None:
    fleet = plain_fleet("a", containers=0)
    fleet["a"].daemon.logs.limit = 1
    web = running(fleet["a"], "web")
    running(fleet["a"], "other")
    async with Running(fleet) as at_work:
        await at_work.all_up()
        async with Tapped(at_work, everything()) as tap:
            await until(lambda: tap.states()[SourceState.POLLED] == 2)
            write(fleet["a"], web, "1")
            await tap.has("1")
            fleet["a"].daemon.log(web).truncate()
            await asyncio.sleep(30)
            assert len(tap.notes(NoteKind.GAP)) == 1
            write(fleet["a"], web, "2")
            await tap.has("1", "2")
            assert len(tap.notes(NoteKind.GAP)) == 1


@virtual
async def test_what_an_engine_tells_of_the_past_is_no_news() -> None:
    fleet = plain_fleet("a", containers=0)
    daemon = fleet["a"].daemon
    web = running(fleet["a"], "web")
    for _ in range(3):
        await asyncio.sleep(100)
        daemon.restart(web)
    write(fleet["a"], web, "1")
    async with Running(fleet) as at_work:
        # Before the host is reached: its events of ten minutes come after its list.
        async with Tapped(at_work, everything()) as tap:
            await tap.follows()
            await tap.has("1")
            await asyncio.sleep(5)
            fleet["a"].daemon.logs.cut()
            await asyncio.sleep(5)
            assert not tap.notes()


@virtual
async def test_a_fleet_that_ends_ends_the_streams_of_its_logs() -> None:
    fleet = plain_fleet("a", containers=3)
    async with Running(fleet) as at_work:
        tap = Tapped(at_work, everything())
        stream = at_work.fleet.logs.open(everything(), tap.box)
        await until(lambda: fleet["a"].daemon.logs.following == 3)
        assert stream.members.tailers
    assert fleet["a"].daemon.logs.following == 0
