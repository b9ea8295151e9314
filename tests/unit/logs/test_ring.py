"""`LogRing` against a list that holds the same lines one by one."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.lines import LogBlock, LogLine, Note, NoteKind, block_of
from console.model.logs.ring import LogRing
from console.model.text import safe

Row = tuple[int, int, str]
"""Stamp, origin, text."""

ROWS = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from((0, 1, 2, 4, 5, 6)), st.text("abc", max_size=12)),
    max_size=40,
)


def block(rows: list[Row]) -> LogBlock:
    notes = {
        i: Note(kind=NoteKind.GAP, source=origin >> 2, ns=ns, text=safe(text))
        for i, (ns, origin, text) in enumerate(rows)
        if not origin & 3
    }
    return block_of([r[0] for r in rows], [r[1] for r in rows], [r[2].encode() + b"\n" for r in rows], notes)


def as_row(line: LogLine) -> Row:
    assert (line.note is not None) == (line.stream == 0)
    return line.ns, line.source * 4 + line.stream, line.raw.decode()


@given(st.lists(ROWS, max_size=30), st.integers(1, 300), st.integers(500, 20_000))
def test_it_is_the_end_of_a_list(batches: list[list[Row]], max_lines: int, max_bytes: int) -> None:
    ring = LogRing(max_lines, max_bytes)
    everything: list[Row] = []
    for rows in batches:
        ring.append(block(rows))
        everything += rows
        assert ring.end == len(everything)
        held = [as_row(ring.line(number)) for number in range(ring.first, ring.end)]
        assert held == everything[ring.first :]
        assert ring.dropped == sum(1 for row in everything[: ring.first] if row[1] & 3)
        blocks = list(ring.blocks())
        assert ring.bytes == sum(b.size for _, b in blocks)
        assert [start for start, _ in blocks] == list(
            accumulate((len(b) for _, b in blocks[:-1]), initial=ring.first)
        )[: len(blocks)]
        assert len(blocks) <= 1 or (len(ring) <= max_lines and ring.bytes <= max_bytes)


@given(st.lists(ROWS, max_size=10), st.integers(-1, 60))
def test_at_is_the_first_line_not_before(batches: list[list[Row]], ns: int) -> None:
    ring = LogRing(40, 1 << 20)
    for rows in batches:
        ring.append(block(rows))
    stamps = [ring.line(number).ns for number in range(ring.first, ring.end)]
    expected = next((i for i, stamp in enumerate(stamps) if stamp >= ns), len(stamps))
    assert ring.at(ns) == ring.first + expected


@given(st.lists(ROWS, max_size=10), st.integers(0, 500))
def test_blocks_from_a_line_on(batches: list[list[Row]], start: int) -> None:
    ring = LogRing(100, 1 << 20)
    for rows in batches:
        ring.append(block(rows))
    numbers = [first + i for first, b in ring.blocks(start) for i in range(len(b))]
    assert numbers == list(range(numbers[0] if numbers else ring.end, ring.end))
    if start < ring.end:
        assert numbers[0] <= max(start, ring.first)
        assert numbers[0] + len(next(ring.blocks(start))[1]) > start


def test_a_trickle_does_not_make_a_block_per_line() -> None:
    ring = LogRing(100_000, 1 << 30)
    for number in range(3_000):
        ring.append(block([(number, 5, "line")]))
    assert len(list(ring.blocks())) <= 3_000 // 512 + 1
    assert ring.line(2_999).ns == 2_999


def test_the_newest_block_is_held_however_large() -> None:
    ring = LogRing(10, 100)
    ring.append(block([(i, 5, "x" * 50) for i in range(200)]))
    ring.append(block([(i, 5, "y" * 50) for i in range(200)]))
    assert (ring.first, ring.end, ring.dropped) == (200, 400, 200)


def test_numbers_go_on_after_clear() -> None:
    ring = LogRing(1000, 1 << 20)
    ring.append(block([(1, 5, "a"), (2, 5, "b")]))
    ring.clear()
    assert (ring.first, ring.end, len(ring), ring.bytes, ring.dropped) == (2, 2, 0, 0, 0)
    assert list(ring.blocks()) == []
    ring.append(block([(3, 5, "c")]))
    assert ring.line(2).raw == b"c"
    for number in (-1, 1, 3):
        with pytest.raises(IndexError):
            ring.line(number)
