"""Keeps the timeline. It is made a little after the first screen, which is all that an operator waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from console.service.handle import Batch
from console.ui.world import World

if TYPE_CHECKING:
    from console.model.timeline.diary import Diary
    from console.model.timeline.store import Timeline

FIRST: float = 2.0
"""Seconds for which what happens is only kept, to be written down later."""

PAGES = 50
"""Batches that are kept so at most."""


class _Page(NamedTuple):
    world: World
    """As it was when the batch had come."""
    batch: Batch
    now: float


class Recorder:
    """Writes down what batches bring. Belongs to the bridge."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._unwritten: list[_Page] = []
        self._opened: tuple[Timeline, Diary] | None = None

    @property
    def timeline(self) -> Timeline:
        """All that happened so far."""
        return self._open()[0]

    @property
    def changes(self) -> int:
        """Grows with the timeline."""
        return self._opened[0].changes if self._opened else 0

    def write(self, world: World, batch: Batch, now: float) -> None:
        """What a batch brought, and what has changed with it; `world` is the one after it."""
        self._unwritten.append(_Page(world, batch, now))
        if self._opened or now - self._began > FIRST or len(self._unwritten) > PAGES:
            self._open()

    def _open(self) -> tuple[Timeline, Diary]:
        if self._opened is None:
            from console.model.timeline.diary import Diary
            from console.model.timeline.store import Timeline

            timeline = Timeline()
            self._opened = timeline, Diary(timeline)
        pages, self._unwritten = self._unwritten, []
        for world, batch, now in pages:
            self._opened[1].write(world.snapshots, batch.events, world.problems, batch.dropped, now)
        return self._opened
