"""Sockets for blocking code: one end of a socket pair; the network loop joins the other to a channel."""

from __future__ import annotations

import asyncio
import select
import socket
import threading
import time
from typing import cast

from console.errors import EngineDown, HostError, HostUnreachable
from console.transport.carrier import Carrier
from console.transport.channels import Channel
from console.transport.faults import host_error
from console.transport.http import Cut

HUNG_UP_EVERY = 1.0
"""Seconds between two looks at a half-closed socket: its full close is not an event of the loop."""
NOTE_LIMIT = 2000


class Bridge(asyncio.Protocol):
    """One channel and one socket pair. Lives on the network loop; a thread has `theirs`.

    It is the protocol of our end of the pair and the ChannelReader of the channel at once.
    """

    def __init__(self, bridges: Bridges) -> None:
        self._bridges = bridges
        self._transport: asyncio.Transport | None = None
        self._channel: Channel | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._note = b""
        self._ends = 2
        self.gone = asyncio.Event()
        self.theirs: socket.socket | None = None

    async def open(self, carrier: Carrier) -> None:
        """Raises what the carrier raises; nothing stays open then."""
        loop = asyncio.get_running_loop()
        ours, self.theirs = socket.socketpair()
        self._ends = 1
        try:
            await loop.create_unix_connection(lambda: self, sock=ours)
            self._channel = await carrier.open(self)
            self._ends += 1
        except BaseException:
            self.theirs.close()
            if self._transport is not None:
                self._transport.abort()
            else:
                ours.close()
            raise

    def abort(self) -> None:
        """End both sides; a thread that reads or writes wakes up."""
        if self._channel is not None:
            self._channel.abort()
        if self._transport is not None:
            self._transport.abort()

    def discard(self) -> None:
        """`abort`, for a bridge that no thread has got."""
        self.abort()
        if self.theirs is not None:
            self.theirs.close()

    def _one_end_less(self) -> None:
        self._ends -= 1
        if self._ends == 0:
            self.gone.set()
            self._bridges.forget(self)

    # Our end of the socket pair

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._channel is not None:
            self._channel.write(data)

    def eof_received(self) -> bool:
        if self._hung_up():
            return False
        if self._channel is not None:
            self._channel.write_eof()
        self._watch_for_hang_up()
        return True

    def _hung_up(self) -> bool:
        """Whether the thread closed its socket wholly, and not only its writing half."""
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(sock.fileno(), 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    def _watch_for_hang_up(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._hung_up():
            self._transport.abort()
        else:
            self._watch = asyncio.get_running_loop().call_later(HUNG_UP_EVERY, self._watch_for_hang_up)

    def pause_writing(self) -> None:
        if self._channel is not None:
            self._channel.pause()

    def resume_writing(self) -> None:
        if self._channel is not None:
            self._channel.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._channel is not None:
            # Not a close: what the engine still sends has no reader.
            self._channel.abort()
        self._one_end_less()

    # ChannelReader

    def data(self, chunk: bytes) -> None:
        # asyncio complains on stderr about each write to a closing transport.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(chunk)

    def stderr(self, chunk: bytes) -> None:
        self._note = (self._note + chunk)[:NOTE_LIMIT]

    def eof(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def hold_writes(self, hold: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if hold:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def closed(self, error: Exception | None, exit_status: int | None) -> None:
        if error is not None or self._note:
            self._bridges.last_fault = Cut(
                error, answered=True, note=self._note.decode(errors="replace").strip()
            )
        if self._transport is not None:
            self._transport.close()
        self._one_end_less()


class _Ticket:
    """A thread waiting for a bridge. Whoever comes second finds out: no bridge is lost between the two."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.settled = threading.Event()
        self.abandoned = False
        self.task: asyncio.Task[None] | None = None
        self.bridge: Bridge | None = None
        self.error: Exception | None = None


class Bridges:
    """All bridges of one engine. Made on the network loop; `dial` is for other threads."""

    def __init__(self, host: str, carrier: Carrier) -> None:
        self._host = host
        self._carrier = carrier
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._slots = threading.Semaphore(carrier.lanes.calls)
        self._open: set[Bridge] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._closing = threading.Event()
        self.last_fault: Cut | None = None
        """Why a channel ended last, where that is known."""

    def dial(self, timeout: float) -> socket.socket:
        """A connected socket for blocking use. Raises EngineDown or HostUnreachable.

        Never on the network thread: it would wait for itself.
        """
        if threading.get_ident() == self._thread:
            raise RuntimeError("dialled on the network thread, which has to do the dialling")
        until = time.monotonic() + timeout
        if not self._slots.acquire(timeout=timeout):
            raise EngineDown(self._host, f"all {self._carrier.lanes.calls} channels for calls are in use")
        ticket = _Ticket()
        try:
            self._loop.call_soon_threadsafe(self._begin, ticket)
        except RuntimeError as closed:
            self._slots.release()
            raise EngineDown(self._host, "the connection was closed") from closed
        if not ticket.settled.wait(max(0.0, until - time.monotonic())):
            with ticket.lock:
                if not ticket.settled.is_set():
                    ticket.abandoned = True
                    self._loop.call_soon_threadsafe(self._abandon, ticket)
                    raise EngineDown(self._host, f"no channel to the engine within {timeout:g} s")
        if ticket.bridge is None or ticket.bridge.theirs is None:
            error = ticket.error or HostUnreachable(self._host, "closed")
            if isinstance(error, HostError):
                raise error
            raise host_error(self._host, error) from error
        return ticket.bridge.theirs

    def _begin(self, ticket: _Ticket) -> None:
        ticket.task = asyncio.ensure_future(self._dial(ticket))
        self._dialling.add(ticket.task)
        ticket.task.add_done_callback(self._dialling.discard)

    def _abandon(self, ticket: _Ticket) -> None:
        if ticket.task is not None:
            ticket.task.cancel()

    async def _dial(self, ticket: _Ticket) -> None:
        bridge = Bridge(self)
        try:
            if self._closing.is_set():
                raise HostUnreachable(self._host, "closed")
            await bridge.open(self._carrier)
        except asyncio.CancelledError:
            self._slots.release()
            self._settle(ticket, None, HostUnreachable(self._host, "closed"))
            raise
        except Exception as error:  # noqa: BLE001 - handed to the thread, which raises it
            self._slots.release()
            self._settle(ticket, None, error)
            return
        self._open.add(bridge)
        if bridge.gone.is_set():
            self.forget(bridge)
        if self._closing.is_set():
            bridge.discard()
            self._settle(ticket, None, HostUnreachable(self._host, "closed"))
        elif not self._settle(ticket, bridge, None):
            bridge.discard()

    def _settle(self, ticket: _Ticket, bridge: Bridge | None, error: Exception | None) -> bool:
        with ticket.lock:
            if ticket.abandoned:
                return False
            ticket.bridge, ticket.error = bridge, error
            ticket.settled.set()
            return True

    def forget(self, bridge: Bridge) -> None:
        """Called by a bridge whose both ends are closed."""
        if bridge in self._open:
            self._open.discard(bridge)
            self._slots.release()

    def fault(self) -> HostError:
        """Why a connection that was open broke."""
        fault = self.last_fault
        if fault is None or (fault.error is None and not fault.note):
            return EngineDown(self._host, "the engine closed the connection")
        return host_error(self._host, fault)

    def shut(self) -> None:
        """End every bridge, so that blocked threads wake up. On the network loop."""
        self._closing.set()
        for task in self._dialling:
            task.cancel()
        for bridge in list(self._open):
            bridge.abort()

    async def aclose(self) -> None:
        """Wait until every channel and our ends of all sockets are closed; `shut` comes first."""
        self.shut()
        await asyncio.gather(*self._dialling, return_exceptions=True)
        for bridge in list(self._open):
            await bridge.gone.wait()
