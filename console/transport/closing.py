"""Closing that comes to its end, also when the one who asked for it stops waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Closing:
    """Runs `close` once, in a task of its own: a cancelled caller must not leave half of it undone."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._close = close
        self._task: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Begin it, or join it."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._close())
        await asyncio.shield(self._task)
