"""Lines of data: fields, and the pretty form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.fields import MOST_LINES, MOST_PAIRS, PARSED, LogFields, fields_of, pretty
from console.model.logs.level import Level
from console.model.text import sanitise

E, W, I = Level.ERROR, Level.WARN, Level.INFO  # noqa: E741


def told(line: str) -> tuple[Level | None, str, str, dict[str, str]]:
    fields = fields_of(line.encode())
    assert fields is not None
    return fields.level, fields.message, fields.time, dict(fields.pairs)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # zerolog, zap, pino, bunyan, logrus, Serilog, ECS, GELF, structlog, MongoDB, and logfmt
        (
            '{"level":"error","time":"2024-05-06T07:08:09Z","message":"refused","host":"db"}',
            (E, "refused", "2024-05-06T07:08:09Z", {"host": "db"}),
        ),
        (
            '{"level":"info","ts":1714979289.10,"caller":"a.go:3","msg":"up"}',
            (I, "up", "1714979289.10", {"caller": "a.go:3"}),
        ),
        (
            '{"level":40,"time":1714979289123,"pid":1,"msg":"slow"}',
            (W, "slow", "1714979289123", {"pid": "1"}),
        ),
        (
            '{"@t":"2024-05-06","@mt":"{A} is up","@l":"Warning","A":"x"}',
            (W, "{A} is up", "2024-05-06", {"A": "x"}),
        ),
        (
            '{"@timestamp":"t","log":{"level":"ERROR","logger":"a"},"message":"m","tags":["x",1]}',
            (E, "m", "t", {"log.logger": "a", "tags": '["x", 1]'}),
        ),
        (
            '{"event":"login","level":"info","user":{"id":7,"name":"ann"}}',
            (I, "login", "", {"user.id": "7", "user.name": "ann"}),
        ),
        (
            'time="2024-05-06T07:08:09Z" level=warning msg="no \\"such\\" image" id=7 empty=',
            (W, 'no "such" image', "2024-05-06T07:08:09Z", {"id": "7", "empty": ""}),
        ),
        ("ts=1 caller=a.go:3 lvl=eror", (None, "", "1", {"caller": "a.go:3", "lvl": "eror"})),
        (
            '{"level":"purple","ok":true,"none":null}',
            (None, "", "", {"level": "purple", "ok": "true", "none": "null"}),
        ),
        ('  {"msg":"a","message":"b"}\r', (None, "a", "", {"message": "b"})),
        (
            '{"n":12345678901234567890123.10,"m":1e400,"z":NaN}',
            (None, "", "", {"n": "12345678901234567890123.10", "m": "1e400", "z": "NaN"}),
        ),
    ],
)
def test_a_line_of_data(line: str, expected: tuple[object, ...]) -> None:
    assert told(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "{}",
        "[1]",
        "{broken}",
        '{"a":1} and more',
        "a=1",
        "level=error is what it says",
        "connecting to host=db port=5432",
        "GET /?a=1&b=2",
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"a":' + "9" * 5000,
        json.dumps({"a": "x" * PARSED}),
    ],
    ids=lambda line: line[:20],
)
def test_text_is_no_data(line: str) -> None:
    assert fields_of(line.encode()) is None


def test_what_is_shown_is_bounded_and_harmless() -> None:
    line = json.dumps({f"k{i}\u202e": "\x1b[2J" + "x" * 300 for i in range(100)}).encode()
    fields = fields_of(line)
    assert fields is not None
    assert len(fields.pairs) == MOST_PAIRS
    assert fields.more == 100 - MOST_PAIRS
    assert fields.pairs[0] == ("k0", "x" * 300)
    deep = fields_of(b'{"a":' * 50 + b'{"b":1}' + b"}" * 50)
    assert deep is not None
    assert deep.pairs[0][0] == "a.a.a.a.a.a.a.a"
    assert deep.pairs[0][1].startswith('{"a": {')


def test_pretty_json_keeps_the_order_and_unfolds_texts() -> None:
    line = (
        b'{"z":1.10,"a":{"list":[1,{"b":null}],"empty":{}},'
        b'"stack":"Error: x\\n\\tat a\\n\\tat b\\n","e":"\\u001b[31m"}'
    )
    assert pretty(line) == [
        "{",
        '  "z": 1.10,',
        '  "a": {',
        '    "list": [',
        "      1,",
        "      {",
        '        "b": null',
        "      }",
        "    ],",
        '    "empty": {}',
        "  },",
        '  "stack": "Error: x',
        "                    at a",
        '                    at b",',
        '  "e": "\\u001b[31m"',
        "}",
    ]


def test_pretty_of_other_lines() -> None:
    assert pretty(b'2024-05-06 INFO {"a":1}') == ["2024-05-06 INFO", "{", '  "a": 1', "}"]
    assert pretty(b'level=info msg="two\\nlines" n=1') == [
        "level = info",
        "msg = two",
        "      lines",
        "n = 1",
    ]
    assert pretty(b"10%\r20%\r\x1b[31m30%\r") == ["10%", "20%", "30%"]
    assert pretty(b"") == [""]
    assert pretty(b"{ not json") == ["{ not json"]
    assert "".join(pretty(b"x" * 5000)) == "x" * 5000


def test_the_pretty_form_ends() -> None:
    for line in (
        json.dumps({"a": list(range(5000))}).encode(),
        b"x" * 10_000_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ):
        lines = pretty(line)
        assert len(lines) <= MOST_LINES
    assert pretty(json.dumps({"a": list(range(5000))}).encode())[-1] == "\u2026 (more than is shown here)"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=5))
def test_any_object_has_fields(document: dict[str, object]) -> None:
    raw = json.dumps(document).encode()
    fields = fields_of(raw)
    assert isinstance(fields, LogFields)
    for text in (fields.message, fields.time, *(t for pair in fields.pairs for t in pair), *pretty(raw)):
        assert sanitise(text) == text
    strings_have_no_newline = "\\n" not in raw.decode()
    if strings_have_no_newline and all(sanitise(line) == line for line in pretty(raw)):
        assert pretty(raw)[0] == "{"
        assert pretty(raw)[-1] == "}"


@given(st.binary(max_size=300))
def test_any_bytes_are_harmless(raw: bytes) -> None:
    fields_of(raw)
    for text in pretty(raw):
        assert sanitise(text) == text
