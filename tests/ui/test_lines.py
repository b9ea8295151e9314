"""Wrapping, columns, figures and graphs: nothing is lost and nothing is wider than it may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.units import clock, percent, size, skew, span, span_words, trip
from console.ui.cells import ASCII, UNICODE, Cell, width_of
from console.ui.lines import beside, fact, heading, line_width, pad, stack, text_of, wrap
from console.ui.plot import area, ceiling, ceiling_bytes, chart, columns

words = st.text(alphabet=st.sampled_from("ab \u4e2d\u00e9-/"), max_size=80)
runs = st.lists(st.builds(Cell, words, st.sampled_from(["", "dim"])), max_size=6)


@given(runs, st.integers(4, 40), st.integers(0, 6))
def test_wrapping_loses_only_blanks_and_stays_in_width(cells: list[Cell], width: int, indent: int) -> None:
    lines = wrap(cells, width, min(indent, width - 2))
    assert all(line_width(line) <= width for line in lines)
    assert "".join(map(text_of, lines)).replace(" ", "") == "".join(c.text for c in cells).replace(" ", "")


@given(runs, st.integers(0, 40))
def test_padding_is_exact(cells: list[Cell], width: int) -> None:
    assert line_width(pad(tuple(cells), width)) == width


@given(st.lists(runs, max_size=4), st.lists(runs, max_size=4), st.integers(4, 30))
def test_columns_stand_beside_each_other(left: list[list[Cell]], right: list[list[Cell]], width: int) -> None:
    made = beside([tuple(c) for c in left], [tuple(c) for c in right], width)
    assert len(made) == max(len(left), len(right))
    for line, other in zip(made, right, strict=False):
        assert text_of(line).endswith("".join(c.text for c in other))
        assert line_width(line) == width + 3 + line_width(tuple(other))


def test_a_word_that_is_too_long_is_cut_not_lost() -> None:
    lines = [text_of(line) for line in wrap([Cell("see sha256:abcdefghij now")], 10)]
    assert "".join(lines).replace(" ", "") == "seesha256:abcdefghijnow"
    assert all(len(line) <= 10 for line in lines)


def test_a_fact_hangs_under_its_value() -> None:
    lines = fact("image", "one two three four five six seven", 30)
    assert text_of(lines[0]).startswith("image        one")
    assert len(lines) > 1
    assert all(text_of(line).startswith(" " * 13) for line in lines[1:])


def test_sections_are_parted_by_one_blank_line() -> None:
    line = (Cell("x"),)
    assert stack([[], [line], [], [line, line]]) == [line, (), line, line]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_a_heading_fills_its_line(glyphs: object) -> None:
    assert line_width(heading("State", 40, glyphs, "12 s old")) == 40  # type: ignore[arg-type]


@given(st.floats(0, 1e10))
def test_a_span_takes_four_cells(seconds: float) -> None:
    assert 2 <= width_of(span(seconds)) <= 4


@given(st.integers(0, 2**62))
def test_a_size_takes_four_cells(count: int) -> None:
    assert len(size(count)) <= 4


@given(st.floats(0, 999))
def test_a_round_trip_takes_six_cells(seconds: float) -> None:
    assert len(trip(seconds)) <= 6


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (span(0), "0s"),
        (span(-5), "0s"),
        (span(59.9), "59s"),
        (span(3599), "59m"),
        (span(86400), "24h"),
        (span(3 * 86400), "3d"),
        (span(900 * 86400), "900d"),
        (span(5 * 365 * 86400), "5y"),
        (span_words(119), "119 s"),
        (span_words(600), "10 min"),
        (span_words(40 * 3600), "40 h"),
        (span_words(4 * 86400), "4 days"),
        (size(0), "0B"),
        (size(999), "999B"),
        (size(1000), "1.0K"),
        (size(212 * 2**20), "212M"),
        (size(1023 * 2**20), "1.0G"),
        (size(1.1 * 2**30), "1.1G"),
        (size(9.96 * 2**30), "10G"),
        (percent(None), "-"),
        (percent(float("nan")), "-"),
        (percent(250.4), "250%"),
        (trip(0.0004), "0.4ms"),
        (trip(0.0123), "12ms"),
        (trip(1.2), "1.2s"),
        (trip(None), "-"),
        (skew(0.05), "0"),
        (skew(3.24), "+3.2s"),
        (skew(-300), "-5m"),
        (skew(None), "-"),
    ],
)
def test_figures_are_short(made: str, wanted: str) -> None:
    assert made == wanted


def test_a_moment_of_another_day_has_its_date() -> None:
    assert len(clock(1_700_000_000, 1_700_000_001)) == 8
    assert len(clock(1_600_000_000, 1_700_000_000)) == 19


samples = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1e6)), max_size=50).map(sorted)


@given(samples, st.integers(1, 80), st.integers(1, 6), st.sampled_from([UNICODE, ASCII]))
def test_a_graph_has_the_size_it_is_given(data: list, width: int, height: int, glyphs: object) -> None:
    rows = area(data, now=1000, width=width, height=height, top=100, glyphs=glyphs)  # type: ignore[arg-type]
    assert [width_of(row) for row in rows] == [width] * height


def test_a_graph_is_as_high_as_its_values() -> None:
    rising = [(400 + n * 10, n * 100 / 60) for n in range(61)]
    rows = area(rising, now=1000, width=30, height=3, top=100, glyphs=ASCII)
    filled = [sum(not sign.isspace() for sign in row) for row in rows]
    assert filled == sorted(filled)
    assert rows[-1].rstrip()[-1] == "|"
    assert rows[0].rstrip()[-1] == "|"
    assert area([(999, 0.0)], now=1000, width=4, height=1, top=1, glyphs=UNICODE) == ["    "]
    assert area([(999, 0.1)], now=1000, width=4, height=1, top=100, glyphs=ASCII)[0].strip() == "."


def test_a_silence_is_a_gap_not_a_line() -> None:
    slots = columns([(0, 5.0), (590, 7.0)], now=600, count=60)
    assert slots[0] == 5.0
    assert slots[1] == 5.0
    assert slots[5:58] == [None] * 53
    assert slots[59] == 7.0


def test_round_figures_are_at_or_above_the_value() -> None:
    assert [ceiling(v) for v in (0, 0.25, 1, 41, 63, 100, 101)] == pytest.approx(
        [1, 0.3, 1, 50, 80, 100, 200]
    )
    assert ceiling_bytes(3 * 2**20) == 4 * 2**20
    assert ceiling_bytes(0) == 2**20


def test_a_chart_tells_now_highest_and_both_axes() -> None:
    text = "\n".join(
        text_of(line)
        for line in chart(
            "CPU", [(500, 40.0), (990, 12.0)], percent, now=1000, width=40, height=3, top=50, glyphs=UNICODE
        )
    )
    for said in ("CPU", "now 12%", "highest 40%", "50%", "0%", "10 min ago"):
        assert said in text
    assert "no figures" in text_of(
        chart("CPU", [], percent, now=0, width=40, height=3, top=1, glyphs=UNICODE)[0]
    )
