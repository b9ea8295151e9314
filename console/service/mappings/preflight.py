"""Before anything changes: whether what an edit leads to answers, tried from where the ambassador stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from console.errors import CapabilityMissing, HostError
from console.model.mappings.steps import Candidate
from console.model.text import SafeText, safe
from console.transport.base import Engine

TRY_FOR = 3.0
"""Seconds that an address has to answer."""


async def refused(
    candidates: Sequence[Candidate],
    reach: Callable[[str], Awaitable[Engine]],
    tell: Callable[[SafeText], None],
) -> tuple[SafeText, ...]:
    """Try all of them side by side; return why those that do not answer do not. Empty: go on."""
    found = await asyncio.gather(*(_try(candidate, reach, tell) for candidate in candidates))
    return tuple(why for why in found if why)


async def _try(
    candidate: Candidate,
    reach: Callable[[str], Awaitable[Engine]],
    tell: Callable[[SafeText], None],
) -> SafeText:
    host, _, port = candidate.address.rpartition(":")
    what = f"{candidate.endpoint} at {candidate.address} from {candidate.host}"
    try:
        wiring = (await reach(candidate.host)).wiring
        answer = await wiring.reach(host.strip("[]"), int(port), TRY_FOR)
    except CapabilityMissing as missing:
        tell(safe(f"{what}: cannot be tried beforehand: {missing.message}"))
        return safe("")
    except HostError as error:
        return safe(f"{what}: could not be tried: {error.message}")
    tell(safe(f"{what}: {answer.how}"))
    return safe("") if answer.ok else safe(f"{what}: {answer.how}")
