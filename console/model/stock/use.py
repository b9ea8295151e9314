"""Who uses what, what may go, and how much room that would make. Pure.

A container counts as a user whether it runs or not: one that is stopped can be started again only while
its image, volumes and networks are there. What dockcon keeps for a way back is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from console.model.containers import Container
from console.model.stock.things import OURS, Image, Network, Thing, Volume

KEPT_ENDING = ".dockcon-prev"
"""How a container is called that a redeploy keeps for a way back."""


class Standing(StrEnum):
    """What may become of a thing; `state:` of a filter."""

    USED = "used"
    KEPT = "kept"
    """Used only by containers that are kept for a way back."""
    OURS = "dockcon"
    """It carries a label of dockcon's own."""
    BUILTIN = "built-in"
    DANGLING = "dangling"
    """An image without a tag that nobody uses."""
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Uses:
    """The containers of one host by what they use."""

    images: Mapping[str, tuple[Container, ...]]
    """By image id with `sha256:`."""
    volumes: Mapping[str, tuple[Container, ...]]
    """By name."""
    networks: Mapping[str, tuple[Container, ...]]
    """By name."""

    def of(self, thing: Thing) -> tuple[Container, ...]:
        """The containers that use it, by name."""
        match thing:
            case Image():
                return self.images.get(thing.id, ())
            case Volume():
                return self.volumes.get(thing.name, ())
            case Network():
                return self.networks.get(thing.name, ())


def uses(containers: Iterable[Container]) -> Uses:
    """Who uses what among the containers of one host."""
    images: dict[str, list[Container]] = {}
    volumes: dict[str, list[Container]] = {}
    networks: dict[str, list[Container]] = {}
    for container in sorted(containers, key=lambda c: (c.name, c.id)):
        images.setdefault(full_digest(container.image_id), []).append(container)
        for volume in container.volumes:
            volumes.setdefault(volume, []).append(container)
        for network in container.networks:
            networks.setdefault(network, []).append(container)
    return Uses(_frozen(images), _frozen(volumes), _frozen(networks))


def _frozen(found: Mapping[str, list[Container]]) -> dict[str, tuple[Container, ...]]:
    return {key: tuple(users) for key, users in found.items()}


def full_digest(ident: str) -> str:
    """An image's id with `sha256:`, which Podman leaves out in places."""
    return ident if not ident or ":" in ident else f"sha256:{ident}"


def kept(container: Container) -> bool:
    """Whether it is kept for a way back."""
    return container.name.endswith(KEPT_ENDING)


def standing(thing: Thing, users: Sequence[Container]) -> Standing:
    """What may become of it."""
    if isinstance(thing, Network) and thing.builtin:
        return Standing.BUILTIN
    if users:
        return Standing.KEPT if all(map(kept, users)) else Standing.USED
    if any(label.startswith(OURS) for label in thing.labels):
        return Standing.OURS
    if isinstance(thing, Image) and not thing.tags:
        return Standing.DANGLING
    return Standing.UNUSED


FREE = frozenset({Standing.DANGLING, Standing.UNUSED})
"""Standings of what a clean-up may take."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes a removal makes free: images share layers, so that it can only be said between two
    figures; `unknown` things have no size yet.
    """

    least: int = 0
    most: int = 0
    unknown: int = 0

    @property
    def exact(self) -> bool:
        return self.least == self.most and not self.unknown


def room(things: Iterable[Thing], layers: int | None = None) -> Room:
    """What would be free without these things of one host. `layers`: what all of its images take together.

    What an image shares may go with the others or stay with those that are kept; before anything is
    measured all of an image may be shared.
    """
    least = most = unknown = pictures = 0
    for thing in things:
        if isinstance(thing, Image):
            pictures += thing.size
            least += 0 if thing.shared is None else max(0, thing.size - thing.shared)
        elif thing.size is None:
            unknown += 1
        else:
            least += thing.size
            most += thing.size
    if layers is not None:
        pictures = min(pictures, layers)
    most += pictures
    return Room(min(least, most), most, unknown)


def together(rooms: Iterable[Room]) -> Room:
    """The sum over several hosts."""
    least = most = unknown = 0
    for one in rooms:
        least, most, unknown = least + one.least, most + one.most, unknown + one.unknown
    return Room(least, most, unknown)
