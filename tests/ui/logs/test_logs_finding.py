"""Search and filter as they are typed."""

from __future__ import annotations

from tests.ui.logs.tap import Logs, logs
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


async def test_search_counts_goes_round_and_is_taken_back() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 40))
        await find(console, "slash", "line 3")
        assert "/line 3 11 of 11" in console.title
        assert not console.view.place.follow
        assert console.view.place.cursor == 39
        await console.press("n")
        assert "1 of 11" in console.title
        assert texts(console)[console.view.place.row_of(3) or 0] == "line 3"
        await console.press("N", "N")
        assert console.view.place.cursor == 38
        await console.feed("line 3 again")
        assert "10 of 12" in console.title
        await console.press("escape")
        assert "/line" not in console.title
        assert console.view.search is None


async def test_a_search_does_not_move_the_reader_before_enter() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed(*numbered(0, 40))
        await console.press("slash")
        await console.type("line 3")
        await until(lambda: "11 found" in "\n".join(console.lines()))
        assert [row[14:].strip() for row in console.lines(console.view)][-1] == "line 39"
        assert console.view.place.follow
        await console.press("escape")
        assert console.view.search is None
        assert console.app.focused is console.view


async def test_what_is_folded_is_found_and_brought_into_view() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed("x" * 300 + " needle", '{"level": "info", "msg": "a", "q": "needle"}')
        await find(console, "slash", '"q": "needle')
        assert "1 of 1" in console.title
        await console.press("escape")
        await find(console, "slash", "x needle")
        assert "needle" in console.rows()[0]
        assert console.view.taste.aside > 0


async def test_a_mistake_is_said_beside_it_and_nothing_is_lost() -> None:
    async with logs() as console:
        await console.feed("a(b", "c")
        await find(console, "ampersand", "a(")
        assert texts(console) == ["a(b"]
        await console.press("ampersand")
        console.pane.filtering.input.value = "/a(/"
        await until(lambda: any("missing )" in row for row in console.lines()))
        await console.settle()
        assert any("missing )" in row for row in console.lines())
        assert [row[14:].strip() for row in console.lines(console.view) if row] == ["a(b"]
        await console.press("escape")
        await console.settle()
        assert texts(console) == ["a(b", "c"]


async def test_a_filter_shows_only_what_matches_and_inverts() -> None:
    async with logs(size=(80, 12)) as console:
        await console.feed("one", "two", "three", "two again")
        await find(console, "ampersand", "two")
        assert texts(console) == ["two", "two again"]
        assert "&two 2" in console.title
        await console.feed("four", "two more")
        assert texts(console) == ["two", "two again", "two more"]
        await console.press("escape")
        assert len(texts(console)) == 6
        await find(console, "ampersand", "!/t.o/")
        assert texts(console) == ["one", "three", "four"]
        await find(console, "slash", "three")
        assert "1 of 1" in console.title
        await console.press("escape", "escape")
        assert len(texts(console)) == 6


async def test_marks_go_first_when_something_is_taken_back() -> None:
    async with logs() as console:
        await console.feed(*numbered(0, 5))
        await find(console, "slash", "line")
        await console.press("home", "space", "shift+down")
        assert "3 marked" in console.title
        assert console.rows()[0].startswith("*")
        await console.press("escape")
        assert "marked" not in console.title
        assert "/line" in console.title
