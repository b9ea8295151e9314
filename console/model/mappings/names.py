"""What a mapping, its name and its parties may be called."""

from __future__ import annotations

import re

ID_MAX = 48
"""Characters of a mapping's id: it becomes part of container and network names."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}")


def bad_id(text: str) -> str:
    """Why `text` cannot be a mapping's id, or empty."""
    if len(text) > ID_MAX:
        return f"a mapping's id has at most {ID_MAX} characters"
    if _ID.fullmatch(text) is None or text.endswith("."):
        return "a mapping's id has letters, digits and . _ - only, and begins with a letter or digit"
    return ""


def bad_name(text: str) -> str:
    """Why no resolver would find `text`, or empty. An underscore is fine: Compose services have some."""
    if text.casefold() in ("localhost", "host.docker.internal"):
        return "means something else everywhere: choose another name"
    if text.replace(".", "").isdecimal():
        return "an address cannot be mapped, only a name"
    if len(text) > 253 or any(_LABEL.fullmatch(label) is None for label in text.split(".")):
        return "a name that can be dialled has letters, digits, _ and - in parts of up to 63, parted by dots"
    return ""


def is_container(text: str) -> bool:
    """Whether a container, project or service can be called `text`."""
    return len(text) <= 255 and _CONTAINER.fullmatch(text) is not None


def is_user(text: str) -> bool:
    """Whether `text` can be the login of a check: it stands unquoted in a configuration."""
    return _USER.fullmatch(text) is not None
