"""Between a process on the network loop and a terminal that another thread attends to: bytes both ways,
bounded, each side held back by the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable

from console.model.inside import TerminalSize
from console.service.tasks import first
from console.transport.inside import Running

ROOM = 1 << 18
"""Bytes that may wait in one direction."""


class Wire:
    """Made anywhere; `carry` runs on the network loop, everything else is for the one other thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: deque[bytes] = deque()
        self._showing = 0
        self._typed: deque[bytes | TerminalSize | None] = deque()
        self._typing = 0
        self._over = False
        self.proper = False
        """Whether the process ended its output by itself."""
        self._closed = False
        self._output, self._input, self._closing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ear, self._bell = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)

    # The thread with the terminal

    def fileno(self) -> int:
        """Readable when something has changed; `hush` makes it quiet again."""
        return self._ear

    def hush(self) -> None:
        """Everything that has changed is seen from here on."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._ear, 4096):
                pass

    @property
    def over(self) -> bool:
        """The process has ended, or cannot be reached; what it wrote before may still have to be taken."""
        return self._over

    @property
    def room(self) -> bool:
        """Whether more may be typed."""
        return self._typing < ROOM

    def take(self, most: int) -> bytes:
        """What it wrote, at most so many bytes; empty where there is nothing."""
        with self._lock:
            if not self._shown:
                return b""
            data = self._shown.popleft()
            if len(data) > most:
                self._shown.appendleft(data[most:])
                data = data[:most]
            self._showing -= len(data)
        self._tell(self._output)
        return data

    def type(self, data: bytes) -> None:
        """To the process."""
        with self._lock:
            self._typed.append(data)
            self._typing += len(data)
        self._tell(self._input)

    def resize(self, size: TerminalSize) -> None:
        """Another size."""
        with self._lock:
            self._typed.append(size)
        self._tell(self._input)

    def eof(self) -> None:
        """Nothing more will be typed."""
        with self._lock:
            self._typed.append(None)
        self._tell(self._input)

    def close(self) -> None:
        """Leave it, whatever it does."""
        self._closed = True
        self._tell(self._closing)

    def free(self) -> None:
        """Give the descriptors back; nothing may be called afterwards."""
        os.close(self._ear)
        os.close(self._bell)

    def wake(self) -> None:
        """Have the thread look: from any thread."""
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._bell, b"!")

    def _tell(self, news: asyncio.Event) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the process is over
                self._loop.call_soon_threadsafe(news.set)

    # The network loop

    async def carry(self, process: Running) -> bool:
        """Carry bytes until the process ends its output (true) or the thread has left it (false).

        Raises what reading raises.
        """
        self._loop = asyncio.get_running_loop()
        try:
            # Leaving is apart from typing, which waits for ever where nothing is taken any more.
            self.proper = bool(await first(self._show(process), self._left(), self._type(process)))
            return self.proper
        finally:
            self._over = True
            self.wake()

    async def _show(self, process: Running) -> bool:
        while (piece := await process.read()) is not None:
            with self._lock:
                self._shown.append(piece[1])
                self._showing += len(piece[1])
            self.wake()
            await self._until(self._output, lambda: self._showing < ROOM)
        return True

    async def _left(self) -> bool:
        await self._until(self._closing, lambda: self._closed)
        return False

    async def _type(self, process: Running) -> None:
        while True:
            await self._until(self._input, lambda: bool(self._typed))
            with self._lock:
                item = self._typed.popleft()
            if item is None:
                process.write_eof()
            elif isinstance(item, TerminalSize):
                await process.resize(item.columns, item.rows)
            else:
                await process.write(item)
                with self._lock:
                    self._typing -= len(item)
                self.wake()

    @staticmethod
    async def _until(news: asyncio.Event, condition: Callable[[], bool]) -> None:
        while not condition():
            news.clear()
            if condition():
                return
            await news.wait()
