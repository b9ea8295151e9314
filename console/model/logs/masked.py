"""Lines of logs without their secrets, for what is given away. Best effort: a log is free text.

Hidden are what `model.secrets` finds in any text (userinfo in URLs, `password=...`, tokens of known shapes,
values of headers such as `Authorization:`), the values that are secret by name in the container's own
inspect, wherever they stand, and private keys over all their lines. A password that is only told ("it is
hunter2") is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from console.model.secrets import HIDDEN, mask_text
from console.model.text import LIMIT, SafeText, safe, sanitise

KEY_LINES = 200
"""Lines that a private key has at most; what follows is text again, whether its end was seen or not."""

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_END = re.compile(r"-----END [A-Z0-9 ]*-----")


class LineMask:
    """Masks the lines of one container, in their order."""

    def __init__(self, known: Collection[str] = ()) -> None:
        """`known`: secrets of this container."""
        longest_first = sorted(filter(None, known), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._inside: dict[int, int] = {}
        """By stream, while a private key is under way: how many more lines it may have."""

    def line(self, stream: int, raw: bytes) -> SafeText:
        """One line, sanitised, at most `LIMIT` characters."""
        text = sanitise(raw[: LIMIT * 4].decode("utf-8", "replace"), LIMIT * 4)
        if left := self._inside.get(stream, 0):
            end = _END.search(text)
            self._inside[stream] = 0 if end else left - 1
            if end is None:
                return HIDDEN
            text = safe(HIDDEN + text[end.end() :])
        begins = list(_BEGIN.finditer(text))
        if begins and _END.search(text, begins[-1].end()) is None:
            self._inside[stream] = KEY_LINES
        # Before the line is cut off: half a secret would not be known.
        if self._known is not None:
            text = safe(self._known.sub(HIDDEN, text))
        return mask_text(text)
