"""What a redeploy asks of an engine, by the docker SDK in its threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from console.errors import NotFound
from console.model.redeploy.changes import restart_policy
from console.model.text import SafeText
from console.transport import freight
from console.transport.acts import deadline, perform
from console.transport.base import PullProgress
from console.transport.freight import Exchanging
from console.transport.wire_text import mapping, raw_text, text

if TYPE_CHECKING:
    from docker import APIClient

    from console.model.actions import Action
    from console.model.stock.things import Kind

T = TypeVar("T")

AUTH_PATIENCE = 60.0
CHANGES_PATIENCE = 60.0
FILES_KEPT = 2000


class Calling(Exchanging, Protocol):
    """An engine whose SDK can be called, and which takes requests past it."""

    def call(self, function: Callable[[APIClient], T], *, timeout: float = ...) -> Awaitable[T]: ...

    def read(self, path: str, deadline: float = ...) -> Awaitable[object]: ...


class SdkDeeds:
    """`Acting` and `Rebuilding` over the SDK of one engine. Belongs to the network loop."""

    def __init__(self, host: str, engine: Calling) -> None:
        self._host = host
        self._engine = engine

    async def act(self, container_id: str, action: Action) -> bool:
        """Do it; return whether anything changed."""
        return await self._engine.call(
            lambda api: perform(api, container_id, action), timeout=deadline(action)
        )

    async def discard(self, kind: Kind, ident: str, pins: tuple[str, ...]) -> None:
        """Remove an image, a volume or a network that nobody uses."""
        from console.transport.store import StockRemoval

        await StockRemoval(self._host, self._engine).discard(kind, ident, pins)

    async def image(self, reference: str) -> Mapping[str, object] | None:
        """An image's inspect, or None."""

        def run(api: APIClient) -> Any:
            raw: Any = api
            return raw.inspect_image(reference)

        try:
            return mapping(await self._engine.call(run))
        except NotFound:
            return None

    async def pull(self, reference: str, progress: Callable[[PullProgress], None]) -> None:
        """Pull; a cancelled one ends in the engine, too."""
        repository, tag = split_reference(reference)

        def run(api: APIClient) -> str:
            from docker import auth

            # What this machine's own docker is logged in to; it may have to ask a program.
            raw: Any = auth
            registry, _ = raw.resolve_repository_name(repository)
            return (raw.get_config_header(api, registry) or b"").decode("ascii")

        header = await self._engine.call(run, timeout=AUTH_PATIENCE)
        await freight.pull(self._host, self._engine, repository, tag, header, progress)

    def export(self, reference: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """An archive of one image."""
        return freight.export(self._host, self._engine, reference)

    async def load(self, parts: AsyncIterator[bytes]) -> None:
        """Take an archive."""
        await freight.load(self._host, self._engine, parts)

    async def create(self, name: str, body: Mapping[str, object]) -> str:
        """Create a container; return its full id."""

        def run(api: APIClient) -> Any:
            raw: Any = api
            return raw.create_container_from_config(dict(body), name)

        return raw_text(mapping(await self._engine.call(run)).get("Id"))

    async def connect(self, network: str, container_id: str, endpoint: Mapping[str, object]) -> None:
        """Connect to a further network. The SDK's own method knows fewer settings than an endpoint has."""

        def run(api: APIClient) -> None:
            raw: Any = api
            wanted = {"Container": container_id, "EndpointConfig": dict(endpoint)}
            raw._raise_for_status(raw._post_json(raw._url("/networks/{0}/connect", network), data=wanted))

        await self._engine.call(run)

    async def set_restart_policy(self, container_id: str, policy: str) -> None:
        """Change the restart policy of a container that exists."""
        wanted = restart_policy(policy)

        def run(api: APIClient) -> None:
            raw: Any = api
            raw.update_container(container_id, restart_policy=wanted)

        await self._engine.call(run)

    async def changed_files(self, container_id: str) -> tuple[SafeText, ...]:
        """Paths, sorted as the engine does; at most two thousand."""

        def run(api: APIClient) -> Any:
            raw: Any = api
            return raw.diff(container_id)

        found = await self._engine.call(run, timeout=CHANGES_PATIENCE)
        return tuple(text(mapping(change).get("Path"), 300) for change in (found or ())[:FILES_KEPT])


def split_reference(reference: str) -> tuple[str, str]:
    """Repository and tag (or digest) as a pull wants them; `latest` where there is no tag, since without one
    an engine pulls all of them.
    """
    name, at, digest = reference.partition("@")
    if at:
        return name, digest
    path, slash, last = reference.rpartition("/")
    last, colon, tag = last.partition(":")
    return path + slash + last, tag if colon else "latest"
