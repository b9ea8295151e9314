"""Blocks as output: labels, notes, filters, and lines that mean harm."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli import loglines
from console.cli.loglines import Filter, Formatter, JsonLines, PlainLines, raw_lines, runs, safe_lines
from console.errors import UsageError
from console.model.logs.ecs import record_of
from console.model.logs.lines import LogBlock, LogSource, Note, NoteKind, Stream, block_of
from console.model.text import safe, sanitise

NS = 1_714_979_289_000_000_000

SOURCES = (
    LogSource(index=0, host="app-1", id="aa" * 32, name=safe("web"), image=safe("nginx:1.27")),
    LogSource(index=1, host="db-1", id="bb" * 32, name=safe("postgres"), image=safe("postgres")),
)


Line = tuple[int, Stream, bytes]


def block(*lines: Line, notes: dict[int, Note] | None = None) -> LogBlock:
    return block_of(
        [NS + number for number in range(len(lines))],
        [source * 4 + stream for source, stream, _ in lines],
        [raw + b"\n" for _, _, raw in lines],
        notes,
    )


def noted(kind: NoteKind, source: int, text: str, *, ns: int = NS, **more: int) -> tuple[Line, Note]:
    note = Note(kind=kind, source=source, ns=ns, text=safe(text), **more)
    return (source, Stream.NOTE, text.encode()), note


MIXED = block(
    (0, Stream.OUT, b"GET / 200"),
    (1, Stream.ERR, b"ERROR:  no such table"),
    (0, Stream.OUT, "caf\u00e9\tau lait".encode()),
    (0, Stream.OUT, b""),
)


def written(
    formatter: Formatter, *blocks: LogBlock, sources: Sequence[LogSource] = SOURCES
) -> tuple[str, str]:
    formatter.known(sources)
    out, err = b"", b""
    for one in blocks:
        for data, diagnostic in formatter.pieces(one):
            assert data.endswith(b"\n")
            out, err = (out, err + data) if diagnostic else (out + data, err)
    return out.decode(), err.decode()


def test_plain_lines_are_as_documented() -> None:
    assert written(PlainLines(), MIXED) == (
        "web@app-1     | GET / 200\n"
        "postgres@db-1 ! ERROR:  no such table\n"
        "web@app-1     | caf\u00e9\tau lait\n"
        "web@app-1     | \n",
        "",
    )


def test_stamps_stand_first() -> None:
    out, _ = written(PlainLines(stamps=True), MIXED)
    assert out.splitlines()[:2] == [
        "2024-05-06T07:08:09.000000000Z web@app-1     | GET / 200",
        "2024-05-06T07:08:09.000000001Z postgres@db-1 ! ERROR:  no such table",
    ]


def test_the_label_is_as_wide_as_the_widest_so_far() -> None:
    lines = PlainLines()
    one = block((0, Stream.OUT, b"a"))
    assert written(lines, one, sources=SOURCES[:1])[0] == "web@app-1 | a\n"
    assert written(lines, one)[0] == "web@app-1     | a\n"


def test_colours_belong_to_a_name_and_the_marks_stay() -> None:
    again = LogSource(index=2, host="app-1", id="cc" * 32, name=safe("web"))
    lines = block(*((source, Stream.OUT, b"a") for source in (0, 1, 2)), (1, Stream.ERR, b"b"))
    out, _ = written(PlainLines(color=True), lines, sources=(*SOURCES, again))
    web, postgres, recreated, error = out.splitlines()
    assert web == recreated
    assert web.split("m")[0] != postgres.split("m")[0]
    plain = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert plain.splitlines()[2:] == ["web@app-1     | a", "postgres@db-1 ! b"]
    assert "\x1b[31;1m!" in error


def test_notes_are_diagnostics_in_their_place() -> None:
    gap, gap_note = noted(NoteKind.GAP, 0, "rotated away", from_ns=NS - 2, to_ns=NS)
    back, back_note = noted(NoteKind.BACK, -1, "db-1 is back after 3 s; nothing is missing")
    lines = block((0, Stream.OUT, b"a"), gap, (0, Stream.OUT, b"b"), back, notes={1: gap_note, 3: back_note})
    formatter = PlainLines()
    formatter.known(SOURCES)
    assert [(data.decode(), diagnostic) for data, diagnostic in formatter.pieces(lines)] == [
        ("web@app-1     | a\n", False),
        (
            "dockcon: web@app-1: gap: rotated away "
            "(2024-05-06T07:08:08.999999998Z to 2024-05-06T07:08:09.000000000Z)\n",
            True,
        ),
        ("web@app-1     | b\n", False),
        ("dockcon: db-1 is back after 3 s; nothing is missing\n", True),
    ]


def test_json_lines_are_records_with_notes_among_them() -> None:
    dropped, note = noted(NoteKind.DROPPED, -1, "7 lines dropped", ns=NS + 1, lines=7)
    lines = block(
        (1, Stream.ERR, b"FATAL:  \x1b[31m\xff no"), dropped, (0, Stream.OUT, b"a"), notes={1: note}
    )
    out, err = written(JsonLines("prod"), lines)
    assert err == ""
    assert [json.loads(line) for line in out.splitlines()] == [
        record_of(SOURCES[1], lines.line(0), "prod"),
        record_of(None, lines.line(1), "prod"),
        record_of(SOURCES[0], lines.line(2), "prod"),
    ]


def test_json_for_an_output_of_ascii() -> None:
    out, _ = written(JsonLines("pr\u00f6d", ascii_only=True), MIXED)
    assert out.isascii()
    assert json.loads(out.splitlines()[2])["message"] == "caf\u00e9\tau lait"


@pytest.mark.parametrize(
    ("pattern", "inverted", "left"),
    [
        ("GET", False, [0]),
        ("get", False, []),
        ("(?i)get", False, [0]),
        ("^ERROR: .*table$", False, [1]),
        ("caf\u00e9", False, [2]),
        ("GET", True, [1, 2, 3]),
        ("^$", False, [3]),
    ],
)
def test_grep(pattern: str, inverted: bool, left: list[int]) -> None:
    wanted = Filter(pattern, inverted=inverted)
    whole = written(PlainLines(stamps=True), MIXED)[0].splitlines()
    assert written(PlainLines(stamps=True, wanted=wanted), MIXED)[0].splitlines() == [whole[n] for n in left]
    records = written(JsonLines("prod"), MIXED)[0].splitlines()
    assert written(JsonLines("prod", wanted=wanted), MIXED)[0].splitlines() == [records[n] for n in left]


def test_grep_looks_at_what_is_printed_and_leaves_notes() -> None:
    gap, note = noted(NoteKind.GAP, 0, "rotated")
    lines = block((0, Stream.OUT, b"o\x1b[1mn\x1b[0me"), gap, notes={1: note})
    out, err = written(PlainLines(wanted=Filter("^one$")), lines)
    assert out == "web@app-1     | one\n"
    assert "rotated" in err
    assert written(PlainLines(wanted=Filter("two")), lines) == ("", err)


def test_a_pattern_that_cannot_be_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError, match=r"--grep `a\(b`: missing \), .* at position 2"):
        Filter("a(b")


def test_a_pattern_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loglines, "SECONDS", 0.05)
    with pytest.raises(UsageError, match="takes too long"):
        written(PlainLines(wanted=Filter("(a+)+$")), block((0, Stream.OUT, b"a" * 60 + b"b")))


HOSTILE = [
    (b"\x1b]52;c;aGk=\x07clip", b"clip"),
    (b"\x1b[2J\x1b[31mred\x1b[0m", b"red"),
    (b"\x1b]0;unfinished", b""),
    (b"\xc2\x9b2Jc1", b"c1"),
    (b"10%\r20%\r\n".rstrip(b"\n"), b"10% 20%"),
    (b"a\x00b", b"a\xef\xbf\xbdb"),
    (b"\xff\xfe", b"\xef\xbf\xbd\xef\xbf\xbd"),
    ("\u202eevil".encode(), b"evil"),
    (b"two\nlines", b"two lines"),
    (b"a\tb\x1b[1m\tc", b"a\tb\tc"),
    (b"x" * 3_000_000, b"x" * 3_000_000),
]


@pytest.mark.parametrize(("raw", "expected"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_are_harmless_and_whole(raw: bytes, expected: bytes) -> None:
    assert safe_lines(block((0, Stream.OUT, raw)), 0, 1) == [expected]
    among = block((0, Stream.OUT, b"a"), (0, Stream.OUT, raw), (0, Stream.OUT, b"\x1b[1mz\x1b[m"))
    assert safe_lines(among, 0, 3) == [b"a", expected, b"z"]
    assert raw_lines(among, 1, 2) == [raw]


@given(
    st.lists(st.binary(max_size=60) | st.text(max_size=40).map(str.encode), min_size=1, max_size=8), st.data()
)
def test_any_bytes(raws: list[bytes], data: st.DataObject) -> None:
    lines = block(*((0, Stream.OUT, raw) for raw in raws))
    start = data.draw(st.integers(0, len(raws) - 1))
    safe_ones = safe_lines(lines, start, len(raws))
    assert len(safe_ones) == len(raws) - start
    for raw, one in zip(raws[start:], safe_ones, strict=True):
        text = raw.removesuffix(b"\r").decode("utf-8", "replace")
        parts = [sanitise(part, len(part) + 1) for part in text.split("\t")]
        assert one.decode() == "\t".join(parts)
    assert raw_lines(lines, start, len(raws)) == raws[start:]
    out, _ = written(JsonLines("prod"), lines)
    assert [json.loads(line)["message"] for line in out.split("\n")[:-1]] == [
        raw.decode("utf-8", "replace") for raw in raws
    ]


@given(st.lists(st.booleans(), max_size=12))
def test_runs_cover_a_block_once(are_notes: list[bool]) -> None:
    note = noted(NoteKind.GAP, 0, "x")[1]
    notes = {number: note for number, is_note in enumerate(are_notes) if is_note}
    lines = block(*((0, Stream.OUT, b"a") for _ in are_notes), notes=notes)
    covered = [(number, found) for start, end, found in runs(lines) for number in range(start, end)]
    assert [number for number, _ in covered] == list(range(len(are_notes)))
    assert [found is not None for _, found in covered] == are_notes
