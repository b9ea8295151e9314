"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LIMIT = 30.0


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as `condition` holds; fail after thirty seconds."""
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)
