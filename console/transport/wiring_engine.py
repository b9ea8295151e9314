"""What mappings ask of an engine itself: networks, one file, one command."""

from __future__ import annotations

import asyncio
import io
import posixpath
import tarfile
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from console.errors import Conflict, EngineError, NotFound, OutcomeUnknown
from console.model.containers import Inspection
from console.model.mappings.world import NetworkView
from console.model.text import sanitise
from console.transport.wire_text import items, mapping, number, raw_text, text, texts
from console.transport.wiring import Ran
from console.transport.wiring_words import full_id

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")

OUTPUT_KEPT = 4096
"""Bytes of a command's output, the last ones."""
_IN_THE_WAY = ("already", "in use", "active endpoints", "not connected")
AT_ONCE = 8
"""Inspects side by side."""


class Asked(Protocol):
    """An engine whose SDK can be called."""

    async def inspect(self, container_id: str) -> Inspection: ...

    def call(self, function: Callable[[APIClient], T], *, timeout: float = ...) -> Awaitable[T]: ...


class EngineWiring:
    """The engine's part of `Wiring`. `get` reads one path of the API."""

    def __init__(self, host: str, engine: Asked, get: Callable[[str], Awaitable[object]]) -> None:
        self._host = host
        self._engine = engine
        self._get = get
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def networks(self) -> tuple[NetworkView, ...]:
        """All of them."""
        found = (network_view(mapping(entry)) for entry in items(await self._get("/networks")))
        return tuple(network for network in found if network is not None)

    async def make_network(self, name: str, labels: Mapping[str, str], *, internal: bool) -> str:
        """A bridge network."""
        body = {
            "Name": name,
            "CheckDuplicate": True,
            "Driver": "bridge",
            "Internal": internal,
            "Labels": dict(labels),
        }

        def run(api: APIClient) -> Any:
            raw: Any = api
            return raw._result(raw._post_json(raw._url("/networks/create"), data=body), True)

        with self._conflicts():
            made = await self._engine.call(run)
        return raw_text(mapping(made).get("Id"))

    async def drop_network(self, name: str) -> None:
        """Remove it."""

        def run(api: APIClient) -> None:
            raw: Any = api
            raw._raise_for_status(raw._delete(raw._url("/networks/{0}", name)))

        with self._conflicts():
            await self._engine.call(run)

    async def connect(self, network: str, container_id: str, aliases: Collection[str]) -> None:
        """Live, where it runs."""
        endpoint = {"Aliases": list(aliases)} if aliases else {}
        await self._network(network, "connect", container_id, {"EndpointConfig": endpoint})

    async def disconnect(self, network: str, container_id: str, *, force: bool = False) -> None:
        """Also from a network that is gone, with `force`."""
        await self._network(network, "disconnect", container_id, {"Force": force})

    async def _network(self, network: str, what: str, container_id: str, more: Mapping[str, object]) -> None:
        body = {"Container": full_id(container_id), **more}

        def run(api: APIClient) -> None:
            raw: Any = api
            raw._raise_for_status(raw._post_json(raw._url("/networks/{0}/" + what, network), data=body))

        with self._conflicts():
            await self._engine.call(run)

    @contextmanager
    def _conflicts(self) -> Iterator[None]:
        """Engines answer 403 (Docker) or 500 (Podman) where the state is in the way."""
        try:
            yield
        except EngineError as error:
            words = error.message.lower()
            if error.status == 403 or any(w in words for w in _IN_THE_WAY):
                raise Conflict(self._host, error.message, status=error.status) from error
            raise

    async def inspect_all(self, ids: Collection[str]) -> tuple[Inspection, ...]:
        """In the order asked for."""
        found = await asyncio.gather(*(self._inspect(ident) for ident in dict.fromkeys(ids)))
        return tuple(inspection for inspection in found if inspection is not None)

    async def _inspect(self, container_id: str) -> Inspection | None:
        async with self._slots:
            try:
                return await self._engine.inspect(container_id)
            except NotFound:
                return None

    async def image_id(self, reference: str) -> str:
        """By any name an engine knows it by."""
        try:
            found = mapping(await self._get(f"/images/{quote(reference, safe='/:@')}/json"))
        except NotFound:
            return ""
        return raw_text(found.get("Id"))

    async def put_file(self, container_id: str, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """With the directories above it, where they are missing."""
        await self._place(container_id, path, data, mode)

    async def make_folder(self, container_id: str, path: str, *, mode: int) -> None:
        """With those above it, where they are missing."""
        await self._place(container_id, path, None, mode)

    async def _place(self, container_id: str, path: str, data: bytes | None, mode: int) -> None:
        folder, name = posixpath.split(posixpath.normpath(path))
        missing: list[str] = []
        while True:
            try:
                await self._put(container_id, folder, archive("/".join((*missing, name)), data, mode))
            except NotFound as error:
                if folder == "/" or _no_container(error):
                    raise
                folder, above = posixpath.split(folder)
                missing.insert(0, above)
            else:
                return

    async def _put(self, container_id: str, folder: str, tar: bytes) -> None:
        ident = full_id(container_id)

        def run(api: APIClient) -> None:
            raw: Any = api
            url = raw._url("/containers/{0}/archive", ident)
            raw._raise_for_status(raw._put(url, params={"path": folder}, data=tar))

        await self._engine.call(run)

    async def read_file(self, container_id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """Its first `limit` bytes. Of a link, what it leads to is not read: None."""
        ident = full_id(container_id)

        def run(api: APIClient) -> bytes:
            raw: Any = api
            url = raw._url("/containers/{0}/archive", ident)
            with raw._get(url, params={"path": path}, stream=True) as response:
                raw._raise_for_status(response)
                got = b""
                for chunk in response.iter_content(65536):
                    got += chunk
                    if len(got) > limit + 8192:
                        break
                return got

        try:
            return extract(await self._engine.call(run), limit)
        except NotFound as error:
            if _no_container(error):
                raise
            return None

    async def run(self, container_id: str, argv: Collection[str], timeout: float = 10.0) -> Ran:
        """Raises OutcomeUnknown where it has not ended in time: it goes on."""
        code, said = await self.execute(container_id, argv, timeout)
        return Ran(code, sanitise(said.decode(errors="replace").strip()))

    async def execute(
        self, container_id: str, argv: Collection[str], timeout: float, keep: int = OUTPUT_KEPT
    ) -> tuple[int, bytes]:
        """As `run`; return the exit code and the last `keep` bytes of what it said, unsafe."""
        ident, words = full_id(container_id), list(argv)
        ended = await self._engine.call(
            lambda api: _execute(api, ident, words, timeout, keep), timeout=max(timeout, 1.0)
        )
        if ended is None:
            raise OutcomeUnknown(
                self._host, sanitise(f"`{words[0]}` has not ended within {timeout:g} s and goes on", 300)
            )
        return ended


def _execute(
    api: APIClient, ident: str, argv: list[str], timeout: float, keep: int
) -> tuple[int, bytes] | None:
    """Create, start, read to the end, ask for the exit code; None where that takes too long. In a thread.

    The stream is not upgraded: as the plain body of an answer nothing of it can be lost behind the head.
    """
    import requests

    raw: Any = api
    end = time.monotonic() + timeout
    body = {"AttachStdout": True, "AttachStderr": True, "Cmd": argv}
    made = raw._result(raw._post_json(raw._url("/containers/{0}/exec", ident), data=body), True)
    url = raw._url("/exec/{0}", made["Id"])
    frames = Frames(keep)
    start = {"Detach": False, "Tty": False}
    try:
        with raw._post_json(url + "/start", data=start, stream=True) as response:
            raw._raise_for_status(response)
            while data := response.raw._fp.read1(65536):
                frames.feed(data)
                if time.monotonic() > end:
                    return None
    except (requests.RequestException, OSError):
        if time.monotonic() < end:
            raise
        return None
    while (found := raw._result(raw._get(url + "/json"), True)).get("Running"):
        if time.monotonic() > end:
            return None
        time.sleep(0.02)  # the stream ends a moment before the engine knows the code
    return number(found.get("ExitCode")), frames.kept


class Frames:
    """Takes the frames of a command's output apart and keeps the end of it."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._rest = b""
        self._left = 0
        self.kept = b""

    def feed(self, data: bytes) -> None:
        """Both outputs, in the order they come."""
        self._rest += data
        while self._rest:
            if not self._left:
                if len(self._rest) < 8:
                    return
                self._left = int.from_bytes(self._rest[4:8], "big")
                self._rest = self._rest[8:]
            piece, self._rest = self._rest[: self._left], self._rest[self._left :]
            self._left -= len(piece)
            self.kept = (self.kept + piece)[-self._keep :]


def archive(name: str, data: bytes | None, mode: int) -> bytes:
    """A tar of one file (None: directory), with entries for the directories in its name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        folders = name.split("/")[:-1]
        for depth in range(len(folders)):
            folder = tarfile.TarInfo("/".join(folders[: depth + 1]))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        entry = tarfile.TarInfo(name)
        entry.mode, entry.mtime = mode, int(time.time())
        if data is None:
            entry.type = tarfile.DIRTYPE
        else:
            entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data or b""))
    return buffer.getvalue()


