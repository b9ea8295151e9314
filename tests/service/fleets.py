"""Fleets for tests: small, plain, and all in memory."""

from __future__ import annotations

from console.model.containers import ContainerState, Health
from console.model.hosts import HostSpec, HostState
from console.model.questions import Question, QuestionKind
from console.model.snapshot import HostSnapshot
from console.model.text import safe
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.remember import Forgetful, Memory
from console.transport.memory import MemoryContainer, MemoryFleet, MemoryHost, MemoryTransport
from tests.service.loops import LoopClock, until


def plain_fleet(*names: str, containers: int = 3) -> MemoryFleet:
    """Hosts with a few running containers each."""
    clock = LoopClock()
    fleet = MemoryFleet(clock, [HostSpec(name=name, address=f"{name}.example") for name in names])
    for host in fleet.hosts.values():
        for number in range(containers):
            running(host, f"c{number}")
    return fleet


def question(kind: QuestionKind = QuestionKind.CODE, host: str = "a") -> Question:
    """What a host may ask."""
    return Question(kind=kind, host=host, hop=host, title=safe("One-time code"), text=safe("Code for ops@a:"))


def running(host: MemoryHost, name: str, **fields: object) -> MemoryContainer:
    """A container that has been running for an hour."""
    now = host.daemon.bus.now()
    container = host.daemon.create(name, "busybox:1", **fields)
    host.daemon.start(container)
    container.created, container.started = now - 3601, now - 3600
    if container.healthcheck:
        container.health = Health.HEALTHY
    return container


class Running:
    """A fleet at work, as an async context manager; `seen` is the newest snapshot of each host."""

    def __init__(
        self,
        memory_fleet: MemoryFleet,
        memory: Memory | None = None,
        transport: MemoryTransport | None = None,
    ) -> None:
        self.hosts = memory_fleet
        self.feed = Feed()
        self.history: dict[str, list[HostState]] = {}
        self.fleet = Fleet(
            memory_fleet.specs,
            memory_fleet.clock,
            memory or Forgetful(),
            Recorder(self.feed, self.history),
            jitter=lambda: 0.5,
        )
        self._transport = transport or MemoryTransport(memory_fleet)

    async def __aenter__(self) -> Running:
        self.fleet.start(self._transport)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.fleet.aclose()
        assert all(host.links == 0 for host in self.hosts.hosts.values())
        assert all(host.daemon.bus.readers == 0 for host in self.hosts.hosts.values())

    def __getitem__(self, host: str) -> HostSnapshot:
        return next(s for s in self.feed.latest() if s.name == host)

    def state(self, host: str) -> HostState:
        return self[host].status.state

    async def reaches(self, host: str, state: HostState, seconds: float = 60.0) -> HostSnapshot:
        """Wait until a host is in a state."""
        await until(lambda: self.state(host) is state, seconds)
        return self[host]

    async def all_up(self) -> None:
        """Wait until every host is."""
        await until(lambda: all(s.fresh for s in self.feed.latest()), 60)


class Recorder(Feed):
    """A feed that also writes down through which states each host went."""

    def __init__(self, inner: Feed, states: dict[str, list[HostState]]) -> None:
        super().__init__()
        self._inner = inner
        self._states = states

    def snapshot(self, snapshot: HostSnapshot) -> None:
        states = self._states.setdefault(snapshot.name, [])
        if not states or states[-1] is not snapshot.status.state:
            states.append(snapshot.status.state)
        self._inner.snapshot(snapshot)

    def event(self, event: object) -> None:
        self._inner.event(event)  # type: ignore[arg-type]  # passed on as it came


def settled(snapshot: HostSnapshot, host: MemoryHost) -> bool:
    """Whether a snapshot says exactly what the engine knows."""
    return dict(snapshot.containers) == host.daemon.truth()


__all__ = ["ContainerState", "Running", "plain_fleet", "question", "running", "settled"]
