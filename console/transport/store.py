"""Images, volumes and networks of one engine: lists by the native reader, removals by the docker SDK.

A removal asks first whether the thing is what it was and whether nobody uses it. The engine refuses most
of what somebody uses by itself, but a network of which only stopped containers are members goes without a
word (seen with 20.10), and an image with several tags loses them one by one before the last is refused.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from console.errors import Conflict, EngineError
from console.model.stock.things import DiskUsage, Image, Kind, Network, Volume
from console.model.text import SafeText
from console.transport import wire_stock
from console.transport.acts import PATIENCE
from console.transport.wire_text import mapping, raw_text

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")

MEASURING = 600.0
"""Seconds for `GET /system/df`, in which an engine walks through every volume."""

LISTING = 60.0
"""Seconds for a list of images, volumes or networks."""

DF_API = (1, 51)
"""The newest API whose `system/df` lists everything; the next one sums it up."""


class Reading(Protocol):
    """Reads the JSON behind a path, within so many seconds, maybe by an older version of the API."""

    def __call__(self, path: str, deadline: float, api: str = ...) -> Awaitable[object]: ...


class StockShelf:
    """`transport.base.StockReader` over one engine."""

    def __init__(self, host: str, api: str, ask: Reading) -> None:
        self._host = host
        self._api = api
        self._ask = ask

    async def images(self) -> tuple[Image, ...]:
        """All but intermediate images."""
        return wire_stock.images(self._host, await self._ask("/images/json?all=0", LISTING))

    async def volumes(self) -> tuple[Volume, ...]:
        """All volumes, without sizes."""
        return wire_stock.volumes(self._host, await self._ask("/volumes", LISTING))

    async def networks(self) -> tuple[Network, ...]:
        """All networks."""
        return wire_stock.networks(self._host, await self._ask("/networks", LISTING))

    async def disk_usage(self) -> DiskUsage:
        """Measure. Slow where volumes are large."""
        major, minor = (int(part) for part in self._api.split("."))
        api = "{}.{}".format(*min((major, minor), DF_API))
        document = await self._ask("/system/df", MEASURING, api)
        return wire_stock.disk_usage(document, time.time())


class Calling(Protocol):
    """An engine whose SDK can be called."""

    def call(self, function: Callable[[APIClient], T], *, timeout: float = ...) -> Awaitable[T]: ...

    def read(self, path: str, deadline: float = ...) -> Awaitable[object]: ...


class StockRemoval:
    """Removes what nobody uses from one engine; see `transport.base.Acting.discard`."""

    def __init__(self, host: str, engine: Calling) -> None:
        self._host = host
        self._engine = engine

    async def discard(self, kind: Kind, ident: str, pins: tuple[str, ...]) -> None:
        """Remove it. Raises Conflict where somebody uses it, or where it is not what it was."""
        match kind:
            case Kind.IMAGE:
                await self._image(ident, pins)
            case Kind.VOLUME:
                await self._volume(ident, pins)
            case Kind.NETWORK:
                await self._network(ident)

    async def _image(self, ident: str, pins: tuple[str, ...]) -> None:
        path = f"/images/{quote(ident, safe='')}"
        now = wire_stock.image_tags(mapping(await self._json(f"{path}/json")))
        if now != pins:
            raise self._refused("its tags are not those it had any more")
        if len(pins) > 1:
            # The first tags would go before the last one was refused.
            self._refuse(wire_stock.user_of(await self._containers(), ident))
            for tag in pins[1:]:
                await self._delete(f"/images/{quote(tag, safe='')}")
        await self._delete(path)

    async def _volume(self, ident: str, pins: tuple[str, ...]) -> None:
        path = f"/volumes/{quote(ident, safe='')}"
        if pins and wire_stock.volume_pins(mapping(await self._json(path))) != pins:
            raise self._refused("it was made anew since")
        await self._delete(path)

    async def _network(self, ident: str) -> None:
        path = f"/networks/{quote(ident, safe='')}"
        name = raw_text(mapping(await self._json(path)).get("Name"))
        self._refuse(wire_stock.member_of(await self._containers(), name))
        await self._delete(path)

    async def _containers(self) -> object:
        """All of them: the filters of engines do not find those that were never started (Docker, by network)
        or do not know an id with `sha256:` (Podman, by image).
        """
        return await self._json("/containers/json?all=1")

    def _refuse(self, user: SafeText | None) -> None:
        if user is not None:
            raise self._refused(f"{user} uses it")

    async def _json(self, path: str) -> object:
        return await self._engine.read(path, LISTING)

    async def _delete(self, path: str) -> None:
        def run(api: APIClient) -> None:
            # The SDK's own methods put what they are given into the path as it is.
            raw: Any = api
            raw._raise_for_status(raw._delete(f"{raw.base_url}/v{raw._version}{path}"))

        try:
            await self._engine.call(run, timeout=PATIENCE)
        except EngineError as error:
            if error.status == 403:  # what Docker says of a network with members
                raise Conflict(self._host, error.message, status=403) from error
            raise

    def _refused(self, why: str) -> Conflict:
        return Conflict(self._host, why, status=409)
