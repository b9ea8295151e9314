"""The logs on the main screen: which ones every key opens, from where, and that streams are let go."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from console.config.schema import Settings
from console.model.logs.lines import LogLine, LogSource, Stream
from console.model.query import parse
from console.ui.logs.lines_pane import Bookmarked
from console.ui.logs.pane import LogPane
from console.ui.wishes import BEFORE
from tests.ui.driving import Console, driven
from tests.ui.fleet import NOON, FakeFleet, happening, small_fleet
from tests.ui.test_palette import offered
from tests.ui.waiting import until

SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def fleet() -> FakeFleet:
    return small_fleet()


def logs(console: Console) -> LogPane:
    pane = console.app.main.place("logs").pane
    assert isinstance(pane, LogPane)
    return pane


def brought(fleet: FakeFleet) -> list[str]:
    """The containers whose logs are read."""
    found = (c for spec in fleet.hosts for c in fleet.newest(spec.name).containers.values())
    return sorted(c.name for c in found if fleet.wished.wants(c))


async def opened(console: Console, fleet: FakeFleet, title: str) -> None:
    await until(lambda: fleet.taps and fleet.taps[-1].wish.title == title, title)
    await until(lambda: console.app.focused is logs(console).keyboard, "the logs have the keyboard")
    await console.settle()
    assert title in console.screen()


@pytest.mark.parametrize("size", SIZES)
async def test_l_reads_the_container_under_the_cursor(fleet: FakeFleet, size: tuple[int, int]) -> None:
    async with driven(fleet, size) as console:
        await console.press("down", "l")
        await opened(console, fleet, "web@app-1")
        assert brought(fleet) == ["web"]
        assert bool(console.app.main.containers.region) is (size[0] > 100)
        assert not console.app.main.hosts.region
        assert all(len(line) == size[0] for line in console.lines())


@pytest.mark.parametrize("size", SIZES)
async def test_l_reads_what_is_marked_and_leaves_the_marks(fleet: FakeFleet, size: tuple[int, int]) -> None:
    async with driven(fleet, size) as console:
        await console.press("space", "space", "space", "l")
        await opened(console, fleet, "3 marked")
        assert brought(fleet) == ["cron", "web", "worker"]
        assert fleet.wished.names == {("app-1", "cron"), ("app-1", "web"), ("app-1", "worker")}
        await console.press("1")
        assert len(console.table.store.marked) == 3


async def test_l_on_a_heading_reads_the_host_or_the_project(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("g", "home", "up")
        assert console.cursor().startswith("app-1 ")
        assert ">  app-1" in console.lines(console.table)[1]
        await console.press("l")
        await opened(console, fleet, "host app-1")
        assert brought(fleet) == ["cron", "web", "worker"]
        await console.press("1", "g", "home", "up")
        assert console.cursor().startswith("shop ")
        await console.press("l")
        await opened(console, fleet, "project shop")
        assert brought(fleet) == ["worker"]


async def test_a_heading_stands_for_its_group_for_marks_and_copy_but_has_no_details(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("g", "home", "up", "enter")
        assert console.app.screen is console.app.main
        assert "l reads the logs of this group" in console.line("#status")
        assert console.app.main.containers.copy_text() == "cron@app-1\nweb@app-1\nworker@app-1"
        await console.press("space")
        assert len(console.table.store.marked) == 3
        await console.press("space")
        assert not console.table.store.marked


@pytest.mark.parametrize("size", SIZES)
async def test_capital_l_reads_all_that_matches_also_what_comes_later(
    fleet: FakeFleet, size: tuple[int, int]
) -> None:
    async with driven(fleet, size) as console:
        await console.press("L")
        await opened(console, fleet, "everything")
        assert len(brought(fleet)) == 6
        await console.press("1", "slash")
        await console.type("host:app-1")
        await console.press("enter", "L")
        await opened(console, fleet, "/ host:app-1")
        assert brought(fleet) == ["cron", "web", "worker"]
        assert fleet.wished.query == parse("host:app-1")
        await console.press("1", "escape", "exclamation_mark", "L")
        await opened(console, fleet, "2 with problems")
        assert brought(fleet) == ["importer", "rabbit"]


async def test_two_reads_what_is_chosen_the_first_time_and_then_goes_back(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("down", "2")
        await opened(console, fleet, "web@app-1")
        await console.press("1", "down", "2")
        assert console.app.focused is logs(console).keyboard
        assert [tap.wish.title for tap in fleet.taps] == ["web@app-1"]


async def test_two_without_any_container_says_what_to_do() -> None:
    fleet = FakeFleet()
    async with driven(fleet) as console:
        await console.press("l", "2")
        await until(lambda: console.app.focused is logs(console).keyboard)
        assert fleet.taps == []
        assert "press l" in console.screen()


async def test_tab_opens_no_logs(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("tab")
        assert console.app.main.active is console.app.main.place("links").pane
        await console.press("tab", "tab", "tab", "tab", "tab", "l")
        await opened(console, fleet, "cron@app-1")
        await console.press("tab")
        assert console.app.main.active is console.app.main.place("links").pane
        await console.press("shift+tab")
        assert console.app.main.active is logs(console)


async def test_in_the_overview_tab_goes_between_the_two_that_are_seen(fleet: FakeFleet) -> None:
    async with driven(fleet, (200, 50)) as console:
        main = console.app.main
        await console.press("tab")
        assert main.active is main.hosts
        await console.press("l")
        await opened(console, fleet, "host app-1")
        await console.press("tab")
        assert main.active is main.containers
        assert logs(console).region
        await console.press("tab")
        assert main.active is logs(console)
        await console.press("z")
        assert not main.containers.region
        await console.press("z", "6")
        assert main.hosts.region
        assert not logs(console).region


@pytest.mark.parametrize("size", SIZES)
async def test_l_in_the_hosts_and_in_details_leaves_them(fleet: FakeFleet, size: tuple[int, int]) -> None:
    async with driven(fleet, size) as console:
        await console.press("6", "end", "l")
        await opened(console, fleet, "host db-1")
        assert brought(fleet) == ["postgres"]
        await console.press("1", "down", "enter")
        await until(lambda: "Overview" in console.screen())
        await console.press("l")
        await opened(console, fleet, "web@app-1")
        assert console.app.screen is console.app.main
        await console.press("6", "home", "enter")
        await until(lambda: "Way there" in console.screen() or "Machine" in console.screen())
        await console.press("l")
        await opened(console, fleet, "host app-1")


async def test_the_palette_reads_logs_by_name(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        for typed, title in (
            ("logs of web", "web@app-1"),
            ("of host app-2", "host app-2"),
            ("logs of proj", "project shop"),
        ):
            await console.press("colon")
            await console.type(typed)
            await until(lambda typed=typed: offered(console) and typed in offered(console)[0], typed)
            await console.press("enter")
            await opened(console, fleet, title)


@pytest.mark.parametrize("size", SIZES)
async def test_l_in_the_timeline_reads_the_logs_of_that_time(fleet: FakeFleet, size: tuple[int, int]) -> None:
    web = next(c for c in fleet.newest("app-1").containers.values() if c.name == "web")
    fleet.happen(happening(web, "die", -60, exitCode="3"), happening(web, "start", -59))
    async with driven(fleet, size) as console:
        went: list[int] = []
        await console.press("5", "home", "l")
        await opened(console, fleet, "web@app-1")
        ns = int((NOON - 60) * 1e9)
        assert (fleet.wished.since_ns, fleet.wished.until_ns, fleet.wished.tail) == (ns - BEFORE, None, None)
        logs(console).go_to = went.append  # type: ignore[method-assign]
        await console.press("5", "end", "l")
        await opened(console, fleet, "host db-1")
        assert went == [int((NOON - 12) * 1e9)]


async def test_the_logs_of_a_container_that_was_made_anew_are_those_of_both(fleet: FakeFleet) -> None:
    web = next(c for c in fleet.newest("app-1").containers.values() if c.name == "web")
    old = replace(web, id="e" * 64)
    fleet.happen(happening(old, "destroy", 5))
    async with driven(fleet) as console:
        await console.press("5", "end", "l")
        await opened(console, fleet, "web@app-1")
        assert fleet.wished.keys == {old.key, web.key}


async def test_a_bookmark_from_the_logs_is_on_the_timeline(fleet: FakeFleet) -> None:
    web = next(c for c in fleet.newest("app-1").containers.values() if c.name == "web")
    async with driven(fleet) as console:
        await console.press("2")
        await until(lambda: fleet.taps)
        line = LogLine(int((NOON + 7) * 1e9), 0, Stream.ERR, b"GET /cart \x1b[31m500[/nope]")
        logs(console).post_message(Bookmarked(line, LogSource.of(0, web)))
        await until(lambda: "on the timeline" in console.line("#status"))
        await console.press("5")
        await until(lambda: "GET /cart 500[/nope]" in console.screen())
        moment = console.app.bridge.timeline.moments()[-1]
        assert (moment.ns, moment.key, moment.detail) == (line.ns, web.key, "GET /cart 500[/nope]")
        logs(console).post_message(Bookmarked(line._replace(source=-1), None))
        await until(lambda: len(console.app.bridge.timeline.moments()) == 3)


async def test_one_stream_at_a_time_and_none_after_the_end(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("l")
        await until(lambda: len(fleet.taps) == 1)
        await console.press("p")
        assert fleet.taps[0].frozen
        await console.press("p", "1", "down", "l")
        await until(lambda: len(fleet.taps) == 2)
        assert fleet.taps[0].closed
        assert not fleet.taps[1].closed
    assert fleet.taps[1].closed


async def test_logs_that_are_asked_for_end_a_freeze(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("p", "l")
        await opened(console, fleet, "cron@app-1")
        assert console.app.bridge.frozen_at is None
        assert not fleet.taps[0].frozen


async def test_help_and_hints_are_those_of_the_pane_with_the_keyboard(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        assert "l logs" in console.line("#status")
        await console.press("5")
        assert "l logs then" in console.line("#status")
        assert "group" not in console.line("#status")
        await console.press("6")
        assert "c connect now" in console.line("#status")
        await console.press("2")
        await until(lambda: "f follow" in console.line("#status"))
        await console.press("question_mark")
        await until(lambda: "Help" in console.screen())
        assert "Break long lines" in console.screen()


async def test_keys_of_the_new_panes_can_be_given_away(fleet: FakeFleet) -> None:
    keymap = {"containers.logs": "ctrl+l", "screen.timeline": "f9", "timeline.logs": "ctrl+t"}
    async with driven(fleet, settings=Settings(theme="dockcon-dark", keymap=keymap)) as console:
        await console.press("l")
        assert fleet.taps == []
        await console.press("ctrl+l")
        await opened(console, fleet, "cron@app-1")
        await console.press("f9")
        assert console.app.main.active is console.app.main.place("timeline").pane
        assert "ctrl+t logs then" in console.line("#status")
        await console.press("ctrl+t")
        await opened(console, fleet, "host db-1")


def test_the_first_screen_does_without_logs_and_timeline() -> None:
    late = ("console.ui.logs.pane", "console.ui.widgets.timeline_pane", "console.model.timeline.store")
    code = f"import sys, console.ui.app; print(*(set({late!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
