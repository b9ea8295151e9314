"""The drawn map on the screen: it pans and zooms, and a cursor goes from link to link, the worst first."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.model.links.link import Link
from console.ui.links.diagram import Diagram
from console.ui.links.map_canvas import WORDS, MapCanvas
from console.ui.links.scene import Zoom
from console.ui.links.shape import EntryKey, WireKey

STEP = 4
"""Columns of one step to the side."""

MAP: Final = (
    Binding("up,k", "pan(0, -1)", "Up", id="map.up", show=False, tooltip="Move the map up"),
    Binding("down,j", "pan(0, 1)", "Down", id="map.down", show=False, tooltip="Move the map down"),
    Binding("left,h", "pan(-1, 0)", "Left", id="map.left", show=False, tooltip="Move the map left"),
    Binding("right,l", "pan(1, 0)", "Right", id="map.right", show=False, tooltip="Move the map right"),
    Binding("pageup", "page(-1)", "Page up", id="map.page_up", show=False, tooltip="One page up"),
    Binding("pagedown", "page(1)", "Page down", id="map.page_down", show=False, tooltip="One page down"),
    Binding("n", "step(1)", "next link", id="map.next", tooltip="Next link, the worst first"),
    Binding("N", "step(-1)", "previous", id="map.previous", show=False, tooltip="Previous link"),
    Binding("plus,equals_sign", "zoom(1)", "closer", id="map.closer", tooltip="Show more of less"),
    Binding("minus", "zoom(-1)", "farther", id="map.farther", tooltip="Show less of more"),
    Binding("0", "fit", "fit", id="map.fit", show=False, tooltip="As close as all of it fits"),
    Binding("enter", "want('path')", "its way", id="map.open", tooltip="The way of this link, hop by hop"),
    Binding("v", "want('probe')", "probe", id="map.probe", tooltip="Try this link now"),
    Binding("m", "want('edit')", "mapping", id="map.edit", show=False, tooltip="Change its mapping"),
    Binding("a", "want('adopt')", "adopt", id="map.adopt", show=False, tooltip="Make a mapping of it"),
    Binding("i", "want('breaks')", "impact", id="map.breaks", show=False, tooltip="Who breaks with it"),
)


class LinkMap(MapCanvas):
    """The map with its keys; what shall be done about a link it tells by `Wanted`."""

    BINDINGS: ClassVar[list[BindingType]] = [*MAP]

    class Chosen(Message):
        """The cursor is on another link."""

    class Wanted(Message):
        """Something shall be done about a link: `path`, `probe`, `edit`, `adopt` or `breaks`."""

        def __init__(self, what: str, link: Link) -> None:
            super().__init__()
            self.what = what
            self.link = link

    # Cursor

    def choose(self, wire: WireKey | None) -> None:
        """Put the cursor on a wire, and that into view."""
        if self.diagram is None:
            return
        group = self.diagram.dress.links.get(wire, ()) if wire is not None else ()
        self._chosen = group[0] if group else None
        old = self.diagram
        self.diagram = Diagram(old.geometry, old.dress, self.glyphs, wire if group else None)
        if group:
            self._reveal(wire)
        self._repaint()
        self.refresh_bindings()
        self.post_message(self.Chosen())

    def action_step(self, by: int) -> None:
        """The next or previous link, worst first."""
        if self.diagram is None or not self.diagram.dress.looks:
            return
        looks, ends = self.diagram.dress.looks, self.diagram.geometry.ends
        wires = sorted(looks, key=lambda key: (-looks[key].rank, ends[key][0][::-1]))
        at = wires.index(self.diagram.chosen) if self.diagram.chosen in looks else -1 if by > 0 else 0
        self.choose(wires[(at + by) % len(wires)])

    def on_click(self, event: events.Click) -> None:
        """A click on a line or name takes the cursor there; a second one opens."""
        if self.diagram is None or event.y >= self.size.height - WORDS:
            return
        left, top = self.scroll_offset
        what = self.diagram.at(left + event.x, top + event.y)
        if isinstance(what, EntryKey):
            looks = self.diagram.dress.looks
            mine = [w for w in self.diagram.geometry.shape.wires if what in (w.source, w.target)]
            what = max((w.key for w in mine), key=lambda key: looks[key].rank, default=None)
        if what is not None:
            self.choose(what)
            if event.chain == 2:
                self.action_want("path")

    # Moving

    def action_pan(self, x: int, y: int) -> None:
        """Move the map."""
        self.scroll_relative(x * STEP, y, animate=False, force=True)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self.scroll_relative(y=pages * max(1, self.size.height - WORDS - 1), animate=False, force=True)

    def action_zoom(self, by: int) -> None:
        """Closer or farther; the link under the cursor stays in view."""
        if self.zoom is None:
            return
        self._fits = False
        self._zoom_to(Zoom(max(0, min(len(Zoom) - 1, self.zoom + by))))

    def action_fit(self) -> None:
        """As close as all of it fits, placed anew."""
        if self._known is not None and self.zoom is not None:
            self._fits = True
            self._layouts.forget()
            self._zoom_to(self._fitting(*self._known[:2]))

    def _zoom_to(self, zoom: Zoom) -> None:
        self.zoom = zoom
        self._drawn = None
        self._pace.now()

    def action_want(self, what: str) -> None:
        """Tell that something shall be done about the link under the cursor."""
        if self._chosen is not None:
            self.post_message(self.Wanted(what, self._chosen))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is done about a link needs one; only what no mapping states is adopted."""
        if action != "want":
            return True
        return self._chosen is not None and (parameters != ("adopt",) or not self._chosen.mapping)
