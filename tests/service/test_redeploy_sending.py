"""An image that no registry gives: sent from another host, told as it goes, and never half there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from console.errors import HostUnreachable
from console.model.hosts import HostSpec
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import Goal, StepKind
from console.model.redeploy.plan import Ending, Plan, Report, Rules, Told
from console.service.redeploy.errands import errand_of
from console.service.redeploy.planning import make_plan
from console.service.redeploy.sending import Neighbours
from console.service.redeploy.walk import Walk
from console.transport.base import Engine
from console.transport.memory.containers import stable_hex
from console.transport.memory.host import MemoryHost
from tests.service.loops import virtual
from tests.service.redeploying import ORDER, RULES, Bench, bench

LOCAL = "shop/web:local"
CHANGES = Changes(image=LOCAL)
NO_PULL = Rules(stable=5.0, timeout=30.0, pull=False)


class Neighbourhood:
    """The bench's host, one that has the image, one that is away."""

    def __init__(self, b: Bench) -> None:
        self.b = b
        self.lender = b.fleet.add(MemoryHost(HostSpec(name="app-2", address="y"), b.clock))
        self.lender.daemon.images.add(LOCAL)
        self.half_way: Callable[[], object] | None = None
        """Called once, when a part of it is sent."""

    async def _lender(self) -> Engine:
        return await (await self.b.transport.connect(self.lender.spec, None)).engine()

    async def _away(self) -> Engine:
        raise HostUnreachable("app-3", "no route")

    @property
    def neighbours(self) -> Neighbours:
        return {"app-2": self._lender, "app-3": self._away}

    async def plan(self, rules: Rules = RULES, changes: Changes = CHANGES) -> Plan:
        engine = await self.b.engine()
        return await make_plan(engine, self.b.target, changes, rules, lambda told: None, self.neighbours)

    async def walk(self, plan: Plan, rules: Rules = RULES) -> Report:
        b = self.b
        errand = errand_of(plan, rules, self.neighbours)
        return await Walk(errand, b.engine, b.clock, self._tell, b.record).run()

    def _tell(self, told: Told) -> None:
        self.b.told.append(told)
        if self.half_way is not None and "of about" in told.text:
            strike, self.half_way = self.half_way, None
            strike()

    @property
    def said(self) -> str:
        return "\n".join(told.text for told in self.b.told)


@asynccontextmanager
async def neighbourhood() -> AsyncIterator[Neighbourhood]:
    async with bench() as b:
        yield Neighbourhood(b)


@virtual
async def test_it_is_offered_in_the_plan_and_sent_before_anything_else() -> None:
    async with neighbourhood() as n:
        plan = await n.plan()
        assert not plan.refusal
        assert "its image is sent from app-2 first: " in plan.lines[0].text
        assert stable_hex(LOCAL)[:12] in plan.lines[0].text
        assert any("not pulled" in warning for warning in plan.warnings)
        assert LOCAL not in n.b.host.daemon.images
        report = await n.walk(plan)
        assert report.ending is Ending.DONE
        assert n.b.steps == [StepKind.SEND, *ORDER, StepKind.KEEP]
        assert LOCAL in n.b.host.daemon.images
        assert "of about" in n.said
        assert "all of it sent" in n.said
        web = n.b.named("web")
        assert web is not None
        assert web.image == LOCAL


@virtual
async def test_nothing_is_sent_that_is_there_or_can_be_pulled() -> None:
    async with neighbourhood() as n:
        assert (await n.plan(changes=Changes(image="shop/web:2"))).send is None
        n.b.host.daemon.images.add(LOCAL)
        assert (await n.plan()).send is None
        assert (await n.plan(NO_PULL)).send is None


@virtual
async def test_without_a_pull_and_from_a_host_that_is_named() -> None:
    async with neighbourhood() as n:
        assert (await n.plan(NO_PULL)).send is not None
        named = await n.plan(Rules(source="app-*"))
        assert named.send is not None
        assert named.send.host == "app-2"
        refused = await n.plan(Rules(source="db-*"))
        assert refused.refusal == f"there is no image {LOCAL} on db-* or it is not reached"
        # Named, it comes from there although a registry has it; but not what is here already.
        n.lender.daemon.images.add("shop/web:1")
        assert (await n.plan(Rules(source="app-2"), Changes(image="shop/web:1"))).send is None


@virtual
async def test_nobody_has_it() -> None:
    async with neighbourhood() as n:
        plan = await n.plan(changes=Changes(image="shop/web:missing"))
        assert plan.send is None
        assert "there is no image shop/web:missing on app-1: manifest for" in plan.refusal
        pinned = await n.plan(changes=Changes(image="shop/missing@sha256:" + "1" * 64))
        assert pinned.refusal.startswith("there is no image")


@virtual
async def test_an_image_of_that_name_that_is_another_one_by_now_is_not_sent() -> None:
    async with neighbourhood() as n:
        plan = await n.plan()
        assert plan.send is not None
        # What was planned is not what has the name now.
        report = await n.walk(replace(plan, send=replace(plan.send, image="sha256:" + "0" * 64)))
        assert report.ending is Ending.RESTORED
        assert "it has another image" in report.text
        assert n.b.check() == "old"
        assert n.b.steps == [StepKind.SEND]


@virtual
async def test_a_cut_in_the_middle_leaves_no_half_image_and_is_sent_again() -> None:
    async with neighbourhood() as n:
        plan = await n.plan()
        n.half_way = n.b.host.cut
        report = await n.walk(plan)
        assert report.ending is Ending.DONE
        assert n.b.steps[:2] == [StepKind.SEND, StepKind.SEND]


@virtual
async def test_a_console_that_is_killed_while_it_sends_leaves_nothing_to_recover() -> None:
    async with neighbourhood() as n:
        plan = await n.plan()
        walking = asyncio.create_task(n.walk(plan))
        n.half_way = walking.cancel
        with suppress(asyncio.CancelledError):
            await walking
        assert LOCAL not in n.b.host.daemon.images
        assert await n.b.recover(Goal.UNDO) is None
        assert n.b.check() == "old"
