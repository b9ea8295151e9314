"""Where everything of a map stands, in cells: made once for a shape, asked for single rows. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from console.ui.links.pens import DOWN, LEFT, RIGHT, UP
from console.ui.links.place import Plan, plan
from console.ui.links.route import Channel, Wires, route
from console.ui.links.shape import EntryKey, Shape, WireKey
from console.ui.links.stand import Net, Stand, stand

EDGE = 1
"""Blank cells left and right of the map."""
BAND = 32
"""Rows of one drawer in which vertical lines are looked up."""


class Span(NamedTuple):
    """A horizontal line from `x` up to `end` (not included), with the arms of its first and last cell."""

    x: int
    end: int
    first: int
    last: int
    net: Net
    wires: Wires


class Post(NamedTuple):
    """A vertical line; `parts` tell which wires use which of its rows."""

    x: int
    top: int
    bottom: int
    net: Net
    parts: tuple[tuple[int, int, Wires], ...]

    def arms(self, y: int) -> int:
        return (UP if y > self.top else 0) | (DOWN if y < self.bottom else 0)

    def wires(self, y: int) -> Iterator[Wires]:
        return (wires for low, high, wires in self.parts if low <= y <= high)


class Tip(NamedTuple):
    """The end of a net, at its endpoint's box."""

    x: int
    to_right: bool
    net: Net


class Tag(NamedTuple):
    """Where a wire's label begins, and how many cells it has."""

    x: int
    room: int
    wire: WireKey
    flush_right: bool


class Frame(NamedTuple):
    """A box."""

    key: str
    x: int
    y: int
    width: int
    height: int