def extract(tar: bytes, limit: int) -> bytes | None:
    """The file that a tar begins with; None where it is none."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
            entry = opened.next()
            held = opened.extractfile(entry) if entry is not None and entry.isreg() else None
            return None if held is None else held.read(limit)
    except tarfile.TarError:
        return None


def _no_container(error: NotFound) -> bool:
    return "no such container" in error.message.lower()


def network_view(document: Mapping[str, object]) -> NetworkView | None:
    """One entry of `GET /networks`; None without a name."""
    name = text(document.get("Name"), 200)
    if not name:
        return None
    pools = [mapping(pool) for pool in items(mapping(document.get("IPAM")).get("Config"))]
    return NetworkView(
        id=text(document.get("Id"), 100),
        name=name,
        driver=text(document.get("Driver"), 64),
        scope=text(document.get("Scope"), 64),
        internal=document.get("Internal") is True,
        subnets=tuple(text(pool.get("Subnet"), 64) for pool in pools if pool.get("Subnet")),
        gateways=tuple(gateway for pool in pools if (gateway := gateway_of(pool, document))),
        labels=texts(mapping(document.get("Labels"))),
    )


def gateway_of(pool: Mapping[str, object], document: Mapping[str, object]) -> str:
    """The host's own address there: as the engine says, else the first one, which it takes where none was
    asked for (of the default bridge it then says nothing).
    """
    told = raw_text(pool.get("Gateway")).partition("/")[0]
    if told or document.get("Driver") != "bridge":
        return sanitise(told, 64)
    try:
        return str(next(ip_network(raw_text(pool.get("Subnet"))).hosts()))
    except (ValueError, StopIteration):
        return ""
