"""What the console does not do: jump, flicker, shout, obey what a container is called."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from console.config.schema import Notify, Settings
from console.model.containers import ContainerState, Health
from console.model.hosts import HostState
from console.model.problems import ProblemKind
from tests.ui.driving import driven
from tests.ui.fleet import NOON, FakeFleet, big_fleet, container, problem, small_fleet, snapshot, using
from tests.ui.waiting import until

BELL = Settings(theme="dockcon-dark", notify=Notify.BELL)


@pytest.fixture
def fleet() -> FakeFleet:
    return small_fleet()


def changed(fleet: FakeFleet, host: str, name: str, **more: object):
    """The newest snapshot of a host with one container changed."""
    old = fleet.newest(host)
    (found,) = [c for c in old.containers.values() if c.name == name]
    table = {**old.containers, found.id: replace(found, **more)}  # type: ignore[arg-type]
    return replace(old, containers=table, revision=old.revision + 1)


async def test_frozen_holds_still_while_data_arrive(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("p")
        before = console.lines(console.table)
        fleet.show(changed(fleet, "app-1", "web", state=ContainerState.PAUSED))
        await console.settle()
        assert console.lines(console.table) == before
        assert "FROZEN since" in console.line("#fleet-bar")
        await console.press("p")
        await console.settle()
        assert "paused" in console.row("web")
        assert "FROZEN" not in console.line("#fleet-bar")


async def test_nothing_is_drawn_when_nothing_changed(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        drawn: list[int] = []
        draw = console.table.render_line
        console.table.render_line = lambda y: (drawn.append(y), draw(y))[1]  # type: ignore[method-assign]
        fleet.show(replace(fleet.newest("app-1"), revision=2))
        await console.settle()
        await console.settle()
        assert drawn == []
        fleet.show(changed(fleet, "app-1", "worker", state=ContainerState.PAUSED))
        await console.settle()
        assert drawn == [console.names().index("worker") + 1]


async def test_the_cursor_stays_where_it_is_when_hosts_come_and_go(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("end", "up")
        assert console.cursor() == "rabbit"
        extra = [container("app-1", f"new-{n}") for n in range(5)]
        old = fleet.newest("app-1")
        fleet.show(replace(old, containers={**old.containers, **{c.id: c for c in extra}}, revision=2))
        await console.settle()
        assert console.cursor() == "rabbit"
        fleet.show(
            replace(fleet.newest("app-2"), status=replace(old.status, state=HostState.LOST), revision=2)
        )
        await console.settle()
        assert console.cursor() == "rabbit"
        assert "unknown" in console.row("rabbit")


HOSTILE = [
    "[/nope]",
    "[bold red]x[/]",
    "[@click=app.quit]quit[/]",
    "a\x1b]52;c;aGk=\x07b",
    "\x1b[?1049l\x1b[2J",
    "\u202eevil\u2066",
    "\u05e9\u05dc\u05d5\u05dd 3%",
    "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57",
    "z\u0335\u0321\u0353" * 9,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "tab\tand\nline",
]


def called(name: str) -> FakeFleet:
    """One container, whose name and image an attacker chose."""
    odd = container("app-1", "odd", health=Health.HEALTHY)
    safe = container("x", name).name
    return FakeFleet(
        snapshot("app-1", [replace(odd, name=safe, image=safe)], usage={odd.id: using(3, 1 << 20)})
    )


async def test_a_hostile_name_changes_its_own_cell_only() -> None:
    async with driven(called("odd"), (120, 24)) as console:
        plain = console.cells_by_column()
        for name in HOSTILE:
            console.app.bridge.handle.show(called(name).newest("app-1"))  # type: ignore[attr-defined]
            await console.settle()
            evil = console.cells_by_column()
            for column in plain.keys() - {"name", "image"}:
                assert evil[column] == plain[column], (name, column)
            assert "\x1b" not in console.screen()


@pytest.mark.parametrize("name", HOSTILE[:4])
async def test_a_hostile_name_is_text_in_palette_details_and_status(name: str) -> None:
    async with driven(called(name), (120, 24)) as console:
        await console.press("y", "Y", "enter")
        await until(lambda: "Overview" in console.screen())
        await console.press("escape", "colon")
        await console.type("app-1")
        await until(lambda: "host app-1" in console.screen())
        assert "\x1b" not in console.screen()
        await console.press("escape", "slash")
        await console.type(name.replace("\x1b", ""))
        await console.press("enter")
        assert console.app.is_running


async def test_the_bell_rings_once_for_a_new_problem(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driven(fleet, settings=BELL) as console:
        rings: list[int] = []
        monkeypatch.setattr(console.app, "bell", lambda: rings.append(1))
        await console.settle()
        assert rings == []
        web = next(c for c in fleet.newest("app-1").containers.values() if c.name == "web")
        given = (*fleet.given, problem(web, ProblemKind.UNHEALTHY, NOON + 1))
        for _ in range(3):
            fleet.show(problems=given)
            await console.settle()
        assert rings == [1]
        assert "4 problems" in console.line("#fleet-bar")


async def test_without_notify_there_is_no_bell(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(fleet) as console:
        rings: list[int] = []
        monkeypatch.setattr(console.app, "bell", lambda: rings.append(1))
        web = next(c for c in fleet.newest("app-1").containers.values() if c.name == "web")
        fleet.show(problems=(*fleet.given, problem(web, ProblemKind.UNHEALTHY, NOON + 1)))
        await console.settle()
        assert "4 problems" in console.line("#fleet-bar")
        assert rings == []


async def test_plain_ascii_where_the_terminal_knows_no_more(fleet: FakeFleet) -> None:
    async with driven(fleet, plain=True) as console:
        await console.press("o", "slash")
        await console.type("app")
        assert console.screen().isascii()
        await console.press("escape", "exclamation_mark", "6")
        assert console.screen().isascii()


async def test_nothing_we_draw_is_of_uncertain_width() -> None:
    """East Asian Width N or Na: one cell in every terminal. Names from hosts are plain here."""
    seen: set[str] = set()
    async with driven(big_fleet(30, 3), (120, 60)) as console:
        for keys in ((), ("o", "space", "g"), ("6",), ("1", "slash", "n", "o"), ("enter", "p")):
            await console.press(*keys)
            seen |= set(console.screen())
        for key, word in (("question_mark", "Help"), ("colon", "data keep arriving"), ("enter", "Overview")):
            await console.press(key)
            await until(lambda word=word: word in console.screen(), word)
            seen |= set(console.screen())
            await console.press("escape")
            await until(lambda: console.app.screen is console.app.main)
        await console.resize(70, 20)
        seen |= set(console.screen())
    odd = {c for c in seen - {"\n"} if unicodedata.east_asian_width(c) not in ("N", "Na")}
    assert odd == set()
