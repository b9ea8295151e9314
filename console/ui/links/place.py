"""Where boxes stand: columns from consumers to endpoints, few crossings, little movement. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.ui.links.shape import INSIDE, OUTSIDE, Shape

TALL = 12
"""Boxes in one column; more are split into several."""
SWEEPS = 4
"""Passes of ordering by barycentre; more gain nothing on fleets tried."""

Edges = Mapping[tuple[str, str], int]
Columns = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Columns and order of boxes, and order of their rows; kept from one layout to the next."""

    columns: Columns = ()
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    linked: bool = False
    """Whether there were links when the columns were chosen."""


def plan(shape: Shape, before: Plan | None = None) -> Plan:
    """Choose columns and orders, keeping those of `before` for everything that is still there."""
    edges: dict[tuple[str, str], int] = defaultdict(int)
    for wire in shape.wires:
        if wire.source.box != wire.target.box:
            edges[wire.source.box, wire.target.box] += 1
    boxes = [box.key for box in shape.boxes]
    if before is None or not before.linked:
        columns = _columns(boxes, edges)
        linked = bool(edges)
    else:
        columns = _kept(before.columns, boxes, edges)
        linked = True
    rows = {
        box.key: merged(before.rows.get(box.key, ()) if before else (), [e.row for e in box.entries])
        for box in shape.boxes
    }
    return Plan(columns, rows, linked)


def merged(before: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """`wanted` in the order of `before`; what is new comes behind the one it follows in `wanted`."""
    there = set(wanted)
    kept = [one for one in before if one in there]
    if not kept:
        return tuple(wanted)
    known = set(kept)
    behind: dict[str, list[str]] = defaultdict(list)
    last = ""
    for one in wanted:
        if one in known:
            last = one
        else:
            behind[last].append(one)
    made = list(behind.get("", ())) if "" not in known else []
    for one in kept:
        made += [one, *behind.get(one, ())]
    return tuple(made)


def _kept(before: Columns, boxes: Sequence[str], edges: Edges) -> Columns:
    """The columns of before without what is gone; a new box joins the column where its layer begins."""
    there = set(boxes)
    columns = [[box for box in column if box in there] for column in before]
    known = {box for column in columns for box in column}
    fresh = [box for box in boxes if box not in known]
    for box in fresh:
        if box == OUTSIDE:
            columns.append([box])
            continue
        if box == INSIDE:
            columns.insert(0, [box])
            continue
        at = {one: n for n, column in enumerate(columns) for one in column}
        after = [at[a] + 1 for a, b in edges if b == box and a in at]
        until = [at[b] - 1 for a, b in edges if a == box and b in at]
        wanted = max(after) if after else min(until, default=0)
        wanted = max(0, min(wanted, len(columns)))
        if wanted == len(columns):
            columns.append([])
        columns[wanted].append(box)
    return tuple(tuple(column) for column in columns if column)


def _columns(boxes: Sequence[str], edges: Edges) -> Columns:
    linked = {box for edge in edges for box in edge}
    layer = _layers([box for box in boxes if box in linked], edges)
    count = max(layer.values(), default=0) + 1
    if OUTSIDE in layer:
        layer[OUTSIDE] = count - 1
    if INSIDE in layer:
        layer[INSIDE] = 0
    layers: list[list[str]] = [[] for _ in range(count)]
    for box in boxes:
        if box in layer:
            layers[layer[box]].append(box)
    loose = [box for box in boxes if box not in layer]
    _order(layers, edges)
    for box in loose:
        min(layers, key=len).append(box)
    columns: list[tuple[str, ...]] = []
    for one in layers:
        parts = max(1, -(-len(one) // TALL))
        size = -(-len(one) // parts)
        columns += [tuple(one[at : at + size]) for at in range(0, len(one), size)] if one else []
    return tuple(columns)


def _layers(boxes: Sequence[str], edges: Edges) -> dict[str, int]:
    """Longest-path layers; edges against the order of `_sequence` are passed over."""
    order = _sequence(boxes, edges)
    at = {box: n for n, box in enumerate(order)}
    ahead: dict[str, list[str]] = defaultdict(list)
    entered = set()
    for a, b in edges:
        if at[a] < at[b]:
            ahead[a].append(b)
            entered.add(b)
    layer = dict.fromkeys(order, 0)
    for box in order:
        for other in ahead[box]:
            layer[other] = max(layer[other], layer[box] + 1)
    for box in reversed(order):
        # A consumer that nobody dials stands beside what it dials, not at the far edge.
        if box not in entered and ahead[box]:
            layer[box] = min(layer[other] for other in ahead[box]) - 1
    return layer


def _sequence(boxes: Sequence[str], edges: Edges) -> list[str]:
    """Consumers first, as few links as possible against the order (Eades, Lin and Smyth's heuristic)."""
    out: dict[str, dict[str, int]] = {box: {} for box in boxes}
    into: dict[str, dict[str, int]] = {box: {} for box in boxes}
    for (a, b), weight in edges.items():
        out[a][b] = weight
        into[b][a] = weight
    left = dict.fromkeys(boxes)
    head: list[str] = []
    tail: list[str] = []
    while left:
        sink = next((box for box in left if not out[box]), None)
        if sink is not None:
            tail.append(sink)
            chosen = sink
        else:
            source = next((box for box in left if not into[box]), None)
            chosen = source or max(left, key=lambda box: sum(out[box].values()) - sum(into[box].values()))
            head.append(chosen)
        for other in out.pop(chosen):
            into[other].pop(chosen, None)
        for other in into.pop(chosen):
            out[other].pop(chosen, None)
        del left[chosen]
    return head + tail[::-1]


def _order(layers: list[list[str]], edges: Edges) -> None:
    """Order each layer by the mean place of its neighbours, from left to right and back."""
    near: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    for sweep in range(SWEEPS):
        place = {box: _share(n, len(layer)) for layer in layers for n, box in enumerate(layer)}
        side = {box: n for n, layer in enumerate(layers) for box in layer}
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            mean = {
                box: _mean([place[o] for o in near[box] if side[o] != side[box]], place[box]) for box in layer
            }
            layer.sort(key=mean.__getitem__)
            place.update({box: _share(n, len(layer)) for n, box in enumerate(layer)})


def _share(at: int, count: int) -> float:
    return (at + 0.5) / count


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
