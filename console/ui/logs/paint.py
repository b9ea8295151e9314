"""Rows of lines as styled strips; knows columns and tones, but neither scrolling nor the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from console.model.logs.lines import Stream
from console.ui.cells import width_of
from console.ui.logs.bar import NOTHING, Mark
from console.ui.logs.body import stderr_sign
from console.ui.logs.layout import Spot
from console.ui.logs.sheet import Laid, Sheet
from console.ui.logs.times import WIDTH, hour
from console.ui.logs.wrapping import Piece, aside, reach

Spans = Sequence[tuple[int, int]]
"""Stretches of a text where something was found."""

Parts = list[tuple[str, str]]
"""Texts and tones. A tone with a `+` has `hit` or `hit-current` laid over it."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a line stands out at the moment."""

    cursor: bool = False
    focus: bool = False
    marked: bool = False
    found: bool = False
    """A search found something in it."""
    current: bool = False
    """It is the one a search is at."""


PLAIN = Look()


class LinePainter:
    """Draws rows in one theme."""

    def __init__(
        self, sheet: Sheet, tones: Mapping[str, Style], base: Style, spans: Callable[[str], Spans]
    ) -> None:
        self._sheet = sheet
        self._tones = tones
        self._base = base
        self._spans = spans
        self._styles: dict[tuple[str, Look], Style] = {}

    def row(self, spot: Spot, look: Look, *, bar: Mark = NOTHING) -> Strip:
        """One row; `bar`: what the scroll bar has there."""
        laid, width = self._sheet.laid(spot.line), self._sheet.columns.width - 1
        number = spot.row - len(laid.heads)
        if number < 0:
            text, sign = laid.heads[spot.row]
            return self._strip(_rule(text, sign, width), PLAIN, bar)
        parts = self._first(laid, look) if number == 0 else [(" " * self._sheet.columns.sign_at, "text")]
        parts += self._sign(laid)
        parts += self._text(laid, number, look)
        if laid.body.fill and number == len(laid.rows) - 1:
            used = sum(width_of(text) for text, _ in parts)
            parts.append((laid.body.fill * (width - used), parts[-1][1]))
        return self._strip(parts, look, bar)

    def _first(self, laid: Laid, look: Look) -> Parts:
        """What stands before a line's text."""
        sheet, line = self._sheet, laid.line
        lead = "*" if look.marked else ">" if look.cursor and look.focus else " "
        parts: Parts = [(lead, "mark" if look.marked else "accent")]
        over = "+hit-current" if look.current else "+hit" if look.found and not self._found(laid) else ""
        if sheet.columns.time:
            parts += [(hour(line.ns, sheet.taste.zone).ljust(WIDTH), f"dim{over}"), (" ", "dim")]
        if sheet.columns.label:
            label = sheet.labels.text(line.source, sheet.columns.label)
            tone = "off" if line.note is not None else sheet.labels.tone(line.source)
            parts += [(label, tone), (" ", tone)]
        return parts

    def _sign(self, laid: Laid) -> Parts:
        width, err = self._sheet.columns.sign, laid.line.stream is Stream.ERR
        return [(stderr_sign(self._sheet.glyphs).ljust(width), "stderr") if err else (" " * width, "text")]

    def _found(self, laid: Laid) -> Spans:
        return self._spans(laid.body.text)

    def _text(self, laid: Laid, number: int, look: Look) -> Parts:
        """The part of the text that stands in a row."""
        sheet = self._sheet
        spans = self._found(laid) if look.found else ()
        over = "+hit-current" if look.current else "+hit"
        room, text, cut = sheet.columns.text, laid.body.text, sheet.glyphs.cut
        if sheet.taste.wrap or laid.line.note is not None:
            return _cut(laid, laid.rows[number], spans, over)
        left = [(cut, "dim")] if sheet.taste.aside and text else []
        start, end, blank = aside(text, sheet.taste.aside + len(left), room - len(left))
        parts: Parts = [*left, (" " * blank, "text")] if blank else [*left]
        if end >= len(text):
            return parts + _cut(laid, (start, end), spans, over)
        end = max(start, reach(text, start, room - len(left) - blank - 1))
        parts += _cut(laid, (start, end), spans, over)
        beyond = any(stop > end for _, stop in spans)
        used = sum(width_of(part) for part, _ in parts)
        return [*parts, (" " * (room - used - 1), "text"), (cut, f"dim{over}" if beyond else "dim")]

    def blank(self, text: str = "", tone: str = "dim", *, bar: Mark = NOTHING) -> Strip:
        """A row without a line."""
        return self._strip([(f"  {text}" if text else "", tone)], PLAIN, bar)

    def style(self, tone: str, look: Look = PLAIN) -> Style:
        """The style of a tone, with what is laid over it."""
        key = (tone, look)
        style = self._styles.get(key)
        if style is None:
            name, _, over = tone.partition("+")
            style = self._base + self._tones.get(name, Style.null())
            if look.marked:
                style += Style(bold=True)
            if look.cursor:
                style += self._tones["cursor" if look.focus else "cursor-blurred"]
            if over:
                # The current one is still marked where the cursor is reversed as well.
                style += self._tones["hit"] + self._tones[over]
            self._styles[key] = style
        return style

    def _strip(self, parts: Parts, look: Look, bar: Mark) -> Strip:
        """Join neighbours of one tone, so that fewer escape sequences go to the terminal."""
        width = self._sheet.columns.width
        joined: list[list[str]] = []
        for text, tone in parts:
            if text and joined and joined[-1][1] == tone:
                joined[-1][0] += text
            elif text:
                joined.append([text, tone])
        segments = [Segment(text, self.style(tone, look)) for text, tone in joined]
        strip = Strip(segments).adjust_cell_length(width - 1, self.style("text", look))
        return Strip([*strip, Segment(bar.text, self.style(bar.tone))], width)


def _rule(text: str, sign: str, width: int) -> Parts:
    """A row of our own between lines."""
    tone = "warn" if sign == "=" else "rule"
    tail = max(0, width - width_of(text) - 7)
    return [(f" {sign * 4} ", tone), (text, "warn" if sign == "=" else "dim"), (f" {sign * tail}", tone)]


def _cut(laid: Laid, piece: Piece, spans: Spans, over: str) -> Parts:
    """One stretch of a body's text in its tones, what was found in it marked."""
    body, (start, end) = laid.body, piece
    tones = body.tones or ((len(body.text), "text"),)
    edges = {start, end}
    edges.update(stop for stop, _ in tones if start < stop < end)
    edges.update(edge for span in spans for edge in span if start < edge < end)
    parts: Parts = []
    at = 0
    for left, right in pairwise(sorted(edges)):
        while at < len(tones) - 1 and tones[at][0] <= left:
            at += 1
        found = any(begin <= left < stop for begin, stop in spans)
        parts.append((body.text[left:right], tones[at][1] + (over if found else "")))
    return parts
