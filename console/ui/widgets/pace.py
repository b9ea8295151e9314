"""Drawing as often as data change, unless that is so dear that keys would wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

REST = 3
"""Times as long as the last drawing took, the next one of changed data waits at least."""


class Pace:
    """When `draw` is called for a widget."""

    def __init__(self, owner: Widget, draw: Callable[[], None]) -> None:
        self._owner = owner
        self._draw = draw
        self._rested = 0.0
        self._put_off: Timer | None = None

    def now(self) -> None:
        """Draw: somebody pressed a key."""
        began = time.monotonic()
        if self._put_off is not None:
            self._put_off.stop()
            self._put_off = None
        self._draw()
        ended = time.monotonic()
        self._rested = ended + REST * (ended - began)

    def soon(self) -> None:
        """Draw, or a little later where thousands of rows make it dear: data changed."""
        left = self._rested - time.monotonic()
        if left <= 0:
            self.now()
        elif self._put_off is None:
            self._put_off = self._owner.set_timer(left, self.now)
