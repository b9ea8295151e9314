"""What is seen of one host's connections at one moment: flows, counters and sockets as the kernel has them.

Addresses are those of the host's own view: 172.17.0.2 is another container on every host, so an address
means something only together with the host that told it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from console.model.text import NOTHING, SafeText


class Address(NamedTuple):
    """An IP address in canonical form (IPv4 also where the kernel has it mapped into IPv6), and a port."""

    ip: str
    port: int


class FlowState(StrEnum):
    """What the kernel tracks, as far as it matters here."""

    OPENING = "opening"
    """The first packet was not answered yet (SYN_SENT, or unreplied): a time-out in the making."""
    OPEN = "open"
    CLOSING = "closing"


class Flow(NamedTuple):
    """One row of connection tracking: the connection as its client sent it, and as the answers come."""

    src: Address
    dst: Address
    """Where the client dialled."""
    reply_src: Address
    """Who answers: the true server where `dst` was translated."""
    reply_dst: Address
    """Whom it answers: the client as the server sees it, where `src` was translated."""
    state: FlowState
    protocol: str = "tcp"


class Counters(NamedTuple):
    """TCP of one network namespace since it began (`/proc/PID/net/snmp`, RFC 4022)."""

    established: int
    """Open now."""
    opened: int
    """ActiveOpens: connections dialled from here."""
    accepted: int
    """PassiveOpens."""
    failed: int
    """AttemptFails: of both directions, those that came to nothing."""


class SocketState(StrEnum):
    OPENING = "opening"
    OPEN = "open"
    LISTENING = "listening"


class Socket(NamedTuple):
    """One TCP socket of a network namespace."""

    local: Address
    remote: Address
    state: SocketState
    owner: str = ""
    """In the host's own namespace: full id of the container whose process has it; empty: no container's, or
    it cannot be told."""
    rtt: float | None = None
    """Seconds, where the kernel was asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSight:
    """One host at one time (seconds of the Unix epoch, our clock)."""

    host: str
    at: float
    flows: tuple[Flow, ...] | None = None
    """None: connection tracking could not be read; `blind` says why."""
    blind: SafeText = NOTHING
    """`no root`, `observe: off`, `sudo: a password is required`, `no connection tracking in this kernel`."""
    counters: Mapping[str, Counters] = field(default_factory=dict)
    """By full id; containers whose files could not be read are absent."""
    sockets: Mapping[str, tuple[Socket, ...]] = field(default_factory=dict)
    """By full id, of those that were asked for; under the empty id those of the host's own namespace."""
    addresses: frozenset[str] = frozenset()
    """The machine's own, in its own namespace (those of its bridges included)."""
    cost: float | None = None
    """CPU seconds that this look took on the host, where it can be told."""
    dropped: int = 0
    """Rows beyond what is read of one look."""
