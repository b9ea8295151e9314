"""The timeline on the screen: what is shown, how it follows, what its keys do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.hosts import HostState
from console.model.text import safe
from console.model.timeline.entries import bookmark, thing
from console.ui.widgets.timeline_pane import TimelinePane, TimelineTable
from tests.ui.driving import Console, driven
from tests.ui.fleet import NOON, FakeFleet, container, happening, small_fleet, snapshot
from tests.ui.waiting import until

SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def fleet() -> FakeFleet:
    return small_fleet()


def found(fleet: FakeFleet, host: str, name: str):
    return next(c for c in fleet.newest(host).containers.values() if c.name == name)


def pane(console: Console) -> TimelinePane:
    taken = console.app.main.place("timeline").pane
    assert isinstance(taken, TimelinePane)
    return taken


def table(console: Console) -> TimelineTable:
    return pane(console).table


def lines(console: Console) -> list[list[str]]:
    """The rows on the screen: time, host, what, name, detail."""
    return [[cell.text for cell in row.cells] for row in table(console).store.rows]


def current(console: Console) -> str:
    moment = pane(console).current
    return "" if moment is None else f"{moment.what} {moment.about.name}".strip()


async def happens(console: Console, fleet: FakeFleet, *told: object) -> None:
    fleet.happen(*told)  # type: ignore[arg-type]
    await console.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_what_happened_before_and_after_it_was_opened(fleet: FakeFleet, size: tuple[int, int]) -> None:
    web, rabbit = found(fleet, "app-1", "web"), found(fleet, "app-2", "rabbit")
    fleet.happen(happening(rabbit, "health_status: unhealthy", -300))
    async with driven(fleet, size) as console:
        await console.press("5")
        assert [line[1:] for line in lines(console)] == [
            ["app-2", "unhealthy", "rabbit", ""],
            ["db-1", "lost", "-", "connection reset"],
        ]
        assert console.app.focused is table(console)
        await happens(console, fleet, happening(web, "die", 2, exitCode="3"))
        assert lines(console)[-1][1:] == ["app-1", "exited", "web", "exit 3"]
        assert current(console) == "exited web"
        assert "exit 3" in console.screen()
        assert all(len(line) == size[0] for line in console.lines())


async def test_it_follows_until_the_reader_moves_and_nothing_moves_under_the_eye(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    fleet.happen(*(happening(web, "rename", -500 + n, oldName=f"n{n}") for n in range(60)))
    async with driven(fleet) as console:
        await console.press("5")
        assert current(console) == "lost"
        assert "follow" in console.line("#tabs")
        await console.press("up", "up")
        before = console.lines(table(console))
        await happens(console, fleet, *(happening(web, "update", n) for n in range(1, 9)))
        assert console.lines(table(console)) == before
        assert "10 newer below" in console.line("#tabs")
        await console.press("f")
        assert current(console) == "changed web"
        assert "follow" in console.line("#tabs")
        await happens(console, fleet, happening(web, "pause", 20))
        assert current(console) == "paused web"
        assert "paused" in console.lines(table(console))[-1]


async def test_what_comes_late_goes_where_it_belongs(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    async with driven(fleet) as console:
        await console.press("5")
        await happens(console, fleet, happening(web, "pause", 30))
        await happens(console, fleet, happening(web, "update", 10), happening(web, "unpause", 20))
        assert [line[2] for line in lines(console)] == ["lost", "changed", "resumed", "paused"]
        assert current(console) == "paused web"


async def test_the_filter_has_the_one_grammar_and_finds_what_happened(fleet: FakeFleet) -> None:
    web, rabbit = found(fleet, "app-1", "web"), found(fleet, "app-2", "rabbit")
    fleet.happen(
        happening(web, "die", 1, exitCode="3"),
        happening(rabbit, "pause", 2),
        happening(web, "destroy", 3, container=web.id),
    )
    async with driven(fleet) as console:
        await console.press("5")
        for text, shown in (
            ("host:app-2", ["paused"]),
            ("!host:app-2", ["lost", "exited", "removed"]),
            ("exit", ["exited"]),
            ("!paused", ["lost", "exited", "removed"]),
            ("web@app-1", ["exited", "removed"]),
            ("state:running", ["exited", "paused", "removed"]),
        ):
            await console.press("slash")
            await console.type(text)
            await console.press("enter")
            assert [line[2] for line in lines(console)] == shown, text
            assert f"filter {text}" in console.line("#tabs")
            await console.press("escape")
        assert len(lines(console)) == 4


async def test_only_problems_are_trouble_and_its_end(fleet: FakeFleet) -> None:
    web, rabbit = found(fleet, "app-1", "web"), found(fleet, "app-2", "rabbit")
    fleet.happen(
        happening(web, "die", 1, exitCode="0"),
        happening(rabbit, "health_status: unhealthy", 2),
        happening(rabbit, "health_status: healthy", 3),
    )
    async with driven(fleet) as console:
        await console.press("exclamation_mark", "5")
        assert [line[2] for line in lines(console)] == ["lost", "unhealthy", "healthy"]
        await console.press("exclamation_mark")
        assert len(lines(console)) == 4


async def test_enter_goes_to_the_container_or_what_has_its_name_now_or_the_host(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    gone = container("app-1", "old")
    fleet.happen(happening(gone, "destroy", 1), happening(web, "pause", 2))
    async with driven(fleet) as console:
        await console.press("5", "enter")
        await until(lambda: console.cursor() == "web")
        assert console.app.focused is console.table
        await console.press("5", "up", "enter")
        await until(lambda: "old@app-1 is gone" in console.line("#status"))
        anew = replace(web, id="f" * 64)
        fleet.show(snapshot("app-1", [anew], revision=9))
        await console.settle()
        await console.press("down", "enter")
        await until(lambda: console.table.store.cursor == anew.key)
        await console.press("5", "home", "enter")
        await until(lambda: console.app.focused is console.app.main.hosts.table)
        assert console.app.main.hosts.table.store.cursor == "db-1"


async def test_a_bookmark_can_be_taken_away_and_nothing_else(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    async with driven(fleet) as console:
        await console.press("5", "d")
        assert len(lines(console)) == 1
        assert "remove" not in console.line("#status")
        mark = bookmark(int((NOON + 5) * 1e9), web, safe("GET /cart 500"))
        console.app.bridge.record(mark)
        await console.settle()
        assert lines(console)[-1][1:] == ["app-1", "bookmark", "web", "GET /cart 500"]
        assert "d remove" in console.line("#status")
        await console.press("p", "d")
        assert [line[2] for line in lines(console)] == ["lost"]
        assert "bookmark removed" in console.line("#status")
        await console.press("p")
        assert [line[2] for line in lines(console)] == ["lost"]


async def test_frozen_it_holds_still_and_can_be_filtered(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    fleet.happen(happening(web, "pause", 1))
    async with driven(fleet) as console:
        await console.press("5", "p")
        await happens(console, fleet, happening(web, "unpause", 2))
        assert [line[2] for line in lines(console)] == ["lost", "paused"]
        await console.press("slash")
        await console.type("web")
        await console.press("enter")
        assert [line[2] for line in lines(console)] == ["paused"]
        await console.press("escape", "p")
        await console.settle()
        assert [line[2] for line in lines(console)] == ["lost", "paused", "resumed"]


async def test_made_while_frozen_it_shows_what_there_was(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    async with driven(fleet) as console:
        await console.press("p")
        await happens(console, fleet, happening(web, "unpause", 2))
        await console.press("5")
        assert [line[2] for line in lines(console)] == ["lost"]
        await console.press("p")
        assert [line[2] for line in lines(console)] == ["lost", "resumed"]


async def test_what_happens_while_it_is_not_seen_is_there_later(fleet: FakeFleet) -> None:
    web = found(fleet, "app-1", "web")
    async with driven(fleet) as console:
        await console.press("5", "1")
        await happens(console, fleet, happening(web, "pause", 1))
        lost = fleet.newest("db-1")
        fleet.show(replace(lost, status=replace(lost.status, state=HostState.UP, since=NOON + 9)))
        await console.settle()
        await console.press("5")
        await console.settle()
        assert [line[2:] for line in lines(console)] == [
            ["lost", "-", "connection reset"],
            ["paused", "web", ""],
            ["up", "-", "after 21 s"],
        ]
        assert current(console) == "up"


async def test_copy_and_save(fleet: FakeFleet, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(fleet, state=tmp_path) as console:
        sent: list[str] = []
        await console.press("5")
        monkeypatch.setattr(console.app._driver, "write", sent.append)
        await console.press("y")
        assert sent
        assert "db-1  lost  -  connection reset" in console.line("#status")
        await console.press("ctrl+s")
        (path,) = (tmp_path / "saved").iterdir()
        assert "db-1  lost" in path.read_text()


async def test_a_thing_without_a_host_is_no_place_to_go(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("5")
        console.app.bridge.record(bookmark(int((NOON + 1) * 1e9), thing(""), safe("note")))
        await console.settle()
        await console.press("enter")
        assert console.app.focused is table(console)


async def test_it_can_be_empty() -> None:
    async with driven(FakeFleet(snapshot("app-1", [container("app-1", "web")]))) as console:
        await console.press("5", "enter", "f", "d", "y")
        assert "nothing has happened" in console.screen()
        await console.press("exclamation_mark")
        assert "nothing has happened" in console.screen()


@pytest.mark.parametrize("size", SIZES)
async def test_a_hostile_name_is_text(size: tuple[int, int]) -> None:
    odd = container("app-1", "[/nope]")
    fleet = FakeFleet(snapshot("app-1", [odd]))
    fleet.happen(happening(odd, "rename", 1, oldName="/[@click=app.quit]x[/]"))
    async with driven(fleet, size) as console:
        await console.press("5", "y")
        assert "[/nope]" in console.screen()
        assert "was [@click=app." in console.screen()
