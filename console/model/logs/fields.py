"""Lines that are data (one JSON object, or logfmt) as fields for a screen. Sanitised and bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.model.logs.level import Level, level_named
from console.model.text import NOTHING, SafeText, safe, sanitise

PARSED = 64 << 10
"""Bytes of a line that are parsed to draw it; a longer one is shown as text."""

PRETTY = 1 << 20
"""The same for the pretty form, which somebody asked for."""

MOST_PAIRS = 64
MOST_LINES = 1000
"""Of the pretty form."""
_DEPTH = 8
"""Nested objects become dotted keys down to here; what is deeper stays JSON."""
_KEY, _VALUE, _MESSAGE, _PIECE = 128, 1024, 4096, 2000
"""Characters kept of a key, of a value, of the message, and of one line of text in the pretty form."""

_LEVEL_KEYS = ("level", "lvl", "severity", "log.level", "levelname", "loglevel", "log_level", "@l")
_MESSAGE_KEYS = ("msg", "message", "@m", "short_message", "@mt", "event", "log.message", "text")
_TIME_KEYS = ("time", "ts", "@timestamp", "timestamp", "@t", "t", "t.$date", "datetime", "asctime", "date")

_LOGFMT_PAIR = r'[A-Za-z_@][\w.@/:-]*=(?:"(?:[^"\\]|\\.)*+"|[^\s"=]*+)'
_LOGFMT = re.compile(rf"\s*{_LOGFMT_PAIR}(?:\s++{_LOGFMT_PAIR})++\s*")
_PAIR = re.compile(r'([A-Za-z_@][\w.@/:-]*)=("(?:[^"\\]|\\.)*+"|[^\s"=]*+)')


class _Number(str):
    """A number or constant as it is written: `1.10` stays that, and a thousand digits cost nothing."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFields:
    """What a line of data says."""

    level: Level | None
    message: SafeText
    """Empty where it has none."""
    time: SafeText
    """As the line has it; empty where it has none."""
    pairs: tuple[tuple[SafeText, SafeText], ...]
    """The rest in the line's order; nested objects as dotted keys."""
    more: int = 0
    """Members beyond those in `pairs`."""


def fields_of(raw: bytes) -> LogFields | None:
    """The fields of a line; None for a line that is text, or longer than `PARSED`."""
    if len(raw) > PARSED:
        return None
    document = _object(raw)
    if document is not None:
        return _fields(list(_flat(document, "", _DEPTH)))
    if b"=" not in raw:
        return None
    text = raw.decode("utf-8", "replace")
    if _LOGFMT.fullmatch(text) is None:
        return None
    return _fields([(found[1], _unquoted(found[2])) for found in _PAIR.finditer(text)])


def _object(raw: bytes) -> dict[str, object] | None:
    """The JSON object that the line is."""
    text = raw.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return None
    try:
        document = json.loads(
            text.decode("utf-8", "replace"), parse_float=_Number, parse_int=_Number, parse_constant=_Number
        )
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document else None


def _flat(members: dict[str, object], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in members.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value and depth > 1:
            yield from _flat(value, f"{key}.", depth - 1)
        else:
            yield key, _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return "".join(_compact(value))


def _compact(value: object) -> Iterator[str]:
    """JSON on one line, numbers as they were written. Not deeper than the parser went."""
    if isinstance(value, _Number):
        yield value
    elif isinstance(value, dict):
        yield "{"
        for number, (name, member) in enumerate(value.items()):
            yield f"{', ' if number else ''}{json.dumps(name, ensure_ascii=False)}: "
            yield from _compact(member)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, member in enumerate(value):
            yield ", " if number else ""
            yield from _compact(member)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value, strict=False))
    except ValueError:
        return value[1:-1]


