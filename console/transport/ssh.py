"""SSH connections to hosts: one per host, made by `SshConnector`, giving out channels as a `Dialer`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncssh

from console.errors import HostUnreachable
from console.model.hosts import HostSpec
from console.model.text import sanitise
from console.transport.base import Prompter
from console.transport.channels import Channel, ChannelReader, ChannelRefused
from console.transport.quoting import command_line
from console.transport.sshchannel import Delivery, Openings
from console.transport.sshconfig import Hop, Route, Surroundings, resolve

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
"""asyncssh's own list with AES-GCM first: a third less CPU for bulk than its first choice."""


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


@dataclass(slots=True)
class Watch:
    """Notes when a connection last heard of its host."""

    heard: float = field(default_factory=time.monotonic)

    def attach(self, connection: asyncssh.SSHClientConnection) -> None:
        """Look at every byte from here on, whatever carries the connection: TCP, a tunnel, a proxy."""
        deliver = connection.data_received

        def data_received(data: bytes, datatype: int | None = None) -> None:
            self.heard = time.monotonic()
            deliver(data, datatype)

        # asyncio and a tunnel's channel both look the method up on the object at each delivery.
        setattr(connection, "data_received", data_received)  # noqa: B010 - mypy allows no assignment to a method

    def idle(self) -> float:
        return time.monotonic() - self.heard


class Client(asyncssh.SSHClient):
    """What asyncssh tells of one connection."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.end: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.watch.attach(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.end.done():
            self.end.set_result(exc)


class SshConnection:
    """One live connection to one host; a `Dialer`. Owned by whoever called `SshConnector.connect`."""

    def __init__(self, route: Route, connection: asyncssh.SSHClientConnection, client: Client) -> None:
        self._route = route
        self._connection = connection
        self._client = client
        self._openings = Openings()

    @property
    def host(self) -> str:
        """Its name in hosts.yml."""
        return self._route.host

    @property
    def route(self) -> str:
        """The way there as an operator would say it: `ops@10.0.0.12:22 via bastion`."""
        return str(self._route)

    def idle(self) -> float:
        """Seconds since the host last sent a byte."""
        return self._client.watch.idle()

    async def lost(self) -> HostUnreachable:
        """Wait until the connection is gone; return why."""
        return self._reason(await asyncio.shield(self._client.end))

    async def open_socket(self, path: str, reader: ChannelReader, *, window: int = 262144) -> Channel:
        """Connect to the Unix socket `path` on the host; see `Dialer`.

        The reader may be called before this returns.
        """

        async def opening() -> Delivery:
            _, session = await self._connection.create_unix_connection(
                lambda: Delivery(reader, self._cause), path, encoding=None, window=window
            )
            assert isinstance(session, Delivery)
            return session

        return await self._open(opening())

    async def open_command(self, argv: Sequence[str], reader: ChannelReader) -> Channel:
        """Run a command without a terminal; see `Dialer`. The reader may be called before this returns."""
        line = command_line(argv)

        async def opening() -> Delivery:
            _, session = await self._connection.create_session(
                lambda: Delivery(reader, self._cause), line, encoding=None, window=262144
            )
            assert isinstance(session, Delivery)
            return session

        return await self._open(opening())

    async def _open(self, opening: Any) -> Channel:
        try:
            return await self._openings.open(opening)
        except asyncssh.ChannelOpenError as exc:
            if self._client.end.done() or self._connection.is_closed():
                raise self._gone() from exc
            raise ChannelRefused(sanitise(exc.reason, 300)) from exc

    async def aclose(self) -> None:
        """Close the connection and wait for it. Idempotent, never raises."""
        self._connection.close()
        await self._connection.wait_closed()
        await self._openings.aclose()

    def _gone(self) -> HostUnreachable:
        return self._reason(self._client.end.result() if self._client.end.done() else None)

    def _cause(self, exc: Exception | None) -> Exception | None:
        """Why a channel ended: None where only the channel did."""
        return None if exc is None else self._reason(exc)

    def _reason(self, exc: Exception | None) -> HostUnreachable:
        why = "the connection was closed" if exc is None else sanitise(str(exc), 300)
        reason = HostUnreachable(self.host, why)
        reason.__cause__ = exc
        return reason


class SshConnector:
    """Makes connections; knows what they share. Belongs to one loop."""

    def __init__(self, around: Surroundings | None = None, timing: Timing | None = None) -> None:
        self._around = around or Surroundings()
        self._timing = timing or Timing()

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> SshConnection:
        """Connect to one host; see `Transport.connect` for errors and limits."""
        route = await resolve(spec, self._around)
        connection, client = await self._dial(route.target)
        return SshConnection(route, connection, client)

    async def aclose(self) -> None:
        """Give up dials that are under way and close what is shared."""

    async def _dial(self, hop: Hop) -> tuple[asyncssh.SSHClientConnection, Client]:
        client = Client()
        known = [path for path in (*hop.known_hosts, *hop.global_known_hosts) if _readable(path)]
        connection = await asyncssh.connect(
            hop.address,
            hop.port,
            username=hop.user,
            client_factory=lambda: client,
            config=None,
            known_hosts=known or b"#",
            client_keys=[path for path in hop.identities if _readable(path)] or None,
            agent_path=hop.agent or None,
            encryption_algs=list(CIPHERS),
            compression_algs=["none"],
            keepalive_interval=self._timing.keepalive,
            keepalive_count_max=self._timing.missed,
            connect_timeout=self._timing.connect,
            login_timeout=0,
            x509_trusted_certs=None,
            gss_host=None,
            request_pty=False,
        )
        return connection, client


def _readable(path: str) -> bool:
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False
