"""What the view of lines remembers, and that a flood leaves nothing behind for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.segment import Segment
from textual.strip import Strip

from console.ui.collector import SWEEP, TIDY, spare_strips, tidy
from console.ui.logs.kept import Kept
from console.ui.logs.sheet import Laid
from tests.ui.logs.tap import logs


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept: Kept[str, int] = Kept(2)
    kept["a"], kept["b"] = 1, 2
    assert kept.get("a") == 1
    kept["c"] = 3
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    kept["a"] = 4
    assert (len(kept), kept.get("a"), kept.get("c")) == (2, 4, 3)
    kept.clear()
    assert (len(kept), kept.get("a")) == (0, None)


@pytest.fixture
def spared() -> Iterator[None]:
    divide = Strip.divide
    spare_strips()
    yield
    Strip.divide = divide  # type: ignore[method-assign]


def test_a_strip_is_cut_as_ever(request: pytest.FixtureRequest) -> None:
    cuts = ([7], [3, 7], [1, 2], [2, 7, 9], [5], [])
    before = [[part.text for part in strip().divide(places)] for places in cuts]
    request.getfixturevalue("spared")
    assert [[part.text for part in strip().divide(places)] for places in cuts] == before


def strip() -> Strip:
    return Strip([Segment("abc"), Segment("defg")], 7)


def test_garbage_is_looked_for_as_often_as_it_is_cheap() -> None:
    times = iter([0.0, 0.001, 1.0, 1.02, 2.0, 2.5])
    assert [tidy(lambda: next(times)) for _ in range(3)] == [TIDY, pytest.approx(60), SWEEP]


@contextmanager
def unreachable() -> Iterator[list[object]]:
    """Objects that only the garbage collector could free, of those that came to be meanwhile."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.usefixtures("spared")
async def test_a_flood_leaves_no_rows_to_the_garbage_collector() -> None:
    async with logs(size=(80, 24)) as console:
        await console.feed("line before")
        with unreachable() as found:
            for first in range(0, 4000, 200):
                await console.feed(*(f"line {number}" for number in range(first, first + 200)))
            await console.press("w", "w", "up", "G")
        assert not [one for one in found if isinstance(one, Laid)]
        assert not [one.text for one in found if isinstance(one, Strip)]
