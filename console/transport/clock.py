"""The machine's own clock, for everyone who is handed a `Clock`."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """`console.model.clock.Clock` by the operating system and the running loop."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)
