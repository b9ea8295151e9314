"""The way back out of a shell whose connection hangs: `Enter ~ .`, as in ssh. Pure."""

from __future__ import annotations

TYPED_AT_MOST = 16
"""Bytes that a person types at once at most; what is longer was pasted and is never looked at."""

_NEWLINE = b"\r\n"


class Escapes:
    """Takes what is typed and says what of it goes on. `~` counts only at the beginning of a line."""

    def __init__(self) -> None:
        self._fresh = True
        self._held = False
        self.left = False
        """`~.` was typed."""

    def feed(self, data: bytes) -> bytes:
        """What goes on to the other side; a tilde is held back until it is known what it means."""
        if len(data) > TYPED_AT_MOST:
            if self._held:
                data = b"~" + data
            self._held = False
            self._fresh = data[-1:] in (b"\r", b"\n")
            return data
        out = bytearray()
        for at in range(len(data)):
            letter = data[at : at + 1]
            if self._held:
                self._held = False
                if letter == b".":
                    self.left = True
                    return bytes(out)
                if letter != b"~":
                    out += b"~"
            elif self._fresh and letter == b"~":
                self._held = True
                continue
            out += letter
            self._fresh = letter in _NEWLINE
        return bytes(out)
