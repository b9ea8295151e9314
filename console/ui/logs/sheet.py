"""Lines broken into rows for a width: what it says, and how high that makes it. Pure but for a cache."""

from __future__ import annotations

from dataclasses import dataclass

from console.model.logs.lines import LogLine
from console.ui.cells import Glyphs
from console.ui.logs.body import Body, body_of
from console.ui.logs.kept import Kept
from console.ui.logs.labels import Labels
from console.ui.logs.layout import Spot
from console.ui.logs.shown import Shown
from console.ui.logs.times import WIDTH, Zone, day, day_words
from console.ui.logs.wrapping import Piece, pieces

LEAST_TEXT = 24
"""Cells of text below which first the label and then the time give way."""

KEPT = 1024
"""Lines whose rows are remembered; more than any screen has."""


@dataclass(frozen=True, slots=True)
class Taste:
    """How the reader wants lines shown."""

    zone: Zone = Zone.LOCAL
    wrap: bool = False
    raw: bool = False
    """Data as it was written, not as fields."""
    aside: int = 0
    """Cells of text out of sight on the left, where lines are not wrapped."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands where in a row, in cells: mark, time, label, the stream's sign, text, scroll bar."""

    width: int
    time: bool
    label: int
    """0: no labels."""
    sign: int = 1

    @property
    def label_at(self) -> int:
        return 1 + (WIDTH + 1 if self.time else 0)

    @property
    def sign_at(self) -> int:
        return self.label_at + (self.label + 1 if self.label else 0)

    @property
    def text_at(self) -> int:
        return self.sign_at + self.sign

    @property
    def text(self) -> int:
        """Cells for the text; one at least."""
        return max(1, self.width - 1 - self.text_at)


def columns(width: int, zone: Zone, label: int, sign: int = 1) -> Columns:
    """Columns for a view of `width` cells, its scroll bar counted, with labels and signs of a width."""
    time = zone is not Zone.OFF
    for kept in (Columns(width, time, label, sign), Columns(width, time, 0, sign)):
        if kept.text >= LEAST_TEXT:
            return kept
    return Columns(width, False, 0, sign)


@dataclass(frozen=True, slots=True)
class Laid:
    """One line with all its rows."""

    line: LogLine
    body: Body
    heads: tuple[tuple[str, str], ...]
    """Rows of our own above it: text, and the sign that fills the row."""
    rows: tuple[Piece, ...]
    """Of the body's text."""

    @property
    def height(self) -> int:
        return len(self.heads) + len(self.rows)


class Sheet:
    """Lays lines out for one taste and width."""

    def __init__(self, shown: Shown, labels: Labels, glyphs: Glyphs) -> None:
        self.shown = shown
        self.labels = labels
        self.glyphs = glyphs
        self.taste = Taste()
        self.columns = columns(80, Zone.LOCAL, 0)
        self._laid: Kept[int, Laid] = Kept(KEPT)

    def use(self, taste: Taste, width: int) -> bool:
        """Use these; return whether rows may be different."""
        # An ASCII sign needs a blank behind it, else it reads as part of the text.
        sign = 2 if self.glyphs.plain else 1
        made = columns(width, taste.zone, self.labels.width(width), sign)
        if (taste, made) == (self.taste, self.columns):
            return False
        self.taste, self.columns = taste, made
        self._laid.clear()
        return True

    def show(self, shown: Shown) -> None:
        """Other lines."""
        self.shown = shown
        self._laid.clear()

    def forget(self, seen: set[int]) -> None:
        """Lay out anew whatever is not in view; what is stays as it is."""
        kept = [(number, laid) for number in seen if (laid := self._laid.get(number)) is not None]
        self._laid.clear()
        for number, laid in kept:
            self._laid[number] = laid

    def laid(self, number: int) -> Laid:
        """A line with its rows."""
        found = self._laid.get(number)
        if found is None:
            found = self._laid[number] = self._lay(number)
        return found

    def height(self, number: int) -> int:
        """How many rows a line takes."""
        return self.laid(number).height

    def _lay(self, number: int) -> Laid:
        line = self.shown.line(number)
        body = body_of(line, self.glyphs, self.taste.zone, raw=self.taste.raw)
        # Notes are few, and what they tell must not end beyond the edge.
        whole = self.taste.wrap or line.note is not None
        rows = pieces(body.text, self.columns.text) if whole else [(0, len(body.text))]
        return Laid(line, body, tuple(self._heads(number, line)), tuple(rows))

    def _heads(self, number: int, line: LogLine) -> list[tuple[str, str]]:
        heads = []
        missing = self.shown.missing_before(number)
        if missing:
            heads.append((f"{missing:,} line{'s' * (missing != 1)} let go here, to stay below the cap", "="))
        before = self.shown.before(number)
        zone = self.taste.zone
        if before is not None and day(self.shown.line(before).ns, zone) != day(line.ns, zone):
            heads.append((day_words(line.ns, zone), "-" if self.glyphs.plain else "\u254c"))
        return heads

    # Places in a text, which stay when rows do not

    def offset(self, spot: Spot) -> int:
        """With which character of its line a row begins; -1 for a row above the line."""
        laid = self.laid(spot.line)
        row = min(spot.row, laid.height - 1) - len(laid.heads)
        return -1 if row < 0 else laid.rows[row][0]

    def spot(self, line: int, offset: int) -> Spot:
        """The row in which a character of a line stands."""
        laid = self.laid(line)
        row = sum(start <= offset for start, _ in laid.rows) - 1
        return Spot(line, max(0, len(laid.heads) + row) if offset >= 0 else 0)
