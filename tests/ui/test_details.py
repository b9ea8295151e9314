"""The details screens: what they show, what they hide, and that they follow the fleet."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App
from textual.widgets import Input

from console.errors import EngineDown, NotFound
from console.model.containers import Container, ContainerKey, ContainerState, Health, Port, Usage
from console.model.hosts import HostState
from console.model.problems import Problem, ProblemKind
from console.model.secrets import mask_document
from console.model.text import safe
from console.ui.bridge import Bridge
from console.ui.cells import ASCII, UNICODE
from console.ui.inspected import dig, entries, json_document, json_lines, members, moment, number, text, words
from console.ui.lines import line_width, text_of
from console.ui.present_details import Subject, environment, overview, state_cell, title
from console.ui.screens.details import EVERY, DetailsScreen
from console.ui.screens.host import HostScreen
from console.ui.screens.reading import ReadingScreen
from console.ui.theme import variable_defaults
from tests.ui.documents import EVIL, SECRET, inspection
from tests.ui.samples import NOW, Clock, FakeHandle, container, cpu_history, snapshot
from tests.ui.waiting import until

PORTS = (Port(80, 8080, "0.0.0.0"), Port(80, 8080, "::"), Port(443))
WEB = container("app-1", "web", 1, health=Health.UNHEALTHY, ports=PORTS)


def subject(found: Container | None = WEB, **changes: object) -> Subject:
    host = snapshot("app-1", containers={found.id: found} if found else {})
    document = mask_document(inspection(WEB).document)
    made = Subject(name="web@app-1", host=host, container=found, document=document, usage=cpu_history())
    return replace(made, **changes)


def flat(lines: object) -> str:
    return "\n".join(map(text_of, lines))  # type: ignore[arg-type]


# Presentation


@pytest.mark.parametrize("width", [56, 78, 109, 110, 198])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_page_fits_every_width_and_hides_secrets(width: int, glyphs: object) -> None:
    one = subject()
    pages = [
        overview(one, NOW, width, glyphs),  # type: ignore[arg-type]
        environment(one, width, glyphs),  # type: ignore[arg-type]
        json_document(list(json_lines(one.document)), width),
        [title(one, NOW, width)],
    ]
    for page in pages:
        assert max(map(line_width, page)) <= width
        assert SECRET not in flat(page)
        assert not any(ord(c) < 32 or c in "\u202e\x9b" for line in page for c in text_of(line))


def test_the_overview_tells_what_matters() -> None:
    said = flat(overview(subject(), NOW, 100, UNICODE))
    for wanted in (
        "running for 3 days, unhealthy",
        "registry.example/web:1.4",
        WEB.id,
        "never restarted by the engine, policy unless-stopped",
        "unhealthy, 3 failed in a row",
        "curl -fsS http://127.0.0.1/health",
        "no answer",
        "failed 1  curl: (7) refused",
        "published on 0.0.0.0:8080",
        "published on [::]:8080",
        "not published",
        "172.18.0.5  alias web",
        "172.19.0.2, fd00::2",
        "db:10.0.0.21",
        "shop_uploads",
        "read only",
        "read-only root",
        "1.5 cores",
        "max-size=10m",
        "--workers 4",
        "highest",
    ):
        assert wanted in said, wanted
    assert "pong" not in said, "only the newest three health records"
    assert said.index("no answer") < said.index("curl: (7)")


EXITED = {"state": ContainerState.EXITED, "exit_code": 137, "oom": True, "finished": NOW - 240}


@pytest.mark.parametrize(
    ("changes", "said", "tone"),
    [
        ({"health": Health.HEALTHY}, "running for 3 days, healthy", "ok"),
        ({"health": Health.STARTING}, "running for 3 days, its health check has not passed yet", "warn"),
        ({"health": Health.NONE}, "running for 3 days", "ok"),
        ({}, "running for 3 days, unhealthy", "bad"),
        (EXITED, "exited with code 137, killed for lack of memory, 4 min ago", "off"),
        ({"state": ContainerState.CREATED}, "created, never started", "off"),
        ({"state": ContainerState.PAUSED}, "paused; started 3 days ago", "warn"),
        ({"state": ContainerState.RESTARTING, "exit_code": 1}, "restarting: ended with code 1", "warn"),
        ({"state": ContainerState.DEAD, "exit_code": 1}, "dead with code 1", "warn"),
        ({"state": ContainerState.REMOVING}, "being removed", "warn"),
        ({"state": ContainerState.UNKNOWN}, "in a state this console does not know", "warn"),
    ],
)
def test_a_state_is_told_in_words(changes: dict[str, object], said: str, tone: str) -> None:
    plain = replace(WEB, **changes)  # type: ignore[arg-type]
    if plain.state is not ContainerState.RUNNING:
        plain = replace(plain, health=Health.NONE)
    assert state_cell(subject(plain), NOW) == (said, tone)


def test_a_problem_makes_it_bad() -> None:
    problem = Problem(
        host="app-1",
        container=WEB.id,
        name=safe("web"),
        kind=ProblemKind.OOM,
        since=NOW,
        text=safe("out of memory"),
    )
    one = subject(replace(WEB, health=Health.NONE, **EXITED), problem=problem)  # type: ignore[arg-type]
    assert state_cell(one, NOW).tone == "bad"
    assert "out of memory" in flat(overview(one, NOW, 80, UNICODE))


def test_a_host_that_is_not_up_makes_everything_unknown() -> None:
    lost = snapshot("app-1", HostState.LOST, ago=12, reason=safe("no answer"), heard=NOW - 27)
    said = flat(overview(subject(host=lost), NOW, 80, UNICODE))
    assert "unknown, last heard of 27 s ago; it was running then" in said
    assert "lost 12 s ago: no answer" in said
    assert "running for" not in said


def test_old_figures_are_not_called_now() -> None:
    old = tuple(replace(u, at=u.at - 60) for u in cpu_history())
    said = flat(overview(subject(usage=old), NOW, 80, UNICODE))
    assert "now 5" not in said
    assert "last" in said
    assert ", 60 s ago" in said


def test_a_memory_limit_is_the_top_of_the_graph_when_it_is_near() -> None:
    near = (Usage(NOW - 5, 1.0, 200 << 20, 512 << 20), Usage(NOW, 1.0, 300 << 20, 512 << 20))
    far = tuple(replace(u, memory_limit=64 << 30) for u in near)
    assert "512M" in flat(overview(subject(usage=near), NOW, 80, UNICODE)).split("Memory")[1].splitlines()[1]
    assert (
        "64G" not in flat(overview(subject(usage=far), NOW, 80, UNICODE)).split("Memory")[1].splitlines()[1]
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["State", "Health", "Log", "Config", "Env", "Labels", "Mounts", "x"]), inner
        )
    ),
    max_leaves=12,
)


@example(math.inf)
@example(10**400)
@given(json_values)
def test_a_document_of_any_shape_does_no_harm(document: object) -> None:
    one = subject(document=mask_document(document))
    overview(one, NOW, 80, UNICODE)
    environment(one, 80, UNICODE)
    json_document(list(json_lines(one.document)), 20)
    for path in (("State",), ("Config", "Env"), ()):
        dig(document, *path), text(document, *path), number(document, *path), moment(document, *path)
        entries(document, *path), members(document, *path), words(document, *path)


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14T22:13:20.123456789Z", NOW + 0.123456),
        ("2023-11-14T23:13:20.5+01:00", NOW + 0.5),
        ("0001-01-01T00:00:00Z", None),
        ("9999-99-99T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_time_stamps_of_engines(stamp: str, at: float | None) -> None:
    assert moment({"T": stamp}, "T") == (None if at is None else pytest.approx(at, abs=1e-6))


# Screens


class DetailsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.handle = FakeHandle()
        host = self.handle.snapshots["app-1"]
        self.handle.put(replace(host, containers={**host.containers, WEB.id: WEB}))
        self.handle.documents = {WEB.key: inspection(WEB)}
        self.bridge = Bridge(self, self.handle, self.clock)
        self.bridge.poll()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    @property
    def page(self) -> str:
        assert isinstance(self.screen, ReadingScreen)
        return flat(self.screen.reader.view.lines)

    @property
    def title_text(self) -> str:
        assert isinstance(self.screen, ReadingScreen)
        return self.screen.title_bar.render_line(0).text

    async def details(self, key: ContainerKey = WEB.key) -> DetailsScreen:
        screen = DetailsScreen(self.bridge, key, UNICODE)
        await self.push_screen(screen)
        return screen

    def asked(self) -> int:
        return sum(call[0] == "inspect" for call in self.handle.calls)


async def test_pages_are_behind_numbers_and_tab() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.details()
        await until(lambda: "unhealthy, 3 failed" in app.page)
        assert "web@app-1" in app.title_text
        await pilot.press("2")
        assert "DB_PASSWORD" in app.page
        await pilot.press("tab")
        assert '"IPAddress": "172.18.0.5"' in app.page
        await pilot.press("tab")
        assert "running for 3 days" in app.page
        await pilot.press("escape")
        assert not isinstance(app.screen, DetailsScreen)


async def test_secrets_are_shown_only_by_a_key_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await app.details()
        await until(lambda: "unhealthy, 3 failed" in app.page)
        await pilot.press("2")
        assert SECRET not in app.page
        assert "secrets hidden" in screen.pages_bar.render_line(0).text
        with caplog.at_level(logging.WARNING, "console.ui.screens.details"):
            await pilot.press("u")
        assert SECRET in app.page
        assert "secrets are shown" in screen.pages_bar.render_line(0).text
        assert [r.getMessage() for r in caplog.records] == [
            f"secrets of web@app-1 ({WEB.id[:12]}) shown on the screen"
        ]
        assert SECRET not in caplog.text
        await pilot.press("u")
        assert SECRET not in app.page


async def test_text_of_a_container_is_neither_markup_nor_escape() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 40)) as pilot:
        await app.details()
        await until(lambda: "[@click=app.quit]y[/] after 5 s" in app.page)
        await pilot.press("u", "2")
        assert "[bold]x[/nope]" in app.page
        assert EVIL not in app.page
        await pilot.press("3")
        drawn = [app.screen.reader.view.render_line(y) for y in range(20)]  # type: ignore[attr-defined]
        assert not any("\x1b" in segment.text for strip in drawn for segment in strip)


async def test_search_finds_steps_and_is_forgotten() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await app.details()
        await until(lambda: "unhealthy, 3 failed" in app.page)
        view = screen.reader.view
        await pilot.press("3", "slash", *"network")
        assert isinstance(app.focused, Input)
        first = view.current
        assert len(view.hits) == app.page.lower().count("network") > 2
        await pilot.press("enter", "n")
        assert view.current == first + 1
        hit = view.hits[view.current]
        assert view.scroll_offset.y <= hit.line < view.scroll_offset.y + view.size.height
        await pilot.press("N", "N")
        assert view.current == (first - 1) % len(view.hits)
        assert f"{view.current + 1} of {len(view.hits)}" in str(screen.reader.found.render())
        await pilot.press("slash", *"no such text")
        assert "not found" in str(screen.reader.found.render())
        await pilot.press("escape")
        assert view.hits == []
        assert app.screen is screen
        await pilot.press("escape")
        assert app.screen is not screen


async def test_the_screen_follows_the_container() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)):
        await app.details()
        await until(lambda: "unhealthy, 3 failed" in app.page)
        host = app.handle.snapshots["app-1"]
        healthy = replace(WEB, health=Health.HEALTHY)
        app.clock.at += 5
        app.handle.put(replace(host, containers={WEB.id: healthy}))
        app.bridge.poll()
        await until(lambda: "running for 3 days, healthy" in app.page)
        assert app.asked() == 2
        app.handle.put(replace(host, containers={}))
        app.bridge.poll()
        await until(lambda: "gone: the engine no longer has it" in app.page)
        assert "web@app-1" in app.title_text
        assert app.asked() == 2


async def test_ages_and_documents_are_renewed() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)):
        await app.details()
        await until(lambda: app.asked() == 1)
        app.clock.at += 1
        app.bridge.poll()
        assert app.asked() == 1
        app.clock.at += EVERY
        app.bridge.poll()
        await until(lambda: app.asked() == 2)
        lost = snapshot("app-1", HostState.LOST, ago=-11, heard=app.clock.at - 30, containers={WEB.id: WEB})
        app.handle.put(lost)
        app.bridge.poll()
        await until(lambda: "last heard of 30 s ago" in app.page)
        app.clock.at += EVERY
        app.bridge.poll()
        await until(lambda: "last heard of 40 s ago" in app.page)
        assert app.asked() == 2, "a host that is not up is not asked"


@pytest.mark.parametrize(
    "error", [EngineDown("app-1", "no answer"), NotFound("app-1", "no such container", status=404)]
)
async def test_an_inspect_that_fails_says_why_and_leaves_the_rest(error: Exception) -> None:
    app = DetailsApp()
    app.handle.documents = {WEB.key: error}
    async with app.run_test(size=(80, 24)) as pilot:
        await app.details()
        await until(lambda: str(error) in app.page)
        assert "running for 3 days" in app.page
        await pilot.press("2")
        assert str(error) in app.page


async def test_the_host_screen_shows_and_acts() -> None:
    app = DetailsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(HostScreen(app.bridge, "db-1", UNICODE))
        await until(lambda: "lost 12 s ago" in app.page)
        for said in (
            "ops@10.0.0.13 via ops@bastion",
            "docker 20.10.24, API 1.41",
            "confirm: every change",
            "Load",
        ):
            assert said in app.page
        await pilot.press("c", "f")
        assert app.handle.calls == [("retry", "db-1"), ("switch", "db-1", False)]
        app.clock.at += 2
        app.bridge.poll()
        await until(lambda: "lost 14 s ago" in app.page)
        await pilot.press("escape", "c")
        assert len(app.handle.calls) == 2
