"""What a list does not say, filled in by inspects in the background: few at a time, the sick first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from console.errors import EngineError, NotFound
from console.model.containers import Container, ContainerState, Health
from console.service.board import Board
from console.service.tasks import first, patient
from console.transport.base import Engine

log = logging.getLogger(__name__)

AT_ONCE = 3
"""Inspects of one host under way at the same time."""

TRY_AGAIN = 50.0
"""Seconds until an inspect that failed is repeated without an event: the reconcile after that asks for it."""

BREATH = 0.01
"""Seconds between urgent inspects."""

DEADLINE = 10.0
"""Seconds one inspect may take; engines are known to hang on a wedged container."""


def urgency(container: Container) -> int:
    """0 for what may be a problem, 1 for the rest."""
    if container.health is Health.UNHEALTHY:
        return 0
    if container.state in (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.CREATED):
        return 1
    return 0 if container.exit_code or container.state is not ContainerState.EXITED else 1


class Inspector:
    """Works off `table.wanted`."""

    def __init__(self, board: Board, suspect: Callable[[str], None], pace: float) -> None:
        """`pace`: inspects a second for what is not urgent."""
        self._board = board
        self._suspect = suspect
        self._pause = AT_ONCE / pace
        self._busy: set[str] = set()
        self._failed: dict[str, tuple[int, float]] = {}
        """Ids whose inspect failed, with the version it was asked at and when it may be tried again."""
        self._work_there = asyncio.Event()

    def nudge(self) -> None:
        """`table.wanted` may have grown."""
        self._work_there.set()

    async def run(self, engine: Engine) -> None:
        """For ever; raises what makes the engine unusable."""
        self._busy.clear()
        self._failed.clear()
        await first(*(self._work(engine) for _ in range(AT_ONCE)))

    async def _work(self, engine: Engine) -> None:
        table, clock = self._board.table, self._board.clock
        while True:
            container = self._next()
            if container is None:
                self._work_there.clear()
                await self._work_there.wait()
                continue
            self._busy.add(container.id)
            try:
                # First, so that the lists of a whole fleet come before anybody's details.
                await clock.sleep(self._pause if urgency(container) else BREATH)
                version = table.version(container.id)
                inspection = await patient(engine.inspect(container.id), DEADLINE, self._board.silent)
            except NotFound:
                # Its destroy event is on the way, or was lost: the list decides.
                self._put_off(container.id, version)
                self._suspect(container.id)
            except (TimeoutError, EngineError) as error:
                log.info(
                    "%s: inspect of %s: %s", self._board.spec.name, container.id[:12], error or "no answer"
                )
                self._put_off(container.id, version)
            else:
                if table.inspected(inspection.container, version):
                    self._suspect(container.id)
                self._board.touch()
            finally:
                self._busy.discard(container.id)

    def _put_off(self, container_id: str, version: int) -> None:
        self._failed[container_id] = (version, self._board.clock.monotonic() + TRY_AGAIN)

    def _is_put_off(self, container_id: str) -> bool:
        version, until = self._failed.get(container_id, (-1, 0.0))
        if version == self._board.table.version(container_id) and self._board.clock.monotonic() < until:
            return True
        self._failed.pop(container_id, None)
        return False

    def _next(self) -> Container | None:
        table = self._board.table
        chosen = None
        for container_id in table.wanted:
            container = table.containers.get(container_id)
            if container is None or container_id in self._busy:
                continue
            if self._is_put_off(container_id):
                continue
            if not urgency(container):
                return container
            chosen = chosen or container
        return chosen
