"""Turns rows into styled strips; knows columns and tones, but neither scrolling nor the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.ui.cells import Column, Glyphs, Placed, fit
from console.ui.widgets.rowstore import Row

LEAD = 4
"""Cells before the first column: cursor, mark, the row's sign, a blank."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one row stands out at the moment."""

    cursor: bool = False
    focus: bool = False
    marked: bool = False


class RowPainter:
    """Draws the lines of one table at one width in one theme."""

    def __init__(
        self,
        placed: Sequence[Placed],
        positions: Mapping[str, int],
        width: int,
        tones: Mapping[str, Style],
        base: Style,
        glyphs: Glyphs,
    ) -> None:
        self.placed = placed
        self._positions = positions
        self._width = width
        self._tones = tones
        self._base = base
        self._glyphs = glyphs

    def style(self, tone: str, look: Look = Look()) -> Style:
        """The style of a tone, the cursor and mark laid over it."""
        style = self._base + self._tones.get(tone, Style.null())
        if look.marked:
            style += Style(bold=True)
        if look.cursor:
            style += self._tones["cursor" if look.focus else "cursor-blurred"]
        return style

    def row(self, row: Row, look: Look) -> Strip:
        """One line: the lead, then each cell cut to its column."""
        if row.heading:
            lead = ">" if look.cursor and look.focus else ""
            return self.line(lead, row.cells[0].text, row.cells[0].tone or "group", LEAD - 1, look)
        blank = row.tone or "text"
        parts: list[tuple[str, str]] = [
            (">" if look.cursor and look.focus else " ", "accent"),
            ("*" if look.marked else " ", "mark"),
            (fit(row.sign.text, 1, self._glyphs), row.sign.tone or blank),
            (" ", blank),
        ]
        at = LEAD
        for column, x, width in self.placed:
            text, tone = row.cells[self._positions[column.key]]
            fitted = fit(text, width, self._glyphs, column.right)
            # The blanks around a text are not part of it: an underlined or reversed tone ends with it.
            begin = x - at + len(fitted) - len(fitted.lstrip(" "))
            parts.append((" " * begin, blank))
            parts.append((fitted.strip(" "), tone or blank))
            parts.append((" " * (len(fitted) - len(fitted.rstrip(" "))) if fitted.strip(" ") else "", blank))
            at = x + width
        parts.append((" " * (self._width - at), blank))
        return self._strip(parts, look)

    def header(self, sorted_by: str, reverse: bool) -> Strip:
        """The line of titles; the sorted column has a sign after its title."""
        parts = [(" " * LEAD, "header")]
        at = LEAD
        for column, x, width in self.placed:
            title = column.title
            if column.key == sorted_by:
                title += self._glyphs.down if reverse else self._glyphs.up
            tone = "accent" if column.key == sorted_by else "header"
            parts.append((" " * (x - at) + fit(title, width, self._glyphs, column.right), tone))
            at = x + width
        parts.append((" " * (self._width - at), "header"))
        return self._strip(parts, Look())

    def line(self, lead: str, text: str, tone: str, indent: int = LEAD, look: Look = Look()) -> Strip:
        """A line of one text over the whole width."""
        room = max(0, self._width - indent)
        parts = [(fit(lead, indent, self._glyphs), "accent"), (fit(text, room, self._glyphs), tone)]
        return self._strip(parts, look)

    def _strip(self, parts: Sequence[tuple[str, str]], look: Look) -> Strip:
        """Join neighbours of one tone, so that fewer escape sequences go to the terminal."""
        joined: list[tuple[str, str]] = []
        for text, tone in parts:
            if joined and joined[-1][1] == tone:
                joined[-1] = (joined[-1][0] + text, tone)
            elif text:
                joined.append((text, tone))
        segments = [Segment(text, self.style(tone, look)) for text, tone in joined]
        return Strip(segments).adjust_cell_length(self._width, self._base)


def positions_of(columns: Sequence[Column]) -> dict[str, int]:
    """Which cell of a row belongs to which column."""
    return {column.key: position for position, column in enumerate(columns)}
