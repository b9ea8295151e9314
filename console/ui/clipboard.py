"""Copying through the terminal, by OSC 52. No answer ever comes back, so nobody may say "copied"."""

from __future__ import annotations

import base64

LIMIT = 74_994
"""Bytes of text: more than 100,000 characters of base64 are ignored by common terminals."""


def sequence(text: str, in_tmux: bool) -> str:
    """The bytes to write, as text; empty where there is too much to copy.

    Inside tmux the plain form works with `set-clipboard on`, the wrapped one with `allow-passthrough on`;
    neither alone works everywhere, and together they do no harm.
    """
    raw = text.encode()
    if not raw or len(raw) > LIMIT:
        return ""
    plain = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    return plain + wrapped(plain) if in_tmux else plain


def wrapped(plain: str) -> str:
    """A sequence in tmux's passthrough."""
    return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
