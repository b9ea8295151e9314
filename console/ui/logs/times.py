"""Moments of log lines in words. Local time is the process's own (`settings.time_zone`)."""

from __future__ import annotations

import time
from enum import StrEnum
from functools import lru_cache

SECOND = 1_000_000_000
"""Nanoseconds."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Of our own, since strftime's are in the language of the locale, of any width.


class Zone(StrEnum):
    """How times are shown."""

    LOCAL = "local time"
    UTC = "UTC"
    OFF = "no times"


WIDTH = len("12:00:00.000")


@lru_cache(maxsize=4096)
def _fields(second: int, utc: bool) -> time.struct_time:
    try:
        return time.gmtime(second) if utc else time.localtime(second)
    except (ValueError, OverflowError, OSError):
        # No calendar has it; an engine that says so is beyond caring.
        return time.gmtime(0)


def hour(ns: int, zone: Zone) -> str:
    """`14:02:31.123`; nothing where times are off."""
    if zone is Zone.OFF:
        return ""
    second, rest = divmod(ns, SECOND)
    at = _fields(second, zone is Zone.UTC)
    return f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}.{rest // 1_000_000:03d}"


def day(ns: int, zone: Zone) -> tuple[int, int, int]:
    """The day on which a moment lies: year, month, day. Always the same one where times are off."""
    if zone is Zone.OFF:
        return (0, 0, 0)
    at = _fields(ns // SECOND, zone is Zone.UTC)
    return (at.tm_year, at.tm_mon, at.tm_mday)


def day_words(ns: int, zone: Zone) -> str:
    """`Sat 1 Jun 2024`."""
    at = _fields(ns // SECOND, zone is Zone.UTC)
    return f"{DAYS[at.tm_wday]} {at.tm_mday} {MONTHS[at.tm_mon - 1]} {at.tm_year}"


def offset_words(ns: int) -> str:
    """How far local time is from UTC at a moment: `UTC+02:00`."""
    offset = _fields(ns // SECOND, False).tm_gmtoff
    sign = "-" if offset < 0 else "+"
    return f"UTC{sign}{abs(offset) // 3600:02d}:{abs(offset) % 3600 // 60:02d}"


def reach(from_ns: int | None, to_ns: int | None, zone: Zone) -> str:
    """`14:02:19.120 - 14:02:31.400`, with dates where it is over midnight; a gap has times in any case."""
    zone = Zone.LOCAL if zone is Zone.OFF else zone
    if not to_ns:
        return f"since {hour(from_ns, zone)}" if from_ns else "here"
    if not from_ns:
        return f"until {hour(to_ns, zone)}"
    if day(from_ns, zone) == day(to_ns, zone):
        return f"{hour(from_ns, zone)} - {hour(to_ns, zone)}"
    return f"{day_words(from_ns, zone)} {hour(from_ns, zone)} - {day_words(to_ns, zone)} {hour(to_ns, zone)}"


def full(ns: int, zone: Zone) -> str:
    """`2024-06-01 14:02:31.123456789`."""
    second, rest = divmod(ns, SECOND)
    at = _fields(second, zone is Zone.UTC)
    date = f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"
    return f"{date} {at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}.{rest:09d}"
