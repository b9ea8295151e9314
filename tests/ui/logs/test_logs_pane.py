"""The logs pane: what is read, what is said where there is nothing, and every key."""

from __future__ import annotations

from dataclasses import replace

from console.config.schema import LogCaps
from console.model.logs.lines import NoteKind, Stream
from console.model.logs.wish import LogWish
from console.model.text import safe
from console.service.tap import SourceState
from console.ui.logs.times import SECOND
from tests.ui.logs.tap import MS, NOON_NS, WEB, WISH, FakeDesk, Logs, logs, note, view
from tests.ui.waiting import until


def numbered(first: int, count: int) -> list[str]:
    return [f"line {number}" for number in range(first, first + count)]


def texts(console: Logs) -> list[str]:
    """The rows without time and mark."""
    return [row[14:].strip() for row in console.rows()]


async def find(console: Logs, key: str, text: str) -> None:
    await console.press(key)
    await console.type(text)
    await console.press("enter")
    await console.settle()


async def test_another_wish_closes_the_old_tap_and_forgets() -> None:
    async with logs() as console:
        await console.feed(*numbered(0, 5))
        await find(console, "ampersand", "line 1")
        await console.show(LogWish(title=safe("db@db-1")))
        assert [tap.closed for tap in console.app.desk.taps] == [1, 0]
        assert "db@db-1" in console.title
        assert "&" not in console.title
        await console.feed("x")
        assert texts(console) == ["x"]


async def test_windows_open_another_wish_and_keep_the_place_in_time() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 30))
        await find(console, "slash", "line 2")
        await console.press("home", "down", "down")
        ns = console.view.shown.line(2).ns
        await console.press("right_square_bracket")
        assert console.tap.wish.since_ns == NOON_NS - 60 * SECOND
        console.tap.stamp.ns = NOON_NS - 20 * 7 * MS
        await console.feed(*numbered(-20, 50))
        assert console.view.shown.line(console.view.place.cursor or 0).ns == ns
        assert "1m" in console.title
        assert "/line 2" in console.title
        await console.press("left_square_bracket", "left_square_bracket")
        assert console.tap.wish.since_ns == NOON_NS
        await console.press("left_square_bracket")
        assert len(console.app.desk.taps) == 4


async def test_it_goes_to_a_moment_once_it_is_there() -> None:
    async with logs(size=(80, 12)) as console:
        console.pane.go_to(NOON_NS + 20 * 7 * MS)
        console.tap.feed(*numbered(0, 30))
        console.tap.change(loading=True)
        await console.settle()
        assert console.view.place.follow
        console.tap.change()
        await console.settle()
        assert console.view.place.cursor == 19
        console.pane.go_to(0)
        await console.settle()
        assert console.view.place.cursor == 0
        console.pane.go_to(NOON_NS * 2)
        await console.settle()
        assert console.view.place.cursor == 29


async def test_without_a_wish_it_says_what_to_do_and_no_key_breaks() -> None:
    async with logs(wish=None) as console:
        assert any("press l on a container" in row for row in console.rows())
        keys = "up down pageup pagedown home end G f w t v b n N enter space shift+up left right y Y escape"
        await console.press(*keys.split(), "left_square_bracket", "right_square_bracket", "p", "p")
        await find(console, "slash", "x")
        await find(console, "ampersand", "x")
        assert console.app.is_running


async def test_reasons_are_said_where_there_is_nothing() -> None:
    why = "log driver none keeps nothing"
    async with logs(FakeDesk(view(WEB, SourceState.NOTHING, why))) as console:
        assert "loading" in console.title
        console.tap.change()
        await console.settle()
        assert any(f"web@app-1: {why}" in row for row in console.rows())
        assert "1 without a log" in console.title


async def test_stderr_and_notes_are_told_without_colour() -> None:
    async with logs(plain=True) as console:
        gap = note(NoteKind.GAP, "12 lines may be missing", ns=NOON_NS + 15 * MS)
        await console.feed("out", (0, Stream.ERR, "err"), gap)
        out, err, missing = console.rows()
        assert out.endswith(" out")
        assert err.endswith("! err")
        assert missing.rstrip().endswith("=" * 20)
        assert "== gap here: 12 lines may be missing" in missing


async def test_help_and_palette_have_every_key() -> None:
    async with logs() as console:
        await console.feed("x")
        await console.press("question_mark")
        await until(lambda: "Help" in "\n".join(console.lines()))
        seen = ""
        for _ in range(4):
            seen += "\n".join(console.lines())
            await console.press("pagedown")
        for text in ("Follow the end", "Break long lines", "A longer window", "Show only lines", "timeline"):
            assert text.lower()[:12] in seen.lower(), text


async def test_the_wish_that_ends_says_so() -> None:
    async with logs(wish=replace(WISH, until_ns=NOON_NS, follow=False)) as console:
        await console.feed("x")
        assert "to its end" in console.title


async def test_gaps_are_seen_on_the_bar_from_afar() -> None:
    async with logs(size=(80, 12), plain=True) as console:
        await console.feed(*numbered(0, 50), note(NoteKind.GAP, "rotated"), *numbered(50, 50))
        view = console.view
        assert "".join(view.render_line(y).text[-1] for y in range(10)) == "    =     "
        await console.feed(*numbered(100, 300))
        assert "".join(view.render_line(y).text[-1] for y in range(10)) == " =        "


async def test_it_goes_on_while_it_is_out_of_sight() -> None:
    async with logs(size=(80, 12), caps=LogCaps(lines=64, bytes=1 << 20)) as console:
        await console.feed(*numbered(0, 40))
        await console.press("up")
        before = console.rows()
        console.pane.display = False
        await console.settle()
        for first in range(40, 400, 40):
            await console.feed(*numbered(first, 40))
        console.pane.display = True
        await console.settle()
        console.view.focus()
        await console.settle()
        assert console.rows() == before
