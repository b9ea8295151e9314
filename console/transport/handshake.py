"""The first words with an engine: who it is, and which version of the API both sides speak."""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import EngineDown, EngineError, EngineTooOld
from console.model.hosts import EngineFacts
from console.model.text import SafeText, sanitise
from console.transport.calls import CallPool
from console.transport.carrier import Carrier
from console.transport.channels import ChannelRefused, NetDialer
from console.transport.engine import HttpEngine
from console.transport.faults import translated
from console.transport.http import Cut
from console.transport.httpconn import HttpClient
from console.transport.wire_feeds import api_version, engine_kind
from console.transport.wire_text import load, mapping, text

NEWEST = (1, 52)
"""The newest API version we know; engines that speak a newer one are asked for this."""
OLDEST = (1, 24)
"""The oldest that the docker SDK speaks."""


async def open_engine(host: str, carrier: Carrier, pool: CallPool, dialer: NetDialer) -> HttpEngine:
    """Ask for the engine's version and agree on one of the API. `dialer` reaches its host.

    Raises ChannelRefused or Cut where the carrier does not lead to an engine, else EngineDown,
    EngineTooOld or HostUnreachable.
    """
    client = HttpClient(carrier.open, requests=carrier.lanes.requests)
    try:
        try:
            with translated(host, but=(ChannelRefused, Cut)):
                version = mapping(load((await client.get("/version")).body))
        except EngineError as error:
            raise EngineDown(host, f"it does not tell its version: {error.message}") from error
        return HttpEngine(host, carrier, client, agree(host, carrier.label, version), pool, dialer)
    except BaseException:
        await client.aclose()
        raise


def agree(host: str, carrier: str, version: Mapping[str, object]) -> EngineFacts:
    """What the engine says of itself, with the lower of its API version and the newest we know.

    Raises EngineTooOld where there is none in common, EngineDown where it names none.
    """
    newest, oldest = api_version(version.get("ApiVersion")), api_version(version.get("MinAPIVersion"))
    name = text(version.get("Version"), 64)
    if newest is None:
        raise EngineDown(host, "what answers names no API version: it is not a Docker Engine")
    if newest < OLDEST:
        raise EngineTooOld(
            host,
            f"its API version {_dotted(newest)} is older than {_dotted(OLDEST)}, the oldest we speak",
            next_step=f"upgrade the engine there (it is {name or 'unnamed'})",
        )
    if oldest is not None and oldest > NEWEST:
        raise EngineTooOld(
            host,
            f"its oldest API version is {_dotted(oldest)}, the newest we speak is {_dotted(NEWEST)}",
            next_step="upgrade dockcon",
        )
    return EngineFacts(
        engine=engine_kind(version),
        version=name,
        api=SafeText(_dotted(min(newest, NEWEST))),
        carrier=sanitise(carrier, 300),
        os=text(version.get("Os"), 64),
        kernel=text(version.get("KernelVersion"), 128),
        arch=text(version.get("Arch"), 64),
    )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
