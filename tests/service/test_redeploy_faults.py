"""Redeploys cut anywhere, by anything: one container is well in the end."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from console.errors import AuditFailed, HostUnreachable, NotFound
from console.model.containers import ContainerState
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import NEXT, Goal, StepKind
from console.model.redeploy.plan import Ending, Report
from console.service.redeploy.errands import errand_from, suspects, traces
from console.service.redeploy.planning import make_plan
from console.service.redeploy.walk import PATIENCE, Walk
from tests.service.loops import virtual
from tests.service.redeploying import CHANGES, ORDER, RULES, Bench, bench

FAULTS = ("cut", "lost answer", "engine restart", "engine down")


def hurt(b: Bench, fault: str) -> None:
    match fault:
        case "cut":
            b.host.cut()
        case "lost answer":
            b.host.faults.lost_answers = 1
            asyncio.get_running_loop().call_later(2.0, b.host.cut)
        case "engine down":
            b.host.faults.engine_down = True
            asyncio.get_running_loop().call_later(5.0, setattr, b.host.faults, "engine_down", False)
        case "engine restart":
            restart_engine(b)


def restart_engine(b: Bench) -> None:
    """What runs ends; what has `always` starts, whether it ran or not."""
    daemon = b.host.daemon
    for container in list(daemon.containers.values()):
        ran = container.alive
        if ran:
            daemon.exit(container, 137)
        if container.restart_policy == "always" and container.started is not None:
            if container.state is not ContainerState.RUNNING:
                daemon.start(container)
        elif container.state is ContainerState.RESTARTING:
            container.state = ContainerState.EXITED


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", range(len(ORDER)))
def test_a_fault_at_every_step(fault: str, step: int) -> None:
    @virtual
    async def run() -> None:
        async with bench() as b:
            b.on_step = lambda number: hurt(b, fault) if number == step else None
            report = await b.redeploy()
            assert report.ending in (Ending.DONE, Ending.RESTORED), report
            assert b.check() == ("new" if report.ending is Ending.DONE else "old")

    run()


@pytest.mark.parametrize("seed", range(60))
def test_faults_and_kills_by_chance(seed: int) -> None:
    """Several faults in one redeploy, perhaps a kill, and a recovery that is hurt as well."""

    @virtual
    async def run() -> None:
        chance = random.Random(seed)
        async with bench() as b:
            image = chance.choice(["shop/web:2", "shop/web:2", "shop/web:broken"])

            def strike(number: int) -> None:
                if chance.random() < 0.25:
                    hurt(b, chance.choice(FAULTS))

            b.on_step = strike
            b.cut_after = chance.choice([None, 1, 3, 4, 6, 8])
            with suppress(asyncio.CancelledError):
                await b.redeploy(Changes(image=image))
            await asyncio.sleep(10)
            for goal in (chance.choice(list(Goal)), Goal.UNDO):
                report = await b.recover(goal)
                if report is None or report.ending is not Ending.STUCK:
                    break
            web = b.named("web")
            assert web is not None
            if web.id != b.old.id and web.image == "shop/web:broken":
                assert web.state is not ContainerState.RUNNING, "it cannot run"
            else:
                assert b.check() in ("old", "new")

    run()


@virtual
async def test_a_host_that_stays_away_ends_in_what_to_do() -> None:
    async with bench() as b:
        b.on_step = lambda number: vanish(b) if number == 4 else None
        report = await b.redeploy()
        assert report.ending is Ending.STUCK
        assert report.next_step == "dockcon recover app-1/web"
        assert str(int(PATIENCE)) in report.text
        b.host.faults.refuse = None
        recovered = await b.recover(Goal.FINISH)
        assert recovered is not None
        assert recovered.ending is Ending.DONE
        assert b.check() == "new"


def vanish(b: Bench) -> None:
    b.host.faults.refuse = HostUnreachable("app-1", "no route")
    b.host.cut()


@pytest.mark.parametrize("steps", range(len(ORDER) + 1))
def test_two_consoles_at_once(steps: int) -> None:
    """Two plans for one container, the second begun when the first has taken so many steps: one wins."""

    @virtual
    async def run() -> None:
        async with bench() as b:
            first, second = b.walk(await b.plan()), b.walk(await b.plan(Changes(image="shop/web:9")))
            go = asyncio.Event()
            b.on_step = lambda number: go.set() if number >= steps else None

            async def late() -> Report:
                if steps:
                    async with asyncio.timeout(20):
                        await go.wait()
                return await second.run()

            if steps == len(ORDER):
                go.set()
            reports = await asyncio.gather(first.run(), late())
            endings = [report.ending for report in reports]
            assert endings.count(Ending.DONE) == 1, reports
            assert set(endings) <= {Ending.DONE, Ending.RESTORED, Ending.REFUSED}
            web = b.named("web")
            assert web is not None
            assert web.state is ContainerState.RUNNING
            assert web.restart_policy == "always"
            assert web.image == ("shop/web:2" if endings[0] is Ending.DONE else "shop/web:9")
            assert b.named("web" + NEXT) is None
            assert len(b.host.daemon.containers) == 2

    run()


@virtual
async def test_a_new_one_that_somebody_removed_in_the_middle() -> None:
    async with bench() as b:
        b.cut_after = 5
        with suppress(asyncio.CancelledError):
            await b.redeploy()
        half = b.named("web" + NEXT)
        assert half is not None
        b.host.daemon.remove(half)
        report = await b.recover(Goal.UNDO)
        assert report is not None
        assert report.ending is Ending.RESTORED
        web = b.named("web")
        assert web is not None
        assert (web.id, web.state) == (b.old.id, ContainerState.RUNNING)


@virtual
async def test_a_way_back_that_was_cut_can_be_turned_round() -> None:
    """The new one was stopped by us and not by itself: it is started again before it is judged."""
    async with bench() as b:
        b.cut_after = len(ORDER)
        with suppress(asyncio.CancelledError):
            await b.redeploy()
        (found,) = await traces(await b.engine())
        errand = errand_from("app-1", found, RULES)
        assert errand is not None
        b.steps.clear()
        b.cut_after = 2
        with suppress(asyncio.CancelledError):
            await Walk(errand, b.engine, b.clock, b.told.append, b.record, Goal.UNDO).run()
        assert b.steps == [StepKind.DISARM, StepKind.STOP_NEW]
        report = await b.recover(Goal.FINISH)
        assert report is not None
        assert report.ending is Ending.DONE
        assert b.check() == "new"


@virtual
async def test_a_stop_that_goes_on_after_its_console_was_killed() -> None:
    """The engine shows it running until the process has ended; then nobody would start it any more."""
    async with bench() as b:
        b.cut_after = ORDER.index(StepKind.STOP_OLD)
        with suppress(asyncio.CancelledError):
            await b.redeploy()

        async def stop() -> None:
            await asyncio.sleep(9)
            b.host.daemon.stop(b.old)

        stopping = asyncio.create_task(stop())
        report = await b.recover(Goal.UNDO)
        await stopping
        assert report is not None
        assert report.ending is Ending.RESTORED
        assert b.check() == "old"


@virtual
async def test_two_consoles_recover_the_same_redeploy() -> None:
    async with bench() as b:
        b.cut_after = 5
        with suppress(asyncio.CancelledError):
            await b.redeploy()
        reports = await asyncio.gather(b.recover(Goal.FINISH), b.recover(Goal.FINISH))
        assert {r.ending for r in reports if r is not None} == {Ending.DONE}
        assert b.check() == "new"


@virtual
async def test_what_is_refused_before_anything_is_done() -> None:
    async with bench() as b:
        b.cut_after = 1
        with suppress(asyncio.CancelledError):
            await b.redeploy()
        assert "recover it" in (await b.plan()).refusal
        engine = await b.engine()
        half = suspects(await engine.containers())
        assert [str(row.name) for row in half] == ["web" + NEXT]
        b.old.labels = {"com.docker.swarm.service.id": "s"}
        assert "docker service update" in (await b.plan()).refusal
        plan = await b.plan(Changes(image="nowhere/missing:1"))
        assert "no image" in plan.refusal


@virtual
async def test_a_container_that_is_gone_is_not_planned_for() -> None:
    async with bench() as b:
        target = b.target
        b.host.daemon.remove(b.old)
        with pytest.raises(NotFound):
            await make_plan(await b.engine(), target, CHANGES, RULES, lambda told: None)


@virtual
async def test_what_cannot_be_put_on_record_is_not_done() -> None:
    async with bench() as b:

        async def full(step: StepKind) -> None:
            raise AuditFailed("disk full")

        walk = b.walk(await b.plan())
        walk.record = full
        report = await walk.run()
        assert report.ending is Ending.RESTORED
        assert "disk full" in report.text
        assert b.check() == "old"
