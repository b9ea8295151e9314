"""Draws lines that never stop coming: only what is in view, and of that only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.model.logs.find import Finder
from console.model.logs.lines import LogLine, LogSource
from console.model.logs.ring import LogRing
from console.ui.cells import Cell, Glyphs
from console.ui.logs.bar import Bar, Mark
from console.ui.logs.kept import Kept
from console.ui.logs.labels import Labels
from console.ui.logs.layout import Spot
from console.ui.logs.paint import LinePainter, Look, Spans
from console.ui.logs.place import Place
from console.ui.logs.search import Search
from console.ui.logs.sheet import Sheet, Taste
from console.ui.logs.shown import Shown
from console.ui.theme import styles_for


class LineView(Widget, can_focus=True):
    """The lines of one ring. Call `sync` after anything changed: it refreshes the rows that differ."""

    DEFAULT_CSS = "LineView { height: 1fr; width: 1fr; }"

    ALLOW_SELECT = False

    class Moved(Message):
        """The reader is somewhere else, or has another number of marks."""

    def __init__(self, glyphs: Glyphs, ring: LogRing) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.labels = Labels(glyphs)
        self.shown = Shown(ring)
        self.sheet = Sheet(self.shown, self.labels, glyphs)
        self.place = Place(self.shown, self.sheet.height, 1)
        self.search: Search | None = None
        self.taste = Taste()
        self.empty: Sequence[Cell] = ()
        """What is said where there are no lines."""
        self._rows: list[tuple[Spot, Look]] = []
        self.gaps: Sequence[int] = ()
        """Lines that say that others are missing; the bar shows where."""
        self._bar = Bar()
        self._seen: dict[int, LogLine] = {}
        self._first = 0
        self._painter: LinePainter | None = None
        self._drawn: dict[int, Strip] = {}
        """By row, as long as they need not be drawn anew."""
        self._strips: Kept[tuple[Spot, Look, Mark], Strip] = Kept(512)

    # What is shown

    def show(self, ring: LogRing, gaps: Sequence[int] = ()) -> None:
        """Other lines, from their end."""
        self.gaps = gaps
        self.shown = Shown(ring)
        self.labels.forget()
        self.sheet.show(self.shown)
        self.place = Place(self.shown, self.sheet.height, max(1, self.size.height))
        self.search = None
        self._seen, self._first = {}, ring.first
        self.redraw()

    def look(self, taste: Taste) -> None:
        """Show lines otherwise; what the reader looks at stays in its row."""
        self.taste = taste
        self._relay()
        self.redraw()

    def choose(self, finder: Finder | None) -> None:
        """Show only what a finder finds; None: all. The reader stays at the line, or the one next to it."""
        eye = self.place.eye()
        self.shown.release()
        self.shown.filter = finder
        self.sheet.show(self.shown)
        self.place.marked = {number for number in self.place.marked if self.shown.holds(number)}
        self.place.hold(eye)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything anew."""
        self._painter = None
        self._rows = []
        self.sync()
        self.refresh()

    def sync(self) -> None:
        """Lines have come, or something else is different: refresh the rows that look different now."""
        ring = self.shown.ring
        if not self.place.follow and ring.first > self._first:
            self.shown.hold(self._seen)
            self.sheet.forget(set(self._seen))
        self._first = ring.first
        self.place.mend()
        if not self.size.width:
            return
        rows = [(spot, self._look(spot.line)) for spot in self.place.window()]
        self._seen = {spot.line: self.sheet.laid(spot.line).line for spot, _ in rows}
        self.shown.release(() if self.place.follow else self._seen)
        bar = Bar.of(self.shown, tuple(self._seen), self.gaps, self.size.height)
        self._refresh(rows, bar)
        self._rows, self._bar = rows, bar

    def _refresh(self, rows: list[tuple[Spot, Look]], bar: Bar) -> None:
        if bool(rows) is not bool(self._rows):
            self.refresh()
            return
        for y in range(max(len(rows), len(self._rows))):
            before = self._rows[y] if y < len(self._rows) else None
            if before != (rows[y] if y < len(rows) else None) or self._bar.at(y) != bar.at(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _look(self, number: int) -> Look:
        place, search = self.place, self.search
        found = search is not None and search.holds(number)
        return Look(
            cursor=number == place.cursor,
            focus=self.has_focus and number == place.cursor,
            marked=number in place.marked,
            found=found,
            current=found and search is not None and number == search.current,
        )

    def say(self, cells: Sequence[Cell]) -> None:
        """What stands where there are no lines."""
        if cells != self.empty:
            self.empty = cells
            if not self._rows:
                self.refresh()

    # Widths

    def _relay(self) -> bool:
        """Lay lines out anew where taste, width or labels ask for it; return whether they did."""
        eye = self.place.eye()
        offset = self.sheet.offset(eye[0]) if eye else 0
        if not self.sheet.use(self.taste, self.size.width):
            return False
        if eye:
            self.place.hold((self.sheet.spot(eye[0].line, offset), eye[1]))
        return True

    def relabel(self, sources: Iterable[LogSource]) -> None:
        """Lines come from these from now on. Labels get another width only where nobody is reading."""
        if self.labels.show(sources):
            if self.place.follow:
                self._relay()
            self.redraw()

    def on_resize(self) -> None:
        """Another width asks for other rows, another height for more or fewer."""
        self._relay()
        self.place.resize(self.size.height)
        self.redraw()

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the rows of a part of the view. There is nothing around them, neither border nor padding, that
        would be worth the time that the usual way takes: in a flood every row is another one at each paint.
        """
        if self._painter is None:
            self._drawn.clear()
        drawn = self._drawn
        for y in crop.line_range:
            if y not in drawn:
                drawn[y] = self.render_line(y)
        strips = [drawn[y] for y in crop.line_range]
        for line_filter in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        left, right = crop.column_span
        return strips if (left, right) == (0, self.size.width) else [s.crop(left, right) for s in strips]

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """These rows, or all, are to be drawn anew."""
        for y in {y for region in regions for y in region.line_range} if regions else set(self._drawn):
            self._drawn.pop(y, None)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """Draw row `y` of the view."""
        painter, at = self._paint(), self._bar.at(y)
        if y >= len(self._rows):
            said = self.empty[y - 1] if not self._rows and 0 < y <= len(self.empty) else Cell("")
            return painter.blank(said.text, said.tone, bar=at)
        spot, look = self._rows[y]
        strip = self._strips.get((spot, look, at))
        if strip is None:
            strip = self._strips[(spot, look, at)] = painter.row(spot, look, bar=at)
        return strip

    def _paint(self) -> LinePainter:
        if self._painter is None:
            tones = dict(styles_for(self.app.current_theme))
            tones["thumb"] = tones["rule"] + Style(reverse=True)
            self._painter = LinePainter(self.sheet, tones, self.rich_style, self._spans)
            self._strips.clear()
        return self._painter

    def _spans(self, text: str) -> Spans:
        return () if self.search is None else self.search.finder.spans(text)

    def notify_style_update(self) -> None:
        """Theme or style sheet changed: every colour is looked up again."""
        super().notify_style_update()
        self._painter = None

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks otherwise without the keyboard."""
        super().watch_has_focus(has_focus)
        self.sync()
