"""The help as a document: the keys that work now, what signs mean, and how to filter. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from textual.binding import ActiveBinding

from console.model.hosts import HostState
from console.ui.cells import Cell, Glyphs, width_of
from console.ui.keys import key_name
from console.ui.lines import Line, beside, heading, line_width, stack, wrap
from console.ui.logs.body import stderr_sign
from console.ui.present_hosts import STATE_SIGNS, STATE_TONES, STATE_WORDS

WIDE = 104
"""Cells from which the help has two columns."""

KEYS: Final = 16
"""Cells of the column of keys."""

GROUPS: Final = {
    "app": "Everywhere",
    "screen": "This screen",
    "table": "Rows",
    "containers": "Containers",
    "logs": "Logs",
    "links": "Links",
    "path": "Link",
    "mappings": "Mappings",
    "timeline": "Timeline",
    "hosts": "Hosts",
    "host": "Host",
    "details": "Details",
    "reading": "Pages",
    "reader": "Search",
    "text": "Text",
}
"""Titles by the first part of a binding's id; a group that is missing here is called as it is."""

MOVING: Final = ("table", "text")
"""Groups of keys that only move."""

FILTER: Final = (
    ("web", "text found in name, image, host, project or state"),
    ("host:app-*", "the host's name; * and ? stand for anything and one character"),
    ("name: image:", "the container's name, the image"),
    ("state: health:", "the beginning of a state or health"),
    ("label:k=v", "a label's value; label:k asks only that it is there"),
    ("project:", "the Compose project"),
    ("web@app-1", "one container on one host; app-1/web is the same"),
    ("!word", "everything but what word finds"),
)

SEARCH: Final = (
    ("refused", "lines with this text; a capital letter makes capitals matter"),
    ("/5\\d\\d$/", "lines in which this regular expression is found"),
    ("!text", "only after &: lines without it"),
)

LOG_SIGNS: Final = (
    ("==", "bad", "lines are missing here, or may be"),
    ("~~", "stale", "a host or a stream was lost for a while"),
    ("++ --", "ok", "a container started; it stopped"),
    ("xx !!", "warn", "it was removed; there is no log to read"),
    ("<< @@", "stale", "late lines follow; a clock went back"),
)

ROW_SIGNS: Final = (
    ("!", "bad", "a problem: look at it"),
    ("~", "stale", "not heard of lately: what is shown is old"),
    ("*", "mark", "marked"),
)


@dataclass(slots=True)
class Key:
    """One action with all its keys."""

    id: str
    text: str
    keys: list[str] = field(default_factory=list)


def groups(active: Iterable[ActiveBinding]) -> dict[str, list[Key]]:
    """Keys that work now by group, in the order they are found: what has the keyboard first."""
    found: dict[str, Key] = {}
    for _, binding, enabled, tooltip in active:
        if not enabled or binding.system or "." not in (binding.id or ""):
            continue
        assert binding.id is not None
        key = found.setdefault(binding.id, Key(binding.id, tooltip or binding.tooltip or binding.description))
        key.keys.append(key_name(binding.key))
    made: dict[str, list[Key]] = {}
    # What everybody knows (arrows, page keys) comes last, whoever has the keyboard.
    for key in sorted(found.values(), key=lambda k: k.id.partition(".")[0] in MOVING):
        made.setdefault(key.id.partition(".")[0], []).append(key)
    return made


def _key_lines(key: Key, width: int, ids: bool) -> list[Line]:
    name = Cell("  ".join(dict.fromkeys(key.keys)).ljust(KEYS - 1) + " ", "accent")
    room = max(8, width - width_of(name.text))
    first, *more = wrap([Cell(key.text, "text")], room)
    line: Line = (name, *first)
    blank = width - line_width(line) - len(key.id)
    if ids and blank >= 2:
        line = (*line, Cell(" " * blank), Cell(key.id, "dim"))
    return [line, *((Cell(" " * KEYS), *rest) for rest in more)]


def _table(rows: Iterable[tuple[Cell, Cell]], width: int) -> list[Line]:
    lines: list[Line] = []
    for left, right in rows:
        first, *more = wrap([right], max(8, width - KEYS))
        lines.append((Cell(left.text.ljust(KEYS), left.tone), *first))
        lines += [(Cell(" " * KEYS), *rest) for rest in more]
    return lines


def _signs(width: int) -> list[Line]:
    hosts = [
        (Cell(STATE_SIGNS[state], STATE_TONES[state]), Cell(f"host {STATE_WORDS[state]}", "text"))
        for state in HostState
    ]
    rows = [(Cell(sign, tone), Cell(f"row: {text}", "text")) for sign, tone, text in ROW_SIGNS]
    return _table([*hosts, *rows], width)


def help_document(keys: dict[str, list[Key]], width: int, glyphs: Glyphs, *, ids: bool) -> list[Line]:
    """All of it; in two columns where there is room. `ids` adds the names for `keymap` in settings.yml."""
    wide = width >= WIDE
    column = (width - 3) // 2 if wide else width
    sections = []
    for group, members in keys.items():
        title = GROUPS.get(group, group.capitalize())
        lines = [line for key in members for line in _key_lines(key, column, ids)]
        sections.append([heading(title, column, glyphs), *lines])
    if "logs" in keys:
        sections += [_words("Search", SEARCH, column, glyphs), _log_signs(column, glyphs)]
    elif any(key.id == "screen.filter" for members in keys.values() for key in members):
        sections.append(_words("Filter", FILTER, column, glyphs))
    sections.append([heading("Signs", column, glyphs), *_signs(column)])
    if not wide:
        return stack(sections)
    return beside(*_balanced(sections), column)


def _words(title: str, rows: Iterable[tuple[str, str]], width: int, glyphs: Glyphs) -> list[Line]:
    """What can be typed, and what it means."""
    found = _table([(Cell(word, "accent"), Cell(text, "text")) for word, text in rows], width)
    return [heading(title, width, glyphs), *found]


def _log_signs(width: int, glyphs: Glyphs) -> list[Line]:
    rows = [(Cell(stderr_sign(glyphs), "stderr"), Cell("standard error", "text"))]
    rows += [(Cell(sign, tone), Cell(text, "text")) for sign, tone, text in LOG_SIGNS]
    return [heading("Signs in logs", width, glyphs), *_table(rows, width)]


def _balanced(sections: list[list[Line]]) -> tuple[list[Line], list[Line]]:
    """Cut the sections into two columns of about one height, their order kept."""
    whole = len(stack(sections))
    cut = min(range(len(sections) + 1), key=lambda n: abs(2 * len(stack(sections[:n])) - whole))
    return stack(sections[:cut]), stack(sections[cut:])
