"""One live SSH connection, to a jump host or to a host: what it stands on, and why it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import asyncssh

from console.errors import HostUnreachable
from console.model.text import SafeText, safe, sanitise
from console.transport.bastions import Lease
from console.transport.channels import WINDOW, ChannelReader, ChannelRefused
from console.transport.closing import Closing
from console.transport.login import Login
from console.transport.sockets import ProxyCommand
from console.transport.sshchannel import Delivery, Openings
from console.transport.sshconfig import Hop
from console.transport.sshfaults import loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Limits in seconds; tests shorten them."""

    connect: float = 10.0
    """For TCP and login of one hop together, without the time a person takes to answer."""
    keepalive: float = 5.0
    """Silence after which the host is asked for a sign of life."""
    missed: int = 2
    """How many such questions may stay unanswered; one more interval and the connection is lost."""

    @property
    def patience(self) -> float:
        """Silence after which a connection counts as lost."""
        return self.keepalive * (self.missed + 1)


class Link:
    """An authenticated connection with all it holds: a lease on a jump host, a proxy command, channels."""

    def __init__(
        self,
        host: str,
        hops: tuple[Hop, ...],
        connection: asyncssh.SSHClientConnection,
        login: Login,
        timing: Timing,
        lease: Lease | None,
        proxy: ProxyCommand | None,
    ) -> None:
        self.host = host
        self.hops = hops
        self._connection = connection
        self._login = login
        self._timing = timing
        self._lease = lease
        self._proxy = proxy
        self._closed_here = False
        self.aclose = Closing(self._close)
        """Close it and let go of what it stands on; waits. Idempotent, never raises."""
        self._channels: Openings[Delivery] = Openings(Delivery.abort)
        self._tunnels: Openings[tuple[Any, Any]] = Openings(lambda opened: opened[0].abort())

    def idle(self) -> float:
        """Seconds since the last byte from the other end."""
        return self._login.watch.idle()

    def gone(self) -> str:
        """Why it is gone; empty while it lives."""
        if self._login.end.done():
            return self._why(self._login.end.result())
        return self._why(None) if self._is_down() else ""

    async def ended(self) -> str:
        """Wait until it is gone; return why."""
        return self._why(await asyncio.shield(self._login.end))

    async def socket(self, path: str, reader: ChannelReader, window: int) -> Delivery:
        """Open a channel to a Unix socket. Raises ChannelRefused or HostUnreachable."""

        async def opening() -> Delivery:
            _, session = await self._connection.create_unix_connection(
                lambda: Delivery(reader, self._cause), path, encoding=None, window=window
            )
            assert isinstance(session, Delivery)
            return session

        return await self._open(self._channels.open(opening()))

    async def tcp(self, address: str, port: int, reader: ChannelReader) -> Delivery:
        """Open a channel to a TCP port. Raises ChannelRefused or HostUnreachable."""

        async def opening() -> Delivery:
            _, session = await self._connection.create_connection(
                lambda: Delivery(reader, self._cause), address, port, encoding=None, window=WINDOW
            )
            assert isinstance(session, Delivery)
            return session

        return await self._open(self._channels.open(opening()))

    async def command(self, line: str, reader: ChannelReader) -> Delivery:
        """Run a command. Raises ChannelRefused or HostUnreachable."""

        async def opening() -> Delivery:
            _, session = await self._connection.create_session(
                lambda: Delivery(reader, self._cause), line, encoding=None, window=WINDOW
            )
            assert isinstance(session, Delivery)
            return session

        return await self._open(self._channels.open(opening()))

    async def tunnel(self, factory: Callable[[], Any], address: str, port: int) -> tuple[Any, Any]:
        """Open a TCP channel, as asyncssh's `create_connection`; its errors are asyncssh's."""
        return await self._tunnels.open(self._connection.create_connection(factory, address, port))

    async def _open(self, opening: Coroutine[Any, Any, Delivery]) -> Delivery:
        try:
            return await opening
        except asyncssh.ChannelOpenError as exc:
            if why := self.gone():
                raise HostUnreachable(self.host, why) from exc
            prohibited = exc.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
            raise ChannelRefused(sanitise(exc.reason, 300), prohibited=prohibited) from exc

    async def _close(self) -> None:
        self._closed_here = not self._login.end.done()
        self._connection.close()
        await self._connection.wait_closed()
        await self._channels.aclose()
        await self._tunnels.aclose()
        if self._proxy is not None:
            await self._proxy.aclose()
        if self._lease is not None:
            await self._lease.release()

    def _is_down(self) -> bool:
        # Every carrier (TCP, tunnel, socketpair) names its peer, until asyncssh has let it go.
        return self._connection.get_extra_info("peername") is None

    def _cause(self, exc: Exception | None) -> Exception | None:
        """Why a channel ended: None where only the channel did."""
        if exc is None and not self._is_down():
            return None
        return HostUnreachable(self.host, self._why(exc))

    def _why(self, exc: Exception | None) -> SafeText:
        if self._closed_here:
            return safe("closed by dockcon")
        if self._lease is not None:
            if why := self._lease.gone():
                return sanitise(f"{self._lease.label} lost: {why}")
            if self._lease.idle() >= 2 * self._timing.keepalive:
                return sanitise(f"{self._lease.label} lost: no answer for {self._lease.idle():.0f} s")
        why = loss(exc, self._timing.patience)
        said = self._proxy.said if self._proxy is not None else ""
        return sanitise(f"{why} ({said})") if said else why
