"""The tasks of one log stream, with an owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from console.service.tasks import end

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


class Jobs:
    """Starts tasks, and ends all of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._named: dict[str | int, asyncio.Task[None]] = {}

    def start(self, name: str, work: Work) -> asyncio.Task[None]:
        """A task that runs until it or everything ends."""
        task = asyncio.create_task(work(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def begin(self, key: str | int, name: str, work: Work) -> None:
        """A task that `halt` stops too. One of the same key that is still ending is waited for first."""
        before = self._named.get(key)

        async def after() -> None:
            if before is not None and not before.done():
                await asyncio.wait({before})
            await work()

        self._named[key] = self.start(name, after)

    def halt(self) -> None:
        """Stop what was begun, soon."""
        for task in self._named.values():
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended with a defect", task.get_name(), exc_info=error)

    async def aclose(self) -> None:
        """End everything and wait for it. Idempotent."""
        await end(tuple(self._tasks))
