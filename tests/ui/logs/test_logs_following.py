"""Following, holding, and nothing that moves under a reader; what a flood costs."""

from __future__ import annotations

import pytest

from console.config.schema import LogCaps
from console.ui.logs.times import SECOND
from tests.ui.logs.shop import shop_desk
from tests.ui.logs.tap import WEB, Logs, logs, source, view
from tests.ui.waiting import until


def numbered(first: int, count: int) -> list[str]:
    return [f"line {number}" for number in range(first, first + count)]


def texts(console: Logs) -> list[str]:
    """The rows without time and mark."""
    return [row[14:].strip() for row in console.rows()]


async def test_it_follows_until_the_reader_lets_go_and_then_nothing_moves() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 30))
        assert texts(console)[-1] == "line 29"
        assert "follow" in console.title
        await console.press("up", "up")
        before = console.rows()
        assert before[-3].startswith(">")
        for first in range(30, 200, 10):
            await console.feed(*numbered(first, 10))
        assert console.rows() == before
        assert "held, 170 new" in console.title
        await console.press("G")
        assert texts(console)[-1] == "line 199"
        assert "follow" in console.title
        await console.feed("line 200")
        assert texts(console)[-1] == "line 200"


async def test_new_lines_below_are_counted_until_they_were_seen() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 30))
        await console.press("f")
        await console.feed(*numbered(30, 12))
        assert "held, 12 new" in console.title
        await console.press("pagedown")
        assert "held, 3 new" in console.title
        await console.press("pagedown")
        assert "held ∙" in console.title
        await console.press("f")
        assert "follow" in console.title


async def test_lines_that_are_read_stay_while_a_flood_goes_by() -> None:
    async with logs(size=(80, 12), caps=LogCaps(lines=100, bytes=1 << 20)) as console:
        await console.feed(*numbered(0, 50))
        await console.press("up", "up", "up")
        before = console.rows()
        for first in range(50, 1000, 50):
            await console.feed(*numbered(first, 50))
        assert console.pane.intake.ring.first > 50
        assert console.rows() == before
        assert "oldest let go" in console.title
        await console.press("down", "down", "down", "down", "down")
        rows = console.rows()
        assert any("let go here" in row for row in rows), rows
        await console.press("enter")
        await until(lambda: "Unix time" in "\n".join(console.lines()))
        await console.press("escape")
        await console.press("end")
        assert not any("let go here" in row for row in console.rows())
        await console.press("home")
        assert texts(console)[0] != "line 0"


async def test_only_rows_that_differ_are_drawn() -> None:
    async with logs(size=(80, 12)) as console:
        drawn: list[int] = []
        draw = console.view.render_line
        console.view.render_line = lambda y: (drawn.append(y), draw(y))[1]  # type: ignore[method-assign]
        await console.feed(*numbered(0, 3))
        drawn.clear()
        await console.settle()
        assert drawn == []
        await console.feed("one more")
        assert set(drawn) == {3}
        await console.press("up")
        drawn.clear()
        await console.press("up")
        assert set(drawn) == {1, 2}
        drawn.clear()
        await console.feed(*numbered(10, 4))
        assert set(drawn) == {4, 5, 6, 7}


async def test_a_storm_costs_blocks_and_a_screen_not_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    from console.ui.logs import sheet

    laid: list[int] = []
    body_of = sheet.body_of
    monkeypatch.setattr(sheet, "body_of", lambda *a, **k: (laid.append(1), body_of(*a, **k))[1])
    async with logs(size=(80, 24), caps=LogCaps(lines=20_000, bytes=1 << 30)) as console:
        for first in range(0, 50_000, 5_000):
            await console.feed(*numbered(first, 5_000))
        assert texts(console)[-1] == "line 49999"
        assert len(laid) <= 10 * 2 * 24
        await console.press("up")
        laid.clear()
        for first in range(50_000, 100_000, 5_000):
            await console.feed(*numbered(first, 5_000))
        assert len(laid) <= 2
        assert "held, " in console.title


