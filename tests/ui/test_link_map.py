"""The drawn map: every link can be followed with a finger, boxes keep apart and stay where they are."""

from __future__ import annotations

import asyncio
import itertools
import threading
from itertools import combinations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from console.model.links.link import LinkList, LinkState
from console.ui.cells import ASCII, UNICODE, Glyphs
from console.ui.lines import text_of
from console.ui.links import layouts
from console.ui.links.diagram import Diagram
from console.ui.links.geometry import Geometry, lay_out
from console.ui.links.map_view import LinkMap
from console.ui.links.pens import DOWN, LEFT, RIGHT, UP
from console.ui.links.place import Plan
from console.ui.links.scene import Scene, Zoom, scene
from console.ui.links.shape import Shape, WireKey
from console.ui.world import World
from tests.ui.fleet import NOON
from tests.ui.mapfleets import SHOP, SHOP_LINKS, link, listed, shop, with_state, world_of
from tests.ui.waiting import until

MOVES = {LEFT: (-1, 0), RIGHT: (1, 0), UP: (0, -1), DOWN: (0, 1)}
BACK = {LEFT: RIGHT, RIGHT: LEFT, UP: DOWN, DOWN: UP}


def cells_of(geometry: Geometry, wire: WireKey) -> dict[tuple[int, int], int]:
    """All cells of the net of `wire` that carry it, with their arms."""
    net = next(span.net for spans in geometry.spans.values() for span in spans if wire in span.wires)
    cells: dict[tuple[int, int], int] = {}
    for y in range(geometry.height):
        for span in geometry.spans.get(y, ()):
            if span.net == net and wire in span.wires:
                for x in range(span.x, span.end):
                    arms = span.first if x == span.x else span.last if x == span.end - 1 else LEFT | RIGHT
                    cells[x, y] = cells.get((x, y), 0) | arms
        for post in geometry.posts(y):
            if post.net == net and any(wire in wires for wires in post.wires(y)):
                cells[post.x, y] = cells.get((post.x, y), 0) | post.arms(y)
    return cells


def connected(geometry: Geometry, wire: WireKey) -> bool:
    """Whether one can go from the first cell of a wire to its last, by arms that meet."""
    cells = cells_of(geometry, wire)
    start, end = geometry.ends[wire]
    seen, ahead = {start}, [start]
    while ahead:
        x, y = ahead.pop()
        for arm, (dx, dy) in MOVES.items():
            there = (x + dx, y + dy)
            if cells.get((x, y), 0) & arm and cells.get(there, 0) & BACK[arm] and there not in seen:
                seen.add(there)
                ahead.append(there)
    return end in seen


def check(geometry: Geometry) -> None:
    """What holds for every map."""
    for one, other in combinations(geometry.frames.values(), 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    for wire in geometry.shape.wires:
        assert connected(geometry, wire.key), wire
    inside = {
        (x, y)
        for frame in geometry.frames.values()
        for x in range(frame.x, frame.x + frame.width)
        for y in range(frame.y, frame.y + frame.height)
    }
    runs: dict[tuple[int, int], set[object]] = {}
    for y in range(geometry.height):
        for span in geometry.spans.get(y, ()):
            for x in range(span.x, span.end):
                assert (x, y) not in inside
                runs.setdefault((x, y), set()).add(span.net)
    assert all(len(nets) == 1 for nets in runs.values()), "two nets on one row of cells"


def made(zoom: Zoom, glyphs: Glyphs = UNICODE) -> tuple[Scene, Geometry]:
    found, world = shop()
    what = scene(found, world, zoom, glyphs)
    return what, lay_out(what.shape)


@pytest.mark.parametrize("zoom", list(Zoom))
def test_every_link_of_the_shop_can_be_followed(zoom: Zoom) -> None:
    _, geometry = made(zoom)
    check(geometry)


HOSTS = [f"h{n}" for n in range(6)]
REFS = [f"c{m}@{host}" for host in HOSTS for m in range(4)] + ["10.0.0.9", "10.0.0.8"]


RING = [("h0", "h1"), ("h0", "h2"), ("h0", "h3"), ("h1", "h2"), ("h1", "h3"), ("h2", "h0"), ("h2", "h1"),
        ("h2", "h3"), ("h4", "h0")]  # fmt: skip
"""Lines that change their track on a row below all boxes."""


@example([*((f"c0@{one}", f"c0@{other}", 80) for one, other in RING), ("c0@h0", "10.0.0.9", 80)], Zoom.HOSTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(REFS), st.sampled_from(REFS), st.sampled_from([80, 443])), max_size=40
    ),
    st.sampled_from(list(Zoom)),
)
def test_every_link_of_any_fleet_can_be_followed(pairs: list[tuple[str, str, int]], zoom: Zoom) -> None:
    links = [link(one, other, port, f"x:{port}", LinkState.OK) for one, other, port in dict.fromkeys(pairs)]
    world = world_of({host: [f"c{m}" for m in range(5)] for host in HOSTS})
    what = scene(listed(*links), world, zoom, UNICODE)
    geometry = lay_out(what.shape)
    check(geometry)
    drawn = Diagram(geometry, what.dress, UNICODE)
    for y in range(geometry.height):
        assert cell_len(text_of(drawn.line(y, 0, geometry.width))) == geometry.width


