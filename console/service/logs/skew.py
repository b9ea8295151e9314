"""Clocks of several engines: how far each is ahead, and when that matters for the order of lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from console.model.logs.wish import ClockReading
from console.service.logs.notes import span

MATTERS = 0.05
"""Seconds by which clocks may differ before lines are ordered by corrected time."""

AGAIN = 600.0
"""Seconds until a clock is asked for again."""

RETRY = 15.0
"""Seconds until an ask for a clock that failed is repeated."""


def corrections(readings: Mapping[str, ClockReading]) -> dict[str, int]:
    """Nanoseconds to take off the stamps of each host, so that all are by the same clock; nothing where the
    clocks are as good as equal, or cannot be told apart.
    """
    if len(readings) < 2:
        return {}
    latest = max(readings.values(), key=lambda reading: reading.ahead - reading.error)
    earliest = min(readings.values(), key=lambda reading: reading.ahead + reading.error)
    apart = latest.ahead - earliest.ahead
    if apart <= max(MATTERS, latest.error + earliest.error):
        return {}
    # Not by our own clock: the stamps of most hosts should stay what they are.
    middle = median(reading.ahead for reading in readings.values())
    return {host: round((reading.ahead - middle) * 1e9) for host, reading in readings.items()}


def spoken(readings: Mapping[str, ClockReading]) -> str:
    """How far clocks are apart, for people."""
    fast = max(readings, key=lambda host: readings[host].ahead)
    slow = min(readings, key=lambda host: readings[host].ahead)
    apart = span(readings[fast].ahead - readings[slow].ahead)
    return f"the clock of {fast} is {apart} ahead of that of {slow}: lines are ordered by corrected time"
