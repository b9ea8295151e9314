"""Draws the map of links, and draws anew only the lines that differ."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.model.links.link import Link, LinkList
from console.model.units import span_words, trip
from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line, pad
from console.ui.links.diagram import Diagram
from console.ui.links.geometry import Geometry
from console.ui.links.layouts import Layouts
from console.ui.links.scene import LOOKS, Scene, Zoom, scene
from console.ui.links.shape import WireKey
from console.ui.theme import styles_for
from console.ui.widgets.pace import Pace
from console.ui.world import World

WORDS = 2
"""Lines below the map: the link under the cursor in words."""


class MapCanvas(ScrollView, can_focus=True):
    """Give it what is known by `show`; it draws anew only the lines that differ."""

    DEFAULT_CSS = """
    MapCanvas { height: 1fr; overflow: hidden; scrollbar-size: 0 0; }
    """

    ALLOW_SELECT = False

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.glyphs = glyphs
        self.zoom: Zoom | None = None
        """None until there is something to fit."""
        self._fits = True
        """Whether what fits is shown: nobody has chosen another zoom."""
        self.diagram: Diagram | None = None
        self._known: tuple[LinkList, World, float] | None = None
        self._layouts = Layouts(self, self._laid_out)
        self._drawn: Zoom | None = None
        """The zoom of what is drawn, which is not yet that of `zoom` while a large map is laid out."""
        self._chosen: Link | None = None
        self._lines: dict[int, Line] = {}
        self._tones: dict[str, Style] = {}
        self._pace = Pace(self, self._draw)

    # What is shown

    def show(self, found: LinkList, world: World, now: float) -> None:
        """Draw this from now on; `now` is seconds of the Unix epoch."""
        self._known = (found, world, now)
        self._pace.soon()

    @property
    def chosen(self) -> Link | None:
        """The link under the cursor."""
        return self._chosen

    def _draw(self) -> None:
        if self._known is None or not self.size.width:
            return
        found, world, _ = self._known
        if self.zoom is None and found.looked is not None:
            self.zoom = self._fitting(found, world)
        zoom = self.zoom or Zoom.HOSTS
        made = scene(found, world, zoom, self.glyphs)
        geometry = self._layouts.of(zoom, made)
        if geometry is not None:
            self._place(zoom, made, geometry)
        elif self._drawn is not zoom:
            self._repaint()

    def _laid_out(self, zoom: Zoom, made: Scene, geometry: Geometry) -> None:
        if zoom is self.zoom:
            self._place(zoom, made, geometry)
        self._pace.soon()

    def _place(self, zoom: Zoom, made: Scene, geometry: Geometry) -> None:
        arrived, self._drawn = self._drawn is not zoom, zoom
        self._dress(made, geometry)
        if arrived:
            self._arrive()

    def _arrive(self) -> None:
        # Another zoom is drawn: from its corner on, or where the cursor is.
        self.scroll_to(0, 0, animate=False, force=True)
        if self.diagram is not None and self.diagram.chosen is not None:
            self._reveal(self.diagram.chosen)

    def _reveal(self, wire: WireKey) -> None:
        """Scroll as little as it takes to see both ends; where not both have room, the consumer's."""
        assert self.diagram is not None
        (x, y), (end_x, end_y) = self.diagram.geometry.ends[wire]
        left, top = self.scroll_offset
        width, height = self.size.width, self.size.height - WORDS
        for low, high in ((min(x, end_x) - 4, max(x, end_x) + 4), (x - 4, x + 4)):
            left = max(min(left, low), high - width + 1)
        for low, high in ((min(y, end_y) - 1, max(y, end_y) + 1), (y - 1, y + 1)):
            top = max(min(top, low), high - height + 1)
        self.scroll_to(max(0, left), max(0, top), animate=False, force=True)

    def _fitting(self, found: LinkList, world: World) -> Zoom:
        """The closest zoom at which all of it is seen."""
        width, height = self.size
        for zoom in (Zoom.ALL, Zoom.LINKED):
            made = scene(found, world, zoom, self.glyphs)
            if self._layouts.fits(zoom, made, width, height - WORDS):
                return zoom
        return Zoom.HOSTS

    def _dress(self, made: Scene, geometry: Geometry) -> None:
        if self._chosen is not None:
            identity = self._chosen.identity
            same = (
                link for group in made.dress.links.values() for link in group if link.identity == identity
            )
            self._chosen = next(same, None)
        self.diagram = Diagram(geometry, made.dress, self.glyphs, _wire_of(made, self._chosen))
        self.virtual_size = Size(geometry.width, geometry.height + WORDS)
        self._repaint()

    def _repaint(self) -> None:
        """Draw the lines that are on the screen and differ from what is there."""
        before, self._lines = self._lines, {}
        for y in range(self.size.height):
            if before.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _line(self, y: int) -> Line:
        line = self._lines.get(y)
        if line is None:
            width, below = self.size.width, y - (self.size.height - WORDS)
            if below >= 0:
                line = pad(self._words()[below], width)
            elif self.diagram is not None:
                left, top = self.scroll_offset
                line = self.diagram.line(top + y, left, width)
            else:
                line = (Cell(" " * width),)
            self._lines[y] = line
        return line

    def _words(self) -> tuple[Line, Line]:
        """The link under the cursor: who dials what, and how it stands."""
        link = self._chosen
        if self._known is not None and self._drawn is not (self.zoom or Zoom.HOSTS):
            return (), (Cell(" placing what is there ...", "dim"),)
        if link is None or self._known is None or self.diagram is None:
            count = len(self._known[0].links) if self._known else 0
            said = f" {count} links; n goes to the worst" if count else " no links are known yet"
            return (), (Cell(said, "dim"),)
        sign, tone = LOOKS[link.state]
        first = [Cell(f" {sign} ", tone), Cell(link.consumer.text, "group")]
        first += [Cell(f" dials {link.dials}" if link.dials else "", "dim"), Cell(" -> ", "dim")]
        first.append(Cell(link.endpoint.with_port, "group"))
        second = [Cell(f"   {link.word}", tone), Cell(f": {link.reason}" if link.reason else "", "text")]
        facts = [] if link.sessions is None else [f"{link.sessions} connections"]
        facts += [] if link.latency is None else [trip(link.latency)]
        facts.append(f"since {span_words(max(0.0, self._known[2] - link.since))}")
        others = len(self._group()) - 1
        facts += [f"{others} more on this line"] if others else []
        second.append(Cell(f"  {', '.join(facts)}", "dim"))
        return tuple(first), tuple(second)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        base = self.rich_style
        if not self._tones:
            self._tones = dict(styles_for(self.app.current_theme))
        segments = [Segment(cell.text, base + self._style(cell.tone)) for cell in self._line(y) if cell.text]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _style(self, tone: str) -> Style:
        """The style of a tone, or of several laid over each other: `bad cursor`."""
        style = self._tones.get(tone)
        if style is None:
            style = Style.null()
            for one in tone.split():
                style += self._tones.get(one, Style.null())
            self._tones[tone] = style
        return style

    def notify_style_update(self) -> None:
        """Another theme: look up every colour again."""
        super().notify_style_update()
        self._tones = {}

    def on_resize(self) -> None:
        """More or less of it is seen."""
        self._lines = {}
        if self._fits:
            self.zoom = None
        self._pace.now()

    def watch_scroll_x(self, old: float, new: float) -> None:
        """Other columns are seen."""
        super().watch_scroll_x(old, new)
        self._lines = {}

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Other rows are seen."""
        super().watch_scroll_y(old, new)
        self._lines = {}

    def _group(self) -> tuple[Link, ...]:
        if self.diagram is None or self.diagram.chosen is None:
            return ()
        return self.diagram.dress.links.get(self.diagram.chosen, ())


def _wire_of(made: Scene, chosen: Link | None) -> WireKey | None:
    if chosen is None:
        return None
    wires = made.dress.links.items()
    return next((key for key, group in wires if any(one is chosen for one in group)), None)
