"""Figures in the words and widths of a screen, also of a plain terminal. Pure."""

from __future__ import annotations

import math
import time

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def span(seconds: float) -> str:
    """A length of time in at most four characters: `12s`, `4m`, `9h`, `3d`, `2y`; a negative one is `0s`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    return f"{whole // _DAY}d" if whole < 1000 * _DAY else f"{whole // _YEAR}y"


def span_words(seconds: float) -> str:
    """A length of time inside a sentence: `12 s`, `4 min`, `9 h`, `3 days`."""
    whole = max(0, int(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} days"


_UNITS = ("B", "K", "M", "G", "T", "P", "E")


def size(count: float) -> str:
    """Bytes by 1024 in at most four characters: `0B`, `212M`, `1.1G`, `15T`."""
    value = float(max(0.0, count))
    unit = 0
    while (round(value) >= 1000 if unit == 0 or value >= 10 else value >= 1000) and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    if unit and value < 9.95:
        return f"{value:.1f}{_UNITS[unit]}"
    return f"{round(value)}{_UNITS[unit]}"


def percent(value: float | None) -> str:
    """A percentage without decimals (`3%`, `250%`); `-` where it is not known."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.0f}%"


def trip(seconds: float | None) -> str:
    """A round trip in at most five characters: `0.4ms`, `12ms`, `1.2s`; `-` where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    ms = max(0.0, seconds) * 1000
    if ms < 9.95:
        return f"{ms:.1f}ms"
    return f"{ms:.0f}ms" if ms < 999.5 else f"{ms / 1000:.1f}s"


def skew(seconds: float | None) -> str:
    """How far another clock is ahead (`+3.2s`) or behind (`-4m`); `0` below a tenth of a second."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if abs(seconds) < 0.1:
        return "0"
    sign = "+" if seconds > 0 else "-"
    return f"{sign}{abs(seconds):.1f}s" if abs(seconds) < 9.95 else f"{sign}{span(round(abs(seconds)))}"


def clock(at: float, now: float) -> str:
    """A moment by this machine's clock: `14:02:31` today, else `2024-05-06 14:02:31`."""
    then, today = time.localtime(at), time.localtime(now)
    same = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S", then)
