"""What the view of lines remembers, and that a flood leaves nothing behind for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from rich.segment import Segment
from textual.strip import Strip

from console.ui.logs.kept import Kept
from console.ui.logs.sheet import Laid
from console.ui.logs.strips import RowStrip
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


def test_a_row_is_cut_as_any_other() -> None:
    plain = Strip([Segment("abc"), Segment("defg")], 7)
    row = RowStrip([Segment("abc"), Segment("defg")], 7)
    assert list(row.divide([7])) == [row]
    for cuts in ([3, 7], [1, 2], [2, 7, 9], [5]):
        assert [one.text for one in row.divide(cuts)] == [one.text for one in plain.divide(cuts)]


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


async def test_a_flood_leaves_no_rows_to_the_garbage_collector() -> None:
    async with logs(size=(80, 24)) as console:
        await console.feed("line before")
        with unreachable() as found:
            for first in range(0, 4000, 200):
                await console.feed(*(f"line {number}" for number in range(first, first + 200)))
            await console.press("w", "w", "up", "G")
        assert not [one for one in found if isinstance(one, Laid)]
        texts = [one.text for one in found if isinstance(one, Strip)]
        assert not [text for text in texts if " line " in text], texts
