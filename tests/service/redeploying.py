"""One host in memory with a container `web`, whoever redeploys it, and the promise that is checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from console.errors import HostUnreachable
from console.model.actions import Target
from console.model.containers import ContainerState, Port
from console.model.hosts import HostSpec
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import NEXT, PREV, Goal, StepKind, Trace
from console.model.redeploy.plan import Plan, Report, Rules, Told
from console.service.redeploy.errands import errand_from, errand_of, traces
from console.service.redeploy.planning import make_plan
from console.service.redeploy.walk import Walk
from console.transport.base import Engine
from console.transport.memory.containers import MemoryContainer, Mount
from console.transport.memory.link import MemoryFleet, MemoryTransport
from tests.service.loops import LoopClock

RULES = Rules(stable=5.0, timeout=30.0)
CHANGES = Changes(image="shop/web:2")


class Bench:
    """One host with a container `web`, and whoever redeploys it."""

    def __init__(self, **fields: object) -> None:
        self.clock = LoopClock()
        self.fleet = MemoryFleet(self.clock, [HostSpec(name="app-1", address="x")])
        self.host = self.fleet["app-1"]
        self.transport = MemoryTransport(self.fleet)
        options: dict[str, object] = {
            "restart_policy": "always",
            "env": ("SECRET=hunter2",),
            "networks": {"front": "10.8.0.2", "back": "10.9.0.5"},
            "mounts": (Mount(source="data", target="/data"),),
            "ports": (Port(80, 8080),),
        }
        self.old = self.host.daemon.create("web", "shop/web:1", **(options | fields))
        self.host.daemon.start(self.old)
        self.told: list[Told] = []
        self.steps: list[StepKind] = []
        self.cut_after: int | None = None
        """Steps after which this console is gone, as by SIGKILL."""
        self.on_step: Callable[[int], None] = lambda number: None
        self._link = None

    @property
    def target(self) -> Target:
        return Target.of(self.old.row("app-1", self.clock.now()))

    def named(self, name: str) -> MemoryContainer | None:
        return next((c for c in self.host.daemon.containers.values() if c.name == name), None)

    async def engine(self) -> Engine:
        """The engine of a link that stands, dialling anew where it was cut."""
        if self._link is not None:
            try:
                self._link.check()
                return await self._link.engine()
            except HostUnreachable:
                await self._link.aclose()
                self._link = None
        self._link = await self.transport.connect(self.host.spec, None)
        return await self._link.engine()

    async def plan(self, changes: Changes = CHANGES, rules: Rules = RULES) -> Plan:
        return await make_plan(await self.engine(), self.target, changes, rules, lambda told: None)

    async def record(self, step: StepKind) -> None:
        if self.cut_after is not None and len(self.steps) >= self.cut_after:
            raise asyncio.CancelledError
        self.on_step(len(self.steps))
        self.steps.append(step)

    def walk(self, plan: Plan, rules: Rules = RULES) -> Walk:
        return Walk(errand_of(plan, rules), self.engine, self.clock, self.told.append, self.record)

    async def redeploy(self, changes: Changes = CHANGES, rules: Rules = RULES) -> Report:
        return await self.walk(await self.plan(changes, rules), rules).run()

    async def recover(self, goal: Goal) -> Report | None:
        """What another console does that finds it so."""
        self.cut_after, self.on_step = None, lambda number: None
        found = [trace for trace in await traces(await self.engine()) if trace.trace is Trace.INTERRUPTED]
        if not found:
            return None
        errand = errand_from("app-1", found[0], RULES)
        assert errand is not None
        return await Walk(errand, self.engine, self.clock, self.told.append, self.record, goal).run()

    def check(self) -> str:
        """The promise: exactly one container of that name runs, old or new; nothing stray; nothing lost."""
        web = self.named("web")
        assert web is not None
        assert web.state is ContainerState.RUNNING
        assert web.restart_policy == "always"
        assert set(web.networks) == {"front", "back"}
        assert web.mounts == (Mount(source="data", target="/data"),)
        assert web.env == ("SECRET=hunter2",)
        assert self.named("web" + NEXT) is None
        if web.id == self.old.id:
            assert self.named("web" + PREV) is None
            return "old"
        assert web.image == "shop/web:2"
        kept = self.named("web" + PREV)
        assert kept is not None
        assert (kept.id, kept.state, kept.restart_policy) == (self.old.id, ContainerState.EXITED, "no")
        return "new"


@asynccontextmanager
async def bench(**fields: object) -> AsyncIterator[Bench]:
    made = Bench(**fields)
    try:
        yield made
    finally:
        await made.transport.aclose()


ORDER = [
    StepKind.CREATE, StepKind.CONNECT, StepKind.HOLD, StepKind.STOP_OLD, StepKind.SHELVE, StepKind.PROMOTE,
    StepKind.START,
]  # fmt: skip
