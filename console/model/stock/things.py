"""Images, volumes and networks as their engine has them, and all of them of one host at one time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.text import NOTHING, SafeText

OURS = "dockcon."
"""Labels that begin so are dockcon's own: what carries one is never part of a clean-up."""


class Kind(StrEnum):
    """What a thing is; the words of screen, command line and audit file."""

    IMAGE = "image"
    VOLUME = "volume"
    NETWORK = "network"

    @property
    def plural(self) -> str:
        return f"{self.value}s"


ThingKey = tuple[str, Kind, str]
"""(host name, kind, the engine's id; of a volume its name): the only identity of a thing in dockcon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image; intermediate ones are not listed by an engine. `created` is seconds of the Unix epoch."""

    host: str
    id: str
    """With `sha256:`."""
    tags: tuple[SafeText, ...] = ()
    """`nginx:1.27` ...; none: it is dangling."""
    pins: tuple[str, ...] = ()
    """The tags as the engine wrote them: a removal asks whether they are still these."""
    digests: tuple[SafeText, ...] = ()
    """`nginx@sha256:...`."""
    size: int = 0
    """Bytes, with what it shares."""
    shared: int | None = None
    """Bytes of it that other images have, too; None: not measured yet."""
    created: float = 0.0
    labels: Mapping[str, SafeText] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return Kind.IMAGE

    @property
    def key(self) -> ThingKey:
        return (self.host, Kind.IMAGE, self.id)

    @property
    def short(self) -> SafeText:
        """Twelve digits of its id."""
        return SafeText(self.id.removeprefix("sha256:")[:12])

    @property
    def name(self) -> SafeText:
        """Its first tag; without one its short id."""
        return self.tags[0] if self.tags else self.short

    @property
    def repository(self) -> SafeText:
        """Where one without a tag came from, as far as its digests tell; or empty."""
        return SafeText(self.digests[0].partition("@")[0]) if self.digests else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One volume. `created` is seconds of the Unix epoch, None where its driver does not say."""

    host: str
    id: str
    """Its name as the engine wrote it."""
    name: SafeText
    driver: SafeText = NOTHING
    pins: tuple[str, ...] = ()
    """When it was made, as the engine wrote it: another of the same name is another one."""
    size: int | None = None
    """Bytes; None: not measured yet, or its driver does not say."""
    created: float | None = None
    labels: Mapping[str, SafeText] = field(default_factory=dict)
    anonymous: bool = False
    """Nobody gave it a name: it was made with a container."""
    mountpoint: SafeText = NOTHING

    @property
    def kind(self) -> Kind:
        return Kind.VOLUME

    @property
    def key(self) -> ThingKey:
        return (self.host, Kind.VOLUME, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network. `created` is seconds of the Unix epoch, None where it is not known."""

    host: str
    id: str
    name: SafeText
    driver: SafeText = NOTHING
    scope: SafeText = NOTHING
    """`local`, `swarm` ..."""
    subnets: tuple[SafeText, ...] = ()
    internal: bool = False
    """No way out of it."""
    builtin: bool = False
    """The engine's own, which cannot be removed: bridge, host, none, ingress."""
    created: float | None = None
    labels: Mapping[str, SafeText] = field(default_factory=dict)
    pins: tuple[str, ...] = ()
    """Nothing: its id is its own."""

    @property
    def kind(self) -> Kind:
        return Kind.NETWORK

    @property
    def key(self) -> ThingKey:
        return (self.host, Kind.NETWORK, self.id)

    @property
    def size(self) -> int:
        """A network takes no room."""
        return 0


Thing = Image | Volume | Network


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUsage:
    """What `GET /system/df` measured, in bytes. `at` is seconds of the Unix epoch."""

    at: float
    layers: int = 0
    """All images together, what they share counted once."""
    shared: Mapping[str, int] = field(default_factory=dict)
    """By image id; an engine that does not tell leaves it out."""
    volumes: Mapping[str, int] = field(default_factory=dict)
    """By the volume's name as the engine wrote it."""
    writable: int = 0
    """What containers have written into their own layers; their logs are not in it."""
    build_cache: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What one host has in store. Times are seconds of the Unix epoch."""

    images: tuple[Image, ...] = ()
    volumes: tuple[Volume, ...] = ()
    networks: tuple[Network, ...] = ()
    read: float | None = None
    """When the lists were last read; None: never."""
    stale: bool = False
    """Something happened since that is not read yet, or nobody looks any more."""
    trouble: SafeText = NOTHING
    """Why the lists could not be read when they were last asked for."""
    usage: DiskUsage | None = None
    """When sizes were last measured."""
    measuring: bool = False
    unmeasured: SafeText = NOTHING
    """Why sizes could not be measured when that was last tried."""

    def of(self, kind: Kind) -> tuple[Thing, ...]:
        """All of one kind, as the engine lists them."""
        match kind:
            case Kind.IMAGE:
                return self.images
            case Kind.VOLUME:
                return self.volumes
            case Kind.NETWORK:
                return self.networks