@pytest.mark.parametrize("zoom", list(Zoom))
def test_a_change_of_state_moves_nothing(zoom: Zoom) -> None:
    _, before = made(zoom)
    for number in range(len(SHOP_LINKS.links)):
        for state in LinkState:
            found = with_state(SHOP_LINKS, number, state)
            assert scene(found, shop()[1], zoom, UNICODE).shape == before.shape


def test_a_new_container_and_a_new_host_leave_the_order_of_the_others() -> None:
    _, before = made(Zoom.ALL)
    more = {host: [*names, "aaa"] for host, names in SHOP.items()} | {"new-1": ["web"]}
    what = scene(
        listed(*SHOP_LINKS.links, link("web@new-1", "redis@mq-1", 6379, "cache:6379", LinkState.OK)),
        world_of(more), Zoom.ALL, UNICODE,
    )  # fmt: skip
    after = lay_out(what.shape, before.plan)
    assert [[b for b in column if b != "new-1"] for column in after.plan.columns] == list(
        map(list, before.plan.columns)
    )
    for host, rows in before.plan.rows.items():
        assert [row for row in after.plan.rows[host] if row != "aaa"] == list(rows)
    check(after)


@pytest.mark.parametrize("zoom", list(Zoom))
def test_ascii_is_ascii(zoom: Zoom) -> None:
    what, geometry = made(zoom, ASCII)
    drawn = Diagram(geometry, what.dress, ASCII, next(iter(what.dress.looks)))
    assert all(text_of(drawn.line(y, 0, geometry.width)).isascii() for y in range(geometry.height))


def test_the_worst_link_is_seen_where_links_share_cells() -> None:
    """The last cells before pgbouncer carry a broken link and one that is well."""
    what, geometry = made(Zoom.LINKED)
    drawn = Diagram(geometry, what.dress, UNICODE)
    broken = next(key for key, look in what.dress.looks.items() if look.tone == "bad")
    x, y = geometry.ends[broken][1]
    assert drawn.row(y)[x].tone == "bad"
    assert drawn.at(x, y) == broken


class MapApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.map = LinkMap(UNICODE)
        self.wanted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.map

    def on_mount(self) -> None:
        self.map.focus()

    def on_link_map_wanted(self, event: LinkMap.Wanted) -> None:
        self.wanted.append(f"{event.what} {event.link.consumer.text}")


def screen(app: MapApp) -> list[str]:
    return [app.map.render_line(y).text for y in range(app.map.size.height)]


async def test_keys_choose_pan_and_zoom_and_an_update_keeps_it_all() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.map.show(*shop(), NOON)
        await pilot.pause()
        assert app.map.zoom is not None
        assert any("app-1" in line for line in screen(app))
        await pilot.press("n")
        assert app.map.chosen is not None
        assert app.map.chosen.state is LinkState.BROKEN
        assert "broken: refused: pgbouncer@db-1 refuses" in screen(app)[-1]
        await pilot.press("plus", "plus", "right", "right", "down")
        assert app.map.zoom is Zoom.ALL
        place, chosen = app.map.scroll_offset, app.map.chosen.identity
        app.map.show(with_state(SHOP_LINKS, 4, LinkState.BROKEN), shop()[1], NOON + 1)
        await pilot.pause(0.2)
        assert app.map.scroll_offset == place
        assert app.map.chosen is not None
        assert app.map.chosen.identity == chosen
        await pilot.press("enter", "v", "i")
        assert app.wanted == ["path web@app-1", "probe web@app-1", "breaks web@app-1"]
        await pilot.press("minus", "minus", "0")
        assert app.map.zoom is not Zoom.ALL


