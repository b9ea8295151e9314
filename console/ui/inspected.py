"""Reading an inspect document: it came over the wire, so anything in it may be missing or of another type.

All functions expect a document that passed `model.secrets.mask_document`, which also made its texts safe.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from console.model.text import sanitise
from console.ui.cells import Cell
from console.ui.lines import Line, wrap


def dig(document: object, *path: str) -> object:
    """What stands at a path of keys; None where there is nothing."""
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def text(document: object, *path: str) -> str:
    """A text or number at a path; empty where there is none."""
    found = dig(document, *path)
    if isinstance(found, bool) or found is None:
        return ""
    return str(found) if isinstance(found, str | int | float) else ""


def number(document: object, *path: str) -> int:
    """A whole number at a path; 0 where there is none (Python's JSON also reads `Infinity` and `NaN`)."""
    found = dig(document, *path)
    if isinstance(found, float):
        return int(found) if math.isfinite(found) else 0
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def entries(document: object, *path: str) -> list[object]:
    """A list at a path; empty where there is none."""
    found = dig(document, *path)
    return found if isinstance(found, list) else []


def members(document: object, *path: str) -> dict[str, object]:
    """A mapping at a path, sorted by key; empty where there is none."""
    found = dig(document, *path)
    return dict(sorted(found.items())) if isinstance(found, dict) else {}


def words(document: object, *path: str) -> list[str]:
    """The texts of a list at a path."""
    return [item for item in entries(document, *path) if isinstance(item, str)]


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def moment(document: object, *path: str) -> float | None:
    """A time stamp at a path as seconds of the epoch; None for none and for Go's zero time."""
    match = _MOMENT.fullmatch(text(document, *path))
    if match is None or match[1].startswith("0001-"):
        return None
    zone = "+00:00" if match[3] == "Z" else match[3]
    try:
        return datetime.fromisoformat(f"{match[1]}{(match[2] or '')[:7]}{zone}").timestamp()
    except (ValueError, OverflowError):
        return None


_KEY = re.compile(r'(\s*)("(?:[^"\\]|\\.)*")(: )(.*)')


def json_lines(document: object) -> Iterator[Line]:
    """The document as indented JSON, keys set apart from values; each line is safe for a terminal.

    The first cell of a line is its indent.
    """
    for raw in json.dumps(document, indent=2, ensure_ascii=False).split("\n"):
        line = sanitise(raw, len(raw) + 1)
        if match := _KEY.fullmatch(line):
            blank, key, colon, value = match.groups()
            yield (Cell(blank), Cell(key, "accent"), Cell(colon, "dim"), Cell(value, "text"))
        else:
            bare = line.lstrip(" ")
            yield (Cell(" " * (len(line) - len(bare))), Cell(bare, "text"))


def json_document(lines: list[Line], width: int) -> list[Line]:
    """JSON lines wrapped to a width, what does not fit under its own indent."""
    made: list[Line] = []
    for line in lines:
        blank, *content = line
        indent = min(len(blank.text), width // 2)
        lead = Cell(" " * indent)
        made += [(lead, *rest) for rest in wrap(content, max(8, width - indent), 2)]
    return made
