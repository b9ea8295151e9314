"""Moments as people write them on a command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.config.durations import parse_duration

_EPOCH = re.compile(r"(\d{9,11})(?:\.(\d{1,9}))?")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_FRACTION = re.compile(r"[.,](\d{1,9})\d*")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that is stated, or that is a stretch of time ago."""

    ago: float | None = None
    """Seconds before now."""
    stated: int = 0
    """Nanoseconds of the Unix epoch, where `ago` is None."""
    today: str = ""
    """A time of the clock, the last one that was: `14:02`."""

    def ns(self, now: float) -> int:
        """Nanoseconds of the Unix epoch; `now` in seconds of it."""
        if self.ago is not None:
            return int((now - self.ago) * 1e9)
        if not self.today:
            return self.stated
        then = datetime.fromtimestamp(now)
        hour, minute, *second = map(int, self.today.split(":"))
        at = then.replace(hour=hour, minute=minute, second=second[0] if second else 0, microsecond=0)
        return int((at if at <= then else at - timedelta(days=1)).timestamp()) * 1_000_000_000


def parse_moment(text: str) -> Moment | None:
    """`10m` (ago), `14:02[:31]`, `2024-05-06[T14:02[:31[.123456789]][Z|+02:00]]` (local without a zone), or
    seconds of the Unix epoch; None for anything else.
    """
    text = text.strip()
    if (ago := parse_duration(text)) is not None:
        return Moment(ago=ago)
    if epoch := _EPOCH.fullmatch(text):
        return Moment(stated=int(epoch[1]) * 1_000_000_000 + int((epoch[2] or "").ljust(9, "0")))
    try:
        if _CLOCK.fullmatch(text):
            hour, rest = text.split(":", 1)
            datetime.fromisoformat(f"2000-01-01T{hour:0>2}:{rest}")
            return Moment(today=text)
        # Python keeps six decimals, engines write nine.
        fraction = _FRACTION.search(text)
        at = datetime.fromisoformat(_FRACTION.sub("", text, count=1))
        seconds = int(at.timestamp())
    except (ValueError, OverflowError):
        return None
    return Moment(stated=seconds * 1_000_000_000 + (int(fraction[1].ljust(9, "0")) if fraction else 0))
