"""What mappings ask of one host, besides its `Engine`: networks, an ambassador's file and process, names.

Belongs to the network loop. Every method raises NotFound, Conflict, EngineError, EngineDown or
HostUnreachable as `base` says; those that change something OutcomeUnknown, too, where the answer was lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from console.model.containers import Inspection
from console.model.mappings.world import NetworkView, ProxyView
from console.model.text import SafeText


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command in a container ended."""

    exit_code: int
    output: SafeText
    """Its standard output and error together, the last 4 KiB of them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of one attempt to reach an address."""

    ok: bool
    how: SafeText
    """`connected in 0.4 ms`, `refused`, `no answer within 3 s`, `connected and closed at once`, `the name db
    is not known`."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a host's shell tells about the machine, as far as there is a shell."""

    root: bool = False
    listening: frozenset[int] | None = None
    """TCP ports on which something listens in the host's own namespace; None: cannot be told."""


class Wiring(Protocol):
    """One host, for mappings."""

    async def networks(self) -> tuple[NetworkView, ...]:
        """`GET /networks`."""
        ...

    async def make_network(self, name: str, labels: Mapping[str, str], *, internal: bool) -> str:
        """`POST /networks/create` with `CheckDuplicate`; return its id. Raises Conflict for a name taken."""
        ...

    async def drop_network(self, name: str) -> None:
        """`DELETE /networks/{id}`. Raises Conflict where something is connected (an engine says 403)."""
        ...

    async def connect(self, network: str, container_id: str, aliases: Collection[str]) -> None:
        """Connect a container, running or not. Raises Conflict where it is connected already (403)."""
        ...

    async def disconnect(self, network: str, container_id: str, *, force: bool = False) -> None:
        """Take a container out of a network."""
        ...

    async def inspect_all(self, ids: Collection[str]) -> tuple[Inspection, ...]:
        """Inspect several side by side; those that are gone are left out."""
        ...

    async def image_id(self, reference: str) -> str:
        """The id of an image here, or empty."""
        ...

    async def put_file(self, container_id: str, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write one file in a container, running or not (`PUT /containers/{id}/archive`)."""
        ...

    async def make_folder(self, container_id: str, path: str, *, mode: int) -> None:
        """Make a directory in a container that has not run yet. What is mounted there later takes its mode:
        runc before 1.2 gives a tmpfs the mode it was asked for at the first start only.
        """
        ...

    async def read_file(self, container_id: str, path: str, limit: int = 1 << 20) -> bytes | None:
        """One file of a container, running or not; None where there is none."""
        ...

    async def run(self, container_id: str, argv: Collection[str], timeout: float = 10.0) -> Ran:
        """Run a command in a running container and wait for its end (no terminal, no standard input)."""
        ...

    async def proxy(self, container_id: str) -> ProxyView:
        """Ask the running HAProxy of an ambassador: through its own socket where the login is root, else
        through its read-only statistics page. Raises CapabilityMissing where neither can be reached.
        """
        ...

    async def admin(self, container_id: str, command: str) -> SafeText:
        """One command for an ambassador's HAProxy: its present worker, or with `@...`, `show proc` and
        `reload` its master. Raises CapabilityMissing.
        """
        ...

    async def cut_old(self, container_id: str) -> int:
        """End the sessions that workers of earlier configurations hold; return how many there were. Raises
        CapabilityMissing where that cannot be done.
        """
        ...

    async def reach(self, address: str, port: int, timeout: float = 3.0) -> Reached:
        """Try a TCP connection from the host itself (`direct-tcpip`), which is the way of its containers."""
        ...

    async def reach_from(self, container_id: str, name: str, port: int, timeout: float = 5.0) -> Reached:
        """Resolve `name` and connect as that container would: in its namespaces where the login is root, else
        by a command in it where it has one. Raises CapabilityMissing where neither works.
        """
        ...

    async def ground(self) -> Ground:
        """What the host's shell tells; without a shell nothing is known."""
        ...

    async def hosts_lines(self, container_id: str) -> tuple[str, ...] | None:
        """Those lines of a container's /etc/hosts that are ours, as `127.0.0.1 db`; None: cannot be read
        here.
        """
        ...

    async def set_hosts_line(self, container_id: str, name: str, ip: str) -> None:
        """Write our line for `name` into a running container's /etc/hosts, in place (the inode stays); an
        empty `ip` takes it away. Raises CapabilityMissing without root and without a shell in the container.
        """
        ...
