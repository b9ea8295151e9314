"""Text cut to terminal cells, and columns laid out over a width. Pure; shared by all tables and bars.

Widths are counted in cells (`cell_len`), never in characters: one terminal column too many shifts all that
stands to the right of it.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few signs that are not ASCII. All of them are narrow everywhere (East Asian Width N or Na)."""

    cut: str
    """Stands where text was cut off."""
    up: str
    """Sorted, smallest first."""
    down: str
    """Sorted, largest first."""
    dot: str
    """Between two facts of one line."""
    plain: bool
    """Nothing but ASCII may be drawn."""


UNICODE = Glyphs(cut="\u22ef", up="\u25b4", down="\u25be", dot="\u2219", plain=False)
ASCII = Glyphs(cut="~", up="^", down="v", dot="-", plain=True)


def glyphs_for(environ: Mapping[str, str] = os.environ, encoding: str = "utf-8") -> Glyphs:
    """Pick the signs the terminal can draw: ASCII on a bare console and unless locale and stream are UTF-8.

    Python itself sets LC_CTYPE=C.UTF-8 when it is started in the C locale (PEP 538); that says nothing
    about the terminal, so it does not count.
    """
    names = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] == "C.UTF-8" and names[2] in ("", "C", "POSIX"):
        names[1] = ""
    locale = next((name for name in names if name), "").lower().replace("-", "")
    unicode = locale.endswith("utf8") and encoding.lower().replace("-", "") == "utf8"
    return UNICODE if unicode and environ.get("TERM") not in ("linux", "dumb") else ASCII


class Cell(NamedTuple):
    """What stands in one cell of a table: text that is safe for a terminal, and its tone."""

    text: str
    tone: str = ""
    """What the text means, one of the theme's tones (`ok`, `bad`, `dim` ...); empty: the row's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table. Widths are cells, without the gap to the next column."""

    key: str
    title: str
    min: int
    max: int
    right: bool = False
    """Flush right, for numbers."""
    drop: int = 0
    """Where there is no room, the column with the largest number goes first; 0 never goes."""
    stretch: bool = False
    """Takes the room that is left over."""


class Placed(NamedTuple):
    """A column, where it begins, and how wide it is."""

    column: Column
    x: int
    width: int


GAP = 2
NARROW_GAP = 1


def arrange(columns: Sequence[Column], wanted: Mapping[str, int], width: int, lead: int = 0) -> list[Placed]:
    """Lay columns out over `width` cells, of which `lead` are taken on the left.

    `wanted` has the widest text of each column. Columns are dropped until the least widths fit; then they
    grow to what they want, the most important first; then the stretching ones take the rest.
    """
    kept = list(columns)
    while len(kept) > 1 and lead + sum(c.min for c in kept) + NARROW_GAP * (len(kept) - 1) > width:
        last = max(kept, key=lambda c: c.drop)
        if last.drop == 0:
            break
        kept.remove(last)
    widths = {c.key: c.min for c in kept}
    room = width - lead - sum(widths.values()) - NARROW_GAP * (len(kept) - 1)
    for column in sorted(kept, key=lambda c: c.drop):
        more = min(max(wanted.get(column.key, 0), column.min), column.max) - column.min
        more = max(0, min(more, room))
        widths[column.key] += more
        room -= more
    gap = NARROW_GAP
    if room >= (GAP - NARROW_GAP) * (len(kept) - 1):
        gap = GAP
        room -= (GAP - NARROW_GAP) * (len(kept) - 1)
    greedy = [c for c in kept if c.stretch]
    for position, column in enumerate(greedy):
        share = max(0, room) // (len(greedy) - position)
        widths[column.key] += share
        room -= share
    placed = []
    x = lead
    for column in kept:
        placed.append(Placed(column, x, widths[column.key]))
        x += widths[column.key] + gap
    return placed


def fit(text: str, width: int, glyphs: Glyphs, right: bool = False) -> str:
    """Return `text` in exactly `width` cells: filled with blanks, or cut with a sign that says so."""
    if not text.isascii():
        text = narrow(text, glyphs)
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + glyphs.cut if width > 0 else ""
    blank = " " * (width - length)
    return blank + text if right else text + blank


def narrow(text: str, glyphs: Glyphs) -> str:
    """Take from `text` what reaches beyond its own cell on some terminals.

    Right-to-left letters make a terminal that knows them reorder the cells beside them, and no name an
    engine accepts has any; U+FFFD, which stands for control characters, is two cells wide on some.
    """
    if glyphs.plain:
        return text.encode("ascii", "replace").decode("ascii")
    return "".join("?" if _strays(character) else character for character in text)


def _strays(character: str) -> bool:
    return character == "\ufffd" or unicodedata.bidirectional(character) in ("R", "AL", "AN")


def width_of(text: str) -> int:
    """Return how many cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def widest(widths: dict[str, int], keys: Iterable[str], cells: Iterable[Cell]) -> bool:
    """Enter the widths of one row's cells into `widths`; return whether one of them grew."""
    grew = False
    for key, cell in zip(keys, cells, strict=False):
        length = width_of(cell.text)
        if length > widths.get(key, 0):
            widths[key] = length
            grew = True
    return grew
