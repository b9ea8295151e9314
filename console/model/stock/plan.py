"""What a removal or a clean-up would take: the exact list, made before anybody is asked. Pure.

A clean-up is never handed to the engine's own prune, which would also take what has appeared since: each
thing on the list is removed by itself, and only while it is what it was and nobody uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.model.actions import Target
from console.model.containers import Container
from console.model.stock.things import Image, Kind, Stock, Thing, ThingKey, Volume
from console.model.stock.use import FREE, Room, Standing, Uses, kept, room, standing
from console.model.text import NOTHING, SafeText, safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard(Target):
    """A thing that shall be removed, pinned as it was when the list was made."""

    what: Kind
    pins: tuple[str, ...] = ()
    """What must still hold of it: the tags of an image, when a volume was made."""
    size: int | None = None
    """Bytes, with what is shared; None: not known."""

    @property
    def typed(self) -> SafeText:
        """A host of guard `typed` wants its own name: nobody types thirty digests."""
        return SafeText(self.host)


def discard(thing: Thing) -> Discard:
    """Pin a thing."""
    return Discard(
        host=thing.host, id=thing.id, name=thing.name, what=thing.kind, pins=thing.pins, size=thing.size
    )


class Sweep(StrEnum):
    """Which of what nobody uses a clean-up takes."""

    DANGLING = "dangling"
    """Images without a tag."""
    ANONYMOUS = "anonymous"
    """Volumes that nobody gave a name."""
    UNUSED = "unused"
    """All."""


SWEEPS = {
    Kind.IMAGE: (Sweep.DANGLING, Sweep.UNUSED),
    Kind.VOLUME: (Sweep.ANONYMOUS, Sweep.UNUSED),
    Kind.NETWORK: (Sweep.UNUSED,),
}
"""The clean-ups there are of each kind, the more careful first."""


def sweep(things: Iterable[Thing], uses: Uses, which: Sweep) -> tuple[Thing, ...]:
    """Those of one host's `things` that a clean-up takes."""
    return tuple(thing for thing in things if _taken(thing, standing(thing, uses.of(thing)), which))


def _taken(thing: Thing, stands: Standing, which: Sweep) -> bool:
    if stands not in FREE:
        return False
    match which:
        case Sweep.DANGLING:
            return isinstance(thing, Image) and stands is Standing.DANGLING
        case Sweep.ANONYMOUS:
            return isinstance(thing, Volume) and thing.anonymous
        case Sweep.UNUSED:
            return True


def objection(thing: Thing, users: Sequence[Container]) -> SafeText:
    """Why it cannot be removed; empty where it can."""
    match standing(thing, users):
        case Standing.BUILTIN:
            return safe("it is the engine's own")
        case Standing.KEPT:
            return safe(f"{users[0].name} is kept for a way back with it")
        case Standing.USED:
            own = [user for user in users if not kept(user)]
            more = f" and {len(users) - 1} more" if len(users) > 1 else ""
            return safe(f"{own[0].name}{more} {'use' if more else 'uses'} it")
        case _:
            # What carries a label of ours can be removed by somebody who means exactly it.
            return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would go, by host, and what it makes free."""

    what: Kind
    things: tuple[Thing, ...]
    frees: Room
    left: tuple[tuple[ThingKey, SafeText, SafeText], ...] = ()
    """Chosen and not taken: its key, its name, and why."""

    @property
    def targets(self) -> tuple[Discard, ...]:
        return tuple(map(discard, self.things))

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(thing.host for thing in self.things))


def room_of(things: Sequence[Thing], stock: Stock) -> Room:
    """What one host gets free without these of its things."""
    return room(things, stock.usage.layers if stock.usage is not None and stock.usage.layers else None)
