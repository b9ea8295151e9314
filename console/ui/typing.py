"""Keys one after the other: the next one waits until the last one has done all that it does.

Textual hands every key to whatever has the keyboard when it arrives. Over a slow link several arrive at
once, and of `/queue` only the `/` would be meant for the rows: the `q` quits before the line of input that
the `/` opens has the keyboard.
"""

from __future__ import annotations

from collections import deque

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.timer import Timer

PATIENCE = 0.5
"""Seconds that a key waits at most; what it waits for may be a widget that is no more."""


LAPS = 2
"""Times the way is gone: a key may send a message that gives the keyboard away."""


class Through(Message):
    """Goes the way of a key behind it: where it comes out, the key has been handled."""

    def __init__(self, lap: int = 1) -> None:
        super().__init__()
        self.lap = lap


class TypingApp(App[int]):
    """An app that takes keys in turn."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]  # whatever Textual's takes
        self._under_way = False
        self._typed: deque[events.Key] = deque()
        self._patience: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Keys wait for the one before them."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._under_way:
            self._typed.append(event)
            if self._patience is None:
                self._patience = self.set_timer(PATIENCE, self._next_key)
        else:
            target = self.focused or self.screen
            await super().on_event(event)
            self._under_way = target.post_message(Through())

    @on(Through)
    def _came_through(self, event: Through) -> None:
        event.stop()
        # Behind whatever the key has put off itself: giving the keyboard to another widget.
        self.call_later(self._go_on, event.lap)

    async def _go_on(self, lap: int) -> None:
        target = self.focused or self.screen
        if lap == LAPS or not self._typed or not target.post_message(Through(lap + 1)):
            await self._next_key()

    async def _next_key(self) -> None:
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        self._under_way = False
        if self._typed:
            await self.on_event(self._typed.popleft())
            if self._typed and not self._under_way:
                self.call_later(self._next_key)
            elif self._typed:
                self._patience = self.set_timer(PATIENCE, self._next_key)
