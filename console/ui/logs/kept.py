"""A bounded memory of what was made lately.

Textual's own is a ring of links: emptied, all that was in it waits for the garbage collector, which in a
flood of lines is megabytes at a time.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """The values used last, at most `most` of them."""

    __slots__ = ("_most", "_values")

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Key, Value] = {}
        """In the order of their last use."""

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def get(self, key: Key) -> Value | None:
        """What is kept under a key; from now on it was used last."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def __setitem__(self, key: Key, value: Value) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
