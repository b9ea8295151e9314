"""Which lines are shown: all, those of a filter, and those that are being read while they are let go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.ring import LogRing
from console.ui.logs.search import Search, filter_of, searcher_of
from console.ui.logs.shown import Shown
from tests.ui.logs.tap import Clock, block

STAMP = Clock()


def ring_of(*blocks: list[str], lines: int = 1000) -> LogRing:
    ring = LogRing(lines, 1 << 30)
    for texts in blocks:
        ring.append(block(texts, STAMP))
    return ring


def walk(shown: Shown) -> list[int]:
    """All numbers forwards; the same backwards."""
    forwards: list[int] = []
    at = shown.first
    while at is not None:
        forwards.append(at)
        at = shown.after(at)
    backwards: list[int] = []
    at = shown.last
    while at is not None:
        backwards.append(at)
        at = shown.before(at)
    assert backwards[::-1] == forwards
    assert all(shown.holds(number) for number in forwards)
    return forwards


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9), max_size=9), st.integers(1, 40))
def test_a_filter_shows_what_it_finds(blocks: list[list[str]], cap: int) -> None:
    ring = ring_of(*blocks, lines=cap)
    shown = Shown(ring)
    assert walk(shown) == list(range(ring.first, ring.end))
    shown.filter = filter_of("b")
    assert shown.filter is not None
    shown.filter.update(ring)
    kept = [n for n in range(ring.first, ring.end) if ring.line(n).raw == b"b"]
    assert walk(shown) == kept
    assert shown.count == len(kept)
    for position, number in enumerate(kept):
        assert shown.index(number) == position
        assert shown.at_index(position) == number
        assert shown.since(number) == len(kept) - position
    assert shown.at_index(10**6) == (kept[-1] if kept else None)
    assert not shown.holds(ring.end)


def test_lines_being_read_outlive_the_ring() -> None:
    ring = ring_of([f"old {n}" for n in range(10)], lines=10)
    shown = Shown(ring)
    seen = {number: ring.line(number) for number in (4, 5, 6)}
    ring.append(block([f"new {n}" for n in range(10)], STAMP))
    assert ring.first == 10
    shown.hold(seen)
    assert walk(shown) == [4, 5, 6, *range(10, 20)]
    assert shown.line(5).raw == b"old 5"
    assert [shown.missing_before(n) for n in (4, 5, 6, 10, 11)] == [0, 0, 0, 3, 0]
    shown.release({6})
    assert walk(shown) == [6, *range(10, 20)]
    shown.release()
    assert walk(shown) == list(range(10, 20))
    assert shown.missing_before(10) == 0


def test_with_a_filter_it_is_said_how_many_were_let_go_found_or_not() -> None:
    ring = ring_of(["a b"] * 6, lines=6)
    shown = Shown(ring)
    shown.filter = filter_of("a")
    assert shown.filter is not None
    shown.filter.update(ring)
    seen = {number: ring.line(number) for number in (1, 2)}
    ring.append(block(["a"] * 6, STAMP))
    shown.filter.update(ring)
    shown.hold(seen)
    assert walk(shown) == [1, 2, *range(6, 12)]
    assert shown.missing_before(6) == 3
    assert shown.missing_before(2) == 0


def found(search: Search, start: int, way: int, times: int = 9) -> list[int | None]:
    made = []
    for _ in range(times):
        made.append(search.step(start, way))
        start = made[-1] if made[-1] is not None else start
    return made


def test_a_search_goes_round_and_tells_where_it_is() -> None:
    ring = ring_of(["x", "hit", "y", "hit", "Hit"])
    shown = Shown(ring)
    finder = searcher_of("hit")
    assert finder is not None
    search = Search("hit", finder, shown)
    search.update(9)
    assert search.told() == "3 found"
    assert found(search, 0, 1, 4) == [1, 3, 4, 1]
    assert search.told() == "1 of 3"
    assert found(search, 1, -1, 2) == [4, 3]
    assert search.step(4, -1, here=True) == 4
    assert search.step(2, 1, here=True) == 3
    assert [search.holds(n) for n in range(6)] == [False, True, False, True, True, False]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), max_size=6), max_size=9), st.integers(2, 30))
def test_a_search_finds_what_the_filter_shows(blocks: list[list[str]], cap: int) -> None:
    ring = LogRing(cap, 1 << 30)
    shown = Shown(ring)
    finder, shown.filter = searcher_of("a"), filter_of("b")
    assert finder is not None
    assert shown.filter is not None
    search = Search("a", finder, shown)
    for texts in blocks:
        ring.append(block(texts, STAMP))
        shown.filter.update(ring)
        search.update(9)
        both = [n for n in range(ring.first, ring.end) if ring.line(n).raw == b"ab"]
        assert [n for n in search.numbers if n >= ring.first] == both
