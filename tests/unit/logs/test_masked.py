"""Lines without their secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.masked import KEY_LINES, LineMask
from console.model.secrets import secret_values
from console.model.text import LIMIT, sanitise


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        (b"connecting to postgres://shop:hunter2@db:5432/shop", "connecting to postgres://***@db:5432/shop"),
        (b"login failed, password=hunter2 user=bob", "login failed, password=*** user=bob"),
        (b'{"user":"bob","password":"hunter2"}', '{"user":"bob","password":***}'),
        (b"> Authorization: Bearer abcdefgh.ijkl", "> Authorization: Bearer ***"),
        (b"X-Api-Key: hunter2", "X-Api-Key: ***"),
        (b"pass\xe2\x80\x8bword=hunter2", "password=***"),
        (b"GET /cart 200 in 12 ms", "GET /cart 200 in 12 ms"),
    ],
)
def test_a_line(raw: bytes, masked: str) -> None:
    assert LineMask().line(1, raw) == masked


def test_what_is_secret_in_the_inspect_is_hidden_wherever_it_stands() -> None:
    document = {"Config": {"Env": ["DB_PASSWORD=correct-horse", "MODE=production", "PIN=1234"]}}
    mask = LineMask(secret_values(document))
    assert mask.line(1, b"tried correct-horse in production, 1234 times") == (
        "tried *** in production, 1234 times"
    )
    # Also where the line is cut off in the middle of it.
    assert "correct" not in mask.line(1, b"x" * (LIMIT - 5) + b"correct-horse")


def test_a_private_key_is_hidden_over_all_its_lines_and_in_its_stream_only() -> None:
    mask = LineMask()
    key = [b"key: -----BEGIN RSA PRIVATE KEY-----", b"MIIEabc", b"def==", b"-----END RSA PRIVATE KEY----- ok"]
    shown = [mask.line(1, key[0]), mask.line(2, b"in between"), *(mask.line(1, line) for line in key[1:])]
    assert shown == ["key: ***", "in between", "***", "***", "*** ok"]
    assert mask.line(1, b"later") == "later"


def test_a_key_without_an_end_does_not_hide_everything() -> None:
    mask = LineMask()
    mask.line(1, b"-----BEGIN PRIVATE KEY-----")
    shown = [mask.line(1, b"text") for _ in range(KEY_LINES + 1)]
    assert shown == ["***"] * KEY_LINES + ["text"]


@given(st.lists(st.binary(max_size=120), max_size=6), st.sets(st.text(min_size=6, max_size=12), max_size=3))
def test_any_bytes_are_harmless_and_hide_what_is_known(raws: list[bytes], secrets: set[str]) -> None:
    known = {sanitise(secret) for secret in secrets}
    mask = LineMask(known)
    for raw in raws:
        line = mask.line(1, raw)
        assert sanitise(line) == line
        assert not [secret for secret in known if secret and "*" not in secret and secret in line]
