"""`Finder` against a search line by line, and against a ring that forgets."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.model.logs import wanted as wanted_module
from console.model.logs.find import Finder, Numbers
from console.model.logs.lines import LogLine, Note, NoteKind, Stream, block_of
from console.model.logs.ring import LogRing
from console.model.text import safe, without_sequences

LETTERS = "abAB x1é\u0130ßſß\ufffd\n\t"
BITS = (*LETTERS, "\r", "\r\n", "\x1b[31m", "\x1b[0m", "\x1b]0;a\x07", "\x1b", "\udcff", "ab")
LINES = st.lists(st.sampled_from(BITS), max_size=8).map(
    lambda bits: "".join(bits).encode("utf-8", "surrogateescape")
)
ROWS = st.lists(st.tuples(st.sampled_from((0, 1, 2, 4, 5, 6, -4)), LINES), max_size=25)
REGEXES = (
    "ab", "a|x", "aB|x1", "a.b", r"^a", r"b$", r"[^a]b", r"a\s", r"\Sb", r"(a|b)+1", r"a(?=b)", r"(?<!a)b",
    r"\Ab", r"x\Z", r"(?i)AB", r"[ab]{2,}", r"\bx\b", r"é", r"[é-í]b?", r"", r"x*", r"\x41", r"[;-c]",
    r"a\u0041",
)  # fmt: skip

Row = tuple[int, bytes]


def ring_of(batches: list[list[Row]], max_lines: int = 1 << 20) -> LogRing:
    ring = LogRing(max_lines, 1 << 30)
    for rows in batches:
        add(ring, rows)
    return ring


def add(ring: LogRing, rows: list[Row]) -> None:
    notes = {
        i: Note(kind=NoteKind.GAP, source=origin >> 2, ns=i, text=safe("note"))
        for i, (origin, _) in enumerate(rows)
        if not origin & 3
    }
    ring.append(block_of(range(len(rows)), [r[0] for r in rows], [r[1] + b"\n" for r in rows], notes))


def lines(ring: LogRing) -> list[tuple[int, LogLine]]:
    return [(number, ring.line(number)) for number in range(ring.first, ring.end)]


def as_read(raw: bytes) -> str:
    """What the documentation says of how a line is searched, said again and slowly."""
    raw = raw.replace(b"\n", b" ").rstrip(b"\r")
    return without_sequences(raw.split(b"\r")[-1].decode("utf-8", "replace"))


@given(st.lists(ROWS, max_size=3), st.text(LETTERS, min_size=1, max_size=3), st.booleans())
def test_a_text_is_found_as_by_hand(batches: list[list[Row]], text: str, invert: bool) -> None:
    ring = ring_of(batches)
    finder = Finder(text, invert=invert)
    found = finder.update(ring)
    folded = not any(c.isupper() for c in text)
    expected = [
        number
        for number, line in lines(ring)
        if (invert if line.note else _holds(text, folded, as_read(line.raw)) is not invert)
    ]
    assert list(finder.numbers) == expected
    assert found == len(expected)


def _holds(text: str, folded: bool, line: str) -> bool:
    def same(wanted: str, there: str) -> bool:
        forms = {wanted, wanted.lower(), wanted.upper(), wanted.title()} if folded else {wanted}
        return there in forms

    return any(
        all(map(same, text, line[start : start + len(text)])) for start in range(len(line) - len(text) + 1)
    )


@given(st.lists(ROWS, max_size=3), st.sampled_from(REGEXES), st.booleans())
def test_a_regular_expression_is_found_as_by_hand(batches: list[list[Row]], regex: str, invert: bool) -> None:
    ring = ring_of(batches)
    finder = Finder(regex, regex=True, invert=invert)
    finder.update(ring)
    capital = any(c.isupper() for c in re.sub(r"\\.", "", regex))
    pattern = re.compile(regex, 0 if capital else re.IGNORECASE)
    expected = [
        number
        for number, line in lines(ring)
        if (invert if line.note else bool(pattern.search(as_read(line.raw))) is not invert)
    ]
    if regex:
        assert list(finder.numbers) == expected


@given(st.lists(ROWS, max_size=12), st.integers(1, 60), st.data())
def test_it_keeps_up_with_a_ring_that_forgets(
    batches: list[list[Row]], cap: int, data: st.DataObject
) -> None:
    ring = LogRing(cap, 1 << 30)
    finder = Finder("a")
    for rows in batches:
        add(ring, rows)
        if data.draw(st.booleans()):
            finder.update(ring)
            once = Finder("a")
            once.update(ring)
            assert list(finder.numbers) == list(once.numbers)
            assert finder.seen == ring.end


@given(st.lists(ROWS, max_size=3), st.sets(st.sampled_from((1, 2))), st.sets(st.sampled_from((0, 1))))
def test_streams_sources_and_notes(batches: list[list[Row]], streams: set[int], sources: set[int]) -> None:
    ring = ring_of(batches)
    finder = Finder("a", streams=streams, sources=sources, notes=True)
    finder.update(ring)
    expected = [
        number
        for number, line in lines(ring)
        if (
            line.source in (*sources, -1)
            if line.note
            else line.stream in streams and line.source in sources and _holds("a", True, as_read(line.raw))
        )
    ]
    assert list(finder.numbers) == expected


def test_nothing_wanted_is_everything() -> None:
    ring = ring_of([[(4, b"note"), (5, b"a"), (6, b"b")]])
    finder = Finder("", streams={Stream.ERR})
    assert finder.update(ring) == 1
    assert list(finder.numbers) == [2]


@pytest.mark.parametrize(
    ("text", "where"), [("a(b", "character 2"), ("[z-a]", "character 2"), ("*", "character 1")]
)
def test_a_bad_expression_says_where(text: str, where: str) -> None:
    with pytest.raises(UsageError, match=where):
        Finder(text, regex=True)


@pytest.mark.parametrize("text", ["a{99999999999999999999}", "(" * 5000 + ")" * 5000])
def test_an_impossible_expression_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a regular expression"):
        Finder(text, regex=True)


def test_an_expression_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threading.current_thread() is threading.main_thread()
    monkeypatch.setattr(wanted_module, "REGEX_SECONDS", 0.05)
    ring = ring_of([[(5, b"a" * 60 + b"!")]])
    finder = Finder("(a+)+$", regex=True)
    with pytest.raises(UsageError, match="takes too long"):
        finder.update(ring)
    assert finder.seen == 0
    assert finder.spans("a" * 60 + "!") == []


def test_long_lines_are_clipped_for_expressions_only() -> None:
    line = b"x" * wanted_module.REGEX_BYTES + b"needle"
    ring = ring_of([[(5, line), (5, b"needle")]])
    by_text, by_regex = Finder("needle"), Finder("need.e", regex=True)
    by_text.update(ring)
    by_regex.update(ring)
    assert (list(by_text.numbers), list(by_regex.numbers)) == ([0, 1], [1])


def test_many_hits_and_few_hits_agree() -> None:
    ring = ring_of([[(5, b"hit" if i % 3 else b"miss") for i in range(3000)]])
    finder = Finder("HIT".lower())
    assert finder.update(ring) == 2000
    assert list(finder.numbers) == [i for i in range(3000) if i % 3]


def test_hits_at_the_very_beginning_of_lines_that_follow_each_other() -> None:
    ring = ring_of([[(5, b"hit" if i in (40, 41, 42) else b"miss") for i in range(100)]])
    finder = Finder("hit")
    finder.update(ring)
    assert list(finder.numbers) == [40, 41, 42]


def test_a_short_time_is_enough_for_a_part() -> None:
    ring = LogRing(1 << 20, 1 << 30)
    for _ in range(5):
        add(ring, [(5, b"a")] * 1000)
    finder = Finder("a")
    assert finder.update(ring, 0.0) == 1000
    assert finder.seen == 1000
    while finder.seen < ring.end:
        finder.update(ring, 0.0)
    assert len(finder.numbers) == 5000


def test_spans_are_where_it_is_shown() -> None:
    assert Finder("ab").spans("xAB ab") == [(1, 3), (4, 6)]
    assert Finder("AB").spans("xAB ab") == [(1, 3)]
    assert Finder("a.", regex=True).spans("abaCa") == [(0, 2), (2, 4)]
    assert Finder("x*", regex=True).spans("axx") == [(1, 3)]
    assert Finder("ab", invert=True).spans("ab") == []
    assert Finder("").spans("ab") == []


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_numbers_are_a_queue(steps: list[tuple[bool, int]]) -> None:
    numbers, model, top = Numbers(), list[int](), 0
    for grows, step in steps:
        if grows:
            new = list(range(top + 1, top + step + 1))
            numbers.extend(new)
            model += new
            top += step
        else:
            before = top - step * 3
            numbers.forget(before)
            model = [number for number in model if number >= before]
        assert list(numbers) == model
        assert len(numbers) == len(model)
        assert numbers[1:] == model[1:]
        assert bisect_left(numbers, top) == bisect_left(model, top)
        if model:
            assert (numbers[0], numbers[-1]) == (model[0], model[-1])
        with pytest.raises(IndexError):
            numbers[len(model)]
