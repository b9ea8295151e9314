"""Real hosts: engines on this machine, and on others over SSH."""

from __future__ import annotations

import asyncio
import getpass
from typing import Protocol

from console.errors import EngineDown, HostError, HostUnreachable
from console.model.hosts import HostSpec
from console.transport.base import Prompter
from console.transport.calls import CallPool
from console.transport.carrier import Carrier, SocketCarrier
from console.transport.channels import ChannelRefused, NetDialer
from console.transport.engine import HttpEngine
from console.transport.faults import translated
from console.transport.handshake import open_engine
from console.transport.ladder import Climb, forbidden
from console.transport.local import LocalDialer
from console.transport.probe import ShellProbe


class Connection(NetDialer, Protocol):
    """What carries the channels of one host: an SSH connection, or this machine."""

    @property
    def route(self) -> str: ...

    def idle(self) -> float: ...

    async def lost(self) -> HostError: ...

    async def aclose(self) -> None: ...


class Connector(Protocol):
    """Makes connections over SSH."""

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> Connection: ...

    async def aclose(self) -> None: ...


class LocalConnection(LocalDialer):
    """This machine: always there, until it is closed."""

    def __init__(self, spec: HostSpec) -> None:
        self._spec = spec
        self._closed = asyncio.Event()

    @property
    def route(self) -> str:
        return self._spec.target

    def idle(self) -> float:
        """Always 0: this machine cannot be quiet without us."""
        return 0.0

    async def lost(self) -> HostError:
        await self._closed.wait()
        return HostUnreachable(self._spec.name, "closed")

    async def aclose(self) -> None:
        self._closed.set()


class LiveLink:
    """One connection to one host, with the engines and probes that were opened over it. A HostLink."""

    def __init__(self, spec: HostSpec, connection: Connection, pool: CallPool) -> None:
        self._spec = spec
        self._connection = connection
        self._pool = pool
        self._engines: list[HttpEngine] = []
        self._probe: ShellProbe | None = None
        self._closing = False

    @property
    def route(self) -> str:
        """The way there as an operator would say it."""
        return self._connection.route

    def idle(self) -> float:
        """Seconds since the host last sent a byte."""
        return self._connection.idle()

    async def engine(self, carrier: str = "") -> HttpEngine:
        """Reach the engine, `carrier` (what `facts.carrier` said last time) first.

        Raises EngineForbidden, EngineTooOld, EngineDown or HostUnreachable.
        """
        with translated(self._spec.name):
            engine = await (self._local() if self._spec.local else self._climb(carrier))
        if self._closing:
            await engine.aclose()
            raise HostUnreachable(self._spec.name, "closed")
        self._engines = [engine, *(old for old in self._engines if not old.closed)]
        return engine

    async def _climb(self, remembered: str) -> HttpEngine:
        climb = Climb(self._spec.name, self._connection, self._spec.engine, self._spec.user)
        return await climb.up(remembered, self._open)

    async def _open(self, carrier: Carrier) -> HttpEngine:
        return await open_engine(self._spec.name, carrier, self._pool, self._connection)

    async def _local(self) -> HttpEngine:
        path = self._spec.local
        try:
            return await self._open(SocketCarrier(self._connection, path, local=True))
        except ChannelRefused as refused:
            if "permission" in refused.reason.lower():
                raise forbidden(self._spec.name, getpass.getuser(), path) from refused
            raise EngineDown(
                self._spec.name, f"{path}: {refused.reason}", next_step="start it: systemctl start docker"
            ) from refused

    async def probe(self, data_root: str = "") -> ShellProbe:
        """Open the host's shell; the one before is closed, since a host has only one.

        Raises CapabilityMissing or HostUnreachable.
        """
        if self._probe is not None:
            await self._probe.aclose()
        probe = await ShellProbe.open(self._spec.name, self._connection, data_root)
        if self._closing:
            await probe.aclose()
            raise HostUnreachable(self._spec.name, "closed")
        self._probe = probe
        return probe

    async def lost(self) -> HostError:
        """Wait until the connection is gone; return why."""
        return await self._connection.lost()

    async def aclose(self) -> None:
        """Close engines and shells, then the connection. Idempotent."""
        self._closing = True
        engines, self._engines = self._engines, []
        await asyncio.gather(*(engine.aclose() for engine in engines))
        if self._probe is not None:
            await self._probe.aclose()
        await self._connection.aclose()


class LiveTransport:
    """Real hosts. Belongs to the loop it was made on. A Transport.

    `connector`: by default SSH as the user's own configuration has it; imported when it is first needed.
    """

    def __init__(self, connector: Connector | None = None) -> None:
        self._connector = connector
        self._pool = CallPool()
        self._links: set[LiveLink] = set()

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> LiveLink:
        """Connect to one host; see `base.Transport`."""
        if spec.local:
            link = LiveLink(spec, LocalConnection(spec), self._pool)
        else:
            link = LiveLink(spec, await self._ssh().connect(spec, prompter), self._pool)
        self._links.add(link)
        return link

    def _ssh(self) -> Connector:
        if self._connector is None:
            from console.transport.ssh import SshConnector

            self._connector = SshConnector()
        return self._connector

    async def aclose(self) -> None:
        """Close every link, then what they share; returns when threads and sockets are gone."""
        links, self._links = self._links, set()
        await asyncio.gather(*(link.aclose() for link in links))
        if self._connector is not None:
            await self._connector.aclose()
        self._pool.close()
