"""A fleet that does what a test says: a `FleetHandle` without a network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from console.model.containers import Container, ContainerKey, ContainerState, Health, Inspection, Port, Usage
from console.model.events import EngineEvent
from console.model.hosts import EngineFacts, HostLoad, HostSpec, HostState, HostStatus
from console.model.links.link import Link, LinkList
from console.model.logs.wish import LogWish
from console.model.mappings.mapping import Book
from console.model.problems import Problem, ProblemKind
from console.model.snapshot import HostSnapshot
from console.model.text import SafeText, safe, sanitise
from console.service.handle import Batch
from console.service.mappings.desk import MapJob, MappingList
from console.service.tap import LogUpdate

NOON = 1_717_243_200.0
"""The moment tests live in: 2024-06-01 12:00:00 UTC."""


def container(host: str, name: str, **more: object) -> Container:
    """A running container that began three days ago, unless `more` says otherwise."""
    facts: dict[str, object] = {
        "id": sanitise(f"{host}{name}").encode().hex().ljust(64, "0")[:64],
        "image": safe("registry.example.com/shop/app:1.4"),
        "state": ContainerState.RUNNING,
        "started": NOON - 3 * 86400,
        "created": NOON - 4 * 86400,
        "restarts": 0,
        "restart_policy": safe("unless-stopped"),
        "detailed": True,
    }
    return Container(host=host, name=sanitise(name), **(facts | more))  # type: ignore[arg-type]


def snapshot(
    host: str,
    containers: Iterable[Container] = (),
    *,
    state: HostState = HostState.UP,
    usage: Mapping[str, Usage] | None = None,
    since: float = NOON - 86400,
    reason: str = "",
    revision: int = 1,
    retry_at: float | None = None,
    **more: object,
) -> HostSnapshot:
    """What is known of one host; heard of just now when it is up, else twelve seconds ago."""
    table = {c.id: c for c in containers}
    facts: dict[str, object] = {
        "facts": EngineFacts(
            engine=safe("docker"), version=safe("27.3.1"), api=safe("1.47"), carrier=safe("streamlocal")
        ),
        "load": HostLoad(
            at=NOON,
            load1=0.42,
            cpus=4,
            memory_total=16 << 30,
            memory_used=6 << 30,
            disk_total=200 << 30,
            disk_used=90 << 30,
        ),
        "heard": NOON if state is HostState.UP else NOON - 12,
        "listed": NOON - 30,
        "rtt": 0.0123,
    }
    return HostSnapshot(
        spec=HostSpec(name=host, address=f"{host}.example.com", user="ops"),
        revision=revision,
        epoch=1,
        status=HostStatus(state=state, since=since, reason=sanitise(reason), retry_at=retry_at),
        containers=table,
        usage=usage if usage is not None else {},
        **(facts | more),  # type: ignore[arg-type]
    )


def happening(found: Container, action: str, at: float, **attributes: str) -> EngineEvent:
    """An event of a container, `at` seconds after noon by its engine's clock."""
    told = {"name": str(found.name), "image": str(found.image), **attributes}
    return EngineEvent(
        host=found.host,
        time_ns=int((NOON + at) * 1e9),
        type=safe("container"),
        action=safe(action),
        id=found.id,
        name=found.name,
        attributes={key: sanitise(value) for key, value in told.items()},
        container_id=found.id,
    )


def problem(found: Container | str, kind: ProblemKind, since: float | None = None) -> Problem:
    """A problem of a container, or of a host by its name."""
    if isinstance(found, str):
        return Problem(host=found, container="", name=safe(""), kind=kind, since=since, text=safe(kind))
    return Problem(
        host=found.host, container=found.id, name=found.name, kind=kind, since=since, text=safe(kind)
    )


class FakeTap:
    """A stream of logs that brings what a test gives it."""

    def __init__(self, wish: LogWish) -> None:
        self.wish = wish
        self.given: LogUpdate | None = None
        self.frozen = self.closed = False

    def take(self) -> LogUpdate | None:
        given, self.given = self.given, None
        return given

    def freeze(self, on: bool) -> None:
        self.frozen = on

    def close(self) -> None:
        self.closed = True


class FakeStockDesk:
    """Remembers whether somebody looks."""

    def __init__(self, asked: list[tuple[object, ...]]) -> None:
        self._asked = asked

    def look(self, on: bool) -> None:
        self._asked.append(("look", on))

    def again(self, hosts: Collection[str]) -> None:
        self._asked.append(("again", tuple(hosts)))


class NoMappings:
    """Of a fleet without any."""

    def mappings(self) -> MappingList:
        return MappingList(book=Book())

    def watch(self, on: bool) -> None:
        """Nobody cares."""

    def jobs(self) -> tuple[MapJob, ...]:
        return ()


