"""Images, volumes and networks on the screen: what is shown, in which order, and what could go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.containers import ContainerState
from console.model.hosts import HostState
from console.model.stock.things import Kind
from console.model.stock.use import Room
from console.model.text import safe
from console.ui.stock.details import ThingScreen
from console.ui.stock.pane import StockPane
from console.ui.stock.present import registry_and_rest, room_words
from tests.ui.driving import Console, driven
from tests.ui.fleet import FakeFleet, container
from tests.ui.stores import digest, stored_fleet

SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def fleet() -> FakeFleet:
    return stored_fleet()


def pane(console: Console) -> StockPane:
    taken = console.app.main.place("stock").pane
    assert isinstance(taken, StockPane)
    return taken


def names(console: Console) -> list[str]:
    """Host and name of each row, top to bottom."""
    return [f"{row.cells[0].text} {row.cells[1].text}" for row in pane(console).table.store.rows]


def go_to(console: Console, name: str) -> None:
    table = pane(console).table
    table.move_to(next(row.key for row in table.store.rows if row.cells[1].text == name))


@pytest.mark.parametrize("size", SIZES)
async def test_what_could_go_on_a_full_host_comes_first(fleet: FakeFleet, size: tuple[int, int]) -> None:
    async with driven(fleet, size) as console:
        await console.press("7")
        assert names(console)[:3] == ["app-2 shop/web:<none>", "app-2 shop/web:2.13.0", "app-2 redis:6 +1"]
        screen = console.screen()
        assert "app-2 data root 92% full, 9.0G free; unused images" in screen
        assert "[images " in screen
        assert "dangling" in screen
        assert all(len(line) == size[0] for line in console.lines())
        await console.press("v")
        assert names(console)[:2] == ["app-2 scratch", "app-2 ffffffffffff"]
        assert "anonymous" in console.screen()
        await console.press("v")
        assert "172.30.0.0/16" in console.screen()
        await console.press("V", "V")
        assert pane(console).kind is Kind.IMAGE


async def test_somebody_looks_only_while_the_pane_is_shown(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        assert ("look", True) not in fleet.asked
        await console.press("7")
        await console.settle()
        assert fleet.asked[-1] == ("look", True)
        await console.press("1")
        await console.settle()
        assert fleet.asked[-1] == ("look", False)
        await console.press("7", "u")
        assert ("again", ("app-1", "app-2", "ops-1")) in fleet.asked


async def test_the_filter_knows_tags_states_hosts_and_users(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("7")
        for text, found in (
            ("state:unused", ["app-2 shop/web:2.13.0", "app-2 redis:6 +1"]),
            ("cache:old", ["app-2 redis:6 +1"]),
            ("host:app-2 state:dangling", ["app-2 shop/web:<none>"]),
            ("pgbouncer", ["db-1 edoburu/pgbouncer:1.22"]),
            ("!host:app-2 image:grafana", ["ops-1 grafana/grafana:11.0.0"]),
        ):
            await console.press("slash")
            await console.type(text)
            await console.press("enter")
            assert names(console) == found, text
            await console.press("escape")
        assert len(names(console)) > 10


async def test_only_problems_are_those_of_full_hosts(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("7", "exclamation_mark")
        assert {name.split()[0] for name in names(console)} == {"app-2"}


async def test_columns_sort(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("7", "o", "o")
        assert pane(console).view.sort == "size"
        sizes = [known.thing.size or 0 for known in pane(console)._found[Kind.IMAGE]]
        assert pane(console).table.store.rows[0].cells[3].text == "431M"
        assert max(sizes) == 431 << 20
        await console.press("O")
        assert pane(console).table.store.rows[0].cells[3].text == "38M"


async def test_a_host_that_is_lost_has_nothing_that_could_go(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        app_2 = fleet.newest("app-2")
        lost = replace(app_2, status=replace(app_2.status, state=HostState.LOST))
        fleet.show(lost)
        await console.settle()
        await console.press("7")
        await console.settle()
        go_to(console, "redis:6 +1")
        await console.press("d")
        await console.settle()
        assert "redis:6 stays: the list of its host is old" in console.screen()


async def test_what_is_used_stays_and_says_by_whom(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("7")
        go_to(console, "rabbitmq:3.13-management")
        await console.press("d")
        await console.settle()
        assert "stays: rabbit uses it" in console.screen()


@pytest.mark.parametrize("size", SIZES)
async def test_details_lead_to_a_user(fleet: FakeFleet, size: tuple[int, int]) -> None:
    async with driven(fleet, size) as console:
        await console.press("7")
        go_to(console, "rabbitmq:3.13-management")
        await console.press("enter")
        await console.settle()
        assert isinstance(console.app.screen, ThingScreen)
        screen = console.screen()
        assert (
            digest("rabbitmq:3.13-management") in screen.replace("\n", "").replace(" ", "") or "id" in screen
        )
        assert "rabbit@app-2" in screen
        await console.press("enter")
        await console.settle()
        await console.settle()
        assert console.app.screen is console.app.main
        assert console.cursor() == "rabbit"


async def test_a_kept_container_holds_its_image(fleet: FakeFleet) -> None:
    app_2 = fleet.newest("app-2")
    prev = container(
        "app-2",
        "web.dockcon-prev",
        state=ContainerState.EXITED,
        image_id=digest("registry.example.com/shop/web:2.13.0"),
        image=safe("registry.example.com/shop/web:2.13.0"),
    )
    fleet.show(replace(app_2, containers={**app_2.containers, prev.id: prev}))
    async with driven(fleet, (120, 30)) as console:
        await console.press("7", "z")
        go_to(console, "shop/web:2.13.0")
        assert "way back" in console.screen()
        await console.press("d")
        await console.settle()
        assert "kept for a way back" in console.screen()


async def test_the_hosts_tell_of_a_full_data_root(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("6")
        screen = console.screen()
        assert "9.0G" in screen
        assert "data root 92% full" in screen or "92%" in screen
        assert "!1" in console.line("#tabs")
        await console.press("down", "i")
        await console.settle()
        assert console.app.main.active is pane(console)
        assert {name.split()[0] for name in names(console)} == {"app-2"}


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (Room(), ""),
        (Room(5 << 30, 5 << 30), "5.0G"),
        (Room(0, 5 << 30), "up to 5.0G"),
        (Room(3 << 30, 5 << 30), "3.0G to 5.0G"),
        (Room(5 << 30, (5 << 30) + 1), "5.0G"),
        (Room(1 << 30, 1 << 30, 2), "1.0G and 2 of unknown size"),
        (Room(0, 0, 1), "1 of unknown size"),
    ],
)
def test_room_in_words(room: Room, words: str) -> None:
    assert room_words(room) == words


def test_the_registry_stands_apart() -> None:
    assert registry_and_rest("nginx:1.27") == ("", "nginx:1.27")
    assert registry_and_rest("grafana/loki:3") == ("", "grafana/loki:3")
    assert registry_and_rest("reg.example.com/a/b:1") == ("reg.example.com", "a/b:1")
    assert registry_and_rest("localhost:5000/b") == ("localhost:5000", "b")
