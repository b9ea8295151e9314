"""What a line says, as text with tones. Pure; everything here went through `sanitise`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from console.model.logs.fields import LogFields, fields_of
from console.model.logs.level import LETTERS, LOOK, WORDS, Level, level_of
from console.model.logs.lines import LogLine, Note, NoteKind
from console.model.units import size
from console.ui.cells import Glyphs, narrow
from console.ui.logs.times import Zone, reach

LIMIT = 4096
"""Characters of a line that are drawn; all of it is there for `enter`, copying and saving."""

Tones = tuple[tuple[int, str], ...]
"""Where each stretch of a text ends, and its tone."""


@dataclass(frozen=True, slots=True)
class Body:
    """One line without what stands before it."""

    text: str
    tones: Tones = ()
    """Of the whole text; empty: `text`."""
    fill: str = ""
    """With what the rest of its last row is filled, for lines that must be seen from afar."""


class Look(NamedTuple):
    """How a kind of note stands out: by a sign, a tone, and whether its row is filled with the sign."""

    sign: str
    tone: str
    filled: bool = False


NOTES: Mapping[NoteKind, Look] = {
    NoteKind.GAP: Look("=", "bad", filled=True),
    NoteKind.DROPPED: Look("=", "warn", filled=True),
    NoteKind.LOST: Look("~", "stale"),
    NoteKind.BACK: Look("+", "ok"),
    NoteKind.LATE: Look("<", "stale"),
    NoteKind.ENDED: Look("-", "off"),
    NoteKind.STARTED: Look("+", "ok"),
    NoteKind.GONE: Look("x", "off"),
    NoteKind.NOTHING: Look("!", "warn"),
    NoteKind.SILENT: Look("~", "stale"),
    NoteKind.CLOCK: Look("@", "stale"),
}


def stderr_sign(glyphs: Glyphs) -> str:
    """Stands before lines of standard error. (The left half of a cell is wide in some terminals.)"""
    return "!" if glyphs.plain else "\u2590"


STRONG: Mapping[Level, str] = {
    Level.TRACE: "log-debug",
    Level.DEBUG: "log-debug",
    Level.INFO: "dim",
    Level.WARN: "warn",
    Level.ERROR: "bad",
    Level.FATAL: "bad",
}
"""Tones of the word that names a level."""

WHOLE: Mapping[Level, str] = {
    Level.TRACE: "log-debug",
    Level.DEBUG: "log-debug",
    Level.INFO: "text",
    Level.WARN: "text",
    Level.ERROR: "log-error",
    Level.FATAL: "log-error",
}
"""Tones of all else in the line."""


class _Builder:
    """Joins texts and remembers their tones."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._tones: list[tuple[int, str]] = []
        self._length = 0

    def add(self, text: str, tone: str) -> None:
        if text:
            self._texts.append(text)
            self._length += len(text)
            self._tones.append((self._length, tone))

    def body(self, glyphs: Glyphs, fill: str = "") -> Body:
        return Body(narrow_quickly("".join(self._texts), glyphs), tuple(self._tones), fill)


def narrow_quickly(text: str, glyphs: Glyphs) -> str:
    """`narrow` for text that most often has nothing to change; its length stays."""
    return text if text.isascii() else narrow(text, glyphs)


def body_of(
    line: LogLine, glyphs: Glyphs, zone: Zone = Zone.LOCAL, *, raw: bool = False, limit: int = LIMIT
) -> Body:
    """What is drawn of a line: its fields where it is data, else its text; `raw`: its text in any case."""
    if line.note is not None:
        return _note(line.note, glyphs, zone)
    fields = None if raw else fields_of(line.raw)
    if fields is not None:
        return _fields(fields, glyphs)
    made = _Builder()
    text = line.text(limit)
    level = level_of(line.raw)
    if level is None:
        made.add(text, "text")
    else:
        start, end = _word(text, level)
        made.add(text[:start], WHOLE[level])
        made.add(text[start:end], STRONG[level])
        made.add(text[end:], WHOLE[level])
    if len(text) >= limit and text.endswith("\u2026"):
        made.add(f" {glyphs.cut} {size(len(line.raw))} in all, enter shows more", "dim")
    return made.body(glyphs)


def _note(note: Note, glyphs: Glyphs, zone: Zone) -> Body:
    sign, tone, filled = NOTES[note.kind]
    made = _Builder()
    when = f"gap {reach(note.from_ns, note.to_ns, zone)}: " if note.kind is NoteKind.GAP else ""
    made.add(f"{sign * 2} {when}{note.text}", tone)
    if filled:
        made.add(f" {sign * 2}", tone)
    return made.body(glyphs, sign if filled else "")


def _fields(fields: LogFields, glyphs: Glyphs) -> Body:
    made = _Builder()
    tone = "text"
    if fields.level is not None:
        tone = WHOLE[fields.level]
        made.add(f"{fields.level.value.upper():<5}", STRONG[fields.level])
        made.add(" ", tone)
    made.add(fields.message, tone)
    for number, (key, value) in enumerate(fields.pairs):
        shown = f'"{value}"' if not value or " " in value else value
        gap = "" if not number and not fields.message else "  " if not number else " "
        made.add(f"{gap}{key}={shown}", "dim")
    if fields.more:
        made.add(f" {glyphs.cut} {fields.more} more", "dim")
    return made.body(glyphs)


def _word(text: str, level: Level) -> tuple[int, int]:
    """Where the word stands that names the level; where it is not found, the first word of what is wrong."""
    found = _spellings(level)(text, 0, LOOK)
    if found is None:
        return (0, max(0, text.find(" ")) or len(text[:LOOK])) if level.rank >= Level.WARN.rank else (0, 0)
    return found.span()


@lru_cache(maxsize=len(Level))
def _spellings(level: Level) -> Callable[[str, int, int], re.Match[str] | None]:
    words = sorted((word for word, meant in WORDS.items() if meant is level), key=len, reverse=True)
    letters = "".join(letter for letter, meant in LETTERS.items() if meant is level)
    # A letter alone counts where loggers of that kind put it: `E0601 12:00`, `[E 12:00]`, ` E NETWORK`.
    single = rf"|(?<![\w])(?-i:[{letters}])(?=\d{{4}} | \d| [A-Z])" if letters else ""
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(words)})(?![A-Za-z]){single}", re.IGNORECASE).search
