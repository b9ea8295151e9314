"""Channels of an SSH connection, as `channels.Channel` and `channels.ChannelReader` want them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import asyncssh
from asyncssh.channel import SSHChannel

from console.transport.channels import ChannelReader

log = logging.getLogger(__name__)

Opened = TypeVar("Opened")

Cause = Callable[[Exception | None], Exception | None]
"""From what asyncssh says at a channel's end to the reason that is told, None where it simply ended."""


class Delivery(
    asyncssh.SSHClientSession[bytes], asyncssh.SSHUNIXSession[bytes], asyncssh.SSHTCPSession[bytes]
):
    """Hands a channel's bytes to a reader. It is the `Channel` as well: one object per channel.

    An exception of the reader ends its channel, never the connection: asyncssh would tear down every
    stream of the host.
    """

    def __init__(self, reader: ChannelReader, cause: Cause) -> None:
        self._reader: ChannelReader | None = reader
        self._cause = cause
        self._channel: SSHChannel[bytes] | None = None
        self._exit_status: int | None = None

    # What asyncssh calls

    def connection_made(self, chan: Any) -> None:
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if datatype is None:
            self._tell(lambda reader: reader.data(data))
        elif datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._tell(lambda reader: reader.stderr(data))

    def eof_received(self) -> bool:
        self._tell(lambda reader: reader.eof())
        return True  # keep our side open: the caller decides when it has said everything

    def exit_status_received(self, status: int) -> None:
        self._exit_status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        # As a shell would report it; the number matters less than that it is not 0.
        numbers = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "PIPE": 13, "TERM": 15}
        self._exit_status = 128 + numbers.get(signal, 0)

    def pause_writing(self) -> None:
        self._tell(lambda reader: reader.hold_writes(True))

    def resume_writing(self) -> None:
        self._tell(lambda reader: reader.hold_writes(False))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(self._cause(exc))

    # What the owner of the channel calls

    def write(self, data: bytes) -> None:
        if self._channel is not None and not self._channel.is_closing():
            try:
                self._channel.write(data)
            except BrokenPipeError:
                log.debug("bytes written after the end of a channel were dropped")

    def write_eof(self) -> None:
        if self._channel is not None and not self._channel.is_closing():
            try:
                self._channel.write_eof()
            except BrokenPipeError:
                log.debug("a half-closed channel was half-closed again")

    def pause(self) -> None:
        if self._channel is not None:
            self._channel.pause_reading()

    def resume(self) -> None:
        if self._channel is not None and self._reader is not None:
            self._channel.resume_reading()

    def abort(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.abort()
            # The peer's own close may be long in coming, or never come.
            asyncio.get_running_loop().call_soon(self._end, None)

    # Within

    def _tell(self, call: Callable[[ChannelReader], None]) -> None:
        if self._reader is None or self._channel is None:
            return
        try:
            call(self._reader)
        except Exception as exc:
            log.exception("a reader failed; its channel is closed")
            self._channel.abort()
            self._channel = None
            self._end(exc)

    def _end(self, error: Exception | None) -> None:
        reader, self._reader, self._channel = self._reader, None, None
        if reader is not None:
            reader.closed(error, self._exit_status)


class Openings(Generic[Opened]):
    """Channels that are being opened. One whose caller has gone is closed as soon as it opens.

    asyncssh forgets to close a channel whose opening is cancelled, hence the shield.
    """

    def __init__(self, close: Callable[[Opened], None]) -> None:
        self._close = close
        self._tasks: set[asyncio.Task[Opened]] = set()

    async def open(self, opening: Coroutine[Any, Any, Opened]) -> Opened:
        """Await `opening`; a cancellation leaves no channel behind."""
        task = asyncio.ensure_future(opening)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._unwanted)
            raise

    async def aclose(self) -> None:
        """Wait for openings under way; call it when the connection is gone, so that they end at once."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _unwanted(self, task: asyncio.Task[Opened]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._close(task.result())
