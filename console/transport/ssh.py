"""SSH connections to hosts: one per host, made by `SshConnector`, giving out channels as a `Dialer`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.errors import HostError, HostUnreachable
from console.model.hosts import HostSpec
from console.transport.base import Prompter
from console.transport.bastions import Bastions, Chorus, Lease
from console.transport.channels import WINDOW, Channel, ChannelReader
from console.transport.closing import Closing
from console.transport.quoting import command_line
from console.transport.sshconfig import Hop, Route, Surroundings
from console.transport.sshdial import Dialler
from console.transport.sshfaults import retold
from console.transport.sshlink import Link, Timing
from console.transport.sshroute import Resolver


class SshConnection:
    """One live connection to one host; a `Dialer`. Owned by whoever called `SshConnector.connect`."""

    def __init__(self, route: Route, link: Link, connector: SshConnector) -> None:
        self._route = route
        self._link = link
        self.aclose = Closing(self._close)
        """Close the connection and wait for it. Idempotent, never raises."""
        self._connector = connector

    @property
    def host(self) -> str:
        """Its name in hosts.yml."""
        return self._route.host

    @property
    def route(self) -> str:
        """The way there as an operator would say it: `ops@10.0.0.12:22 via bastion`."""
        return str(self._route)

    def idle(self) -> float:
        """Seconds since the host last sent a byte; at most the keep-alive interval while it answers."""
        return self._link.idle()

    async def lost(self) -> HostUnreachable:
        """Wait until the connection is gone; return why."""
        return HostUnreachable(self.host, await self._link.ended())

    async def open_socket(self, path: str, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        """Connect to the Unix socket `path` on the host; see `Dialer`.

        The reader may be called before this returns.
        """
        return await self._link.socket(path, reader, window)

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        """Run a command without a terminal; see `Dialer`. The reader may be called before this returns."""
        return await self._link.command(command_line(argv), reader)

    async def open_tcp(self, address: str, port: int, reader: ChannelReader) -> Channel:
        """Connect to a TCP port from the host; see `NetDialer`."""
        return await self._link.tcp(address, port, reader)

    async def _close(self) -> None:
        await self._link.aclose()
        self._connector.forget(self)


class SshConnector:
    """Makes connections; knows what they share. Belongs to one loop."""

    def __init__(self, around: Surroundings | None = None, timing: Timing | None = None) -> None:
        self._resolver = Resolver(around or Surroundings())
        self._dialler = Dialler(timing or Timing())
        self._bastions = Bastions(self._dial_bastion)
        self._connections: set[SshConnection] = set()

    @property
    def bastions(self) -> int:
        """How many connections to jump hosts there are, open or being opened."""
        return self._bastions.open

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> SshConnection:
        """Connect to one host; see `Transport.connect` for errors and limits."""
        if not (spec.ssh or spec.address):
            raise ValueError(f"{spec.name} is not reached by SSH")
        route = await self._resolver.resolve(spec)
        link = await self._dial(spec.name, route.hops, prompter)
        connection = SshConnection(route, link, self)
        self._connections.add(connection)
        return connection

    def forget(self, connection: SshConnection) -> None:
        """For connections that close themselves."""
        self._connections.discard(connection)

    async def aclose(self) -> None:
        """Close every connection that is left, and wait."""
        await asyncio.gather(*(connection.aclose() for connection in list(self._connections)))
        await self._bastions.aclose()

    async def _dial(self, host: str, hops: tuple[Hop, ...], prompter: Prompter | None) -> Link:
        """Connect to the last of `hops` by way of those before it."""
        if len(hops) == 1:
            return await self._dialler.dial(host, hops, prompter, None)
        lease = await self._lease(host, hops[:-1], prompter)
        try:
            return await self._dialler.dial(host, hops, prompter, lease)
        except BaseException:
            await lease.release()
            raise

    async def _lease(self, host: str, hops: tuple[Hop, ...], prompter: Prompter | None) -> Lease:
        try:
            return await self._bastions.lease(host, hops, prompter)
        except HostError as exc:
            if exc.host == host:
                raise
            raise retold(exc, host) from exc

    async def _dial_bastion(self, host: str, hops: tuple[Hop, ...], chorus: Chorus) -> Link:
        return await self._dial(host, hops, chorus if chorus.someone() else None)
