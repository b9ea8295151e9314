"""How the bytes of an engine's API travel; `ladder` chooses among these."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from console.transport.channels import WINDOW, Channel, ChannelReader, ChannelRefused, Dialer

DOCKER_SOCKET = "/var/run/docker.sock"

STREAMLOCAL, DIAL_STDIO, SUDO, LOCAL = "streamlocal", "dial-stdio", "sudo", "local"


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many channels each kind of use may hold at once."""

    requests: int = 8
    """More than is asked at once, so that one container that hangs the engine does not hold up a list."""
    calls: int = 16
    """Of the docker SDK."""
    feeds: int = 80
    """Logs and statistics, besides the one event stream: some are left where 64 logs are followed."""


SESSION_LANES = Lanes(requests=2, calls=3, feeds=3)
"""sshd's MaxSessions is 10: with the event stream these are 9, and one is left for the host's shell."""


class Carrier(Protocol):
    """Opens channels to one engine."""

    @property
    def label(self) -> str:
        """What `EngineFacts.carrier` says, and what is remembered: `streamlocal`, `streamlocal:/path` ..."""
        ...

    @property
    def lanes(self) -> Lanes: ...

    async def open(self, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        """Raises ChannelRefused or HostUnreachable."""
        ...


@dataclass(frozen=True, slots=True)
class SocketCarrier:
    """The engine's Unix socket: over SSH a direct-streamlocal channel, on this machine the socket itself."""

    dialer: Dialer
    path: str = DOCKER_SOCKET
    local: bool = False
    lanes: Lanes = Lanes()

    @property
    def label(self) -> str:
        if self.local:
            return LOCAL
        return STREAMLOCAL if self.path == DOCKER_SOCKET else f"{STREAMLOCAL}:{self.path}"

    async def open(self, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        return await self.dialer.open_socket(self.path, reader, window=window)


PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between tries to open a session: sshd counts one until its command has ended, unseen by us."""


@dataclass(slots=True)
class CommandCarrier:
    """`docker system dial-stdio` on the host: one SSH session per channel."""

    dialer: Dialer
    path: str = ""
    """The engine's socket; empty: as the host's own docker command is configured."""
    sudo: bool = False
    lanes: Lanes = SESSION_LANES
    worked: bool = False
    """Whether a session was ever opened: from then on a refusal means that too many are open just now."""

    @property
    def label(self) -> str:
        word = SUDO if self.sudo else DIAL_STDIO
        return f"{word}:{self.path}" if self.path and self.path != DOCKER_SOCKET else word

    @property
    def argv(self) -> tuple[str, ...]:
        # sudo drops DOCKER_HOST, hence -H.
        if self.sudo:
            path = self.path or DOCKER_SOCKET
            return ("sudo", "-n", "docker", "-H", f"unix://{path}", "system", "dial-stdio")
        where = ("-H", f"unix://{self.path}") if self.path else ()
        return ("docker", *where, "system", "dial-stdio")

    async def open(self, reader: ChannelReader, *, window: int = WINDOW) -> Channel:
        for pause in (*PATIENCE, None):
            try:
                channel = await self.dialer.open_command(self.argv, reader)
            except ChannelRefused:
                if pause is None or not self.worked:
                    raise
                await asyncio.sleep(pause)
            else:
                self.worked = True
                return channel
        raise AssertionError("the last try either returns or raises")


def from_label(dialer: Dialer, label: str) -> Carrier | None:
    """The carrier a label was made from; None for a label of another kind of transport."""
    word, _, path = label.partition(":")
    if word == STREAMLOCAL:
        return SocketCarrier(dialer, path or DOCKER_SOCKET)
    if word == DIAL_STDIO:
        return CommandCarrier(dialer, path)
    if word == SUDO:
        return CommandCarrier(dialer, path, sudo=True)
    return None
