"""Channels on this machine: Unix sockets, and commands as child processes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import cast

from console.transport.channels import WINDOW, Channel, ChannelReader, ChannelRefused

HIGH_WATER = 262144
"""Bytes written and not yet taken by the peer at which a bulk sender is told to hold."""


class _SocketChannel(asyncio.Protocol):
    """A Unix socket as a Channel."""

    def __init__(self, reader: ChannelReader) -> None:
        self._reader = reader
        self._transport: asyncio.Transport | None = None
        self._heard_all = False
        self._said_all = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        self._reader.data(data)

    def eof_received(self) -> bool:
        self._heard_all = True
        self._reader.eof()
        return not self._said_all  # false closes

    def pause_writing(self) -> None:
        self._reader.hold_writes(True)

    def resume_writing(self) -> None:
        self._reader.hold_writes(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.closed(None, None)

    def _open(self) -> asyncio.Transport | None:
        transport = self._transport
        return None if transport is None or transport.is_closing() else transport

    def write(self, data: bytes) -> None:
        if transport := self._open():
            transport.write(data)

    def write_eof(self) -> None:
        if transport := self._open():
            self._said_all = True
            if self._heard_all:
                transport.close()
            else:
                transport.write_eof()

    def pause(self) -> None:
        if transport := self._open():
            transport.pause_reading()

    def resume(self) -> None:
        if transport := self._open():
            transport.resume_reading()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _ProcessChannel(asyncio.SubprocessProtocol):
    """A child's standard streams as a Channel; aborting kills the child."""

    def __init__(self, reader: ChannelReader) -> None:
        self._reader = reader
        self._process: asyncio.SubprocessTransport | None = None
        self._aborted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast(asyncio.SubprocessTransport, transport)
        if stdin := self._stdin():
            stdin.set_write_buffer_limits(high=HIGH_WATER)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._reader.data(data)
        else:
            self._reader.stderr(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._reader.eof()

    def pause_writing(self) -> None:
        self._reader.hold_writes(True)

    def resume_writing(self) -> None:
        self._reader.hold_writes(False)

    def connection_lost(self, exc: Exception | None) -> None:
        status = self._process.get_returncode() if self._process is not None else None
        self._reader.closed(None, status)

    def _stdin(self) -> asyncio.WriteTransport | None:
        if self._process is None:
            return None
        pipe = cast(asyncio.WriteTransport | None, self._process.get_pipe_transport(0))
        return None if pipe is None or pipe.is_closing() else pipe

    def write(self, data: bytes) -> None:
        if stdin := self._stdin():
            stdin.write(data)

    def write_eof(self) -> None:
        if stdin := self._stdin():
            stdin.write_eof()

    def _readers(self) -> list[asyncio.ReadTransport]:
        if self._process is None:
            return []
        pipes = [self._process.get_pipe_transport(fd) for fd in (1, 2)]
        return [cast(asyncio.ReadTransport, p) for p in pipes if p is not None and not p.is_closing()]

    def pause(self) -> None:
        for pipe in self._readers():
            pipe.pause_reading()

    def resume(self) -> None:
        for pipe in self._readers():
            pipe.resume_reading()

    def abort(self) -> None:
        if self._aborted or self._process is None:
            return
        self._aborted = True
        # A paused pipe would never see its end, and the child's end would never be told.
        self.resume()
        self._process.close()


class LocalDialer:
    """Opens channels on this machine. A Dialer."""

    async def open_socket(self, path: str, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        """Raises ChannelRefused with the system's words: `No such file or directory` ..."""
        loop = asyncio.get_running_loop()
        try:
            _, channel = await loop.create_unix_connection(lambda: _SocketChannel(reader), path)
        except OSError as error:
            raise ChannelRefused(_why(error)) from error
        return channel

    async def open_tcp(self, address: str, port: int, reader: ChannelReader) -> Channel:
        """Raises ChannelRefused with the system's words: `Connection refused` ..."""
        loop = asyncio.get_running_loop()
        try:
            _, channel = await loop.create_connection(lambda: _SocketChannel(reader), address, port)
        except OSError as error:
            raise ChannelRefused(_why(error)) from error
        return channel

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        """Run a child; a leading `exec`, a word for the shell that SSH would start, is left out."""
        loop = asyncio.get_running_loop()
        words = list(argv)[1:] if argv[0] == "exec" else list(argv)
        try:
            _, channel = await loop.subprocess_exec(
                lambda: _ProcessChannel(reader), *words, start_new_session=True, cwd="/"
            )
        except OSError as error:
            raise ChannelRefused(f"{words[0]}: {_why(error)}") from error
        return channel


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "Name or service not known"
    return os.strerror(error.errno) if error.errno else str(error)
