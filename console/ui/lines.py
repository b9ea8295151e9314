"""Documents of styled lines: facts, headings, wrapped text and columns. Pure.

A line is a tuple of cells, each a text with a tone; nothing in it is ever read as markup. Builders take
the width they may use, so that the same document fits 60 columns and 200.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import set_cell_size

from console.ui.cells import Cell, Glyphs, width_of

Line = tuple[Cell, ...]

BLANK: Line = ()

_WORD = re.compile(r" +|[^ ]+")


def line_width(line: Line) -> int:
    """How many cells a line takes."""
    return sum(width_of(cell.text) for cell in line)


def text_of(line: Line) -> str:
    """A line without its tones."""
    return "".join(cell.text for cell in line)


def pad(line: Line, width: int) -> Line:
    """The line in exactly `width` cells: blanks added, or what is too much cut off."""
    room = width
    kept: list[Cell] = []
    for cell in line:
        length = width_of(cell.text)
        if length > room:
            kept.append(Cell(set_cell_size(cell.text, room), cell.tone))
            return tuple(kept)
        kept.append(cell)
        room -= length
    return (*kept, Cell(" " * room)) if room else tuple(kept)


def _pieces(cells: Iterable[Cell], room: int) -> Iterable[Cell]:
    """Words and blanks one by one, a word wider than a line in parts."""
    for cell in cells:
        for word in _WORD.findall(cell.text):
            rest = word
            while width_of(rest) > room:
                # One cell at least, also where a wide character does not fit.
                head = set_cell_size(rest, room).rstrip(" ") or rest[0]
                yield Cell(head, cell.tone)
                rest = rest[len(head) :]
            if rest:
                yield Cell(rest, cell.tone)


def wrap(cells: Iterable[Cell], width: int, indent: int = 0) -> list[Line]:
    """Break text at blanks into lines of at most `width` cells, all but the first indented."""
    cells = tuple(cell for cell in cells if cell.text)
    if line_width(cells) <= width and not (cells and cells[0].text.startswith(" ")):
        return [cells]
    room = max(2, width - indent)
    lines: list[Line] = []
    current: list[Cell] = []
    used = 0
    for piece in _pieces(cells, room):
        length = width_of(piece.text)
        blank = piece.text.isspace()
        if used + length > room and used:
            lines.append(tuple(current))
            current, used = [], 0
        if blank and not used:
            continue
        if current and current[-1].tone == piece.tone:
            current[-1] = Cell(current[-1].text + piece.text, piece.tone)
        else:
            current.append(piece)
        used += length
    lines.append(tuple(current))
    lead = Cell(" " * indent)
    return [line if position == 0 or not indent else (lead, *line) for position, line in enumerate(lines)]


def heading(title: str, width: int, glyphs: Glyphs, note: str = "") -> Line:
    """A section's title, a rule to the end of the line, and a note at its right."""
    rule = "-" if glyphs.plain else "\u254c"
    tail = f" {note}" if note else ""
    length = max(0, width - width_of(title) - 1 - width_of(tail))
    return (Cell(title, "header"), Cell(" " + rule * length, "rule"), Cell(tail, "dim"))


def fact(label: str, value: Sequence[Cell] | str, width: int, label_width: int = 13) -> list[Line]:
    """`label  value`, the value wrapped under itself."""
    cells = (Cell(value, "text"),) if isinstance(value, str) else tuple(value)
    first, *more = wrap(cells, max(8, width - label_width))
    indent = Cell(" " * label_width)
    name = Cell(set_cell_size(label, label_width - 1) + " ", "dim")
    return [(name, *first), *((indent, *line) for line in more)]


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, gap: int = 3) -> list[Line]:
    """Two documents as columns."""
    blank = Cell(" " * gap)
    return [
        (*pad(one, left_width), blank, *other) for one, other in zip_longest(left, right, fillvalue=BLANK)
    ]


def stack(sections: Iterable[Sequence[Line]]) -> list[Line]:
    """Sections below each other with a blank line between them; empty ones leave no trace."""
    lines: list[Line] = []
    for section in sections:
        if section:
            if lines:
                lines.append(BLANK)
            lines.extend(section)
    return lines
