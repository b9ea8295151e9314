"""Shows a document of styled lines, draws only the visible ones, and finds text in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.ui.cells import Glyphs, narrow
from console.ui.lines import Line, text_of
from console.ui.theme import styles_for

Builder = Callable[[int], Sequence[Line]]
"""Makes the lines for a width in cells."""


class Hit(NamedTuple):
    """Where a search found something: the line, and from which character to which."""

    line: int
    start: int
    end: int


def find(lines: Sequence[Line], wanted: str) -> list[Hit]:
    """Every place of `wanted`, upper and lower case alike unless it has a capital."""
    if not wanted:
        return []
    exact = wanted != wanted.lower()
    hits = []
    for number, line in enumerate(lines):
        text = text_of(line)
        # Folding may change the length of some characters; then positions would not fit, so it is left.
        folded = text if exact or len(text.lower()) != len(text) else text.lower()
        at = folded.find(wanted)
        while at >= 0:
            hits.append(Hit(number, at, at + len(wanted)))
            at = folded.find(wanted, at + len(wanted))
    return hits


class LinesView(ScrollView, can_focus=True):
    """A scrolling document. `show` gives it a builder, called again whenever the width changes."""

    DEFAULT_CSS = """
    LinesView { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; }
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "Up", id="text.up", show=False, tooltip="One line up"),
        Binding("down,j", "scroll_by(1)", "Down", id="text.down", show=False, tooltip="One line down"),
        Binding("pageup", "page(-1)", "Page up", id="text.page_up", show=False, tooltip="One page up"),
        Binding(
            "pagedown,space", "page(1)", "Page down", id="text.page_down", show=False, tooltip="One page down"
        ),
        Binding("home,g", "edge(-1)", "Top", id="text.top", show=False, tooltip="To the top"),
        Binding("end,G", "edge(1)", "Bottom", id="text.bottom", show=False, tooltip="To the end"),
    ]

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.glyphs = glyphs
        self.lines: Sequence[Line] = ()
        self.hits: list[Hit] = []
        self.current = -1
        """Which of the hits the reader is at; -1 for none."""
        self.wanted = ""
        self._builder: Builder = lambda width: ()
        self._built_for = -1
        self._hits_of: dict[int, list[int]] = {}
        self._tones: dict[str, Style] | None = None

    # Content

    def show(self, builder: Builder, *, top: bool = False) -> None:
        """Show what `builder` makes; `top` for another document, else the place is kept."""
        self._builder = builder
        self._rebuild()
        if top:
            self.scroll_to(y=0, animate=False, force=True)

    def _rebuild(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        before = self.lines
        self.lines = self._builder(width)
        self._built_for = width
        self._find()
        self.current = min(self.current, len(self.hits) - 1)
        if len(before) != len(self.lines):
            self.virtual_size = Size(width, len(self.lines))
            self.refresh()
            return
        top = self.scroll_offset.y
        for y in range(min(self.size.height, len(self.lines) - top)):
            if before[top + y] != self.lines[top + y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """The width decides how lines are wrapped."""
        if self.scrollable_content_region.width != self._built_for:
            self._rebuild()
            self.refresh()

    def notify_style_update(self) -> None:
        """Another theme: look up every colour again."""
        super().notify_style_update()
        self._tones = None

    # Search

    def search(self, wanted: str) -> int:
        """Mark every place of `wanted` and go to the first one at or below the top line; return how many."""
        self.wanted = wanted
        self._find()
        top = self.scroll_offset.y
        self.current = next((n for n, hit in enumerate(self.hits) if hit.line >= top), 0) if self.hits else -1
        self._reveal()
        self.refresh()
        return len(self.hits)

    def _find(self) -> None:
        self.hits = find(self.lines, self.wanted)
        by_line = defaultdict(list)
        for position, hit in enumerate(self.hits):
            by_line[hit.line].append(position)
        self._hits_of = dict(by_line)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) place found, around the end."""
        if self.hits:
            self.current = (self.current + by) % len(self.hits)
            self._reveal()
            self.refresh()

    def _reveal(self) -> None:
        if self.current < 0:
            return
        line, top, height = self.hits[self.current].line, self.scroll_offset.y, self.size.height
        if not top <= line < top + height:
            self.scroll_to(y=max(0, line - height // 3), animate=False, force=True)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        number = y + self.scroll_offset.y
        if number >= len(self.lines):
            return Strip.blank(width, base)
        if self._tones is None:
            self._tones = dict(styles_for(self.app.current_theme))
        segments = [
            Segment(narrow(cell.text, self.glyphs), base + self._tones.get(cell.tone, Style.null()))
            for cell in self.lines[number]
            if cell.text
        ]
        strip = Strip(self._marked(number, segments))
        return strip.adjust_cell_length(width, base)

    def _marked(self, number: int, segments: list[Segment]) -> list[Segment]:
        """The segments of a line with found text marked."""
        assert self._tones is not None
        for position in self._hits_of.get(number, ()):
            look = self._tones["hit-current" if position == self.current else "hit"]
            segments = list(_restyle(segments, self.hits[position].start, self.hits[position].end, look))
        return segments

    # Keys

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=lines, animate=False, force=True)

    def action_page(self, pages: int) -> None:
        """Scroll by pages, one line of the old page stays."""
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False, force=True)

    def action_edge(self, way: int) -> None:
        """To the first or last line."""
        self.scroll_to(y=0 if way < 0 else len(self.lines), animate=False, force=True)


def _restyle(segments: Sequence[Segment], start: int, end: int, look: Style) -> Sequence[Segment]:
    """Lay `look` over the characters from `start` to `end`."""
    made: list[Segment] = []
    at = 0
    for text, style, _ in segments:
        cuts = sorted({0, len(text), *(min(max(0, edge - at), len(text)) for edge in (start, end))})
        for left, right in pairwise(cuts):
            inside = start <= at + left < end
            made.append(Segment(text[left:right], (style or Style.null()) + look if inside else style))
        at += len(text)
    return made
