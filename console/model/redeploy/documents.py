"""Reading what an engine sent without trusting its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, or nothing where it is none."""
    return dict(value) if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """A list, or nothing."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """A list of strings; what is none of them is left out."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return []
    return [item for item in value if isinstance(item, str)]


def text(value: object) -> str:
    """A string, or an empty one."""
    return value if isinstance(value, str) else ""
