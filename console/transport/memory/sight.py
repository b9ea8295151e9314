"""`Sight` of a memory host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.errors import CapabilityMissing
from console.model.hosts import ObserveMode
from console.model.links.sight import Address, Counters, FlowState, HostSight, Socket, SocketState
from console.model.text import NOTHING, SafeText, safe
from console.transport.memory.flows import Attempt, Wire, attempts
from console.transport.memory.paths import Met, in_host

if TYPE_CHECKING:
    from console.transport.memory.containers import MemoryContainer
    from console.transport.memory.host import MemoryHost
    from console.transport.sight import SightAsk

FAILS_PER_SECOND = {Met.REFUSED: 1.0, Met.SILENT: 0.2}
"""How often a consumer tries again, by how it ends; one that is cut off at once was connected."""
COST = 0.0068
RTT = 0.0004


@dataclass(slots=True)
class Tally:
    """What counters of a host add up; they begin when somebody first looks."""

    at: float
    failed: dict[str, float] = field(default_factory=dict)


class MemorySight:
    """Looks at one memory host."""

    def __init__(self, host: MemoryHost, answer: Callable[[], Awaitable[None]]) -> None:
        self._host = host
        self._answer = answer

    async def look(self, ask: SightAsk) -> HostSight:
        """As the fleet is when the answer comes."""
        await self._answer()
        host = self._host
        if host.faults.no_shell:
            raise CapabilityMissing(host.name, host.faults.no_shell)
        found = tuple(attempts(host))
        wires = tuple(wire for attempt in found for wire in attempt.wires)
        blind = self._blind(ask.mode)
        flows = [row for wire in wires for row in wire.rows(host.name)] + host.flows
        sockets = {ident: self._sockets(ident, wires) for ident in ask.sockets if ident in ask.pids}
        if ask.host_sockets:
            sockets[""] = tuple(self._machine(wires))
        return HostSight(
            host=host.name,
            at=host.clock.now(),
            flows=None if blind else tuple(flows),
            blind=blind,
            counters=self._counters(ask.pids, found, wires),
            sockets=sockets,
            addresses=frozenset(self._addresses()),
            cost=COST,
        )

    def _blind(self, mode: ObserveMode) -> SafeText:
        host = self._host
        if mode is ObserveMode.OFF:
            return safe("observe: off")
        if host.root or (mode is ObserveMode.SUDO and host.sudoer):
            return NOTHING
        return safe("no root" if mode is ObserveMode.AUTO else "sudo: a password is required")

    def _addresses(self) -> Iterator[str]:
        yield from ("127.0.0.1", "::1", self._host.spec.address)
        yield from (net.gateway for net in self._host.daemon.nets.all() if net.gateway)

    def _running(self, ident: str) -> MemoryContainer | None:
        container = self._host.daemon.containers.get(ident)
        return container if container is not None and container.alive else None

    def _counters(
        self, ids: Collection[str], found: Collection[Attempt], wires: Collection[Wire]
    ) -> dict[str, Counters]:
        host, now = self._host, self._host.clock.now()
        tally = host.tally = host.tally or Tally(now)
        passed, tally.at = max(0.0, now - tally.at), now
        for attempt in found:
            if attempt.host == host.name and attempt.met in FAILS_PER_SECOND:
                rate = FAILS_PER_SECOND[attempt.met]
                tally.failed[attempt.client] = tally.failed.get(attempt.client, 0.0) + rate * passed
        counted = {}
        for ident in ids:
            if self._running(ident) is None:
                continue
            out = sum(w.client == ident and w.host == host.name for w in wires)
            into = sum(w.far == ident and w.far_host == host.name for w in wires)
            sockets = self._sockets(ident, wires)
            failed = int(tally.failed.get(ident, 0.0))
            is_open = sum(socket.state is SocketState.OPEN for socket in sockets)
            counted[ident] = Counters(is_open, out + failed, into, failed)
        return counted

    def _sockets(self, ident: str, wires: Collection[Wire], owner: str = "") -> tuple[Socket, ...]:
        container, host = self._running(ident), self._host
        if container is None:
            return ()
        ports = {p.private for p in container.ports if p.protocol == "tcp"} - container.refuses
        found = [
            Socket(Address("0.0.0.0", port), Address("0.0.0.0", 0), SocketState.LISTENING, owner)
            for port in sorted(ports)
        ]
        for wire in wires:
            state = SocketState.OPEN if wire.state is FlowState.OPEN else SocketState.OPENING
            rtt = RTT if host.root and state is SocketState.OPEN else None
            if (wire.host, wire.client) == (host.name, ident):
                found.append(Socket(wire.src, wire.dst, state, owner, rtt))
            if (wire.far_host, wire.far) == (host.name, ident):
                found.append(Socket(wire.at, wire.seen, state, owner, rtt))
        return tuple(found)

    def _machine(self, wires: Collection[Wire]) -> Iterator[Socket]:
        yield Socket(Address("0.0.0.0", 22), Address("0.0.0.0", 0), SocketState.LISTENING)
        for container in self._host.daemon.containers.values():
            if in_host(container):
                yield from self._sockets(container.id, wires, container.id if self._host.root else "")
