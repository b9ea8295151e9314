"""Text in rows: every character stands somewhere, no row is too wide, and it always ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.model.text import sanitise
from console.ui.logs.wrapping import aside, cells_before, pieces, reach

texts = st.text(alphabet=st.sampled_from("ab \u6f22\u0301\u05d0z.")).map(lambda text: str(sanitise(text)))


@given(texts, st.integers(1, 12))
def test_rows_hold_all_but_the_blanks_they_were_broken_at(text: str, width: int) -> None:
    rows = pieces(text, width)
    assert rows[0][0] == 0
    assert rows[-1][1] == len(text)
    for (_, end), (start, _) in pairwise(rows):
        assert text[end:start] in ("", " ")
    for start, end in rows:
        assert cell_len(text[start:end]) <= max(width, 2)


@given(st.text(alphabet="ab \u6f22", max_size=40), st.integers(0, 50), st.integers(1, 20))
def test_from_the_side_cells_stay_in_their_columns(text: str, offset: int, width: int) -> None:
    start, end, blank = aside(text, offset, width)
    assert cell_len(text[start:end]) + blank <= width
    if end < len(text):
        assert cell_len(text[start : end + 1]) + blank > width
    if start < len(text):
        assert cells_before(text, start) == offset + blank or offset == 0


def test_a_text_breaks_at_a_blank_near_the_edge_only() -> None:
    text = "one two " + "x" * 20
    assert [text[a:b] for a, b in pieces(text, 10)] == ["one two", "x" * 10, "x" * 10]
    other = "a " + "y" * 12
    assert [other[a:b] for a, b in pieces(other, 10)] == ["a " + "y" * 8, "yyyy"]
    assert pieces("", 10) == [(0, 0)]


def test_marks_stay_with_their_letter() -> None:
    assert reach("e\u0301e\u0301", 0, 1) == 2
    assert aside("\u6f22\u0301b", 1, 5) == (2, 3, 1)


@pytest.mark.parametrize("width", [0, -3, 1])
def test_no_width_is_too_small_to_end(width: int) -> None:
    assert len(pieces("\u6f22\u6f22", width)) == 2
