"""The memory transport: the protocols of `transport.base` over a `MemoryFleet`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from console.errors import AnswerNeeded, CapabilityMissing, HostError, HostUnreachable, LoginRefused, NotFound
from console.model.clock import Clock
from console.model.containers import Container, Inspection
from console.model.events import EngineEvent
from console.model.hosts import EngineFacts, HostSpec
from console.model.logs.lines import LogFrames
from console.model.logs.wish import ClockReading
from console.model.questions import Question, QuestionKind
from console.transport.base import CgroupUsage, LogAsk, ProbeSample, Prompter, StatsFrame
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.deeds import MemoryDeeds
from console.transport.memory.documents import document_of
from console.transport.memory.host import MemoryHost
from console.transport.memory.inside import MemoryInside
from console.transport.memory.logstream import frames_of

if TYPE_CHECKING:
    from console.transport.memory.sight import MemorySight
    from console.transport.memory.stock import MemoryStock
    from console.transport.memory.wiring import MemoryWiring

T = TypeVar("T")

STATS_EVERY = 1.0
"""Seconds between frames of the engine's own statistics."""


class MemoryFleet:
    """The hosts of a fleet that lives in memory, by name in the order of the file."""

    def __init__(self, clock: Clock, specs: Iterable[HostSpec] = (), *, name: str = "memory") -> None:
        self.clock = clock
        self.name = name
        self.hosts: dict[str, MemoryHost] = {}
        for spec in specs:
            self.add(MemoryHost(spec, clock))

    def add(self, host: MemoryHost) -> MemoryHost:
        """Add a host made elsewhere."""
        self.hosts[host.name] = host
        host.fleet = self.hosts.values
        return host

    @property
    def specs(self) -> tuple[HostSpec, ...]:
        return tuple(host.spec for host in self.hosts.values())

    def __getitem__(self, name: str) -> MemoryHost:
        return self.hosts[name]


class MemoryTransport:
    """`Transport` over a memory fleet."""

    def __init__(self, fleet: MemoryFleet) -> None:
        self._fleet = fleet
        self._links: set[MemoryLink] = set()

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> MemoryLink:
        """Connect, unless the host's faults say otherwise. Raises what they say."""
        host = self._fleet[spec.name]
        host.connects += 1
        await host.clock.sleep(host.faults.delay)
        if host.faults.black_hole:
            await host.clock.sleep(10)
            raise HostUnreachable(spec.name, f"no answer from {spec.target} within 10 s")
        if host.faults.refuse is not None:
            raise host.faults.refuse
        for asked in tuple(host.faults.questions):
            await _settle(asked.question, asked.right, prompter)
            if asked.question.kind in (QuestionKind.HOST_KEY, QuestionKind.PASSPHRASE):
                host.faults.questions.remove(asked)
        link = MemoryLink(host, self._links.discard)
        self._links.add(link)
        return link

    async def aclose(self) -> None:
        """Close every link."""
        for link in tuple(self._links):
            await link.aclose()


async def _settle(question: Question, right: tuple[str, ...] | None, prompter: Prompter | None) -> None:
    host = question.host
    if prompter is None:
        raise AnswerNeeded(
            host, f"{question.title}: nobody was asked", next_step=f"dockcon --host {host} check"
        )
    answers = await prompter.ask(question)
    if answers is None:
        raise AnswerNeeded(
            host, f"{question.title}: not answered", next_step="connect again to be asked again"
        )
    if right is not None and answers != right:
        raise LoginRefused(host, "permission denied", next_step="check the user and its keys")