class NoLinks:
    """Of a fleet in which nothing is seen of links."""

    def links(self) -> LinkList:
        return LinkList()

    def watch(self, on: bool) -> None:
        """Nobody cares."""

    def select(self, link: Link | None) -> None:
        """Nobody cares."""

    async def breaks(self, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        return ()


class FakeFleet:
    """Remembers what it was asked to do; `show` gives it something to tell."""

    def __init__(
        self, *snapshots: HostSnapshot, fleet: str = "prod", hosts: tuple[HostSpec, ...] = ()
    ) -> None:
        self._fleet = fleet
        self._hosts = hosts or tuple(s.spec for s in snapshots)
        self._pending: dict[str, HostSnapshot] = {s.name: s for s in snapshots}
        self._newest: dict[str, HostSnapshot] = dict(self._pending)
        self._events: tuple[EngineEvent, ...] = ()
        self.given: tuple[Problem, ...] = ()
        self.asked: list[tuple[object, ...]] = []
        self.viewed: frozenset[ContainerKey] = frozenset()
        self.taps: list[FakeTap] = []
        self.closed = 0
        self.stock = FakeStockDesk(self.asked)
        self.mappings: Any = NoMappings()
        self.links: Any = NoLinks()

    @property
    def fleet(self) -> str:
        return self._fleet

    @property
    def hosts(self) -> tuple[HostSpec, ...]:
        return self._hosts

    def show(self, *snapshots: HostSnapshot, problems: Iterable[Problem] | None = None) -> None:
        """The next `take` brings these."""
        for one in snapshots:
            self._newest[one.name] = self._pending[one.name] = one
        if problems is not None:
            self.given = tuple(problems)
            if not snapshots:
                some = next(iter(self._newest.values()))
                self._pending[some.name] = replace(some, revision=some.revision + 1)

    def happen(self, *events: EngineEvent) -> None:
        """The next `take` brings these events."""
        self._events += events

    def newest(self, host: str) -> HostSnapshot:
        return self._newest[host]

    def take(self) -> Batch | None:
        if not self._pending and not self._events:
            return None
        batch = Batch(snapshots=self._pending, events=self._events)
        self._pending, self._events = {}, ()
        return batch

    def problems(self) -> tuple[Problem, ...]:
        return self.given

    def retry(self, host: str) -> None:
        self.asked.append(("retry", host))

    def switch(self, host: str, on: bool) -> None:
        self.asked.append(("switch", host, on))

    def answer(self, host: str, answers: tuple[str, ...] | None) -> None:
        self.asked.append(("answer", host, answers))

    def in_view(self, containers: Collection[ContainerKey]) -> None:
        self.viewed = frozenset(containers)

    def usage_history(self, key: ContainerKey) -> tuple[Usage, ...]:
        return ()

    def load_history(self, host: str) -> tuple[HostLoad, ...]:
        return ()

    def logs(self, wish: LogWish) -> FakeTap:
        self.taps.append(FakeTap(wish))
        return self.taps[-1]

    @property
    def wished(self) -> LogWish:
        """What is read now; everything before it was closed."""
        assert all(tap.closed for tap in self.taps[:-1])
        return self.taps[-1].wish

    async def inspect(self, key: ContainerKey) -> Inspection:
        found = self._newest[key[0]].containers[key[1]]
        return Inspection(container=found, document={"Id": found.id, "Name": f"/{found.name}"})

    async def aclose(self) -> None:
        self.closed += 1


def using(cpu: float | None, memory: int, at: float = NOON) -> Usage:
    """One sample."""
    return Usage(at=at, cpu_percent=cpu, memory_bytes=memory)


def small_fleet() -> FakeFleet:
    """Three hosts as in the design: all is well on one, one container is unhealthy, one host is lost."""
    web = container("app-1", "web", ports=(Port(80, 8080), Port(80, 8080, "::")), health=Health.HEALTHY)
    worker = container("app-1", "worker", labels={"com.docker.compose.project": safe("shop")})
    cron = container(
        "app-1", "cron", state=ContainerState.EXITED, exit_code=0, started=None, restart_policy=safe("no")
    )
    rabbit = container(
        "app-2", "rabbit", ports=(Port(5672),), health=Health.UNHEALTHY, started=NOON - 9 * 3600
    )
    queue = container(
        "app-2", "importer", state=ContainerState.EXITED, exit_code=137, oom=True, finished=NOON - 600
    )
    postgres = container("db-1", "postgres", ports=(Port(5432),), health=Health.HEALTHY)
    fleet = FakeFleet(
        snapshot(
            "app-1",
            (web, worker, cron),
            usage={web.id: using(3, 212 << 20), worker.id: using(41, 1126 << 20)},
        ),
        snapshot("app-2", (rabbit, queue), usage={rabbit.id: using(2.4, 340 << 20)}),
        snapshot(
            "db-1",
            (postgres,),
            state=HostState.LOST,
            since=NOON - 12,
            reason="connection reset",
            retry_at=NOON + 4,
        ),
    )
    fleet.given = (
        problem("db-1", ProblemKind.HOST, NOON - 12),
        problem(rabbit, ProblemKind.UNHEALTHY, NOON - 300),
        problem(queue, ProblemKind.OOM, NOON - 600),
    )
    return fleet


def text(value: str) -> SafeText:
    """Text as it would come from a host."""
    return sanitise(value)


def big_fleet(hosts: int = 100, each: int = 50) -> FakeFleet:
    """Many hosts with many containers, some of them in trouble."""
    snapshots = []
    problems = []
    for number in range(hosts):
        name = f"node-{number:03}"
        table = [
            container(
                name, f"service-{n:02}", ports=(Port(8000 + n, 18000 + n),), started=NOON - 3600 * (n + 1)
            )
            for n in range(each)
        ]
        state = {3: HostState.LOST, 17: HostState.REFUSED, 40: HostState.QUIET, 41: HostState.NEEDS_YOU}.get(
            number, HostState.UP
        )
        usage = {c.id: using(float((n * 7 + number) % 100), (n + 1) << 22) for n, c in enumerate(table)}
        snapshots.append(snapshot(name, table, state=state, usage=usage, since=NOON - 300))
        if state is not HostState.UP:
            problems.append(problem(name, ProblemKind.HOST, NOON - 300))
    fleet = FakeFleet(*snapshots)
    fleet.given = tuple(problems)
    return fleet
