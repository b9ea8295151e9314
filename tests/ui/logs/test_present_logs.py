"""What a line says, where it says it comes from, when it was, and what the title makes of it all."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.errors import UsageError
from console.model.logs.lines import LogLine, NoteKind, Stream
from console.model.logs.wish import ClockReading, LogWish
from console.model.text import safe
from console.service.tap import SourceState
from console.ui.cells import ASCII, UNICODE
from console.ui.logs import times, windows
from console.ui.logs.body import NOTES, body_of
from console.ui.logs.labels import Labels, shorten
from console.ui.logs.search import filter_of, searcher_of
from console.ui.logs.sheet import LEAST_TEXT, columns
from console.ui.logs.times import SECOND, Zone, day, day_words, full, hour, offset_words
from console.ui.logs.told import Told, emptiness, title
from console.ui.theme import SOURCES
from tests.ui.logs.tap import NOON_NS, note, source, view


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        times._fields.cache_clear()
        yield
    time.tzset()
    times._fields.cache_clear()


def line(raw: bytes | str, stream: Stream = Stream.OUT) -> LogLine:
    return LogLine(NOON_NS, 0, stream, raw.encode() if isinstance(raw, str) else raw)


def toned(written: bytes | str, **how: bool) -> list[tuple[str, str]]:
    """Each stretch of the text with its tone."""
    body = body_of(line(written), UNICODE, **how)  # type: ignore[arg-type]
    start, made = 0, []
    for end, tone in body.tones:
        made.append((body.text[start:end], tone))
        start = end
    assert start == len(body.text)
    return made


# Bodies


def test_what_is_wrong_stands_out_whole_a_warning_by_its_word() -> None:
    assert toned("ERROR GET /cart 500") == [("ERROR", "bad"), (" GET /cart 500", "log-error")]
    assert toned("12:00 WARN slow") == [("12:00 ", "text"), ("WARN", "warn"), (" slow", "text")]
    assert toned("INFO fine") == [("INFO", "dim"), (" fine", "text")]
    assert toned("DEBUG x") == [("DEBUG", "log-debug"), (" x", "log-debug")]
    assert toned("just text") == [("just text", "text")]
    assert toned("<3>disk is gone")[0][1] == "bad"


def test_data_is_shown_as_fields_and_raw_on_request() -> None:
    raw = json.dumps({"level": "warn", "msg": "slow", "took": 12, "path": "/a b", "none": ""})
    assert "".join(text for text, _ in toned(raw)) == 'WARN  slow  took=12 path="/a b" none=""'
    assert toned(raw)[0] == ("WARN ", "warn")
    assert toned(raw)[-1][1] == "dim"
    assert "".join(text for text, _ in toned(raw, raw=True)) == raw
    assert "".join(text for text, _ in toned("level=error msg=broken code=7")) == "ERROR broken  code=7"


def test_megabytes_are_cut_and_it_is_said() -> None:
    body = body_of(line(b"x" * 3_000_000), UNICODE)
    assert len(body.text) < 5000
    assert body.text.endswith("2.9M in all, enter shows more")


HOSTILE = [
    b"\x1b[2J\x1b[?1049l\x1b]52;c;aGk=\x07gone",
    b"\x00\x01\x02\xff\xfe binary \x9b31m",
    "\u202eevil\u2066 \u05e9\u05dc\u05d5\u05dd".encode(),
    b"progress 1%\rprogress 99%\r",
    b"[/nope][bold]x[@click=app.quit]",
    b'{"msg": "\\u001b[31mred\\u202e", "a\\u0007": "\\r\\n\\t"}',
    ("z\u0335\u0321\u0353" * 50).encode(),
]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("raw", HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left(raw: bytes, glyphs: object) -> None:
    for how in (False, True):
        text = body_of(line(raw), glyphs, raw=how).text  # type: ignore[arg-type]
        assert text.isprintable() or not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
        assert not set(text) & set("\x1b\u202e\u2066\u05e9\ufffd")
        assert glyphs is UNICODE or text.isascii()


@given(st.binary(max_size=200))
def test_any_bytes_make_a_body_whose_tones_fit(raw: bytes) -> None:
    toned(raw)


@pytest.mark.parametrize("kind", NoteKind)
def test_every_note_has_a_sign_of_its_own_besides_colour(kind: NoteKind) -> None:
    told = note(kind, "something happened")
    body = body_of(LogLine(NOON_NS, 0, Stream.NOTE, b"", told), UNICODE)
    gap = "gap here: " if kind is NoteKind.GAP else ""
    assert body.text.startswith(f"{NOTES[kind].sign * 2} {gap}something happened")
    assert bool(body.fill) is (kind in (NoteKind.GAP, NoteKind.DROPPED))


def test_a_gap_says_from_when_to_when() -> None:
    def said(zone: Zone, from_ns: int | None, to_ns: int | None) -> str:
        told = note(NoteKind.GAP, "rotated", from_ns=from_ns, to_ns=to_ns)
        return body_of(LogLine(NOON_NS, 0, Stream.NOTE, b"", told), UNICODE, zone).text

    assert said(Zone.OFF, NOON_NS, NOON_NS + 25 * 10**8) == "== gap 14:00:00.000 - 14:00:02.500: rotated =="
    assert "gap 12:00:00.000 - 12:00:01.000:" in said(Zone.UTC, NOON_NS, NOON_NS + SECOND)
    assert "gap until 14:00:00.000: rotated" in said(Zone.LOCAL, None, NOON_NS)
    over = said(Zone.UTC, NOON_NS, NOON_NS + 86400 * SECOND)
    assert "gap Sat 1 Jun 2024 12:00:00.000 - Sun 2 Jun 2024 12:00:00.000" in over


# Labels


def test_labels_say_no_more_than_is_needed() -> None:
    labels = Labels(UNICODE)
    web, db, other = source(0, "web"), source(1, "db"), source(2, "web", "app-2")
    labels.show([web])
    assert labels.width(80) == 0
    assert labels.show([web, db])
    assert (labels.full(0), labels.width(80)) == ("web", 8 if labels.wanted > 8 else 3)
    assert labels.show([web, db, other])
    assert labels.text(2, 10) == "web@app-2 "
    assert not labels.show([web, db, other])
    # Made again, the same container is still one source.
    labels.forget()
    labels.show([web, replace(web, index=1, id="2" * 64)])
    assert labels.width(80) == 0
    # What is no longer told of still has lines here.
    labels.show([replace(web, index=1, id="2" * 64), db])
    labels.show([db])
    assert labels.text(0, 3) == "web"


def test_colours_stay_and_differ_as_long_as_there_are_any() -> None:
    labels = Labels(UNICODE)
    some = [source(n, f"c{n}") for n in range(len(SOURCES))]
    labels.show(some[:3])
    before = [labels.tone(n) for n in range(3)]
    labels.show(some)
    assert [labels.tone(n) for n in range(3)] == before
    assert len({labels.tone(n) for n in range(len(SOURCES))}) == len(SOURCES)
    labels.show([replace(some[1], index=0, id="f" * 64)])
    assert labels.tone(0) == before[1]
    assert Labels(UNICODE).tone(7) == "dim"


def test_long_names_are_cut_where_replicas_do_not_differ() -> None:
    one, two = (source(n, f"shop-payments-worker-{n}", "app-17") for n in (1, 2))
    assert shorten(one, True, 20, UNICODE) == "shop-pay\u22efer-1@app-17"
    assert shorten(one, True, 20, UNICODE) != shorten(two, True, 20, UNICODE)
    assert shorten(one, False, 10, ASCII) == "shop-p~r-1"
    assert shorten(source(0, "web", "app-1"), True, 20, UNICODE) == "web@app-1"


names = st.text("ab\u6f22-", min_size=1, max_size=30)


@given(names, st.text("xy-", min_size=1, max_size=30), st.integers(1, 40))
def test_a_label_is_as_wide_as_its_column(name: str, host: str, width: int) -> None:
    labels = Labels(UNICODE)
    labels.show([source(0, name, host), source(1, "other", "elsewhere")])
    assert cell_len(labels.text(0, width)) == width


@given(st.integers(1, 300), st.integers(0, 36), st.sampled_from(Zone))
def test_columns_give_way_to_the_text(width: int, label: int, zone: Zone) -> None:
    made = columns(width, zone, label)
    assert made.text >= 1
    if made.label or made.time:
        assert made.text >= LEAST_TEXT
        assert made.text_at + made.text + 1 == width


# Times


def test_moments_in_both_zones() -> None:
    ns = NOON_NS + 123_456_789
    assert hour(ns, Zone.LOCAL) == "14:00:00.123"
    assert hour(ns, Zone.UTC) == "12:00:00.123"
    assert hour(ns, Zone.OFF) == ""
    assert full(ns, Zone.LOCAL) == "2024-06-01 14:00:00.123456789"
    assert offset_words(ns) == "UTC+02:00"
    late = NOON_NS + 11 * 3600 * SECOND
    assert day(late, Zone.LOCAL) == (2024, 6, 2)
    assert day(late, Zone.UTC) == (2024, 6, 1)
    assert day_words(late, Zone.LOCAL) == "Sun 2 Jun 2024"
    assert day(late, Zone.OFF) == day(0, Zone.OFF)
    assert hour(1 << 62, Zone.UTC)
    assert full(-1, Zone.UTC) == "1969-12-31 23:59:59.999999999"


# Search and windows as typed


def test_what_is_typed_may_be_text_or_between_slashes() -> None:
    finder = searcher_of("a.c")
    assert finder is not None
    assert finder.spans("abc a.c") == [(4, 7)]
    finder = searcher_of("/a.c/")
    assert finder is not None
    assert finder.spans("abc a.c") == [(0, 3), (4, 7)]
    assert searcher_of("") is filter_of("!") is None
    assert filter_of("!x") is not None
    with pytest.raises(UsageError):
        searcher_of("/(x/")


def test_windows_go_from_now_to_all() -> None:
    first = LogWish(title=safe("x"), tail=200)
    wished = [windows.wish_for(first, window, NOON_NS) for window in windows.WINDOWS]
    assert wished[0].since_ns == NOON_NS
    assert wished[1] is first
    assert [w.since_ns for w in wished[2:]] == [
        *(NOON_NS - seconds * SECOND for seconds in (60, 300, 900, 3600, 86400)),
        None,
    ]
    assert all(w.tail is None for w in wished if w is not first)
    assert windows.beside("now", -1) is windows.beside("all", 1) is None
    assert windows.beside("start", 1) == "1m"
    ended = replace(first, until_ns=NOON_NS - 5)
    assert windows.wish_for(ended, "1m", NOON_NS).since_ns == NOON_NS - 5 - 60 * SECOND
    assert [windows.words(first, window) for window in ("now", "start", "5m", "all")] == [
        "from now on",
        "last 200",
        "5m",
        "all",
    ]


# Title and empty states


def said(told: Told) -> str:
    return ", ".join(part.text for part in title(told))


def test_the_title_says_what_matters_first() -> None:
    web, db = source(0, "web"), source(1, "db", "db-1")
    told = Told(title="project shop", window="5m", rate=14.2, sources=(view(web), view(db)))
    assert said(told) == "project shop, follow, 14 lines/s, 5m"
    told = replace(
        told,
        follow=False,
        new=1240,
        marked=2,
        dropped=7,
        let_go=3,
        search="x",
        found="1 of 2",
        only="!y",
        lines=12,
        sources=(view(web, SourceState.NOTHING), view(db, SourceState.WAITING)),
        clocks={"app-1": ClockReading(0.01, 0.02), "app-2": ClockReading(1.8, 0.01)},
        corrected=True,
    )
    assert said(told) == (
        "project shop, held, 1,240 new, 2 marked, /x 1 of 2, &!y 12, 7 dropped, 1 waiting, 1 without a log, "
        "app-2 clock +1.8s, order corrected, 14 lines/s, 5m, oldest let go"
    )
    assert said(Told()) == "nothing chosen"
    assert "frozen, streams closed" in said(replace(told, frozen=True, suspended=True))
    assert "to its end" in said(Told(title="x", ends=True))
    assert "loading" in said(Told(title="x", loading=True))
    assert "1 stopped" in said(Told(title="x", sources=(view(web, SourceState.STOPPED), view(db))))


def test_where_there_are_no_lines_it_is_said_why() -> None:
    web = source(0, "web")
    told = Told(title="x", window="5m", sources=(view(web),))

    def why(told: Told) -> str:
        return "; ".join(cell.text for cell in emptiness(told))

    assert "press l on a container" in why(Told())
    assert why(replace(told, loading=True)) == "loading"
    assert "] shows a longer window" in why(told)
    assert "joins by itself" in why(replace(told, sources=()))
    assert "esc takes it away" in why(replace(told, only="x"))
    assert "p goes on" in why(replace(told, frozen=True))
    nothing = view(web, SourceState.NOTHING, "log driver none keeps nothing")
    assert why(replace(told, sources=(nothing,))) == "web@app-1: log driver none keeps nothing"
    waiting = [view(source(n, f"c{n}"), SourceState.WAITING) for n in range(20)]
    assert "and 12 more" in why(replace(told, sources=tuple(waiting)))
