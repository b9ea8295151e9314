"""Output that nobody may be reading: written on a thread of its own, so that neither a slow reader nor one
that stopped holds up the loop, and what waits for it is bounded.
"""

from __future__ import annotations

import asyncio
import io
import os
import queue
import select
import stat
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, NoReturn, TextIO

from console.errors import DockconError

ROOM = 1 << 20
"""Bytes that may wait for the reader; whoever has more waits too."""


class Sink:
    """Where bytes of UTF-8 go to: the file behind a stream, or the stream where there is none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = (getattr(stream, "encoding", None) or "utf-8").replace("-", "").lower()
        try:
            self.fd = stream.fileno()
            """-1: there is no file."""
        except (OSError, io.UnsupportedOperation):
            self.fd = -1
        self.pipe = self.fd >= 0 and stat.S_ISFIFO(os.fstat(self.fd).st_mode)
        """Whether it is a pipe, which tells when its reader is gone."""

    @property
    def ascii(self) -> bool:
        """Whether it takes no more than ASCII for sure."""
        return self._encoding != "utf8"

    def write(self, data: bytes) -> None:
        """Write all of it; blocks as long as nobody reads. Raises OSError."""
        if self.ascii and not data.isascii():
            data = data.decode("utf-8", "replace").encode(self._stream.encoding, "backslashreplace")
        if self.fd < 0:
            self._stream.write(data.decode(self._encoding, "replace"))
            return
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self.fd, left) :]
            except BlockingIOError:  # somebody we share the file with has set it so
                poll = select.poll()
                poll.register(self.fd, select.POLLOUT)
                poll.poll()


class Writer:
    """Writes to two sinks in one order. An async context manager of the running loop."""

    def __init__(self, out: Sink, err: Sink) -> None:
        self._out = out
        self._err = err
        self._queue: queue.SimpleQueue[tuple[Sink, bytes] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._changed = asyncio.Event()
        self._failed: asyncio.Future[NoReturn] | None = None
        self._thread = threading.Thread(target=self._run, name="dockcon-output", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Writer:
        self._loop = asyncio.get_running_loop()
        self._failed = self._loop.create_future()
        if self._out.pipe:
            # A pipe without a reader is reported as readable; else only the next line would find out.
            self._loop.add_reader(self._out.fd, self._fail, BrokenPipeError())
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End the thread; one that is stuck with a reader who does not read is left to the process's end."""
        assert self._loop is not None
        if self._out.pipe:
            self._loop.remove_reader(self._out.fd)
        self._queue.put(None)
        if not self._waiting:
            self._thread.join()
        if self._failed is not None and self._failed.done():
            self._failed.exception()

    async def write(self, data: bytes, *, diagnostic: bool = False) -> None:
        """Queue `data`; returns when there is room for more. Raises what `guard` does."""
        self._look()
        self._waiting += len(data)
        self._queue.put((self._err if diagnostic else self._out, data))
        await self._below(ROOM)

    async def flush(self) -> None:
        """Wait until everything is written. Raises what `guard` does."""
        await self._below(0)

    async def guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as long as somebody may be reading.

        Raises BrokenPipeError when nobody is, DockconError when the output cannot be written.
        """
        assert self._failed is not None
        task = asyncio.create_task(work)
        either: set[asyncio.Future[Any]] = {task, self._failed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            self._look()
            task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _below(self, limit: int) -> None:
        while self._waiting > limit:
            self._changed.clear()
            await self._changed.wait()
            self._look()

    def _look(self) -> None:
        if self._failed is not None and self._failed.done():
            self._failed.result()

    def _fail(self, error: OSError) -> None:
        if self._failed is None or self._failed.done():
            return
        if self._loop is not None and self._out.pipe:
            self._loop.remove_reader(self._out.fd)
        self._failed.set_exception(
            error
            if isinstance(error, BrokenPipeError)
            else DockconError(f"cannot write the output: {error.strerror or error}")
        )
        self._changed.set()

    def _written(self, size: int) -> None:
        self._waiting -= size
        self._changed.set()

    def _run(self) -> None:
        assert self._loop is not None
        try:
            while (item := self._queue.get()) is not None:
                sink, data = item
                try:
                    sink.write(data)
                except OSError as error:
                    self._loop.call_soon_threadsafe(self._fail, error)
                    return
                self._loop.call_soon_threadsafe(self._written, len(data))
        except RuntimeError:
            # The loop is closed: whoever waited for this has gone.
            return
