"""How lines run between two columns of a map: one vertical track per net, none on top of another. Pure.

A channel lies between two columns. Each net has rows at which it comes in from the left and from the right;
they meet on its track. Where one net has a row on the left that another has on the right, the first must
turn before the second (the classic rule of channel routing); where such rules form a ring, a net changes
its track on a free row between.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from console.ui.links.shape import WireKey
from console.ui.links.stand import Net, Pass, Side, Stand, nearest

Wires = tuple[WireKey, ...]


class Joint(NamedTuple):
    """A row at which a net enters a channel, on which side, and for which wires."""

    row: int
    side: Side
    wires: Wires


class Across(NamedTuple):
    """A horizontal run; `start` and `end` are tracks, None for the edge of the channel."""

    row: int
    start: int | None
    end: int | None
    net: Net
    wires: Wires


class Trunk(NamedTuple):
    """A vertical run on a track; `parts` tell which wires use which rows of it."""

    track: int
    top: int
    bottom: int
    net: Net
    parts: tuple[tuple[int, int, Wires], ...]


@dataclass(slots=True)
class Channel:
    across: list[Across] = field(default_factory=list)
    trunks: list[Trunk] = field(default_factory=list)
    tracks: int = 0


@dataclass(slots=True)
class _Run:
    """One net in one channel; or, after it was split, its left or right part."""

    net: Net
    joints: list[Joint]
    out: Joint
    other: _Run | None = None
    """The right part, of a left one."""
    track: int = -1

    def rows(self, side: Side) -> list[int]:
        return [one.row for one in (*self.joints, self.out) if one.side == side]

    @property
    def straight(self) -> bool:
        return len({one.row for one in (*self.joints, self.out)}) == 1

    @property
    def span(self) -> tuple[int, int]:
        rows = [one.row for one in (*self.joints, self.out)]
        return min(rows), max(rows)


def route(stand: Stand) -> list[Channel]:
    """The channel to the right of each column."""
    runs: list[list[_Run]] = [[] for _ in stand.columns]
    for net in stand.nets:
        for column, run in _runs_of(net, stand):
            runs[column].append(run)
    return [_channel(one) for one in runs]


def _runs_of(net: Net, stand: Stand) -> list[tuple[int, _Run]]:
    """A net from its farthest consumer to its endpoint, channel by channel."""
    end = stand.column_of[net.target.box]
    by_column: dict[int, list[Joint]] = defaultdict(list)
    for wire in stand.nets[net]:
        row, leaves = stand.sources[wire.key]
        # What leaves a box on its right comes into the channel from the left.
        side: Side = "left" if leaves == "right" else "right"
        by_column[stand.column_of[wire.source.box]].append(Joint(row, side, (wire.key,)))
    made = []
    carried: Wires = ()
    if net.side == "left":
        first = min(by_column)
        for column in range(first, end):
            joints = by_column[column]
            if column > first:
                joints.append(Joint(stand.passes[Pass(net, column)], "left", carried))
            carried = tuple(key for one in joints for key in one.wires)
            row = stand.targets[net] if column + 1 == end else stand.passes[Pass(net, column + 1)]
            made.append((column, _Run(net, joints, Joint(row, "right", carried))))
        return made
    last = max(by_column)
    for column in range(max(last - 1, end), end - 1, -1):
        joints = by_column[column + 1] if column + 1 > end else []
        if last > column + 1:
            joints.append(Joint(stand.passes[Pass(net, column + 1)], "right", carried))
        if column == end:
            joints = [*joints, *by_column[end]]
        carried = tuple(key for one in joints for key in one.wires)
        row = stand.targets[net] if column == end else stand.passes[Pass(net, column)]
        made.append((column, _Run(net, joints, Joint(row, "left", carried))))
    return made


def _channel(runs: Sequence[_Run]) -> Channel:
    channel = Channel()
    bent = [run for run in runs if not run.straight]
    for run in runs:
        if run.straight:
            channel.across.append(Across(run.out.row, None, None, run.net, run.out.wires))
    taken = {one.row for run in runs for one in (*run.joints, run.out)}
    channel.tracks = _assign(bent, taken)
    for run in bent:
        _draw(run, channel)
    return channel


def _assign(runs: Sequence[_Run], taken: set[int]) -> int:
    """Give every run its track; return how many tracks there are."""
    left = {row: n for n, run in enumerate(runs) for row in run.rows("left")}
    before: list[set[int]] = [set() for _ in runs]
    after: list[set[int]] = [set() for _ in runs]
    for n, run in enumerate(runs):
        for row in run.rows("right"):
            first = left.get(row, n)
            if first != n:
                before[n].add(first)
                after[first].add(n)
    tracks = _Tracks()
    least = [0] * len(runs)
    waiting = [len(one) for one in before]
    ready = [(*_preference(run), n) for n, run in enumerate(runs) if not waiting[n]]
    heapq.heapify(ready)
    placed = [False] * len(runs)
    left_over = dict.fromkeys(range(len(runs)))

    def settle(n: int, track: int) -> None:
        for other in after[n]:
            least[other] = max(least[other], track + 1)
            waiting[other] -= 1
            if not waiting[other] and not placed[other]:
                heapq.heappush(ready, (*_preference(runs[other]), other))

    while left_over:
        if ready:
            n = heapq.heappop(ready)[-1]
            if placed[n]:
                continue
            run = runs[n].other or runs[n]
            run.track = tracks.take(run.span, least[n])
            placed[n] = True
            del left_over[n]
            if runs[n].other is None:
                settle(n, run.track)
            continue
        # A ring: one run turns early on a track of its own, crosses on a free row, and turns again late.
        n = next(n for n in left_over if runs[n].other is None)
        _split(runs[n], taken)
        runs[n].track = tracks.take(runs[n].span, 0)
        least[n] = max(least[n], runs[n].track + 1)
        settle(n, runs[n].track)
    return tracks.count


def _preference(run: _Run) -> tuple[int, int]:
    """Runs that go down turn first where they begin lowest, runs that go up where they begin highest."""
    lefts, rights = run.rows("left"), run.rows("right")
    if not lefts or not rights:
        return (0, run.span[1] - run.span[0])
    one, other = sum(lefts) / len(lefts), sum(rights) / len(rights)
    return (1, -min(lefts)) if one <= other else (1, max(lefts))


class _Tracks:
    """Which rows of each track are in use."""

    def __init__(self) -> None:
        self._used: list[list[tuple[int, int]]] = []

    def take(self, span: tuple[int, int], least: int) -> int:
        """The first track from `least` on that is free there, with a row to spare."""
        top, bottom = span[0] - 1, span[1] + 1
        track = least
        while track < len(self._used) and any(a <= bottom and top <= b for a, b in self._used[track]):
            track += 1
        while len(self._used) <= track:
            self._used.append([])
        self._used[track].append(span)
        return track

    @property
    def count(self) -> int:
        return len(self._used)


def _split(run: _Run, taken: set[int]) -> None:
    """Make of `run` its left part, and of `run.other` its right one, joined by a free row."""
    row = nearest(sum(run.span) // 2, taken)
    taken.add(row)
    lefts = [one for one in run.joints if one.side == "left"]
    rights = [one for one in run.joints if one.side == "right"]
    if run.out.side == "right":
        through = tuple(key for one in lefts for key in one.wires)
        run.other = _Run(run.net, [Joint(row, "left", through), *rights], run.out)
        run.joints, run.out = lefts, Joint(row, "right", through)
    else:
        through = tuple(key for one in rights for key in one.wires)
        run.other = _Run(run.net, rights, Joint(row, "left", through))
        run.joints, run.out = [*lefts, Joint(row, "right", through)], run.out


def _draw(run: _Run, channel: Channel) -> None:
    other = run.other
    crossing = None
    if other is not None:
        shared = set(run.rows("right")) & set(other.rows("left"))
        crossing = shared.pop()
        wires = run.out.wires if run.out.row == crossing else other.out.wires
        channel.across.append(Across(crossing, run.track, other.track, run.net, wires))
    for part in (run, other) if other else (run,):
        for one in (*part.joints, part.out):
            if one.row != crossing:
                start, end = (None, part.track) if one.side == "left" else (part.track, None)
                channel.across.append(Across(one.row, start, end, run.net, one.wires))
        parts = tuple(
            (min(one.row, part.out.row), max(one.row, part.out.row), one.wires) for one in part.joints
        )
        channel.trunks.append(Trunk(part.track, *part.span, run.net, parts))
