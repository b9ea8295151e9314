"""The drawn map: rows of styled cells, and what stands at each cell. Pure.

Rows are made when they are asked for: a fleet of hundreds of hosts costs what is on the screen.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from console.ui.cells import Cell, Glyphs, fit, narrow, width_of
from console.ui.lines import Line
from console.ui.links.geometry import Frame, Geometry
from console.ui.links.pens import LEFT, RIGHT, pen_for
from console.ui.links.route import Wires
from console.ui.links.shape import Dress, EntryKey, Look, WireKey
from console.ui.links.stand import Net

PLAIN_LOOK = Look(0, "dim", "")
CHOSEN = 1000
"""Added to the rank of the wire under the cursor: it lies on top of all others."""

Picked = Hashable
"""A wire's key, an `EntryKey`, or None."""


class Spot(NamedTuple):
    """One drawn cell. `what` is a wire's key or an entry; `more` lays the cursor over it."""

    text: str
    tone: str
    what: Picked = None


class _Ink(NamedTuple):
    """What one net leaves on one cell."""

    arms: int
    rank: int
    tone: str
    wire: WireKey


class Diagram:
    """A geometry in a dress. `wire_or_entry` is what the cursor is on."""

    def __init__(self, geometry: Geometry, dress: Dress, glyphs: Glyphs, chosen: Picked = None) -> None:
        self.geometry = geometry
        self.dress = dress
        self.glyphs = glyphs
        self.chosen = chosen
        self._pen = pen_for(glyphs)
        self._worst: dict[int, tuple[int, WireKey]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.geometry.width, self.geometry.height

    def row(self, y: int, start: int = 0, end: int = 1 << 30) -> dict[int, Spot]:
        """The cells of row `y` that are not blank, by column; a wide character stands at its first.

        What lies wholly before column `start` or from `end` on may be missing.
        """
        spots = self._wires(y, start, end)
        for frame in self.geometry.frames_at(y):
            if frame.x < end and start < frame.x + frame.width:
                self._frame(frame, y, spots)
        return spots

    def line(self, y: int, x: int, width: int) -> Line:
        """`width` cells of row `y` from column `x` on."""
        spots = self.row(y, x, x + width)
        cells: list[Cell] = []
        at = x
        for column in sorted(column for column in spots if x <= column < x + width):
            if column < at:
                continue
            if column > at:
                cells.append(Cell(" " * (column - at)))
            spot = spots[column]
            length = width_of(spot.text)
            if column + length > x + width:
                break
            if cells and cells[-1].tone == spot.tone:
                cells[-1] = Cell(cells[-1].text + spot.text, spot.tone)
            else:
                cells.append(Cell(spot.text, spot.tone))
            at = column + length
        if at < x + width:
            cells.append(Cell(" " * (x + width - at)))
        return tuple(cells)

    def at(self, x: int, y: int) -> Picked:
        """What stands at a cell: a wire, an entry, or nothing."""
        spots = self.row(y, x, x + 1)
        spot = spots.get(x)
        return spot.what if spot else None

    # Wires

    def _look(self, wires: Wires) -> tuple[int, WireKey]:
        """The rank and key of the worst of the wires that share a run."""
        known = self._worst.get(id(wires))
        if known is None:
            looks = self.dress.looks
            known = max(
                ((self._rank(key, looks.get(key, PLAIN_LOOK)), key) for key in wires), key=lambda one: one[0]
            )
            self._worst[id(wires)] = known
        return known

    def _rank(self, key: WireKey, look: Look) -> int:
        return look.rank + CHOSEN if key == self.chosen else look.rank

    def _wires(self, y: int, start: int, end: int) -> dict[int, Spot]:
        inks: dict[int, dict[Net, _Ink]] = {}
        for span in self.geometry.spans.get(y, ()):
            if span.x >= end or span.end <= start:
                continue
            rank, wire = self._look(span.wires)
            tone = self._tone(wire)
            for x in range(max(start, span.x), min(end, span.end)):
                arms = span.first if x == span.x else span.last if x == span.end - 1 else LEFT | RIGHT
                if span.end - span.x == 1:
                    arms = span.first & span.last
                _lay(inks.setdefault(x, {}), span.net, _Ink(arms, rank, tone, wire))
        for post in self.geometry.posts(y):
            if not start <= post.x < end:
                continue
            rank, wire = max((self._look(wires) for wires in post.wires(y)), key=lambda one: one[0])
            _lay(inks.setdefault(post.x, {}), post.net, _Ink(post.arms(y), rank, self._tone(wire), wire))
        spots = {}
        for x, nets in inks.items():
            ink = max(nets.values(), key=lambda one: one.rank)
            signs = self._pen.thick if ink.rank >= CHOSEN else self._pen.thin
            spots[x] = Spot(signs[ink.arms], ink.tone, ink.wire)
        self._tips(y, spots)
        self._tags(y, spots)
        return spots

    def _tone(self, wire: WireKey) -> str:
        return self.dress.looks.get(wire, PLAIN_LOOK).tone

    def _tips(self, y: int, spots: dict[int, Spot]) -> None:
        for tip in self.geometry.tips.get(y, ()):
            below = spots.get(tip.x)
            if below is None:
                continue
            sign = self._pen.into_right if tip.to_right else self._pen.into_left
            spots[tip.x] = Spot(sign, below.tone, below.what)

    def _tags(self, y: int, spots: dict[int, Spot]) -> None:
        for tag in self.geometry.tags.get(y, ()):
            look = self.dress.looks.get(tag.wire, PLAIN_LOOK)
            text = look.label
            if width_of(text) > tag.room:
                text = fit(text, tag.room, self.glyphs)
            x = tag.x + tag.room - width_of(text) if tag.flush_right else tag.x
            tone = f"{look.tone} cursor" if tag.wire == self.chosen else look.tone
            _write(spots, x, narrow(text, self.glyphs), tone, tag.wire)

    # Boxes

    def _frame(self, frame: Frame, y: int, spots: dict[int, Spot]) -> None:
        tl, top, tr, left, right, bl, bottom, br = tuple(self._pen.frame)
        end = frame.x + frame.width - 1
        if y == frame.y:
            _write(spots, frame.x, tl + top * (frame.width - 2) + tr, "rule", None)
            self._text(spots, frame.x + 1, frame.width - 2, self.dress.titles.get(frame.key, ()), None)
            return
        if y == frame.y + frame.height - 1:
            _write(spots, frame.x, bl + bottom * (frame.width - 2) + br, "rule", None)
            return
        spots[frame.x] = Spot(left, "rule")
        spots[end] = Spot(right, "rule")
        entry = self.geometry.rows.get((frame.key, y))
        if entry is not None:
            self._text(spots, frame.x + 2, frame.width - 4, self.dress.rows.get(entry, ()), entry)

    def _text(
        self, spots: dict[int, Spot], x: int, room: int, cells: tuple[Cell, ...], entry: EntryKey | None
    ) -> None:
        end = x + room
        for cell in cells:
            text = cell.text if width_of(cell.text) <= end - x else fit(cell.text, end - x, self.glyphs)
            tone = f"{cell.tone} cursor" if entry is not None and entry == self.chosen else cell.tone
            x = _write(spots, x, narrow(text, self.glyphs), tone, entry)


def _lay(nets: dict[Net, _Ink], net: Net, ink: _Ink) -> None:
    """Join what a net already has on a cell with more of it."""
    known = nets.get(net)
    if known is None:
        nets[net] = ink
    else:
        worse = ink if ink.rank > known.rank else known
        nets[net] = worse._replace(arms=known.arms | ink.arms)


def _write(spots: dict[int, Spot], x: int, text: str, tone: str, what: Picked) -> int:
    """Write text, one spot for each character and what combines with it; return where it ends."""
    last = None
    for character in text:
        length = width_of(character)
        if length == 0 and last is not None:
            spots[last] = spots[last]._replace(text=spots[last].text + character)
            continue
        last = x
        spots[x] = Spot(character, tone, what)
        if length == 2:
            spots.pop(x + 1, None)
        x += length
    return x
