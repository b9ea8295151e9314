"""Text in rows of a width, and the part of it that is seen from the side. Pure; widths are terminal cells."""

from __future__ import annotations

from rich.cells import get_character_cell_size

Piece = tuple[int, int]
"""From which character of a text to which, the end not included."""


def reach(text: str, start: int, width: int) -> int:
    """Where the characters from `start` on that fit into `width` cells end. Marks stay with their letter."""
    end = len(text)
    if text.isascii():
        return min(end, start + width)
    at = start
    while at < end:
        width -= get_character_cell_size(text[at])
        if width < 0:
            break
        at += 1
    return at


def pieces(text: str, width: int) -> list[Piece]:
    """The rows of `text` in `width` cells: broken at a blank where one is in the row's second half.

    One row at least; one character at least in each row, so that it ends also where nothing fits.
    """
    width = max(1, width)
    rows: list[Piece] = []
    start, end = 0, len(text)
    while True:
        stop = max(reach(text, start, width), start + 1)
        if stop >= end:
            rows.append((start, end))
            return rows
        blank = text.rfind(" ", start + (stop - start) // 2, stop + 1)
        if blank > start:
            rows.append((start, blank))
            start = blank + 1
        else:
            rows.append((start, stop))
            start = stop


def aside(text: str, offset: int, width: int) -> tuple[int, int, int]:
    """What is seen of `text` from cell `offset` on in `width` cells: first and last character, and how many
    cells are blank before them, where a wide character is cut in two.
    """
    if offset <= 0:
        return 0, reach(text, 0, width), 0
    if text.isascii():
        start = min(len(text), offset)
        return start, min(len(text), start + width), 0
    at = used = 0
    while at < len(text) and used < offset:
        used += get_character_cell_size(text[at])
        at += 1
    while at < len(text) and get_character_cell_size(text[at]) == 0:
        at += 1
    blank = max(0, used - offset)
    return at, reach(text, at, width - blank), blank


def cells_before(text: str, at: int) -> int:
    """Cells that the characters before `at` take."""
    if text.isascii():
        return min(at, len(text))
    return sum(get_character_cell_size(character) for character in text[:at])
