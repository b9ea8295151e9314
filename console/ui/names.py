"""Names in the order people expect."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=16384)
def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A key that puts `app-2` before `app-10`."""
    parts = re.split(r"(\d+)", text.casefold())
    return tuple((int(p), "") if p.isdecimal() and p.isascii() else (-1, p) for p in parts if p)
