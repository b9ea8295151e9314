"""Nothing a terminal would obey passes the sanitiser."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.text import sanitise

HOSTILE = "\x1b\x9b\x9d\x90\x07\n\r\t\x00\x7f\x85\u202e\u2066\u200b\ufeff\ud800[]();0123456789mHJKl?c\\abc"


@given(st.text(alphabet=st.sampled_from(HOSTILE), max_size=200) | st.text(max_size=200))
def test_no_control_escape_or_invisible_character_is_left(raw: str) -> None:
    for character in sanitise(raw):
        assert unicodedata.category(character) not in {"Cc", "Cs", "Cf", "Zl", "Zp"}, hex(ord(character))


@given(st.text(max_size=300), st.integers(min_value=1, max_value=50))
def test_the_length_is_bounded(raw: str, limit: int) -> None:
    assert len(sanitise(raw, limit)) <= limit


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=200))
def test_plain_text_is_unchanged(raw: str) -> None:
    assert sanitise(raw) == raw


@given(st.text(max_size=200))
def test_twice_is_once(raw: str) -> None:
    once = sanitise(raw)
    assert sanitise(once) == once


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]52;c;QUJD\x1b\\b", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("\x1b[?1049lleft", "left"),
        ("\x9b31mred", "red"),
        ("a\x1bPq#0;2\x1b\\b", "ab"),
        ("cut\x1b[3", "cut"),
        ("cut\x1b]52;c;QUJD", "cut"),
        ("one\r\ntwo\tthree", "one  two three"),
        ("abc\u202edef", "abcdef"),
        ("bell\x07", "bell\ufffd"),
        ("[/nope] [bold]", "[/nope] [bold]"),
        ("\u65e5\u672c\u8a9e", "\u65e5\u672c\u8a9e"),
    ],
)
def test_known_tricks(raw: str, clean: str) -> None:
    assert sanitise(raw) == clean


def test_every_format_and_control_character_of_unicode_is_gone() -> None:
    unwanted = {"Cc", "Cs", "Cf", "Zl", "Zp"}
    left = [
        hex(n)
        for n in range(0x110000)
        if unicodedata.category(chr(n)) in unwanted and sanitise(chr(n)) == chr(n)
    ]
    assert left == []


def test_piled_up_marks_stay_in_their_line() -> None:
    assert len(sanitise("a" + "\u0301" * 500 + "b")) == 4


def test_what_is_cut_is_said() -> None:
    assert sanitise("x" * 100, 10) == "x" * 9 + "\u2026"
