"""Lines as objects of the Elastic Common Schema."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.ecs import Encoder, record_of, stamp_of
from console.model.logs.lines import LogLine, LogSource, Note, NoteKind, Stream
from console.model.text import safe

NS = 1_714_979_289_123_456_789
SOURCE = LogSource(
    index=3,
    host="app-1",
    id="ab" * 32,
    name=safe("shop-web-1"),
    image=safe("registry.example:5000/shop/web:4.18.2"),
    project=safe("shop"),
    service=safe("web"),
)
BARE = LogSource(index=0, host="db-1", id="cd" * 32, name=safe("postgres"), image=safe("postgres"))


def test_a_line() -> None:
    line = LogLine(NS, 3, Stream.ERR, b"[ERROR] \x1b[31mcaf\xc3\xa9\xff\r")
    assert record_of(SOURCE, line, "prod") == {
        "@timestamp": "2024-05-06T07:08:09.123456789Z",
        "message": "[ERROR] \x1b[31mcaf\u00e9\ufffd\r",
        "log": {"level": "error"},
        "stream": "stderr",
        "host": {"name": "app-1"},
        "container": {
            "id": "ab" * 32,
            "name": "shop-web-1",
            "image": {"name": "registry.example:5000/shop/web", "tag": ["4.18.2"]},
        },
        "service": {"name": "web"},
        "labels": {"dockcon_fleet": "prod", "compose_project": "shop"},
        "ecs": {"version": "8.11.0"},
    }


def test_what_is_not_known_is_not_there() -> None:
    row = record_of(BARE, LogLine(NS, 0, Stream.OUT, b"hello"), "prod")
    assert list(row) == ["@timestamp", "message", "stream", "host", "container", "labels", "ecs"]
    assert row["container"] == {"id": "cd" * 32, "name": "postgres", "image": {"name": "postgres"}}
    assert row["labels"] == {"dockcon_fleet": "prod"}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a/b:c@sha256:00", {"name": "a/b", "tag": ["c"], "hash": {"all": ["sha256:00"]}}),
        ("localhost:5000/b", {"name": "localhost:5000/b"}),
        ("sha256:0123", {"name": "sha256:0123"}),
        ("", {"name": ""}),
    ],
)
def test_an_image(image: str, expected: dict[str, object]) -> None:
    source = LogSource(index=0, host="h", id="00", name=safe("n"), image=safe(image))
    container = record_of(source, LogLine(NS, 0, Stream.OUT, b""), "f")["container"]
    assert isinstance(container, dict)
    assert container["image"] == expected


def note(kind: NoteKind, **more: int) -> Note:
    return Note(kind=kind, source=3, ns=NS, text=safe("rotated away"), **more)


def test_a_gap_and_dropped_lines() -> None:
    gap = note(NoteKind.GAP, from_ns=NS - 1_000_000_000, to_ns=NS)
    row = record_of(SOURCE, LogLine(NS, 3, Stream.NOTE, b"", gap), "prod")
    assert row["event"] == {"kind": "event", "module": "dockcon", "action": "gap"}
    assert row["dockcon"] == {
        "gap": {"from": stamp_of(NS - 1_000_000_000), "to": stamp_of(NS), "reason": "rotated away"}
    }
    assert row["message"] == "rotated away"
    assert row["host"] == {"name": "app-1"}
    assert "stream" not in row
    dropped = record_of(None, LogLine(NS, -1, Stream.NOTE, b"", note(NoteKind.DROPPED, lines=7)), "prod")
    assert dropped["dockcon"] == {"gap": {"from": None, "to": None, "lines": 7, "reason": "rotated away"}}
    assert "host" not in dropped


@pytest.mark.parametrize("kind", [kind for kind in NoteKind if kind not in (NoteKind.GAP, NoteKind.DROPPED)])
def test_another_note(kind: NoteKind) -> None:
    row = record_of(SOURCE, LogLine(NS, 3, Stream.NOTE, b"", note(kind)), "prod")
    assert row["dockcon"] == {"note": {"kind": kind.value}}


@given(st.integers(0, 2**63 - 1))
def test_a_stamp_keeps_every_nanosecond(ns: int) -> None:
    text = stamp_of(ns)
    assert int(text[20:29]) == ns % 10**9
    assert datetime.fromisoformat(text[:19] + "+00:00").timestamp() == ns // 10**9


@given(
    st.binary(max_size=80) | st.text(max_size=80).map(str.encode), st.sampled_from([Stream.OUT, Stream.ERR])
)
def test_the_fast_way_writes_the_same(raw: bytes, stream: Stream) -> None:
    encoder = Encoder("prod")
    for source in (SOURCE, BARE, SOURCE):
        text = encoder.line(NS, stream, raw.decode("utf-8", "replace"), raw, source)
        assert text.endswith("\n")
        assert text[:-1].isprintable() or "\x7f" in text
        assert json.loads(text) == record_of(source, LogLine(NS, source.index, stream, raw), "prod")
        gap = note(NoteKind.GAP)
        line = LogLine(NS, 3, Stream.NOTE, b"", gap)
        assert json.loads(encoder.note(gap, source)) == record_of(source, line, "prod")
