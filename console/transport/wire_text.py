"""Reading what an engine wrote, of which nothing can be taken for granted: types, ranges, times, texts."""

from __future__ import annotations

import calendar
import json
import math
import re
from collections.abc import Iterable, Mapping

from console.model.containers import ContainerState, Health
from console.model.text import LIMIT, NOTHING, SafeText, sanitise

FULL_ID = re.compile(r"[0-9a-f]{64}\Z")

# A field that is missing or of another type reads as empty, so that one odd field costs only itself.


class BadJson(ValueError):
    """Not JSON, or nested beyond reason."""


def load(raw: bytes | str) -> object:
    """Decode JSON; raise BadJson whatever is wrong with it."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadJson(f"not JSON: {error}") from error


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def raw_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def text(value: object, limit: int = LIMIT) -> SafeText:
    return cleaned(value, limit) if isinstance(value, str) and value else NOTHING


def cleaned(raw: str, limit: int = LIMIT) -> SafeText:
    """`sanitise`, in a tenth of the time for the plain ASCII that nearly every text is."""
    if len(raw) <= limit and raw.isascii() and raw.isprintable():
        return SafeText(raw)
    return sanitise(raw, limit)


def number(value: object) -> int:
    """A whole number; 0 for anything else."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and math.isfinite(value) else 0


def real(value: object) -> float:
    """A finite number; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        return float(value) if math.isfinite(value) else 0.0
    except OverflowError:
        return 0.0


def texts(pairs: Mapping[str, object]) -> dict[str, SafeText]:
    """Both sides of a mapping made safe; values that are no strings as JSON would write them, if plain."""
    out: dict[str, SafeText] = {}
    for key, value in pairs.items():
        if isinstance(value, str):
            out[cleaned(key)] = cleaned(value) if value else NOTHING
        elif isinstance(value, bool | int | float):
            out[cleaned(key)] = sanitise(str(value).lower() if isinstance(value, bool) else repr(value))
    return out


def names(values: Iterable[object]) -> tuple[SafeText, ...]:
    return tuple(sorted(cleaned(v) for v in values if isinstance(v, str)))


_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?\d*(?:[Zz]|([+-])(\d\d):(\d\d))\Z"
)


def moment(value: object) -> float | None:
    """An RFC 3339 time (nanoseconds, any offset) in seconds of the epoch; None for Go's zero time.

    The fraction is kept as far as a float can.
    """
    found = _RFC3339.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[n]) for n in range(1, 7))
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 60:
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0))
    if found[8]:
        offset = int(found[9]) * 3600 + int(found[10]) * 60
        seconds += -offset if found[8] == "+" else offset
    return seconds + (float(f"0.{found[7]}") if found[7] else 0.0)


_STATES = {state.value: state for state in ContainerState} | {
    # Podman's own words.
    "configured": ContainerState.CREATED,
    "initialized": ContainerState.CREATED,
    "stopped": ContainerState.EXITED,
    "stopping": ContainerState.RUNNING,
}


def state(word: object) -> ContainerState:
    return _STATES.get(raw_text(word).lower(), ContainerState.UNKNOWN)


def health(word: object) -> Health:
    try:
        return Health(raw_text(word).lower() or "none")
    except ValueError:
        return Health.NONE


_HEALTH_NOTE = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)\s*\Z")
_ENDED = re.compile(r"(?:Exited|Restarting|Stopped)\s*\((-?\d{1,10})\)")
_AGE = re.compile(
    r"(?:(less than) a|(about) an?|(\d{1,9})) (second|minute|hour|day|week|month|year)s?\b", re.IGNORECASE
)
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
    "year": 365 * 86400,
}


def status_health(status: str) -> Health:
    """From `Up 3 minutes (healthy)`; the only place older engines say it in a list."""
    found = _HEALTH_NOTE.search(status)
    return Health(found[1]) if found else Health.NONE


def status_exit_code(status: str) -> int | None:
    """From `Exited (137) 2 hours ago` and `Restarting (1) 5 seconds ago`."""
    found = _ENDED.match(status)
    return int(found[1]) if found else None


def status_age(status: str) -> float | None:
    """Seconds in `Up About a minute`, `Exited (0) 3 weeks ago` ...: as coarse as the text is."""
    found = _AGE.search(status)
    if found is None:
        return None
    if found[1]:
        return 0.0
    return float(int(found[3] or 1) * _SECONDS[found[4].lower()])
