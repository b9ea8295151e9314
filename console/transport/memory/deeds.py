"""What changes a memory engine, with a real one's refusals: names and ports taken, states, images missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol

from console.errors import Conflict, EngineError, NotFound
from console.model.actions import Action, ActionKind
from console.model.containers import ContainerState, Port
from console.model.stock.things import Kind
from console.model.text import NOTHING, SafeText, safe
from console.transport.base import PullProgress
from console.transport.memory.containers import RUNNING_STATES, MemoryContainer, Mount, stable_hex
from console.transport.memory.daemon import MemoryDaemon
from console.transport.memory.documents import PATH
from console.transport.wire_text import items, mapping, number, raw_text

BROKEN = "broken"
"""An image whose tag has this word in it starts and ends at once, with exit code 1."""

BLOCK = bytes(1 << 20)
"""What images are made of."""


class Calls(Protocol):
    """The way of one request; raises what the host's faults say."""

    async def __call__(self) -> None: ...


class MemoryDeeds:
    """`EngineDeeds` over a memory daemon."""

    def __init__(self, host: str, daemon: MemoryDaemon, call: Calls) -> None:
        self._host = host
        self._daemon = daemon
        self._call = call

    async def act(self, container_id: str, action: Action) -> bool:
        """Do it at once, then let the answer travel: it may be lost."""
        try:
            changed = self._act(self._find(container_id), action)
        finally:
            await self._call()
        return changed

    def _act(self, container: MemoryContainer, action: Action) -> bool:
        daemon, runs = self._daemon, container.state in RUNNING_STATES
        match action.kind:
            case ActionKind.STOP if runs:
                daemon.stop(container)
            case ActionKind.START if not runs:
                self._start(container)
            case ActionKind.STOP | ActionKind.START:
                return False
            case ActionKind.RESTART:
                self._restart(container)
            case ActionKind.KILL if runs:
                daemon.kill(container, str(action.signal) or "SIGKILL")
            case ActionKind.PAUSE if container.state is ContainerState.RUNNING:
                daemon.pause(container)
            case ActionKind.UNPAUSE if container.state is ContainerState.PAUSED:
                daemon.unpause(container)
            case ActionKind.PAUSE if container.state is ContainerState.PAUSED:
                return False
            case ActionKind.UNPAUSE if container.state is ContainerState.RUNNING:
                return False
            case ActionKind.RENAME:
                self._free(str(action.name))
                daemon.rename(container, str(action.name))
            case ActionKind.REMOVE if action.force or not runs:
                daemon.remove(container)
            case kind:
                raise Conflict(self._host, f"cannot {kind} a container that is {container.state}", status=409)
        return True

    def _restart(self, container: MemoryContainer) -> None:
        if container.state in RUNNING_STATES:
            self._daemon.stop(container)
        self._start(container)
        self._daemon.tell(container, "restart")

    def _start(self, container: MemoryContainer) -> None:
        if container.joins:
            joined = self._daemon.containers.get(container.joins)
            if joined is None:
                raise NotFound(self._host, f"No such container: {container.joins}", status=404)
            if not joined.alive:
                words = f"cannot join network of a non running container: {joined.id}"
                raise Conflict(self._host, words, status=409)
        wanted = {(port.ip, port.public) for port in container.ports if port.public}
        for other in self._daemon.containers.values():
            if other.alive and wanted & {(port.ip, port.public) for port in other.ports if port.public}:
                raise EngineError(self._host, "Bind for a port failed: port is already allocated", status=500)
        self._daemon.start(container)
        if BROKEN in container.image:
            self._daemon.exit(container, 1)

    async def discard(self, kind: Kind, ident: str, pins: tuple[str, ...]) -> None:
        """Remove an image, a volume or a network at once, then let the answer travel: it may be lost."""
        try:
            self._daemon.shelf.discard(kind, ident, pins)
        finally:
            await self._call()

    async def image(self, reference: str) -> Mapping[str, object] | None:
        """The inspect of an image: one that was pulled, or that a container was made of."""
        known = self._daemon.references()
        found = next((i for i in known if reference in (i, "sha256:" + stable_hex(i))), None)
        await self._call()
        if found is None:
            return None
        return {
            "Id": "sha256:" + stable_hex(found),
            "RepoTags": [found],
            "RepoDigests": [],
            "Architecture": "amd64",
            "Os": "linux",
            "Size": len(BLOCK) * (8 + int(stable_hex(found)[:1], 16)),
            "Created": "2024-05-01T12:00:00Z",
            "Config": {"Env": [PATH], "StopSignal": "SIGTERM"},
        }

    async def pull(self, reference: str, progress: Callable[[PullProgress], None]) -> None:
        """Pull, in ten steps; what is `missing`, or tagged `local`, is in no registry."""
        self._daemon.pulling += 1
        try:
            await self._pull(reference, progress)
        finally:
            self._daemon.pulling -= 1

    async def _pull(self, reference: str, progress: Callable[[PullProgress], None]) -> None:
        while not self._daemon.registry.is_set():  # noqa: ASYNC110 - it is set on another thread
            await asyncio.sleep(0.01)
        for step in range(11):
            await self._call()
            if "missing" in reference or reference.endswith(":local"):
                raise NotFound(self._host, f"manifest for {reference} not found", status=404)
            progress(PullProgress(safe("Downloading"), step << 20, 10 << 20))
            await asyncio.sleep(0)
        self._daemon.images.add(reference)
        self._daemon.bus.emit("image", "pull", reference, {"name": reference})

    @asynccontextmanager
    async def export(self, reference: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """An archive: a line that says what it is, and as many bytes as the image has."""
        image = await self.image(reference)
        if image is None:
            raise NotFound(self._host, f"No such image: {reference}", status=404)
        async with aclosing(self._archive(reference, number(image["Size"]))) as archive:
            yield archive

    async def _archive(self, reference: str, size: int) -> AsyncGenerator[bytes, None]:
        yield json.dumps({"name": reference, "size": size}).encode()
        for _ in range(size // len(BLOCK)):
            await self._call()
            yield BLOCK

    async def load(self, parts: AsyncIterator[bytes]) -> None:
        """Take such an archive, whole or not at all."""
        told = mapping(json.loads(await anext(parts)))
        came = 0
        async for part in parts:
            await self._call()
            came += len(part)
        if came != told["size"]:
            raise EngineError(self._host, "unexpected EOF", status=500)
        name = raw_text(told["name"])
        self._daemon.images.add(name)
        self._daemon.bus.emit("image", "load", name, {"name": name})

    async def create(self, name: str, body: Mapping[str, object]) -> str:
        """Create a container."""
        try:
            self._free(name)
            image = raw_text(body.get("Image"))
            if image not in self._daemon.references():
                raise NotFound(self._host, f"No such image: {image}", status=404)
            mode = raw_text(mapping(body.get("HostConfig")).get("NetworkMode"))
            network = "bridge" if mode in ("", "default") else self._mode(mode)
            address = "" if network.startswith("container:") else self._daemon.nets.free_address(network)
            fields = _fields(body) | {"networks": {network: address}}
            made = self._daemon.create(name, image, **fields)
        finally:
            await self._call()
        return made.id

    async def connect(self, network: str, container_id: str, endpoint: Mapping[str, object]) -> None:
        """Connect to a further network."""
        container = self._find(container_id)
        address = raw_text(mapping(endpoint.get("IPAMConfig")).get("IPv4Address"))
        try:
            if network in container.networks:
                raise Conflict(self._host, f"already in {network}", status=403)
            names = [raw_text(name) for name in items(endpoint.get("Aliases"))]
            container.aliases = {**container.aliases, network: tuple(name for name in names if name)}
            self._daemon.connect(container, network, address or self._daemon.nets.free_address(network))
        finally:
            await self._call()

    async def set_restart_policy(self, container_id: str, policy: str) -> None:
        """Change the restart policy."""
        self._daemon.update(self._find(container_id), policy)
        await self._call()

    async def changed_files(self, container_id: str) -> tuple[SafeText, ...]:
        """A few."""
        self._find(container_id)
        await self._call()
        return (safe("/tmp"), safe("/var/cache/app")) if container_id else (NOTHING,)

    def _mode(self, mode: str) -> str:
        """`container:NAME` as an engine keeps it: by id."""
        kind, colon, other = mode.partition(":")
        ids = {container.name: container.id for container in self._daemon.containers.values()}
        return f"container:{ids.get(other, other)}" if kind == "container" and colon else mode

    def _find(self, container_id: str) -> MemoryContainer:
        container = self._daemon.containers.get(container_id)
        if container is None:
            raise NotFound(self._host, f"No such container: {container_id[:12]}", status=404)
        return container

    def _free(self, name: str) -> None:
        for container in self._daemon.containers.values():
            if container.name == name:
                words = f'The container name "/{name}" is already in use by container {container.id[:12]}'
                raise Conflict(self._host, words, status=409)


def _fields(body: Mapping[str, object]) -> dict[str, Any]:
    """What a memory container keeps of the body of a create request."""
    host_config = mapping(body.get("HostConfig"))
    policy = mapping(host_config.get("RestartPolicy"))
    retries = number(policy.get("MaximumRetryCount"))
    check = [raw_text(word) for word in items(mapping(body.get("Healthcheck")).get("Test"))]
    env = [raw_text(entry) for entry in items(body.get("Env"))]
    fields: dict[str, Any] = {
        "env": tuple(entry for entry in env if entry != PATH),
        "labels": {key: raw_text(value) for key, value in mapping(body.get("Labels")).items()},
        "ports": tuple(_ports(mapping(host_config.get("PortBindings")), mapping(body.get("ExposedPorts")))),
        "aliases": _aliases(mapping(mapping(body.get("NetworkingConfig")).get("EndpointsConfig"))),
        "mounts": tuple(_bind(raw_text(bind)) for bind in items(host_config.get("Binds"))),
        "extra_hosts": tuple(raw_text(line) for line in items(host_config.get("ExtraHosts"))),
        "restart_policy": (raw_text(policy.get("Name")) or "no") + (f":{retries}" if retries else ""),
        "healthcheck": check[-1] if check else "",
        "memory_limit": number(host_config.get("Memory")),
    }
    words = (*items(body.get("Entrypoint")), *items(body.get("Cmd")))
    command = tuple(raw_text(word) for word in words)
    return fields | ({"command": command} if command else {})


def _aliases(endpoints: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    return {
        network: tuple(raw_text(name) for name in items(mapping(endpoint).get("Aliases")))
        for network, endpoint in endpoints.items()
    }


def _ports(bindings: Mapping[str, object], exposed: Mapping[str, object]) -> list[Port]:
    found = []
    for key in dict.fromkeys((*bindings, *exposed)):
        private, _, protocol = key.partition("/")
        places = [mapping(place) for place in items(bindings.get(key))] or [{}]
        for place in places:
            public = raw_text(place.get("HostPort"))
            found.append(
                Port(int(private), int(public or 0), raw_text(place.get("HostIp")), protocol or "tcp")
            )
    return found


def _bind(text: str) -> Mount:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    return Mount(source=source, target=target, writable=mode != "ro")