class MemoryLink:
    """`HostLink` to a memory host."""

    def __init__(self, host: MemoryHost, closed: Callable[[MemoryLink], None]) -> None:
        self.host = host
        self._closed = closed
        self._cut = asyncio.Event()
        self._error: HostError | None = None
        self.on_cut: set[Callable[[HostError], None]] = set()
        """Streams that want to be told when it is gone."""
        host.attach(self._on_cut)

    @property
    def route(self) -> str:
        return self.host.spec.target

    def idle(self) -> float:
        """Seconds since the host last sent a byte."""
        return self.host.silence()

    async def engine(self, carrier: str = "") -> MemoryEngine:
        """The engine, unless faults say otherwise."""
        await self.answer()
        if self.host.faults.forbid is not None:
            raise self.host.faults.forbid
        if self.host.faults.engine_down:
            raise self.host.engine_error()
        return MemoryEngine(self, carrier or "memory")

    async def probe(self, data_root: str = "") -> MemoryProbe:
        """The shell, where the host has one."""
        await self.answer()
        return MemoryProbe(self)

    async def lost(self) -> HostError:
        """Wait until the link is cut; return why."""
        await self._cut.wait()
        return self.error()

    def error(self) -> HostError:
        """Why the link is gone."""
        return self._error or HostUnreachable(self.host.name, "the connection was closed")

    def check(self) -> None:
        """Raise when the link is gone."""
        if self._cut.is_set():
            raise self.error()

    async def answer(self) -> None:
        """The way of one request and its answer: as long as the faults say, never beyond the link's end."""
        self.check()
        faults = self.host.faults
        if faults.lost_answers > 0:
            faults.lost_answers -= 1
            await self.unless_cut(asyncio.Event().wait())
        if faults.delay or not self.host.flowing.is_set():
            await self.unless_cut(self._slow(faults.delay))
        else:
            await asyncio.sleep(0)
            self.check()

    async def unless_cut(self, work: Awaitable[T]) -> T:
        """Await `work`, or raise when the link is cut first."""
        task, cut = asyncio.ensure_future(work), asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({task, cut}, return_when=asyncio.FIRST_COMPLETED)
            self.check()
            return await task
        finally:
            for each in (task, cut):
                each.cancel()
            await asyncio.gather(task, cut, return_exceptions=True)

    async def aclose(self) -> None:
        """Close it. Idempotent."""
        self.host.detach(self._on_cut)
        self._on_cut(self.error())
        self._closed(self)

    async def flow(self) -> None:
        """Wait while the host is quiet; raises when the link is gone."""
        self.check()
        if not self.host.flowing.is_set():
            await self.unless_cut(self.host.flowing.wait())

    async def _slow(self, delay: float) -> None:
        await self.host.clock.sleep(delay)
        await self.host.flowing.wait()

    def _on_cut(self, error: HostError) -> None:
        self._error = error
        self._cut.set()
        for on_cut in tuple(self.on_cut):
            on_cut(error)


