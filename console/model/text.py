"""Text that came from a host, made harmless for a terminal.

Container names, labels, statuses, log lines and engine errors are written by whoever can start a
container. Terminals obey escape sequences (clipboard writes by OSC 52, leaving the alternate screen),
and bidirectional marks reorder what is beside them, so everything passes `sanitise` once, where it
enters, and is a `SafeText` from then on.
"""

from __future__ import annotations

import re
from typing import NewType

SafeText = NewType("SafeText", str)
"""A string with no control, escape, bidirectional or zero-width character and of bounded length."""

NOTHING = SafeText("")

LIMIT = 4096
"""Characters kept of one text by default; what is cut is replaced by an ellipsis."""

# ESC-introduced and 8-bit CSI / OSC / DCS / SOS / PM / APC sequences, whole, also when cut off at the end.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)?"
    r"|\x1b[ -/]*(?:[0-~]|$)"
)
# Format characters (Unicode category Cf), separators and fillers without a shape. U+200C/U+200D join letters
# in real scripts, but a terminal cannot be trusted to agree on their width.
_INVISIBLE = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# More than two marks on one letter climb into the lines above and below.
_STACKED = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_FULL_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SUSPECT = re.compile(f"{_CONTROL.pattern[:-1]}{_INVISIBLE.pattern[1:]}|{_STACKED.pattern}")


def sanitise(raw: str, limit: int = LIMIT) -> SafeText:
    """Return `raw` without anything a terminal would obey, cut to `limit` characters.

    Escape sequences vanish whole; a newline, carriage return or tab becomes one space; any other
    control character becomes U+FFFD; bidirectional, zero-width and piled-up combining characters vanish.
    """
    text = raw
    # A sequence may need looking at beyond the limit, but megabytes need not be searched.
    if len(text) > limit * 4:
        text = text[: limit * 4]
    if _SUSPECT.search(text):
        text = _SEQUENCE.sub("", text)
        text = _STACKED.sub(r"\1", _INVISIBLE.sub("", text))
        text = text.translate(_BLANKS)
        text = _CONTROL.sub("\ufffd", text)
    if len(text) > limit or len(raw) > limit * 4:
        text = text[: limit - 1] + "\u2026"
    return SafeText(text)


_BLANKS = {0x09: " ", 0x0A: " ", 0x0D: " "}


def without_sequences(raw: str) -> str:
    """`raw` without its escape sequences, to be searched: not safe to be shown."""
    return _SEQUENCE.sub("", raw)


def safe(literal: str) -> SafeText:
    """Mark text of our own making as safe. Never for anything that came over the wire or from a file."""
    return SafeText(literal)


def short_ids(text: SafeText) -> SafeText:
    """The same with ids of 64 digits cut to the twelve that people know them by."""
    return SafeText(_FULL_ID.sub(r"\1", text))
