"""How long to wait before trying again."""

from __future__ import annotations

import zlib
from collections.abc import Callable

SHORTEST, LONGEST = 1.0, 30.0
"""Seconds."""

STEADY = 30.0
"""Seconds that something has to work before it counts as new when it fails again."""


def phase(host: str) -> float:
    """0.5 to 1, always the same for the same name: times the first period of what all hosts do again and
    again, it keeps hosts that were reached together from doing it together for ever.
    """
    return 0.5 + zlib.crc32(host.encode()) % 1000 / 2000


class Backoff:
    """1, 2, 4 ... 30 s, each a fifth more or less, so that hosts lost together do not return together."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def next(self) -> float:
        """Seconds until the next try."""
        wait = min(LONGEST, SHORTEST * 2 ** min(self._failures, 16))
        self._failures += 1
        return float(min(LONGEST, max(SHORTEST, wait * (0.8 + 0.4 * self._random()))))

    def survived(self, seconds: float) -> None:
        """It worked that long; start from the beginning where that was long enough."""
        if seconds >= STEADY:
            self._failures = 0

    def reset(self) -> None:
        """Start from the beginning."""
        self._failures = 0
