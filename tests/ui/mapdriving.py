"""A console with mappings in a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.model.actions import Consent
from console.model.mappings.steps import MapPlan
from tests.ui.driving import Console, driven
from tests.ui.mapdesk import MapFleet
from tests.ui.waiting import until


@asynccontextmanager
async def console(
    fleet: MapFleet, size: tuple[int, int] = (80, 24), **more: object
) -> AsyncIterator[Console]:
    async with driven(fleet, size, **more) as found:
        yield found


async def shown(console: Console, screen: type) -> None:
    await until(lambda: isinstance(console.app.screen, screen), screen.__name__)
    await console.pilot.pause()


async def says(console: Console, text: str) -> None:
    await until(lambda: text in console.screen(), text)


async def quiet_over(console: Console) -> None:
    """The half second in which a dialog takes no keys."""
    await until(lambda: console.app.screen.settled)  # type: ignore[attr-defined]


def applied(fleet: MapFleet) -> list[tuple[MapPlan, Consent]]:
    return [(one[1], one[2]) for one in fleet.mappings.asked if one[0] == "apply"]  # type: ignore[misc]
