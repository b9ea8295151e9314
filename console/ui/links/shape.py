"""What a drawn map consists of, before anybody knows where it stands. Pure.

The **shape** is all that decides where things stand: boxes, their rows, the wires between rows and the room
their labels take. What changes while a fleet runs (states, figures) is the **dress**, so that a change of
state never moves a box.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from console.model.links.link import Link
from console.ui.cells import Cell

INSIDE = "<"
"""The box of addresses outside the fleet that dial into it."""
OUTSIDE = ">"
"""The box of addresses outside the fleet, and of names that lead nowhere, which containers dial."""

WireKey = Hashable


class EntryKey(NamedTuple):
    """One row of a box."""

    box: str
    row: str


@dataclass(frozen=True, slots=True)
class Box:
    """A host, or one of the two boxes at the edges. `width` is in cells, its frame included."""

    key: str
    width: int
    entries: tuple[EntryKey, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """A line from a consumer's row to an endpoint's; `room` cells are kept for its label."""

    key: WireKey
    source: EntryKey
    target: EntryKey
    room: int


@dataclass(frozen=True, slots=True)
class Shape:
    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()


class Look(NamedTuple):
    """How a wire looks now."""

    rank: int
    """The worse the greater; of two wires that share cells the worse is seen."""
    tone: str
    label: str
    """Its sign, and what else there is room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    titles: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    rows: Mapping[EntryKey, tuple[Cell, ...]] = field(default_factory=dict)
    looks: Mapping[WireKey, Look] = field(default_factory=dict)
    links: Mapping[WireKey, tuple[Link, ...]] = field(default_factory=dict)
    """Of every wire, the worst first."""
