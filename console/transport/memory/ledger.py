"""What a memory engine holds, and how it tells of a change."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from console.model.containers import Container
from console.transport.memory.bus import EventBus
from console.transport.memory.containers import MemoryContainer, stable_hex
from console.transport.memory.disk import Disk
from console.transport.memory.logs import LogShelf
from console.transport.memory.nets import Nets

if TYPE_CHECKING:
    from console.transport.memory.proxies import Proxy
    from console.transport.memory.shelf import Shelf


class Ledger:
    """The containers of one engine, by full id, their logs, and the events about them."""

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus
        self.logs = LogShelf(bus)
        self.containers: dict[str, MemoryContainer] = {}
        self.images: set[str] = set()
        """References that were pulled; those of containers are there anyway."""
        self.nets = Nets(self.containers)
        self.proxies: dict[str, Proxy] = {}
        """The HAProxies that run, by the id of their container."""
        self._disks: dict[str, Disk] = {}
        self._shelf: Shelf | None = None
        self.furnish: Callable[[Shelf], None] = _nothing
        """Called once, to put more there than containers are made of."""

    @property
    def shelf(self) -> Shelf:
        """Its images, volumes and networks, put there when somebody first looks."""
        if self._shelf is None:
            from console.transport.memory.shelf import Shelf

            self._shelf = Shelf(self.bus, self.containers, self.images, self.nets)
            self.furnish(self._shelf)
        return self._shelf

    def references(self) -> set[str]:
        """What images can be called by."""
        tags = {tag for image in self.shelf.images() for tag in image.pins}
        return tags | self.images | {container.image for container in self.containers.values()}

    @property
    def freed(self) -> int:
        """Bytes that removals from its store have made free."""
        return self._shelf.freed if self._shelf is not None else 0

    def disk(self, container: MemoryContainer) -> Disk:
        """Its files, made when somebody first looks."""
        return self._disks.setdefault(container.id, Disk(container))

    def find(self, name: str) -> MemoryContainer:
        """The container called `name`. Raises KeyError."""
        for container in self.containers.values():
            if container.name == name:
                return container
        raise KeyError(name)

    def rows(self, ids: Collection[str] | None = None) -> tuple[Container, ...]:
        """The list, newest first, as the API has it."""
        now = self.bus.now()
        chosen = (
            self.containers.values() if ids is None else [c for i in ids if (c := self.containers.get(i))]
        )
        rows = [container.row(self.bus.host, now) for container in chosen]
        return tuple(sorted(rows, key=lambda row: (-row.created, row.id)))

    def truth(self) -> dict[str, Container]:
        """Every container with all details: what a perfect table equals."""
        return {key: container.detail(self.bus.host) for key, container in self.containers.items()}

    def add(self, container: MemoryContainer) -> MemoryContainer:
        """Put a container there as if it had always been; no event."""
        self.containers[container.id] = container
        return container

    def run_proxy(self, container: MemoryContainer) -> str:
        """HAProxy begins in it, where its configuration is good; return what it says."""
        # Imported with the first one: most fleets of tests have none.
        from console.transport.memory.proxies import begin

        proxy, said = begin(container, self.disk(container))
        if proxy is not None:
            self.proxies[container.id] = proxy
        return said

    def tell_networks(self, container: MemoryContainer, action: str) -> None:
        """Of all its networks."""
        for network in container.own_networks:
            self.tell_network(container, network, action)

    def tell_network(self, container: MemoryContainer, network: str, action: str) -> None:
        """That it joined or left one."""
        attributes = {"name": network, "type": "bridge", "container": container.id}
        self.bus.emit("network", action, stable_hex(network), attributes, container_id=container.id)

    def tell_of_network(self, network: str, action: str) -> None:
        """That it was made or removed."""
        attributes = {"name": network, "type": "bridge"}
        self.bus.emit("network", action, stable_hex(network), attributes)

    def tell(self, container: MemoryContainer, action: str, **attributes: str) -> None:
        """Of the container itself."""
        base = {"image": container.image, "name": container.name, **container.labels}
        self.bus.emit("container", action, container.id, {**base, **attributes})


def _nothing(shelf: Shelf) -> None:
    """An engine has only what its containers are made of."""
