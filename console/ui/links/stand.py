"""Where boxes, their rows and the passages between boxes stand: rows of cells, from the top. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from console.ui.links.place import Plan
from console.ui.links.shape import EntryKey, Shape, Wire, WireKey

Side = Literal["left", "right"]

GAP = 1
"""Blank rows between two boxes of a column."""
MORE_GAP = 3
"""Rows added to a gap, at most, for lines that pass between boxes."""


class Net(NamedTuple):
    """All wires that enter one row on one side: they join on their way."""

    target: EntryKey
    side: Side


class Pass(NamedTuple):
    """The row on which a net passes a column in which it has no business."""

    net: Net
    column: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Rows are counted from 0 at the top of the map."""

    columns: tuple[tuple[str, ...], ...]
    column_of: Mapping[str, int]
    tops: Mapping[str, int]
    heights: Mapping[str, int]
    entries: Mapping[EntryKey, int]
    """The first row of each entry."""
    sources: Mapping[WireKey, tuple[int, Side]]
    targets: Mapping[Net, int]
    passes: Mapping[Pass, int]
    nets: Mapping[Net, tuple[Wire, ...]]
    height: int


@dataclass(slots=True)
class _Ports:
    """Rows of the entries of all boxes, relative to the top of their box."""

    entries: dict[EntryKey, int] = field(default_factory=dict)
    sources: dict[WireKey, tuple[int, Side]] = field(default_factory=dict)
    targets: dict[Net, int] = field(default_factory=dict)
    heights: dict[str, int] = field(default_factory=dict)


def stand(shape: Shape, plan: Plan) -> Stand:
    """Give everything its rows."""
    column_of = {box: n for n, column in enumerate(plan.columns) for box in column}
    nets: dict[Net, list[Wire]] = defaultdict(list)
    for wire in shape.wires:
        one, other = column_of[wire.source.box], column_of[wire.target.box]
        nets[Net(wire.target, "left" if one < other else "right")].append(wire)
    ports = _ports(shape, plan, column_of, nets)
    crossed = _crossed(nets, column_of)
    tops = _tops(shape, plan, column_of, ports, crossed)
    sources = {
        wire.key: (tops[wire.source.box] + ports.sources[wire.key][0], ports.sources[wire.key][1])
        for wire in shape.wires
    }
    targets = {net: tops[net.target.box] + row for net, row in ports.targets.items()}
    passes = _passes(plan, tops, ports.heights, crossed, sources, targets, nets)
    bottoms = [tops[box] + ports.heights[box] for box in tops] + [row + 1 for row in passes.values()]
    return Stand(
        columns=plan.columns,
        column_of=column_of,
        tops=tops,
        heights=ports.heights,
        entries={key: tops[key.box] + row for key, row in ports.entries.items()},
        sources=sources,
        targets=targets,
        passes=passes,
        nets={net: tuple(wires) for net, wires in nets.items()},
        height=max(bottoms, default=0),
    )


def _ports(
    shape: Shape, plan: Plan, column_of: Mapping[str, int], nets: Mapping[Net, Sequence[Wire]]
) -> _Ports:
    """A row of its own for every wire that leaves an entry, one for all that enter it on the same side."""
    made = _Ports()
    place = {
        EntryKey(box, row): (column_of[box], n, m)
        for column in plan.columns
        for n, box in enumerate(column)
        for m, row in enumerate(plan.rows[box])
    }
    leaving: dict[EntryKey, list[Wire]] = defaultdict(list)
    for wire in shape.wires:
        leaving[wire.source].append(wire)
    for column in plan.columns:
        for box in column:
            at = 1
            for row in plan.rows[box]:
                entry = EntryKey(box, row)
                made.entries[entry] = at
                used = {"left": 0, "right": 0}
                for net in (Net(entry, "left"), Net(entry, "right")):
                    if net in nets:
                        made.targets[net] = at
                        used[net.side] = 1
                for wire in sorted(leaving[entry], key=lambda wire: place[wire.target]):
                    side: Side = "left" if column_of[wire.target.box] < column_of[box] else "right"
                    made.sources[wire.key] = (at + used[side], side)
                    used[side] += 1
                at += max(1, *used.values())
            made.heights[box] = at + 1
    return made


