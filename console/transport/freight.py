"""What goes in bulk on a connection of its own: pulls, and images from one engine to another.

Natively on the network loop, not by the SDK: whoever stops waiting closes the connection, which ends a pull
in the engine, too, and bytes that pass through are held back by the slower side instead of piling up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from console.errors import EngineError
from console.model.text import SafeText, sanitise
from console.transport.base import PullProgress
from console.transport.faults import translated
from console.transport.feeds import LineFeed
from console.transport.http import Sink
from console.transport.httpconn import HttpConnection
from console.transport.wire_text import load, mapping, number, raw_text, text

PATIENCE = 300.0
"""Seconds without a word after which it has failed; a registry may think for long."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is more than a GET."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, prefix: str) -> bytes:
        """Its first bytes; `prefix` is the API version's. Raises UnicodeError for what is not quoted."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        lines = [f"{self.method} {prefix}{self.path}{query} HTTP/1.1", "Host: docker", "User-Agent: dockcon"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


class Exchanging(Protocol):
    """An engine that takes such requests."""

    def exchange(
        self, request: Request, sink: Sink, *, patience: float | None = None
    ) -> AbstractAsyncContextManager[HttpConnection]: ...


async def pull(
    host: str,
    engine: Exchanging,
    repository: str,
    tag: str,
    auth: str,
    progress: Callable[[PullProgress], None],
) -> None:
    """`POST /images/create`; `auth`: what X-Registry-Auth says, or empty. Cancelled, the pull ends.

    Raises EngineError where the registry or the engine refuses, EngineDown, HostUnreachable.
    """
    headers = {"Content-Length": "0"} | ({"X-Registry-Auth": auth} if auth else {})
    request = Request("POST", "/images/create", {"fromImage": repository, "tag": tag}, headers)
    layers, feed = _Layers(), LineFeed()
    # An engine sends no head before the registry has answered it.
    async with engine.exchange(request, feed, patience=0):
        while (line := await _next(host, feed, "the registry")) is not None:
            told, refusal = layers.take(line)
            if refusal:
                raise EngineError(host, refusal, status=500)
            progress(told)


async def _next(host: str, feed: LineFeed, who: str) -> Mapping[str, object] | None:
    """The next line, or None at the end. Raises EngineError after too long a silence."""
    try:
        async with asyncio.timeout(PATIENCE):
            with translated(host, but=(TimeoutError,)):
                line = await feed.next()
                return None if line is None else mapping(load(line))
    except TimeoutError as error:
        raise EngineError(host, f"{who} said nothing for {PATIENCE:.0f} s", status=504) from error


class _Layers:
    """How far the layers of an image are, all together."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, told: Mapping[str, object]) -> tuple[PullProgress, SafeText]:
        """Take one line; what to tell, and why the engine gave up where it did."""
        error = raw_text(told.get("error")) or raw_text(mapping(told.get("errorDetail")).get("message"))
        layer, status = raw_text(told.get("id")), text(told.get("status"), 200)
        detail = mapping(told.get("progressDetail"))
        if layer and status == "Downloading":
            self._layers[layer] = (number(detail.get("current")), number(detail.get("total")))
        elif layer in self._layers and status in ("Download complete", "Pull complete"):
            self._layers[layer] = (self._layers[layer][1], self._layers[layer][1])
        known = self._layers.values()
        done, total = (sum(column) for column in zip(*known, strict=True)) if known else (0, 0)
        return PullProgress(status, done, total), sanitise(error, 1000)