def _fields(found: list[tuple[str, str]]) -> LogFields:
    """Pick level, message and time out of all members; the rest are pairs."""
    lowered = [key.lower() for key, _ in found]
    taken: set[int] = set()
    level = None
    for index in _indexes(lowered, _LEVEL_KEYS):
        level = level_named(found[index][1].strip())
        if level is not None:
            taken.add(index)
            break
    picked = []
    for keys in (_MESSAGE_KEYS, _TIME_KEYS):
        picked.append(next(iter(_indexes(lowered, keys)), None))
    taken.update(index for index in picked if index is not None)
    message, time = (found[index][1] if index is not None else "" for index in picked)
    rest = [pair for index, pair in enumerate(found) if index not in taken]
    return LogFields(
        level=level,
        message=sanitise(message, _MESSAGE) if message else NOTHING,
        time=sanitise(time, _KEY) if time else NOTHING,
        pairs=tuple((sanitise(key, _KEY), sanitise(value, _VALUE)) for key, value in rest[:MOST_PAIRS]),
        more=max(0, len(rest) - MOST_PAIRS),
    )


def _indexes(lowered: list[str], keys: Iterable[str]) -> Iterator[int]:
    """Where those of `keys` stand that are there, the first of them first."""
    for key in keys:
        if key in lowered:
            yield lowered.index(key)


def pretty(raw: bytes) -> list[SafeText]:
    """A line for somebody who wants to read all of it.

    A JSON object (also behind some text, as many loggers write it) is indented, with its keys in the line's
    order and the lines of its texts below each other; logfmt gets a line for each pair; anything else is cut
    into pieces. At most `MOST_LINES`, the last of which then says that there is more.
    """
    lines: list[SafeText] = []
    for line in _pretty(raw):
        if len(lines) == MOST_LINES - 1:
            lines.append(safe("\u2026 (more than is shown here)"))
            break
        lines.append(line)
    return lines or [NOTHING]


def _pretty(raw: bytes) -> Iterator[SafeText]:
    start = raw.find(b"{")
    document = _object(raw[start:]) if start >= 0 and len(raw) <= PRETTY else None
    if document is not None:
        yield from _pieces(raw[:start].decode("utf-8", "replace"))
        for line in _indented(document, "", "", ""):
            yield sanitise(line, _MESSAGE)
        return
    fields = fields_of(raw)
    text = raw[: MOST_LINES * _PIECE * 4].decode("utf-8", "replace")
    if fields is None:
        yield from _pieces(text)
        return
    for found in _PAIR.finditer(text):
        yield from _hanging(f"{found[1]} = ", _unquoted(found[2]).split("\n"))


def _pieces(text: str) -> Iterator[SafeText]:
    for part in re.split(r"[\r\n]+", text.strip("\r\n ")):
        clean = sanitise(part.expandtabs(8), len(part) * 8 + 1)
        for at in range(0, len(clean), _PIECE):
            yield safe(clean[at : at + _PIECE])


def _hanging(head: str, lines: list[str]) -> Iterator[SafeText]:
    for number, line in enumerate(lines):
        yield sanitise((" " * len(head) if number else head) + line.expandtabs(8), _MESSAGE)


def _indented(value: object, head: str, blank: str, tail: str) -> Iterator[str]:
    """`value` behind `head`, what is in it two columns to the right of `blank`."""
    if isinstance(value, dict | list) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        yield f"{blank}{head}{opening}"
        members = (
            [(f"{json.dumps(name, ensure_ascii=False)}: ", member) for name, member in value.items()]
            if isinstance(value, dict)
            else [("", member) for member in value]
        )
        for number, (name, member) in enumerate(members, 1):
            yield from _indented(member, name, f"{blank}  ", "," if number < len(members) else "")
        yield f"{blank}{closing}{tail}"
    elif isinstance(value, str) and not isinstance(value, _Number) and "\n" in value:
        hang = " " * (len(blank) + len(head) + 1)
        *lines, last = value.rstrip("\n").expandtabs(8).split("\n")
        for number, line in enumerate(lines):
            yield f"{hang}{line}" if number else f'{blank}{head}"{line}'
        yield f'{hang}{last}"{tail}' if lines else f'{blank}{head}"{last}"{tail}'
    else:
        yield f"{blank}{head}{''.join(_compact(value))}{tail}"
