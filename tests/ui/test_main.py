"""The main screen as an operator uses it."""

from __future__ import annotations

import pytest

from console.config.schema import Settings
from console.ui.widgets.host_pane import HostPane
from tests.ui.driving import driven
from tests.ui.fleet import FakeFleet, big_fleet, small_fleet
from tests.ui.waiting import until

ALL = ["cron", "web", "worker", "importer", "rabbit", "postgres"]


@pytest.fixture
def fleet() -> FakeFleet:
    return small_fleet()


async def test_every_container_of_every_host_is_there(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        assert console.names() == ALL
        assert console.line("#tabs").rstrip().endswith("6 \u2219 by host")


async def test_a_lost_hosts_container_is_unknown_with_its_age(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        row = console.row("postgres")
        assert row.startswith("  ~ db-1")
        assert "unknown" in row
        assert "(12s)" in row
        assert "running" not in row


async def test_at_80x24_nothing_that_matters_is_cut(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        title = console.lines(console.table)[0].split()
        assert title == ["HOST\u25b4", "NAME", "STATE", "HEALTH", "CPU", "MEM", "PORTS", "UP"]
        assert "exited 137 oom" in console.row("importer")
        assert "unhealthy" in console.row("rabbit")
        assert "\u22ef" not in console.screen()
        assert all(len(line) == 80 for line in console.lines())
        assert "? help" in console.line("#status")
        assert "3 problems" in console.line("#fleet-bar")


async def test_narrow_drops_columns_and_wide_shows_both_panes(fleet: FakeFleet) -> None:
    async with driven(fleet, (60, 16)) as console:
        assert "PORTS" not in console.lines(console.table)[0]
        assert "STATE" in console.lines(console.table)[0]
        assert not console.app.main.hosts.region
        await console.resize(140, 40)
        title = console.lines(console.table)[0].split()
        assert [word for word in title if word in ("IMAGE", "RESTARTS")] == ["IMAGE", "RESTARTS"]
        assert console.app.main.hosts.region
        assert "1 Containers" in console.screen()
        assert "6 Hosts" in console.screen()


async def test_sorting_moves_rows_but_not_the_cursor(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("down", "down")
        assert console.cursor() == "worker"
        await console.press("o", "o", "o", "o")
        assert console.app.main.containers.view.sort == "cpu"
        assert console.names()[:3] == ["worker", "web", "rabbit"]
        assert console.cursor() == "worker"
        await console.press("O")
        assert console.names()[:3] == ["rabbit", "web", "worker"]
        assert console.cursor() == "worker"


async def test_a_click_on_a_title_sorts_and_a_second_one_reverses(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        at = console.lines(console.table)[0].index("NAME")
        await console.pilot.click(type(console.table), offset=(at, 0))
        assert console.names() == sorted(ALL)
        await console.pilot.click(type(console.table), offset=(at, 0))
        assert console.names() == sorted(ALL, reverse=True)


async def test_groups(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("g")
        assert [h.split()[0] for h in console.headings()] == ["app-1", "app-2", "db-1"]
        await console.press("g")
        assert console.headings()[0].startswith("shop ")
        await console.press("g")
        assert console.headings() == []


async def test_filtering_while_typing(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("slash")
        await console.type("state:run")
        assert console.names() == ["web", "worker", "rabbit", "postgres"]
        await console.press("enter")
        assert console.app.focused is console.table
        assert "filter state:run" in console.line("#tabs")
        await console.press("escape")
        assert console.names() == ALL


async def test_a_mistaken_filter_says_so_and_leaves_the_last_good_one(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("slash")
        await console.type("web")
        console.app.main.containers.filter_bar.input.value = "web nam:x"
        await console.settle()
        assert "did you mean `name:`?" in console.screen()
        assert console.names() == ["web"]
        console.app.main.containers.filter_bar.input.value = "web"
        await console.settle()
        assert "did you mean" not in console.screen()
        await console.press("escape")
        assert console.names() == ALL


async def test_only_problems_in_both_panes(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("exclamation_mark")
        assert console.names() == ["importer", "rabbit"]
        assert "only problems" in console.line("#tabs")
        await console.press("6")
        assert [row.key for row in console.app.main.hosts.table.store.rows] == ["db-1"]
        await console.press("escape")
        assert len(console.app.main.hosts.table.store.rows) == 3
        assert console.names() == ALL


async def test_marks_go_with_their_rows_and_escape_takes_them_back(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("space", "space")
        assert [c.name for c in console.app.main.containers.chosen()] == ["cron", "web"]
        assert console.cursor() == "worker"
        assert console.row("web").startswith(" * ")
        await console.press("o", "O")
        assert [c.name for c in console.app.main.containers.chosen()] == ["web", "cron"]
        assert "2 marked" in console.line("#tabs")
        await console.press("escape")
        assert [c.name for c in console.app.main.containers.chosen()] == ["worker"]


async def test_panes_by_number_tab_and_click(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        main = console.app.main
        await console.press("6")
        assert main.active is main.hosts
        assert console.app.focused is main.hosts.table
        await console.press("tab")
        assert main.active is main.place("stock").pane
        await console.press("tab")
        assert main.active is main.containers
        await console.press("shift+tab", "shift+tab")
        assert main.active is main.hosts
        await console.pilot.click("#tabs", offset=(4, 0))
        await console.settle()
        assert main.active is main.containers


async def test_zoom_shows_one_pane_and_goes_back(fleet: FakeFleet) -> None:
    async with driven(fleet, (140, 40)) as console:
        await console.press("6", "z")
        assert console.app.main.query_one(HostPane).region.height > 20
        assert not console.app.main.containers.region
        await console.press("z")
        assert console.app.main.containers.region


async def test_keys_can_be_given_away(fleet: FakeFleet) -> None:
    settings = Settings(theme="dockcon-dark", keymap={"containers.group": "ctrl+g", "screen.freeze": "f5"})
    async with driven(fleet, (160, 24), settings=settings) as console:
        await console.press("g")
        assert console.headings() == []
        await console.press("ctrl+g")
        assert console.headings() != []
        await console.press("f5")
        assert "FROZEN" in console.line("#fleet-bar")
        assert "f5 freeze" in console.line("#status")


async def test_details_and_back(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("down", "enter")
        await until(lambda: "web@app-1" in console.screen() and "Overview" in console.screen())
        await console.press("escape")
        assert console.cursor() == "web"
        await console.press("6", "enter")
        await until(lambda: "Way there" in console.screen() or "Machine" in console.screen())
        await console.press("escape")
        assert console.app.screen is console.app.main


async def test_hosts_that_can_follow_only_some_are_told_which_rows_are_seen() -> None:
    fleet = big_fleet(4, 20)
    async with driven(fleet) as console:
        first = fleet.viewed
        assert 15 < len(first) < 24
        await console.press("end")
        await until(lambda: fleet.viewed != first)
        assert {host for host, _ in fleet.viewed} == {"node-003"}
        await console.press("6")
        await until(lambda: fleet.viewed == frozenset())


async def test_what_can_be_clicked_does_what_its_key_does(fleet: FakeFleet) -> None:
    async with driven(fleet, (160, 24)) as console:
        at = console.line("#fleet-bar").index("problems")
        await console.pilot.click("#fleet-bar", offset=(at, 0))
        await console.settle()
        assert console.names() == ["importer", "rabbit"]
        at = console.line("#status").index("group")
        await console.pilot.click("#status", offset=(at, 0))
        await until(lambda: console.headings() != [])
        await console.press("p")
        at = console.line("#fleet-bar").index("p goes on")
        await console.pilot.click("#fleet-bar", offset=(at, 0))
        await until(lambda: console.app.bridge.frozen_at is None)


async def test_ctrl_c_ends_nothing_and_says_what_does(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("ctrl+c")
        await until(lambda: "q quits" in console.line("#status"))


async def test_too_small_covers_everything_until_there_is_room(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.resize(40, 10)
        await until(lambda: "needs 60 columns" in console.screen())
        await console.resize(80, 24)
        await until(lambda: console.app.screen is console.app.main)
        assert "rabbit" in console.screen()
