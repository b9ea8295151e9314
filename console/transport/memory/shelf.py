"""What a memory engine has in store: images, volumes and networks, with a real one's refusals.

Whatever a container was made of is there, also after the container is gone; more can be put there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from console.errors import Conflict, EngineError, NotFound
from console.model.stock.things import DiskUsage, Image, Kind, Network, Volume
from console.model.text import sanitise
from console.transport.memory.bus import EventBus
from console.transport.memory.containers import MemoryContainer, stable_hex
from console.transport.memory.documents import timestamp
from console.transport.memory.nets import BUILTIN, MemoryNetwork, Nets

MB = 1 << 20


@dataclass(slots=True, kw_only=True)
class MemoryImage:
    """One image."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int
    shared: int = 0
    created: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class MemoryVolume:
    """One volume."""

    name: str
    size: int
    created: float
    labels: Mapping[str, str] = field(default_factory=dict)


class Shelf:
    """Images, volumes and networks of one engine."""

    def __init__(
        self, bus: EventBus, containers: Mapping[str, MemoryContainer], pulled: set[str], nets: Nets
    ) -> None:
        self._bus = bus
        self._containers = containers
        self._pulled = pulled
        self._images: dict[str, MemoryImage] = {}
        self._volumes: dict[str, MemoryVolume] = {}
        self._nets = nets
        self.sizes: dict[str, int] = {}
        """Bytes of images by the beginning of a tag, and of volumes by name; others have some size."""
        self.freed = 0
        """Bytes that removals have made free."""

    def put(self, thing: MemoryImage | MemoryVolume | MemoryNetwork) -> None:
        """Put a thing there as if it had always been; no event."""
        if isinstance(thing, MemoryImage):
            self._images[thing.id] = thing
        elif isinstance(thing, MemoryVolume):
            self._volumes[thing.name] = thing
        else:
            self._nets.put(thing)

    def settle(self) -> None:
        """Whatever containers are made of is there."""
        for reference in self._pulled:
            self._image(reference, self._bus.now())
        for container in self._containers.values():
            self._image(container.image, container.created)
            for mount in container.mounts:
                if not mount.bind and mount.source not in self._volumes:
                    size = self.sizes.get(mount.source, _some(mount.source, 1, 600))
                    self.put(MemoryVolume(name=mount.source, size=size, created=container.created))

    def _image(self, reference: str, made: float) -> None:
        ident = "sha256:" + stable_hex(reference)
        if ident in self._images:
            return
        size = next((size for begin, size in self.sizes.items() if reference.startswith(begin)), 0)
        size = size or _some(reference, 12, 700)
        digest = f"{reference.rpartition(':')[0] or reference}@sha256:{stable_hex('digest/' + reference)}"
        self.put(
            MemoryImage(
                id=ident,
                tags=() if reference.startswith("sha256:") else (reference,),
                digests=(digest,),
                size=size,
                shared=min(size // 2, 74 * MB) if size > 90 * MB else 0,
                created=made - 3 * 86400,
            )
        )

    # What is read of it

    def images(self) -> tuple[Image, ...]:
        """The list, newest first."""
        self.settle()
        rows = [
            Image(
                host=self._bus.host,
                id=image.id,
                tags=tuple(map(sanitise, sorted(image.tags))),
                pins=tuple(sorted(image.tags)),
                digests=tuple(map(sanitise, image.digests)),
                size=image.size,
                created=image.created,
                labels={key: sanitise(value) for key, value in image.labels.items()},
            )
            for image in self._images.values()
        ]
        return tuple(sorted(rows, key=lambda image: (-image.created, image.id)))

    def volumes(self) -> tuple[Volume, ...]:
        """The list, without sizes."""
        self.settle()
        return tuple(
            Volume(
                host=self._bus.host,
                id=volume.name,
                name=sanitise(volume.name),
                driver=sanitise("local"),
                pins=(timestamp(volume.created),),
                created=volume.created,
                labels={key: sanitise(value) for key, value in volume.labels.items()},
                anonymous=len(volume.name) == 64,
                mountpoint=sanitise(f"/var/lib/docker/volumes/{volume.name}/_data"),
            )
            for volume in self._volumes.values()
        )

    def networks(self) -> tuple[Network, ...]:
        """The list."""
        self.settle()
        return tuple(
            Network(
                host=self._bus.host,
                id=network.id,
                name=sanitise(network.name),
                driver=sanitise(network.driver),
                scope=sanitise("local"),
                subnets=(sanitise(network.subnet),) if network.subnet else (),
                internal=network.internal,
                builtin=network.name in BUILTIN,
                created=network.created or None,
                labels={key: sanitise(value) for key, value in network.labels.items()},
            )
            for network in self._nets.all()
        )

    def disk_usage(self, now: float) -> DiskUsage:
        """What it takes; `now` by our clock."""
        self.settle()
        images, shared = self._images.values(), [image.shared for image in self._images.values()]
        return DiskUsage(
            at=now,
            layers=sum(image.size - image.shared for image in images) + max(shared, default=0),
            shared={image.id: image.shared for image in images},
            volumes={volume.name: volume.size for volume in self._volumes.values()},
            writable=sum(_some(container.id, 0, 40) for container in self._containers.values()),
            build_cache=self.sizes.get("build cache", 0),
        )

    # What changes it

    def discard(self, kind: Kind, ident: str, pins: tuple[str, ...]) -> None:
        """Remove. Raises NotFound, Conflict or EngineError."""
        self.settle()
        match kind:
            case Kind.IMAGE:
                self._discard_image(ident, pins)
            case Kind.VOLUME:
                self._discard_volume(ident, pins)
            case Kind.NETWORK:
                self._discard_network(ident)

    def _discard_image(self, ident: str, pins: tuple[str, ...]) -> None:
        image = self._images.get(ident)
        if image is None:
            raise NotFound(self._bus.host, f"No such image: {ident}", status=404)
        if tuple(sorted(image.tags)) != pins:
            raise self._refused("its tags are not those it had any more")
        for container in self._containers.values():
            if container.image_id == ident:
                word = "running" if container.alive else "stopped"
                short = ident.removeprefix("sha256:")[:12]
                raise self._refused(
                    f"conflict: unable to delete {short} - image is being used by {word} container "
                    f"{container.id[:12]}"
                )
        del self._images[ident]
        self._pulled -= set(image.tags)
        self.freed += image.size - image.shared
        for tag in image.tags:
            self._bus.emit("image", "untag", ident, {"name": tag})
        self._bus.emit("image", "delete", ident, {"name": ident})

    def _discard_volume(self, name: str, pins: tuple[str, ...]) -> None:
        volume = self._volumes.get(name)
        if volume is None:
            raise NotFound(self._bus.host, f"get {name}: no such volume", status=404)
        if pins and (timestamp(volume.created),) != pins:
            raise self._refused("it was made anew since")
        for container in self._containers.values():
            if any(mount.source == name for mount in container.mounts):
                raise self._refused(f"remove {name}: volume is in use - [{container.id}]")
        del self._volumes[name]
        self.freed += volume.size
        self._bus.emit("volume", "destroy", name, {"driver": "local"})

    def _discard_network(self, ident: str) -> None:
        network = self._nets.find(ident)
        if network is None:
            raise NotFound(self._bus.host, f"network {ident} not found", status=404)
        if network.name in BUILTIN:
            words = f"{network.name} is a pre-defined network and cannot be removed"
            raise EngineError(self._bus.host, words, status=403)
        for container in self._containers.values():
            if network.name in container.networks:
                raise self._refused(f"{container.name} uses it")
        self._nets.drop(network.name)
        self._bus.emit("network", "destroy", ident, {"name": network.name, "type": network.driver})

    def tag(self, ident: str, tag: str) -> None:
        """`docker tag`."""
        image = self._images[ident]
        self._images[ident] = replace(image, tags=(*image.tags, tag))
        self._bus.emit("image", "tag", ident, {"name": tag})

    def _refused(self, why: str) -> Conflict:
        return Conflict(self._bus.host, why, status=409)


def _some(name: str, least: int, most: int) -> int:
    """Bytes between two figures in MiB that depend on nothing but the name."""
    return least * MB + int(stable_hex(name)[:8], 16) % ((most - least) * MB)
