"""What links ask of one host: a look at its connections, through a shell of the host, never its engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from console.model.hosts import ObserveMode
from console.model.links.sight import HostSight


@dataclass(frozen=True, slots=True, kw_only=True)
class SightAsk:
    """What one look is to cover."""

    mode: ObserveMode = ObserveMode.AUTO
    """`auto`: connection tracking only where the login is root; `sudo`: by exactly `sudo -n cat
    /proc/net/nf_conntrack`; `off`: never."""
    pids: Mapping[str, int] = field(default_factory=dict)
    """Running containers by full id, with their first process; those of the host's network left out."""
    sockets: tuple[str, ...] = ()
    """Full ids (of `pids`) whose sockets are read: few at a time, each can cost 3 ms of CPU there."""
    host_sockets: bool = False
    """Whether the sockets of the host's own namespace are read, with the containers they belong to (as far
    as the login may see that)."""


class Sight(Protocol):
    """Looks at one host. Belongs to the network loop; owned and closed by the engine it came from."""

    async def look(self, ask: SightAsk) -> HostSight:
        """Look once; all of it in one round trip.

        What cannot be read is left out and said so in the answer. Raises CapabilityMissing where there is no
        shell or it did not answer in time, HostUnreachable.
        """
        ...