def _crossed(nets: Mapping[Net, Sequence[Wire]], column_of: Mapping[str, int]) -> dict[Pass, None]:
    """Every column that a net has to pass, in an order that does not depend on chance."""
    found: dict[Pass, None] = {}
    for net, wires in nets.items():
        end = column_of[net.target.box]
        starts = [column_of[wire.source.box] for wire in wires]
        columns = range(min(starts) + 1, end) if net.side == "left" else range(max(starts) - 1, end, -1)
        for column in columns:
            found[Pass(net, column)] = None
    return found


def _tops(
    shape: Shape, plan: Plan, column_of: Mapping[str, int], ports: _Ports, crossed: Mapping[Pass, None]
) -> dict[str, int]:
    """Stack the boxes of each column, each beside what it is linked with as far as there is room."""
    into: dict[str, list[tuple[Wire, bool]]] = defaultdict(list)
    for wire in shape.wires:
        one, other = wire.source.box, wire.target.box
        if one != other:
            into[max(one, other, key=lambda box: column_of[box])].append(
                (wire, column_of[one] < column_of[other])
            )
    passing: dict[int, int] = defaultdict(int)
    for crossing in crossed:
        passing[crossing.column] += 1
    gaps = [
        GAP + min(MORE_GAP, -(-passing[n] // max(1, len(column)))) if passing[n] else GAP
        for n, column in enumerate(plan.columns)
    ]
    stacks = [
        sum(ports.heights[box] for box in column) + gap * (len(column) - 1)
        for column, gap in zip(plan.columns, gaps, strict=True)
    ]
    tallest = max(stacks, default=0)
    tops: dict[str, int] = {}
    for n, column in enumerate(plan.columns):
        y, left = 0, stacks[n]
        for box in column:
            wanted = _wanted(box, into[box], tops, ports) if n else None
            if wanted is None:
                wanted = y if y else (tallest - stacks[n]) // 2
            tops[box] = max(y, min(wanted, tallest - left))
            y = tops[box] + ports.heights[box] + gaps[n]
            left -= ports.heights[box] + gaps[n]
    return tops


def _wanted(
    box: str, wires: Sequence[tuple[Wire, bool]], tops: Mapping[str, int], ports: _Ports
) -> int | None:
    """The top at which the middle one of the wires to boxes further left would be straight."""
    offsets = []
    for wire, forward in wires:
        leaves = ports.sources[wire.key][0]
        enters = ports.targets[Net(wire.target, "left" if forward else "right")]
        here, there, other = (
            (enters, leaves, wire.source.box) if forward else (leaves, enters, wire.target.box)
        )
        if other in tops:
            offsets.append(tops[other] + there - here)
    offsets.sort()
    return max(0, offsets[len(offsets) // 2]) if offsets else None


def _passes(
    plan: Plan,
    tops: Mapping[str, int],
    heights: Mapping[str, int],
    crossed: Mapping[Pass, None],
    sources: Mapping[WireKey, tuple[int, Side]],
    targets: Mapping[Net, int],
    nets: Mapping[Net, Sequence[Wire]],
) -> dict[Pass, int]:
    """A free row in the column for each net that passes it, near where the net comes from and goes to."""
    taken = [
        {row for box in column for row in range(tops[box], tops[box] + heights[box])}
        for column in plan.columns
    ]
    made: dict[Pass, int] = {}
    for one in crossed:
        rows = sorted(sources[wire.key][0] for wire in nets[one.net])
        before = made.get(Pass(one.net, one.column - 1), made.get(Pass(one.net, one.column + 1)))
        wanted = (rows[len(rows) // 2] + targets[one.net]) // 2 if before is None else before
        made[one] = nearest(wanted, taken[one.column])
        taken[one.column].add(made[one])
    return made


def nearest(wanted: int, taken: set[int]) -> int:
    """The row nearest to `wanted`, not above the top, that nobody has."""
    for far in range(len(taken) + wanted + 2):
        for row in (wanted + far, wanted - far):
            if row >= 0 and row not in taken:
                return row
    raise AssertionError("there are more rows than are taken")
