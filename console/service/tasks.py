"""Structured waiting: tasks that never outlive whoever started them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from console.errors import DockconError

T = TypeVar("T")

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


async def patient(work: Coroutine[Any, Any, T], seconds: float, excused: Callable[[], bool]) -> T:
    """The result of `work`. Raises TimeoutError after `seconds`, unless it is `excused`: then it is given
    as long again.
    """
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=seconds))[0]:
            if not excused():
                raise TimeoutError
        return task.result()
    finally:
        # Also where it is done already: we may be cancelled in the very turn it failed in, and then nobody
        # else would ever look at why.
        if not task.done():
            await end([task])
        elif not task.cancelled():
            task.exception()


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
