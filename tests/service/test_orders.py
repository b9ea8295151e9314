"""Orders from another thread: actions and redeploys, as a screen gives them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from console.errors import GuardRefused, HostUnreachable
from console.model.actions import Action, ActionKind, Consent, Job, Result, Target
from console.model.audit import Phase
from console.model.containers import ContainerState
from console.model.hosts import Guard, HostSpec, HostState
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import Goal, Trace
from console.model.redeploy.plan import Ending, RedeployJob, Rules
from console.service.audit import MemoryAudit
from console.service.network import NetworkThread
from console.service.remember import Forgetful
from console.transport.clock import SystemClock
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.link import MemoryFleet, MemoryTransport

YES = Consent(yes=True)
RULES = Rules(stable=0.2, timeout=5.0)


class Desk:
    """A running fleet of two hosts, and what a screen hears of it."""

    def __init__(self, *, read_only: bool = False, audit: bool = True) -> None:
        specs = [HostSpec(name="a", address="x"), HostSpec(name="b", address="y", guard=Guard.TYPED)]
        self.fleet = MemoryFleet(SystemClock(), specs)
        self.web = self.start("a")
        self.db = self.start("b")
        self.audit = MemoryAudit()
        self.handle = NetworkThread(
            "f",
            self.fleet.specs,
            lambda: MemoryTransport(self.fleet),
            clock=self.fleet.clock,
            memory=Forgetful(),
            audit=self.audit if audit else None,
            read_only=read_only,
        ).start()
        self.states: dict[str, HostState] = {}
        self.jobs: dict[int, Job | RedeployJob] = {}

    def start(self, host: str) -> MemoryContainer:
        daemon = self.fleet[host].daemon
        container = daemon.create("web", "shop/web:1", restart_policy="always")
        daemon.start(container)
        return container

    def target(self, host: str) -> Target:
        container = self.web if host == "a" else self.db
        return Target.of(container.row(host, self.fleet.clock.now()))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while True:
                batch = self.handle.take()
                if batch is not None:
                    self.states |= {name: s.status.state for name, s in batch.snapshots.items()}
                    self.jobs |= {job.number: job for job in batch.jobs}
                if condition():
                    return
                await asyncio.sleep(0.01)

    async def over(self, number: int) -> Job | RedeployJob:
        await self.until(lambda: number in self.jobs and self.jobs[number].over)
        return self.jobs[number]


@asynccontextmanager
async def desk(**options: bool) -> AsyncIterator[Desk]:
    made = Desk(**options)
    try:
        await made.until(lambda: list(made.states.values()) == [HostState.UP] * 2)
        yield made
    finally:
        await made.handle.aclose()


async def test_an_action_goes_there_and_comes_back() -> None:
    async with desk() as d:
        number = d.handle.orders.act(Action(kind=ActionKind.STOP), [d.target("a")], YES)
        job = await d.over(number)
        assert isinstance(job, Job)
        assert [o.result for o in job.outcomes.values()] == [Result.DONE]
        assert d.web.state is ContainerState.EXITED
        assert [(phase, action, result) for phase, action, _, result in d.audit.lines] == [
            (Phase.BEFORE, "stop", ""),
            (Phase.AFTER, "stop", "done"),
        ]
        assert d.handle.orders.jobs() == (job,)


async def test_a_guard_of_a_host_holds_there() -> None:
    async with desk() as d:
        stop = Action(kind=ActionKind.STOP)
        job = await d.over(d.handle.orders.act(stop, [d.target("a"), d.target("b")], YES))
        assert isinstance(job, Job)
        assert [job.outcomes[t.key].result for t in job.targets] == [Result.DONE, Result.REFUSED]
        assert d.db.state is ContainerState.RUNNING
        typed = Consent(typed=frozenset({"web"}))
        job = await d.over(d.handle.orders.act(stop, [d.target("b")], typed))
        assert d.db.state is ContainerState.EXITED


async def test_a_redeploy_is_planned_and_walked() -> None:
    async with desk() as d:
        progress: list[str] = []
        plan = await d.handle.orders.plan(
            d.target("a"), Changes(image="shop/web:2"), RULES, lambda told: progress.append(told.text)
        )
        assert not plan.refusal
        assert progress
        job = await d.over(d.handle.orders.redeploy([plan], RULES, YES))
        assert isinstance(job, RedeployJob)
        assert [report.ending for report in job.reports.values()] == [Ending.DONE]
        assert [told.step for _, told in job.told][:2] == ["create", "hold"]
        assert d.fleet["a"].daemon.find("web").image == "shop/web:2"
        actions = [action for phase, action, _, _ in d.audit.lines if phase is Phase.BEFORE]
        assert actions[:3] == ["redeploy", "redeploy: create", "redeploy: hold"]
        assert d.audit.lines[-1][3] == "done"
        found = await d.handle.orders.interrupted("a")
        assert [f.trace for f in found] == [Trace.KEPT]


async def test_the_first_failure_stops_the_rest() -> None:
    async with desk() as d:
        bad = await d.handle.orders.plan(
            d.target("a"), Changes(image="shop/web:broken"), RULES, lambda told: None
        )
        good = await d.handle.orders.plan(
            d.target("b"), Changes(image="shop/web:2"), RULES, lambda told: None
        )
        consent = Consent(yes=True, typed=frozenset({"web"}))
        job = await d.over(d.handle.orders.redeploy([bad, good], RULES, consent))
        assert isinstance(job, RedeployJob)
        assert [job.reports[t.key].ending for t in job.targets] == [Ending.RESTORED, Ending.REFUSED]
        assert "web@a did not end well" in job.reports[d.target("b").key].text
        assert d.fleet["b"].daemon.find("web").image == "shop/web:1"


async def test_what_a_console_left_is_found_and_taken_back() -> None:
    async with desk() as d:
        plan = await d.handle.orders.plan(
            d.target("a"), Changes(image="shop/web:2"), RULES, lambda told: None
        )
        await d.handle.aclose()
        # As a console leaves it that is killed after the first steps.
        daemon = d.fleet["a"].daemon
        body = plan.recreation.body
        daemon.create("web.dockcon-next", "shop/web:2", labels=dict(body["Labels"]), restart_policy="always")
        daemon.update(d.web, "no")
        daemon.stop(d.web)
    second = Desk()
    second.fleet = d.fleet
    await second.handle.aclose()
    handle = NetworkThread(
        "f", d.fleet.specs, lambda: MemoryTransport(d.fleet), clock=d.fleet.clock, memory=Forgetful(),
        audit=second.audit,
    ).start()  # fmt: skip
    second.handle = handle
    try:
        await second.until(lambda: second.states.get("a") is HostState.UP)
        (found,) = await handle.orders.interrupted("a")
        assert found.trace is Trace.INTERRUPTED
        job = await second.over(handle.orders.recover("a", found, Goal.UNDO, RULES, YES))
        assert isinstance(job, RedeployJob)
        assert [report.ending for report in job.reports.values()] == [Ending.RESTORED]
        web = d.fleet["a"].daemon.find("web")
        assert (web.id, web.state, web.restart_policy) == (d.web.id, ContainerState.RUNNING, "always")
    finally:
        await handle.aclose()


async def test_a_host_that_is_away_refuses_to_be_planned_for() -> None:
    async with desk() as d:
        d.fleet["a"].faults.black_hole = True
        d.fleet["a"].cut()
        await d.until(lambda: d.states["a"] is not HostState.UP)
        with pytest.raises(HostUnreachable):
            await d.handle.orders.plan(d.target("a"), Changes(), RULES, lambda told: None)
        job = await d.over(d.handle.orders.act(Action(kind=ActionKind.STOP), [d.target("a")], YES))
        assert isinstance(job, Job)
        assert [o.result for o in job.outcomes.values()] == [Result.FAILED]


async def test_read_only_and_without_record_nothing_is_changed() -> None:
    async with desk(read_only=True) as d:
        job = await d.over(d.handle.orders.act(Action(kind=ActionKind.STOP), [d.target("a")], YES))
        assert isinstance(job, Job)
        assert [o.result for o in job.outcomes.values()] == [Result.REFUSED]
        with pytest.raises(GuardRefused):
            await d.handle.orders.plan(d.target("a"), Changes(), RULES, lambda told: None)
    async with desk(audit=False) as d:
        with pytest.raises(GuardRefused, match="record"):
            d.handle.orders.act(Action(kind=ActionKind.STOP), [d.target("a")], YES)
