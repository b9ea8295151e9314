"""Structured waiting: tasks that never outlive whoever started them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from console.errors import DockconError

log = logging.getLogger(__name__)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they are gone. What a host did wrong meanwhile is of no interest any
    more; any other error is a defect of ours and is logged.
    """
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception) and not isinstance(outcome, DockconError):
            log.error("a task ended with a defect", exc_info=outcome)


async def first(*works: Coroutine[Any, Any, Any]) -> Any:
    """Run all until the first one ends; return or raise what it did, the others cancelled and awaited.

    Where several end in the same turn of the loop, the one named first decides.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = next(task for task in tasks if task.done())
        tasks.remove(ended)
        return ended.result()
    finally:
        await end(tasks)
