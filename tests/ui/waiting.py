"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LIMIT = 30.0


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Return as soon as `condition` holds; fail after half a minute."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LIMIT
    while not condition():
        if loop.time() > end:
            raise AssertionError(f"still not so after {LIMIT:.0f} s: {what or condition}")
        await asyncio.sleep(0.01)
