"""What mappings ask of a memory engine itself: networks, one file, one command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from console.errors import (
    Conflict,
    EngineDown,
    EngineError,
    HostUnreachable,
    NotFound,
    OutcomeUnknown,
)
from console.model.containers import Inspection
from console.model.mappings.world import NetworkView
from console.model.text import safe, sanitise
from console.transport.memory import haproxy
from console.transport.memory.containers import MemoryContainer, stable_hex
from console.transport.memory.disk import Disk, Node
from console.transport.memory.documents import document_of
from console.transport.memory.host import MemoryHost
from console.transport.memory.paths import in_host
from console.transport.memory.shell import Programs
from console.transport.wiring import Ran

Call = Callable[[], Awaitable[None]]


class EngineSide:
    """Every method does its deed, then its answer travels: it may be lost."""

    def __init__(self, host: MemoryHost, engine: Call, ssh: Call, check: Callable[[], None]) -> None:
        """`engine` and `ssh`: the way of one request to either; `check` raises where the engine is out of
        reach already.
        """
        self._host = host
        self._daemon = host.daemon
        self._engine = engine
        self._ssh = ssh
        self._check = check

    @asynccontextmanager
    async def _deed(self, what: str) -> AsyncIterator[None]:
        """A change: made at once; what is lost on the way back is an unknown outcome."""
        self._check()
        faults = self._host.faults
        if faults.before_deed is not None:
            faults.before_deed(what)
        self._check()
        yield
        if faults.after_deed is not None:
            faults.after_deed(what)
        try:
            await self._engine()
        except (HostUnreachable, EngineDown) as error:
            raise OutcomeUnknown(
                self._host.name,
                f"the answer was lost: {error.message}",
                next_step="look at the next list: it may have been carried out",
            ) from error

    def _programs(self, container: MemoryContainer) -> Programs:
        return Programs(container, self._daemon.disk(container), self._host.clock.now)

    async def networks(self) -> tuple[NetworkView, ...]:
        """All of them."""
        self._daemon.shelf.settle()
        found = tuple(net.view for net in self._daemon.nets.all())
        await self._engine()
        return found

    async def make_network(self, name: str, labels: Mapping[str, str], *, internal: bool) -> str:
        """A bridge network."""
        async with self._deed("make_network"):
            if self._daemon.nets.find(name) is not None:
                raise Conflict(self._host.name, f"network with name {name} already exists", status=409)
            self._daemon.nets.make(name, labels, internal=internal, now=self._host.clock.now())
            self._daemon.tell_of_network(name, "create")
        return stable_hex(name)

    async def drop_network(self, name: str) -> None:
        """Remove it."""
        async with self._deed("drop_network"):
            net = self._network(name)
            if self._daemon.nets.members(net):
                raise Conflict(self._host.name, f"network {net} has active endpoints", status=403)
            self._daemon.nets.drop(net)
            self._daemon.tell_of_network(net, "destroy")

    async def connect(self, network: str, container_id: str, aliases: Collection[str]) -> None:
        """Live, where it runs."""
        async with self._deed("connect"):
            net, container = self._network(network), self._find(container_id)
            if net in container.networks:
                words = f"endpoint with name {container.name} already exists in network {net}"
                raise Conflict(self._host.name, words, status=403)
            if in_host(container):
                words = "container sharing network namespace with another container or host"
                raise EngineError(
                    self._host.name, f"{words} cannot be connected to any other network", status=400
                )
            container.aliases = {**container.aliases, net: tuple(aliases)}
            self._daemon.connect(container, net, self._daemon.nets.free_address(net))

    async def disconnect(self, network: str, container_id: str, *, force: bool = False) -> None:
        """Take it out."""
        async with self._deed("disconnect"):
            net, container = self._network(network), self._find(container_id)
            if net not in container.networks:
                words = f"container {container_id} is not connected to network {net}"
                raise Conflict(self._host.name, words, status=403)
            container.aliases = {name: own for name, own in container.aliases.items() if name != net}
            self._daemon.disconnect(container, net)

    async def inspect_all(self, ids: Collection[str]) -> tuple[Inspection, ...]:
        """Those that are there."""
        found = tuple(
            Inspection(container.detail(self._host.name), document_of(container), container.log)
            for ident in dict.fromkeys(ids)
            if (container := self._daemon.containers.get(ident)) is not None
        )
        await self._engine()
        return found

    async def image_id(self, reference: str) -> str:
        """By name."""
        known = self._daemon.references()
        found = next((i for i in known if reference in (i, "sha256:" + stable_hex(i))), "")
        await self._engine()
        return found and "sha256:" + stable_hex(found)

    async def put_file(self, container_id: str, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """With the directories above it."""
        async with self._deed("put_file"):
            self._place(container_id, path, data, mode)

    async def make_folder(self, container_id: str, path: str, *, mode: int) -> None:
        """With those above it."""
        async with self._deed("make_folder"):
            self._place(container_id, path, None, mode)

    def _place(self, container_id: str, path: str, data: bytes | None, mode: int) -> None:
        disk, now = self._daemon.disk(self._find(container_id)), self._host.clock.now()
        where = disk.resolved(path)
        while (above := where.rpartition("/")[0]) and above not in disk.nodes:
            disk.nodes[above] = Node(None, mode=0o755, mtime=now)
            where = above
        disk.nodes[disk.resolved(path)] = Node(data, mode=mode, mtime=now)

    async def read_file(self, container_id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """Its first `limit` bytes."""
        found = self._daemon.disk(self._find(container_id)).find(path, follow=False)
        await self._engine()
        data = found[1].data if found is not None and not found[1].link else None
        return None if data is None else data[:limit]

    async def run(self, container_id: str, argv: Collection[str], timeout: float = 10.0) -> Ran:
        """`haproxy -c -f FILE`, and the programs a memory container has."""
        async with self._deed("run"):
            container, words = self._find(container_id), list(argv)
            if not container.alive:
                raise Conflict(self._host.name, f"Container {container_id} is not running", status=409)
            disk = self._daemon.disk(container)
            if words[:1] == ["haproxy"] and "-c" in words and "-f" in words[:-1]:
                path = words[words.index("-f") + 1]
                return _tried(path, disk)
            said = self._programs(container).program(words)
            return Ran(said.code, sanitise((said.out + said.err).strip()))

    def _find(self, container_id: str) -> MemoryContainer:
        container = self._daemon.containers.get(container_id)
        if container is None:
            raise NotFound(self._host.name, f"No such container: {container_id[:12]}", status=404)
        return container

    def _network(self, name: str) -> str:
        net = self._daemon.nets.find(name)
        if net is None:
            raise NotFound(self._host.name, f"network {name} not found", status=404)
        return net.name


def _tried(path: str, disk: Disk) -> Ran:
    """What `haproxy -c` says of a file."""
    found = disk.find(path)
    if found is None or found[1].data is None:
        return Ran(1, sanitise(f"[ALERT]    (1) : Cannot open configuration file/directory {path}"))
    try:
        haproxy.parse(found[1].data.decode(errors="replace"), path)
    except haproxy.BadConfig as bad:
        return Ran(1, sanitise(str(bad)))
    return Ran(0, safe("Configuration file is valid"))
