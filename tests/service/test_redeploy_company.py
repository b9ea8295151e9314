"""Containers in the network of the one that is redeployed: with it there and back, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from console.model.actions import Target
from console.model.containers import ContainerState
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import ASIDE, NEXT, PREV, Goal, StepKind, Trace
from console.model.redeploy.plan import Ending, Report, Rules
from console.service.redeploy.company import Company
from console.service.redeploy.errands import errand_from, errand_of, traces
from console.service.redeploy.walk import Errand, Walk
from console.transport.memory.containers import MemoryContainer
from tests.service.loops import virtual
from tests.service.redeploying import CHANGES, RULES, Bench, bench


class Pair:
    """`web`, and `proxy` in its network."""

    def __init__(self, b: Bench, **fields: object) -> None:
        self.b = b
        daemon = b.host.daemon
        networks = {f"container:{b.old.id}": ""}
        self.proxy = daemon.create("proxy", "shop/proxy:1", networks=networks, **fields)
        daemon.start(self.proxy)

    def named(self, name: str) -> MemoryContainer:
        found = self.b.named(name)
        assert found is not None
        return found

    async def record(self, target: Target, step: StepKind) -> None:
        await self.b.record(step)

    def walk(self, errand: Errand, rules: Rules, goal: Goal = Goal.FINISH) -> Walk:
        b = self.b
        company = Company("app-1", rules, b.engine, b.clock, b.told.append, self.record)
        return Walk(errand, b.engine, b.clock, b.told.append, b.record, goal, company)

    async def redeploy(self, changes: Changes = CHANGES, rules: Rules = RULES) -> Report:
        return await self.walk(errand_of(await self.b.plan(changes, rules), rules), rules).run()

    async def recover(self, goal: Goal) -> None:
        """All that is half done, until there is nothing any more; each at most twice."""
        self.b.cut_after = None
        for _ in range(2):
            for found in await traces(await self.b.engine()):
                if found.trace is Trace.INTERRUPTED:
                    errand = errand_from("app-1", found, RULES)
                    assert errand is not None
                    await self.walk(errand, RULES, goal).run()

    def check(self) -> str:
        """Both run, the one in the network that the other has now; nothing is half done."""
        web, proxy = self.named("web"), self.named("proxy")
        assert (web.state, proxy.state) == (ContainerState.RUNNING, ContainerState.RUNNING)
        assert proxy.joins == web.id
        assert web.started is not None
        assert proxy.started is not None
        assert proxy.started >= web.started
        for name in ("web", "proxy"):
            assert self.b.named(name + NEXT) is None
            assert self.b.named(name + ASIDE) is None
        assert (web.id == self.b.old.id) == (proxy.id == self.proxy.id)
        return "old" if web.id == self.b.old.id else "new"


@asynccontextmanager
async def pair(**fields: object) -> AsyncIterator[Pair]:
    async with bench() as b:
        yield Pair(b, **fields)


@virtual
async def test_the_plan_says_so_and_it_is_made_anew_after_it() -> None:
    async with pair() as p:
        plan = await p.b.plan()
        assert not plan.refusal
        assert any(line.text.startswith("proxy uses its network") and line.disruptive for line in plan.lines)
        report = await p.redeploy()
        assert report.ending is Ending.DONE
        assert p.check() == "new"
        assert p.named("proxy" + PREV).id == p.proxy.id
        # It was interrupted until the other one was there, too.
        assert p.b.steps[-1] is StepKind.KEEP
        assert p.b.steps.count(StepKind.KEEP) == 2


@virtual
async def test_it_is_started_anew_where_the_new_one_fails() -> None:
    async with pair() as p:
        await p.b.clock.sleep(5)
        report = await p.redeploy(Changes(image="shop/web:broken"))
        assert report.ending is Ending.RESTORED
        assert p.check() == "old"


@virtual
async def test_it_is_left_alone_where_the_old_one_was_never_stopped() -> None:
    async with pair() as p:
        before = p.proxy.started
        plan = await p.b.plan()
        plan.recreation.body["Image"] = "shop/web:missing"
        report = await p.walk(errand_of(plan, RULES), RULES).run()
        assert report.ending is Ending.RESTORED
        assert p.proxy.started == before
        assert p.check() == "old"


@virtual
async def test_all_goes_back_where_it_does_not_come_up_itself() -> None:
    async with pair(healthcheck="true") as p:
        report = await p.redeploy()
        assert report.ending is Ending.RESTORED
        assert "proxy, which uses its network: it was not well within 30 s" in report.text
        assert p.check() == "old"


@virtual
async def test_one_that_was_made_anew_goes_back_when_another_fails() -> None:
    async with pair() as p:
        daemon = p.b.host.daemon
        networks = {f"container:{p.b.old.id}": ""}
        second = daemon.create("second", "shop/second:1", networks=networks, healthcheck="true")
        daemon.start(second)
        report = await p.redeploy()
        assert report.ending is Ending.RESTORED
        assert p.check() == "old"
        assert second.state is ContainerState.RUNNING
        assert p.named("second").id == second.id


@virtual
async def test_one_that_does_not_run_is_told_of_and_left() -> None:
    async with pair() as p:
        p.b.host.daemon.stop(p.proxy)
        plan = await p.b.plan()
        assert any(warning.startswith("proxy uses its network and does not run") for warning in plan.warnings)
        assert (await p.redeploy()).ending is Ending.DONE
        assert p.named("proxy").id == p.proxy.id


@virtual
async def test_one_that_somebody_else_manages_is_in_the_way() -> None:
    async with pair(labels={"com.docker.swarm.service.id": "x"}) as p:
        assert "proxy uses its network, and swarm" in (await p.b.plan()).refusal


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("steps", range(18))
def test_killed_at_any_step_whoever_comes_next_mends_both(goal: Goal, steps: int) -> None:
    @virtual
    async def run() -> None:
        async with pair() as p:
            await p.b.clock.sleep(5)
            p.b.cut_after = steps
            with suppress(asyncio.CancelledError):
                await p.redeploy()
            await p.recover(goal)
            assert p.check() in ("old", "new")

    run()
