"""The mappings of a fleet before anybody looks at them: nothing is imported or read until then."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.errors import UsageError
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.text import NOTHING, SafeText, safe
from console.service.board import Board

if TYPE_CHECKING:
    from console.service.mappings.desk import MapJob
    from console.service.mappings.making import MapSetup, Parts
    from console.service.mappings.work import Mappings

NONE = safe("there is no hosts.yml that mappings could be kept beside")

FIRST_LOOK_WITHIN = 5.0
"""Seconds after which mappings are looked at although some host has not been listed yet."""


class MapPlace:
    """Belongs to the network loop, except where it says otherwise."""

    def __init__(self, setup: Callable[[], MapSetup] | None, parts: Callable[[], Parts]) -> None:
        """Without `setup` there are no mappings."""
        self._setup = setup
        self._parts = parts
        self._mappings: Mappings | None = None
        self._numbers = itertools.count(1)

    @property
    def mappings(self) -> Mappings:
        """Made at the first call. Raises UsageError where there are none."""
        if self._setup is None:
            raise UsageError(NONE)
        if self._mappings is None:
            from console.service.mappings.making import make

            self._mappings = make(self._setup(), self._parts(), self.number)
        return self._mappings

    @property
    def none(self) -> SafeText:
        """Why this fleet has none; empty where it may have. On any thread."""
        return NONE if self._setup is None else NOTHING

    def number(self) -> int:
        """A new job's. On any thread."""
        return next(self._numbers)

    def jobs(self) -> tuple[MapJob, ...]:
        """Applies of mappings as they stand, oldest first. On any thread."""
        return self._mappings.jobs() if self._mappings is not None else ()

    def event(self, event: EngineEvent) -> None:
        """What an engine tells."""
        if self._mappings is not None:
            self._mappings.event(event)

    async def keep(self, boards: Sequence[Board], clock: Clock) -> None:
        """Begin to keep the list when the hosts have been listed, or could not be for a while."""
        ends = clock.monotonic() + FIRST_LOOK_WITHIN
        while clock.monotonic() < ends and not all(board.settled() for board in boards):
            await clock.sleep(0.2)
        self.mappings.keeper.start()

    async def aclose(self) -> None:
        """Stop what is under way. Idempotent."""
        if self._mappings is not None:
            await self._mappings.aclose()
