"""Time as something that can be handed in, so that tests need not wait for it."""

from __future__ import annotations

import os
import time
from typing import Protocol


class Clock(Protocol):
    """Where `service` and `transport.memory` get the time from."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def wall() -> float:
    """Seconds of the Unix epoch, by this machine."""
    return time.time()


def tell_times_in(zone: str) -> None:
    """Tell every time of this process in a zone from now on: `local`, `utc`, or a name this machine knows."""
    if zone != "local":
        # The C library's clock is what screen and log file tell the time by.
        os.environ["TZ"] = "UTC" if zone == "utc" else zone
        time.tzset()
