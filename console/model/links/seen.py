"""What flows add up to once each end is found: who is connected to whom, by which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from console.model.containers import ContainerKey
from console.model.links.link import End, Hop
from console.model.links.sight import Address


class ProxySession(NamedTuple):
    """One session of an ambassador's HAProxy (`show sess`): which client it serves from which server."""

    client: Address
    server: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All flows of one consumer to one endpoint by one way."""

    consumer: End
    endpoint: End
    dialled: Address
    """Where the consumer sends its packets: the ambassador's, the host's or the endpoint's own address."""
    ambassador: ContainerKey | None = None
    """The one beside the consumer that carries it."""
    path: tuple[Hop, ...] = ()
    """From the consumer to the endpoint, with the evidence of each station."""
    open: int = 0
    opening: int = 0
    """Not answered yet."""
    latency: float | None = None
    """Seconds, by the kernel."""
    proven: bool = True
    """Both ends were told by the kernels concerned; False: one was concluded from a table of ports."""
