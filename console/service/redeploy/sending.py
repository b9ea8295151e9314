"""An image that a host does not have and cannot pull, sent from another host of the fleet that has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from fnmatch import fnmatchcase

from console.errors import EngineError, HostError
from console.model.redeploy.documents import Document, mapping, text
from console.model.redeploy.plan import Sending
from console.model.text import SafeText, safe, sanitise
from console.model.units import size
from console.transport.base import Engine

Neighbours = Mapping[str, Callable[[], Awaitable[Engine]]]
"""The other hosts of the fleet, and how to reach their engines (raises where one is not up)."""

TOLD_EVERY = 0.1
"""Share of an image after which it is said again how far it is."""


@dataclass(frozen=True, slots=True)
class Lender:
    """A host that has an image of this name, and the image's inspect."""

    host: str
    image: Document


async def lenders(reference: str, neighbours: Neighbours, wanted: str) -> list[Lender]:
    """Hosts whose name matches `wanted` (a glob) and that have the image, the newest of it first. Those that
    are not reached have nothing to lend.
    """
    found = []
    for host, reach in neighbours.items():
        if not fnmatchcase(host, wanted):
            continue
        try:
            image = await (await reach()).deeds.image(reference)
        except HostError:
            continue
        if image is not None:
            found.append(Lender(host, mapping(image)))
    return sorted(found, key=lambda lender: text(lender.image.get("Created")), reverse=True)


def sending(lender: Lender, reference: str) -> Sending:
    """What is to be sent."""
    length = lender.image.get("Size")
    return Sending(
        host=lender.host,
        reference=reference,
        image=text(lender.image.get("Id")),
        size=length if isinstance(length, int) else 0,
    )


def sentence(what: Sending) -> SafeText:
    """As a line of a plan."""
    return safe(
        f"its image is sent from {what.host} first: {size(what.size)}, "
        f"{sanitise(what.image, 100).removeprefix('sha256:')[:12]}"
    )


def differing(found: list[Lender]) -> SafeText:
    """Who has another image of the same name; empty where nobody does."""
    first = found[0]
    others = [lender.host for lender in found if lender.image.get("Id") != first.image.get("Id")]
    return safe(
        f"{', '.join(others)} has another image of this name; {first.host}'s is newer" if others else ""
    )


async def send(source: Engine, goal: Engine, what: Sending, tell: Callable[[SafeText], None]) -> None:
    """Send it, unless it is there by now. Raises what either engine raises, and EngineError where the source
    has another image of that name by now, or the goal does not have it afterwards.
    """
    there = await goal.deeds.image(what.reference)
    if there is not None and there.get("Id") == what.image:
        return
    here = mapping(await source.deeds.image(what.reference))
    if here.get("Id") != what.image:
        raise EngineError(
            what.host, f"it has another image {sanitise(what.reference, 300)} now", status=409,
            next_step="plan anew",
        )  # fmt: skip
    async with source.deeds.export(what.reference) as parts, aclosing(_told(parts, what, tell)) as told:
        await goal.deeds.load(told)
    if await goal.deeds.image(what.reference) is None:
        raise EngineError(what.host, "the image was sent and is not there", status=500)


async def _told(
    parts: AsyncIterator[bytes], what: Sending, tell: Callable[[SafeText], None]
) -> AsyncGenerator[bytes, None]:
    """Count what passes; an archive is somewhat longer than the image is said to be."""
    sent, told = 0, 0
    async for part in parts:
        sent += len(part)
        if sent - told > max(TOLD_EVERY * what.size, 1 << 20):
            told = sent
            tell(safe(f"{size(sent)} of about {size(what.size)} sent from {what.host}"))
        yield part
    tell(safe(f"all of it sent: {size(sent)}"))
