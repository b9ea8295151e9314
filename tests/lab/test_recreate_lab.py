"""Containers of many options, redeployed on a real engine: the new one is the old one again."""

from __future__ import annotations

import itertools
import random

import pytest

from console.model.actions import Target
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import StepKind
from console.model.redeploy.plan import Ending, Rules
from console.service.redeploy.errands import errand_of
from console.service.redeploy.planning import make_plan
from console.service.redeploy.walk import Walk
from console.transport.base import Engine, Transport
from console.transport.clock import SystemClock
from tests.lab.aids import engine_of
from tests.lab.host import LabHost
from tests.lab.machine import LabError
from tests.lab.options import PRIMARY, Drawn, draw, surroundings
from tests.lab.sameness import differences

RULES = Rules(stable=0.0, timeout=30.0, pull=False, keep=0)


async def redeploy(engine: Engine, target: Target) -> str:
    """Redeploy with nothing changed; why it did not go, or nothing."""
    plan = await make_plan(engine, target, Changes(), RULES, lambda told: None)
    if plan.refusal:
        return plan.refusal

    async def reach() -> Engine:
        return engine

    async def record(step: StepKind) -> None:
        pass

    report = await Walk(errand_of(plan, RULES), reach, SystemClock(), lambda told: None, record).run()
    return "" if report.ending is Ending.DONE else f"{report.text} {report.evidence}"


def begin(host: LabHost, drawn: Drawn) -> str:
    """Start what was drawn; its full id."""
    full = host.docker("run", "-d", "--name", "web", *drawn.words)
    for words in drawn.further:
        host.docker("network", "connect", *words, "web")
    return full


@pytest.mark.parametrize(
    ("first", "count"), [(1, 12), pytest.param(1000, 120, marks=pytest.mark.soak)], ids=["few", "many"]
)
async def test_a_container_of_any_options_is_made_again(
    h1: LabHost, transport: Transport, first: int, count: int
) -> None:
    engine = await engine_of(transport, h1)
    wrong, refused, made = [], [], 0
    with surroundings(h1):
        for seed in itertools.count(first):
            if made == count:
                break
            drawn = draw(random.Random(seed), list(PRIMARY)[seed % len(PRIMARY)])
            try:
                full = begin(h1, drawn)
            except LabError as error:
                # Some options exclude each other; which ones is the engine's business.
                refused.append(f"{seed}: {drawn.text}: {error}")
                assert len(refused) < count, "\n".join(refused)
                h1.docker("rm", "-f", "-v", "web", check=False)
                continue
            made += 1
            before = h1.engine.inspect("web")
            h1.docker("exec", "-u", "0", "web", "sh", "-c", "echo kept > /anon/x", check=False)
            why = await redeploy(engine, Target(host=h1.name, id=full, name="web"))
            found = [why] if why else differences(before, h1.engine.inspect("web"))
            if found:
                wrong.append("\n  ".join((f"{seed}: {drawn.text}", *found)))
            h1.docker("rm", "-f", "-v", "web", "web.dockcon-prev", check=False)
    print(f"{made} containers made again; {len(refused)} more that the engine did not take")
    assert not wrong, "\n".join(wrong)
