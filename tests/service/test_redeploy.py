"""Redeploys on the memory engine: what is planned, done, refused and taken back."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from console.errors import EngineError
from console.model.containers import ContainerState, Health, Port
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import PREV, Goal, StepKind
from console.model.redeploy.plan import Ending, Rules
from tests.service.loops import until, virtual
from tests.service.redeploying import ORDER, bench


@virtual
async def test_a_redeploy() -> None:
    async with bench() as b:
        report = await b.redeploy()
        assert report.ending is Ending.DONE
        assert "5 s" in report.text
        assert b.steps == [*ORDER, StepKind.KEEP]
        assert b.check() == "new"
        assert [told.step for told in b.told if told.step] == [*ORDER, StepKind.WAIT, StepKind.KEEP]


@virtual
async def test_a_plan_says_what_is_different_and_no_secret() -> None:
    async with bench(labels={"com.docker.compose.project": "shop"}) as b:
        plan = await b.plan(Changes(image="shop/web:2", env={"SECRET": "new", "MODE": "x"}, restart="no"))
        text = "\n".join(line.text for line in plan.lines)
        assert "image shop/web:1 -> shop/web:2" in text
        assert "SECRET changed to ***" in text
        assert "MODE added" in text
        assert "restart policy always -> no" in text
        assert "2 files" in text
        assert "hunter2" not in repr(plan)
        assert any("compose project shop" in warning for warning in plan.warnings)
        assert not plan.refusal
        assert b.steps == []


@virtual
async def test_keep_nothing() -> None:
    async with bench() as b:
        report = await b.redeploy(rules=Rules(stable=5.0, keep=0))
        assert report.ending is Ending.DONE
        assert b.named("web" + PREV) is None


@virtual
async def test_twice_in_a_row_keeps_the_last_one_only() -> None:
    async with bench() as b:
        await b.redeploy()
        second = b.named("web")
        assert second is not None
        first, b.old = b.old, second
        b.steps.clear()
        assert (await b.redeploy(Changes(image="shop/web:3"))).ending is Ending.DONE
        assert StepKind.CLEAR in b.steps
        assert first.id not in b.host.daemon.containers
        kept = b.named("web" + PREV)
        assert kept is not None
        assert kept.id == second.id


@virtual
async def test_one_that_ends_at_once_is_taken_back() -> None:
    async with bench() as b:
        report = await b.redeploy(Changes(image="shop/web:broken"))
        assert report.ending is Ending.RESTORED
        assert "exit code 1" in report.text
        assert b.check() == "old"


@virtual
async def test_one_that_was_paused_is_paused_again_when_it_is_taken_back() -> None:
    async with bench() as b:
        b.host.daemon.pause(b.old)
        report = await b.redeploy(Changes(image="shop/web:broken"))
        assert report.ending is Ending.RESTORED
        assert b.old.state is ContainerState.PAUSED
        assert StepKind.PAUSE_OLD in b.steps


@virtual
async def test_ids_are_told_as_people_know_them() -> None:
    async with bench() as b:
        full, refused = "ab" * 32, []

        def refuse(number: int) -> None:
            if number == 3 and not refused:
                refused.append(number)
                raise EngineError("app-1", f"container {full} is in the way", status=500)

        b.on_step = refuse
        report = await b.redeploy()
        assert report.ending is Ending.RESTORED
        assert report.text == f"container {full[:12]} is in the way"
        assert any(full[:12] in told.text for told in b.told)
        assert not any(full in told.text for told in b.told)


@virtual
async def test_one_that_is_never_healthy_is_taken_back() -> None:
    async with bench(healthcheck="curl -f localhost") as b:

        def sicken(number: int) -> None:
            if number == len(ORDER):
                raise AssertionError("no step after the start but back")

        b.on_step = sicken
        walking = asyncio.create_task(b.redeploy())
        await until(lambda: (web := b.named("web")) and web.id != b.old.id and web.alive)
        new = b.named("web")
        assert new is not None
        b.on_step = lambda number: None
        b.host.daemon.check_health(new, Health.UNHEALTHY, "connection refused, password=hunter2")
        report = await walking
        assert report.ending is Ending.RESTORED
        assert "health check fails" in report.text
        assert any("connection refused" in line for line in report.evidence)
        assert "hunter2" not in "".join(report.evidence)
        assert b.check() == "old"


@virtual
async def test_one_that_stays_starting_is_taken_back_in_time() -> None:
    async with bench(healthcheck="true") as b:
        report = await b.redeploy()
        assert report.ending is Ending.RESTORED
        assert "not well within 30 s" in report.text
        assert b.check() == "old"


@virtual
async def test_a_port_that_somebody_took_meanwhile() -> None:
    async with bench() as b:

        def take(number: int) -> None:
            if number == len(ORDER) - 1:
                other = b.host.daemon.create("thief", "thief:1", ports=(Port(80, 8080),))
                b.host.daemon.start(other)

        b.on_step = take
        report = await b.redeploy()
        # The thief has the port now: the old one cannot start either, and that is said.
        assert report.ending is Ending.STUCK
        assert "port is already allocated" in report.text
        b.host.daemon.remove(b.named("thief"))  # type: ignore[arg-type]  # it is there
        b.on_step = lambda number: None
        report2 = await b.recover(Goal.UNDO)
        assert report2 is not None
        assert report2.ending is Ending.RESTORED
        assert b.check() == "old"


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("steps", range(len(ORDER) + 2))
@pytest.mark.parametrize("took", [False, True])
def test_a_console_that_is_killed_leaves_what_another_can_finish_or_undo(
    goal: Goal, steps: int, took: bool
) -> None:
    """Killed before or after a step took effect, at every step."""

    @virtual
    async def run() -> None:
        async with bench() as b:
            b.cut_after = steps
            with suppress(asyncio.CancelledError):
                await b.redeploy()
            report = await b.recover(goal)
            if report is None:
                assert b.check() == ("old" if steps == 0 else "new")
                assert steps in (0, len(ORDER) + 1)
                return
            expected = Ending.DONE if goal is Goal.FINISH else Ending.RESTORED
            assert report.ending is expected
            assert b.check() == ("new" if goal is Goal.FINISH else "old")

    run()
