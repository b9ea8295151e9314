"""Byte channels to a host, whatever carries them: the seam between SSH and HTTP.

A `Dialer` opens a channel to a Unix socket on the host or to a command's standard streams. Bytes are
delivered by callback on the network loop, so that a reader costs neither a task nor a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

WINDOW = 1 << 20
"""Bytes a host may send ahead of its reader on one channel. For every half of it a host is told to go on:
with a quarter of a megabyte that was an eighth of the time of reading logs.
"""


class ChannelReader(Protocol):
    """Receives what a channel delivers; every method is called on the network loop and must not block."""

    def data(self, chunk: bytes) -> None:
        """Bytes of the socket, or of the command's standard output."""
        ...

    def stderr(self, chunk: bytes) -> None:
        """Bytes of the command's standard error; never called for a socket."""
        ...

    def eof(self) -> None:
        """The other side will send no more; we may still write (half-close)."""
        ...

    def hold_writes(self, hold: bool) -> None:
        """What we wrote piles up (true), or has drained (false): who sends in bulk stops and goes on."""
        ...

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        """The last call, exactly once. `error` is set when the connection under the channel went away;
        `exit_status` is a command's, where it is known.
        """
        ...


class Channel(Protocol):
    """The writing half."""

    def write(self, data: bytes) -> None:
        """Queue bytes; after the end of the channel they are dropped (`closed` has told the reader)."""
        ...

    def write_eof(self) -> None:
        """Half-close."""
        ...

    def pause(self) -> None:
        """Stop delivery; the peer is held back by the window, not by our memory."""
        ...

    def resume(self) -> None: ...

    def abort(self) -> None:
        """Close at once and free everything; `closed` is still called. Idempotent."""
        ...


class Dialer(Protocol):
    """Opens channels over one connection."""

    async def open_socket(self, path: str, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        """Connect to the Unix socket `path` on the host. A cancelled open leaves no channel behind.

        Raises ChannelRefused; OpenSSH gives the same bare refusal whatever the cause, so the reason may
        be empty and a command has to explain it. Raises HostUnreachable when the connection is gone.
        """
        ...

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        """Run a command without a terminal; `argv` is quoted by `transport.quoting` alone.

        Raises ChannelRefused (also where sessions are exhausted or forbidden) or HostUnreachable.
        """
        ...


class NetDialer(Dialer, Protocol):
    """A Dialer that reaches addresses, too."""

    async def open_tcp(self, address: str, port: int, reader: ChannelReader) -> Channel:
        """Connect to a TCP port from the host. Give an address rather than a name: sshd looks a name up in
        the process that carries the whole connection, which stands still meanwhile.

        Raises ChannelRefused with the system's words, or HostUnreachable.
        """
        ...


class ChannelRefused(Exception):
    """The host refused to open this channel. Internal to `transport`: translated before it leaves."""

    def __init__(self, reason: str, *, prohibited: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.prohibited = prohibited
        """Whether the host said that it never does such a thing; it may also keep that to itself."""
