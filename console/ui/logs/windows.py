"""Windows of time: how much of the past is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from console.model.logs.wish import LogWish
from console.ui.logs.times import SECOND

NOW: Final = "now"
START: Final = "start"
"""As it was wished at first: most often the last lines of each container."""
ALL: Final = "all"

SPANS: Final[Mapping[str, int]] = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400}
"""Seconds."""

WINDOWS: Final = (NOW, START, *SPANS, ALL)


def beside(window: str, by: int) -> str | None:
    """The next longer (1) or shorter (-1) window; None at either end."""
    at = WINDOWS.index(window) + by
    return WINDOWS[at] if 0 <= at < len(WINDOWS) else None


def wish_for(first: LogWish, window: str, now_ns: int) -> LogWish:
    """What to read for a window; `first` is what was wished at first. Ends where that ended."""
    end = now_ns if first.until_ns is None else first.until_ns
    if window == START:
        return first
    if window == ALL:
        return replace(first, tail=None, since_ns=None)
    return replace(first, tail=None, since_ns=end - SPANS.get(window, 0) * SECOND)


def words(first: LogWish, window: str) -> str:
    """What a window is called."""
    if window == START:
        return "all" if first.tail is None and first.since_ns is None else _start(first)
    return "from now on" if window == NOW else window if window != ALL else "all"


def _start(first: LogWish) -> str:
    return f"last {first.tail}" if first.since_ns is None else "from then on"
