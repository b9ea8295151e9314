"""One merged stream as a reader on another thread holds it."""

from __future__ import annotations

from collections.abc import Callable

from console.model.logs.wish import LogWish
from console.service.logs.heap import give_back
from console.service.logs.outbox import Caps, Outbox
from console.service.logs.room import LogRoom
from console.service.logs.stream import LogStream
from console.service.tap import LogUpdate


class StreamTap:
    """`LogTap` over a stream on the network loop."""

    def __init__(self, wish: LogWish, caps: Caps, room: LogRoom, call: Callable[..., None]) -> None:
        """`call` runs a function with its arguments on the network loop, soon."""
        self._wish = wish
        self._box = Outbox(caps)
        self._room = room
        self._call = call
        self._stream: LogStream | None = None
        self._closed = False
        call(self._open)

    @property
    def wish(self) -> LogWish:
        return self._wish

    def take(self) -> LogUpdate | None:
        """What came since the last call."""
        return None if self._closed else self._box.take()

    def freeze(self, on: bool) -> None:
        """Nothing will be taken for a while, or it will again."""
        self._call(self._freeze, on)

    def close(self) -> None:
        """End it."""
        if not self._closed:
            self._closed = True
            self._call(self._end)

    # On the network loop.

    def _open(self) -> None:
        if not self._closed:
            give_back()
            self._stream = self._room.open(self._wish, self._box)

    def _freeze(self, on: bool) -> None:
        if self._stream is not None:
            self._stream.freeze(on)

    def _end(self) -> None:
        if self._stream is not None:
            self._room.close(self._stream)
        self._box.close()