async def test_an_update_that_changes_nothing_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = MapApp()
    async with app.run_test(size=(120, 30)) as pilot:
        app.map.show(*shop(), NOON)
        await pilot.pause()
        before = screen(app)
        painted: list[object] = []
        monkeypatch.setattr(app.map, "refresh", lambda *regions, **_: painted.extend(regions))
        app.map._draw()
        assert painted == []
        app.map._known = (with_state(SHOP_LINKS, 4, LinkState.BROKEN), shop()[1], NOON)
        app.map._draw()
        assert 0 < len(painted) < 12
        assert screen(app) != before


async def test_a_click_on_a_line_takes_the_cursor_there() -> None:
    app = MapApp()
    async with app.run_test(size=(200, 50)) as pilot:
        app.map.show(*shop(), NOON)
        await pilot.pause()
        assert app.map.diagram is not None
        wire = next(key for key, look in app.map.diagram.dress.looks.items() if look.tone == "warn")
        x, y = app.map.diagram.geometry.ends[wire][0]
        await pilot.click(LinkMap, offset=(x, y))
        assert app.map.chosen is not None
        assert app.map.chosen.state is LinkState.STALE


def crowd(hosts: int, each: int) -> tuple[LinkList, World]:
    """Every container dials one of the next host."""
    links = [
        link(f"c{n}@h{h}", f"c{n}@h{(h + 1) % hosts}", 5432, f"db{n}:5432", LinkState.OK)
        for h in range(hosts)
        for n in range(each)
    ]
    names = [f"c{n}" for n in range(each)]
    return listed(*links), world_of({f"h{h}": names for h in range(hosts)})


async def test_a_map_too_large_to_be_laid_out_at_once_leaves_the_loop_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on: list[tuple[str, Zoom | None]] = []
    let = threading.Event()

    def watched(shape: Shape, before: Plan | None = None) -> Geometry:
        size = sum(len(box.entries) for box in shape.boxes)
        if size > 500:
            on.append((threading.current_thread().name, app.map.zoom))
            assert let.wait(20)
        return lay_out(shape, before)

    monkeypatch.setattr(layouts, "lay_out", watched)
    app = MapApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.map.show(*crowd(10, 60), NOON)
        await pilot.pause()
        assert app.map.zoom is Zoom.HOSTS
        assert on == []
        await pilot.press("n", "plus", "plus")
        await until(lambda: on)
        assert threading.main_thread().name not in {name for name, _ in on}
        # Keys are answered, and it says what is going on.
        assert "placing" in screen(app)[-1]
        await pilot.press("minus", "minus")
        assert app.map.zoom is Zoom.HOSTS
        assert "c" in screen(app)[-2]
        assert "placing" not in screen(app)[-1]
        await pilot.press("plus", "plus")
        let.set()
        await until(lambda: "placing" not in screen(app)[-1])
        assert app.map.chosen is not None
        assert any("db1:5432" in line for line in screen(app)[:-2])


async def test_what_fits_is_found_anew_when_its_room_changes_until_somebody_zooms() -> None:
    app = MapApp()
    async with app.run_test(size=(80, 10)) as pilot:
        app.map.show(*shop(), NOON)
        await pilot.pause()
        assert app.map.zoom is Zoom.HOSTS
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert app.map.zoom is Zoom.ALL
        await pilot.press("minus")
        await pilot.resize_terminal(80, 10)
        await pilot.pause()
        assert app.map.zoom is Zoom.LINKED
        await pilot.press("0")
        assert app.map.zoom is Zoom.HOSTS
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert app.map.zoom is Zoom.ALL


async def test_a_large_map_that_changes_while_it_is_laid_out_is_shown_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    rounds = itertools.count(61)

    def changed() -> None:
        app.map.show(*crowd(10, next(rounds)), NOON)

    def watched(shape: Shape, before: Plan | None = None) -> Geometry:
        made = lay_out(shape, before)
        if threading.current_thread() is not threading.main_thread():
            # Another container is there before this is drawn.
            loop.call_soon_threadsafe(changed)
        return made

    monkeypatch.setattr(layouts, "lay_out", watched)
    app = MapApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.map.show(*crowd(10, 60), NOON)
        await pilot.pause()
        await pilot.press("plus", "plus")
        await until(lambda: app.map.diagram is not None and len(app.map.diagram.geometry.shape.wires) > 620)
        assert "placing" not in screen(app)[-1]