class MemoryEngine:
    """`Engine` over a memory daemon."""

    def __init__(self, link: MemoryLink, carrier: str) -> None:
        self._link = link
        self._daemon = link.host.daemon
        self._facts = link.host.facts(carrier)

    @property
    def facts(self) -> EngineFacts:
        return self._facts

    @property
    def deeds(self) -> MemoryDeeds:
        """What changes it."""
        return MemoryDeeds(self._link.host.name, self._daemon, self._call)

    @property
    def stock(self) -> MemoryStock:
        """Its images, volumes and networks."""
        from console.transport.memory.stock import MemoryStock

        return MemoryStock(self._daemon.shelf, self._link.host.clock, self._call)

    @property
    def inside(self) -> MemoryInside:
        """Processes and files in its containers."""
        link = self._link
        return MemoryInside(link.host.name, self._daemon, self._call, link.host.clock, link.unless_cut)

    @property
    def wiring(self) -> MemoryWiring:
        """What mappings ask of it."""
        from console.transport.memory.wiring import MemoryWiring  # nothing of a fleet without mappings

        return MemoryWiring(self._link.host, self._call, self._link.answer, self._check)

    @property
    def sight(self) -> MemorySight:
        """What is seen of its connections."""
        from console.transport.memory.sight import MemorySight  # nothing where nobody looks at links

        return MemorySight(self._link.host, self._link.answer)

    async def ping(self) -> float:
        """The host's round trip, with what the faults add."""
        await self._call()
        return self._link.host.machine.rtt + self._link.host.faults.delay

    async def containers(self, ids: Collection[str] | None = None) -> tuple[Container, ...]:
        """The list, as it is when the engine looks: before the answer travels."""
        rows = self._daemon.rows(ids)
        await self._call()
        return rows

    async def inspect(self, container_id: str) -> Inspection:
        """Everything of one container, as it is when the engine looks: before the answer travels."""
        host = self._link.host.name
        container = self._daemon.containers.get(container_id)
        found = _inspection(container, host) if container else None
        await self._call()
        if found is None:
            raise NotFound(host, f"No such container: {container_id[:12]}", status=404)
        return found

    @asynccontextmanager
    async def events(self, since_ns: int | None = None) -> AsyncIterator[AsyncIterator[EngineEvent]]:
        """Subscribe to the daemon's events."""
        subscription = self._daemon.bus.subscribe(since_ns)
        try:
            await self._call()
            async with aclosing(self._guarded(subscription.next)) as stream:
                yield stream
        finally:
            self._daemon.bus.unsubscribe(subscription)

    @asynccontextmanager
    async def stats(self, container_id: str) -> AsyncIterator[AsyncIterator[StatsFrame]]:
        """One frame a second; ends when the container stops."""
        await self._call()
        if container_id not in self._daemon.containers:
            raise NotFound(self._link.host.name, f"No such container: {container_id[:12]}", status=404)
        async with aclosing(self._frames(container_id)) as stream:
            yield stream

    @asynccontextmanager
    async def logs(self, container_id: str, ask: LogAsk) -> AsyncIterator[AsyncIterator[LogFrames]]:
        """The daemon's log of one container."""
        await self._call()
        container = self._daemon.containers.get(container_id)
        if container is None:
            raise NotFound(self._link.host.name, f"No such container: {container_id[:12]}", status=404)
        with self._daemon.logs.opened(container, ask) as tail:
            async with aclosing(frames_of(tail, self._link, self._link.host.clock)) as stream:
                yield stream

    async def clock(self) -> ClockReading:
        """The host's clock, as exactly as half a round trip lets it be known."""
        return ClockReading(self._link.host.ahead, await self.ping() / 2)

    async def info(self) -> Mapping[str, object]:
        """A little of what `GET /info` says."""
        await self._call()
        host = self._link.host
        return {"Name": host.name, "NCPU": host.machine.cpus, "MemTotal": host.machine.memory}

    async def aclose(self) -> None:
        """Nothing is held."""

    def _check(self) -> None:
        self._link.check()
        if self._link.host.faults.engine_down:
            raise self._link.host.engine_error()

    async def _call(self) -> None:
        await self._link.answer()
        if self._link.host.faults.engine_down:
            raise self._link.host.engine_error()

    async def _guarded(self, read: Callable[[], Awaitable[EngineEvent]]) -> AsyncGenerator[EngineEvent, None]:
        while True:
            event = await self._link.unless_cut(read())
            if not self._link.host.flowing.is_set():
                await self._link.unless_cut(self._link.host.flowing.wait())
            yield event

    async def _frames(self, container_id: str) -> AsyncGenerator[StatsFrame, None]:
        clock = self._link.host.clock
        before: float | None = None
        while (container := self._daemon.containers.get(container_id)) and container.alive:
            await self._call()
            now = clock.now()
            percent = None
            if before is not None and now > before:
                used = container.figures.cpu_integral(now) - container.figures.cpu_integral(before)
                percent = 100 * used / (now - before)
            yield StatsFrame(now, percent, container.figures.memory_at(now), container.memory_limit)
            before = now
            await self._link.unless_cut(clock.sleep(STATS_EVERY))


def _inspection(container: MemoryContainer, host: str) -> Inspection:
    return Inspection(container.detail(host), document_of(container), container.log)


class MemoryProbe:
    """`HostProbe` over a memory host."""

    def __init__(self, link: MemoryLink) -> None:
        self._link = link
        self._check()

    async def sample(self, running: Collection[str]) -> ProbeSample:
        """Figures of the moment."""
        self._check()
        await self._link.answer()
        host = self._link.host
        now = host.clock.now()
        usage = {}
        for container_id in running:
            container = host.daemon.containers.get(container_id)
            if container is None or not container.alive or container.started is None:
                continue
            figures = container.figures
            used = figures.cpu_integral(now) - figures.cpu_integral(container.started)
            usage[container_id] = CgroupUsage(used, figures.memory_at(now), container.memory_limit)
        return ProbeSample(
            at=now,
            monotonic=now - host.machine.boot,
            rtt=host.machine.rtt + host.faults.delay,
            load=host.load(),
            usage=usage,
        )

    def _check(self) -> None:
        if self._link.host.faults.no_shell:
            raise CapabilityMissing(self._link.host.name, self._link.host.faults.no_shell)