@dataclass(slots=True)
class Geometry:
    shape: Shape
    plan: Plan
    width: int = 0
    height: int = 0
    frames: dict[str, Frame] = field(default_factory=dict)
    spans: dict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    tips: dict[int, list[Tip]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[int, list[Tag]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[tuple[str, int], EntryKey] = field(default_factory=dict)
    """By box and row: what is written there."""
    places: dict[EntryKey, tuple[int, int]] = field(default_factory=dict)
    """Column and row at which an entry's text begins."""
    ends: dict[WireKey, tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=dict)
    """First cell of each wire, beside its consumer's box, and last cell, its tip."""
    _posts: dict[int, list[Post]] = field(default_factory=lambda: defaultdict(list))
    _columns: list[tuple[list[int], list[Frame]]] = field(default_factory=list)

    def posts(self, y: int) -> Iterator[Post]:
        """Vertical lines that cross row `y`."""
        return (post for post in self._posts.get(y // BAND, ()) if post.top <= y <= post.bottom)

    def frames_at(self, y: int) -> Iterator[Frame]:
        """Boxes that row `y` cuts, from left to right."""
        for tops, frames in self._columns:
            at = bisect_right(tops, y) - 1
            if at >= 0 and y < frames[at].y + frames[at].height:
                yield frames[at]

    def add_post(self, post: Post) -> None:
        for band in range(post.top // BAND, post.bottom // BAND + 1):
            self._posts[band].append(post)

    def add_column(self, frames: Sequence[Frame]) -> None:
        self._columns.append(([one.y for one in frames], list(frames)))
        self.frames.update({one.key: one for one in frames})


class _Edges(NamedTuple):
    """The cells of one channel: where it begins and ends, and its first track."""

    start: int
    end: int
    first: int

    def at(self, track: int) -> int:
        return self.first + 2 * track


def lay_out(shape: Shape, before: Plan | None = None) -> Geometry:
    """Place all of a shape, its boxes as they stood `before` as far as they are still there."""
    chosen = plan(shape, before)
    standing = stand(shape, chosen)
    channels = route(standing)
    # A line that changes its track may do so below all boxes.
    lowest = max((one.row for channel in channels for one in channel.across), default=-1)
    made = Geometry(shape, chosen, height=max(standing.height, lowest + 1))
    edges = _frames(made, standing, channels)
    for column, channel in enumerate(channels):
        _lines(made, channel, edges[column])
    _passes(made, standing, channels, edges)
    _ends(made, standing, edges)
    return made


def _frames(made: Geometry, standing: Stand, channels: Sequence[Channel]) -> list[_Edges]:
    """Give columns and channels their cells."""
    widths = {box.key: box.width for box in made.shape.boxes}
    before, behind = _rooms(made.shape, standing)
    x = EDGE
    edges = []
    for n, column in enumerate(standing.columns):
        width = max(widths[box] for box in column)
        frames = [Frame(box, x, standing.tops[box], width, standing.heights[box]) for box in column]
        made.add_column(sorted(frames, key=lambda one: one.y))
        for box in column:
            for row in made.plan.rows[box]:
                entry = EntryKey(box, row)
                made.places[entry] = (x + 2, standing.entries[entry])
                made.rows[box, standing.entries[entry]] = entry
        x += width
        channel = channels[n]
        start = x
        if channel.across:
            first = start + 1 + max(1, before[n])
            tracks = max(0, 2 * channel.tracks - 1)
            x = first + tracks + 1 + max(1, behind[n])
        elif n + 1 < len(standing.columns):
            first, x = start + 1, start + 3
        else:
            first = start
        edges.append(_Edges(start, x, first))
    made.width = x + EDGE
    return edges


def _rooms(shape: Shape, standing: Stand) -> tuple[dict[int, int], dict[int, int]]:
    """Cells that labels need at the left and at the right end of each channel."""
    before: dict[int, int] = defaultdict(int)
    behind: dict[int, int] = defaultdict(int)
    for wire in shape.wires:
        column = standing.column_of[wire.source.box]
        if standing.sources[wire.key][1] == "right":
            before[column] = max(before[column], wire.room + 1)
        else:
            behind[column - 1] = max(behind[column - 1], wire.room + 1)
    return before, behind


def _lines(made: Geometry, channel: Channel, edges: _Edges) -> None:
    for one in channel.across:
        x = edges.start if one.start is None else edges.at(one.start)
        end = edges.end if one.end is None else edges.at(one.end) + 1
        first = RIGHT | (LEFT if one.start is None else 0)
        last = LEFT | (RIGHT if one.end is None else 0)
        made.spans[one.row].append(Span(x, end, first, last, one.net, one.wires))
    for trunk in channel.trunks:
        made.add_post(Post(edges.at(trunk.track), trunk.top, trunk.bottom, trunk.net, trunk.parts))


def _passes(made: Geometry, standing: Stand, channels: Sequence[Channel], edges: Sequence[_Edges]) -> None:
    """Lines past the boxes of a column; they carry what the channel behind the column brings or takes."""
    at_left = {
        (n, one.row): one for n, channel in enumerate(channels) for one in channel.across if one.start is None
    }
    for one, row in standing.passes.items():
        x, end = edges[one.column - 1].end, edges[one.column].start
        wires = at_left[one.column, row].wires
        made.spans[row].append(Span(x, end, LEFT | RIGHT, LEFT | RIGHT, one.net, wires))


def _ends(made: Geometry, standing: Stand, edges: Sequence[_Edges]) -> None:
    """Tips at endpoints and labels at consumers."""
    tips = {}
    for net, row in standing.targets.items():
        column = standing.column_of[net.target.box]
        right = net.side == "left"
        x = edges[column - 1].end - 1 if right else edges[column].start
        made.tips[row].append(Tip(x, right, net))
        tips[net] = (x, row)
    for net, wires in standing.nets.items():
        for wire in wires:
            row, side = standing.sources[wire.key]
            column = standing.column_of[wire.source.box]
            right = side == "right"
            x = edges[column].start if right else edges[column - 1].end - 1
            tag = x + 1 if right else x - wire.room
            made.tags[row].append(Tag(tag, wire.room, wire.key, not right))
            made.ends[wire.key] = ((x, row), tips[net])
