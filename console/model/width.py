"""How many cells text takes in a terminal, by the standard library alone."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """Cells of sanitised `text`: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is cut is replaced by an ellipsis."""
    if cells(text) <= width:
        return text
    left = width - 1
    kept = []
    for character in text:
        left -= _cells(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "\u2026" if width > 0 else ""
