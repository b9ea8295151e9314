"""The signs of a map. Box-drawing characters are of ambiguous width (UAX #11), so lines are made of
Braille dots, which are one cell wide everywhere, as graphs are; ASCII where nothing else can be drawn. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.ui.cells import Glyphs

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
"""The arms a cell of a line has."""


@dataclass(frozen=True, slots=True)
class Pen:
    """One way to draw. `thin` and `thick` have a sign for every sum of arms."""

    thin: str
    thick: str
    into_right: str
    into_left: str
    frame: str
    """Of a box: top left, top, top right, left, right, bottom left, bottom, bottom right."""


def _dots(arms: int, thick: bool) -> str:
    """Dots of one cell: horizontals in its second row (second and third when thick)."""
    if not arms:
        return " "
    bits = 0x06 if thick else 0x02
    if arms & RIGHT or thick:
        bits |= 0x30 if thick else 0x10
    if arms & UP:
        bits |= 0x09 if thick else 0x01
    if arms & DOWN:
        bits |= 0xC4 if thick else 0x44
    if thick and arms & DOWN == 0 and arms & (LEFT | RIGHT) == 0:
        bits &= ~0x24
    return chr(0x2800 + bits)


def _ascii(arms: int, thick: bool) -> str:
    if not arms:
        return " "
    if not arms & (UP | DOWN):
        return "=" if thick else "-"
    if not arms & (LEFT | RIGHT):
        return "#" if thick else "|"
    return "#" if thick else "+"


BRAILLE: Final = Pen(
    "".join(_dots(arms, thick=False) for arms in range(16)),
    "".join(_dots(arms, thick=True) for arms in range(16)),
    "\u25b8",
    "\u25c2",
    "\u284f\u2809\u28b9\u2847\u28b8\u28c7\u28c0\u28f8",
)
PLAIN: Final = Pen(
    "".join(_ascii(arms, thick=False) for arms in range(16)),
    "".join(_ascii(arms, thick=True) for arms in range(16)),
    ">",
    "<",
    ".-.||'-'",
)


def pen_for(glyphs: Glyphs) -> Pen:
    """The pen for a terminal."""
    return PLAIN if glyphs.plain else BRAILLE