async def test_frozen_it_takes_nothing_and_goes_on_where_it_was() -> None:
    async with logs() as console:
        await console.feed("before")
        await console.press("p")
        assert console.tap.frozen
        taken = console.tap.taken
        await console.feed("meanwhile")
        assert console.tap.taken == taken
        assert texts(console) == ["before"]
        assert "frozen" in console.title
        await console.press("p")
        await console.settle()
        assert not console.tap.frozen
        assert texts(console) == ["before", "meanwhile"]


async def test_what_is_shown_on_a_frozen_screen_is_frozen_from_the_start() -> None:
    async with logs(wish=None) as console:
        await console.press("p")
        await console.show()
        assert console.tap.frozen
        assert console.tap.taken == 0
        assert any("p goes on" in row or "loading" in row for row in console.rows())


async def test_wrap_times_and_raw_keep_the_readers_line_in_its_row() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*(f"{n} " + "word " * 60 for n in range(20)), '{"level": "info", "msg": "hello"}')
        await console.press("up", "up", "up")
        at = console.view.place.row_of(console.view.place.cursor or 0)
        for key in ("w", "t", "t", "t", "w", "v"):
            await console.press(key)
            assert console.view.place.row_of(console.view.place.cursor or 0) == at, key
        assert any('{"level": "info"' in row for row in console.rows())
        await console.press("v")
        assert any("INFO  hello" in row for row in console.rows())


async def test_sideways_and_back() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed("begin " + "-" * 70 + " middle " + "-" * 60 + " end")
        assert console.rows()[0].endswith("\u22ef")
        await console.press("right", "right")
        assert "middle" in console.rows()[0]
        assert "begin" not in console.rows()[0]
        await console.press("escape")
        assert "begin" in console.rows()[0]
        await console.press("left")
        assert "begin" in console.rows()[0]


async def test_the_day_stands_where_it_changes() -> None:
    async with logs() as console:
        console.tap.stamp.step = 5 * 3600 * SECOND
        await console.feed(*numbered(0, 4))
        days = [row for row in console.rows() if "2024" in row]
        assert len(days) == 1
        assert "Sun 2 Jun 2024" in days[0]
        await console.press("t", "t")
        assert not any("2024" in row for row in console.rows())


async def test_a_source_that_joins_moves_no_text_that_is_read() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 30))
        await console.press("up", "up")
        before = console.rows()
        console.tap.change(sources=(view(WEB), view(source(1, "database", "db-1"))))
        await console.feed(*numbered(30, 5))
        assert console.rows() == before
        await console.press("up")
        assert "web@app-1" in console.rows()[0]


async def test_the_wheel_and_clicks_move_the_reader() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 100))
        view_, pilot = console.view, console.pilot
        await pilot._post_mouse_events([__import__("textual.events").events.MouseScrollUp], view_, button=0)
        await pilot.pause()
        assert not view_.place.follow
        assert texts(console)[-1] == "line 96"
        await pilot.click(view_, offset=(20, 2))
        await pilot.pause()
        assert console.rows()[2].startswith(">")
        await pilot.click(view_, offset=(view_.size.width - 1, 0))
        await pilot.pause()
        assert texts(console)[0] == "line 0"
        await pilot.click(view_, offset=(20, 3), times=2)
        await until(lambda: "Unix time" in "\n".join(console.lines()))


@pytest.mark.parametrize("size", [(200, 50), (60, 15), (40, 8), (20, 5), (8, 3)])
async def test_it_draws_at_any_size(size: tuple[int, int]) -> None:
    async with logs(shop_desk(), size=size) as console:
        await console.press("w", "up", "up", "w", "pageup")
        for other in ((80, 24), (30, 6), (120, 30), size):
            await console.resize(*other)
        await console.settle()
        assert console.app.is_running


async def test_a_resize_keeps_the_readers_line() -> None:
    async with logs(shop_desk(), size=(100, 24)) as console:
        await console.press("w", "up", "up", "up", "up", "up", "up", "up", "up")
        cursor = console.view.place.cursor
        at = console.view.place.row_of(cursor or 0)
        assert at is not None
        for width in (70, 61):
            await console.resize(width, 24)
            assert console.view.place.cursor == cursor
            assert console.view.place.row_of(cursor or 0) == at
