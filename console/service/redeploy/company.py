"""Containers that live in the network of the one that is redeployed: they go with it, there and back.

A container that joined another one's network (`NetworkMode: container:ID`) keeps the old one's, which is dead
once that one has stopped. Who they are is read from the engine each time, so that whoever finishes an
interrupted redeploy, or takes it back, mends them, too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from console.model.actions import Action, ActionKind, Target
from console.model.clock import Clock
from console.model.containers import Container, ContainerState
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import ENDINGS, Goal, StepKind, Trace
from console.model.redeploy.plan import Ending, Report, Rules, Told
from console.model.text import NOTHING, SafeText, safe
from console.service.redeploy.errands import errand_from, errand_of, traces
from console.service.redeploy.look import Scene
from console.service.redeploy.planning import make_plan
from console.service.redeploy.walk import Errand, Walk
from console.transport.base import Engine

_RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})


@dataclass(frozen=True, slots=True)
class Company:
    """Those of one container on one host."""

    host: str
    rules: Rules
    reach: Callable[[], Awaitable[Engine]]
    clock: Clock
    tell: Callable[[Told], None]
    record: Callable[[Target, StepKind], Awaitable[None]]

    async def follow(self, engine: Engine, scene: Scene) -> SafeText:
        """Make each of them anew in the new one's network; why one of them did not go, or nothing.

        Raises what the engine raises.
        """
        old = scene.facts.old
        for row in await joined(engine, old.id if old is not None else ""):
            report = await self._anew(engine, row)
            if report.ending is not Ending.DONE:
                return safe(f"{row.name}, which uses its network: {report.text}")
        return NOTHING

    async def back(self, engine: Engine, scene: Scene) -> None:
        """The old one runs again: those that were made anew are gone back from, the others started anew.

        Raises what the engine raises, EngineError among them where one of them does not go back.
        """
        old, new = scene.facts.old, scene.facts.new
        gone = new.id if new is not None else ""
        with_new = {row.id for row in await joined(engine, gone, every=True)}
        with_old = {row.id for row in await joined(engine, old.id if old is not None else "", every=True)}
        for found in await traces(engine):
            new_id, old_id = (
                seen.id if seen is not None else "" for seen in (found.facts.new, found.facts.old)
            )
            half = found.trace is Trace.INTERRUPTED and old_id in with_old
            errand = errand_from(self.host, found, self.rules) if half or new_id in with_new else None
            if errand is not None:
                await self._walk(errand, Goal.UNDO)
        for row in await joined(engine, gone):
            await self._anew(engine, row)  # of those nothing was kept
        began = await _started(engine, old.id) if old is not None and old.running else None
        for row in await joined(engine, old.id if old is not None else ""):
            mine = await _started(engine, row.id)
            if began is not None and mine is not None and mine < began:
                self._say(row, "started anew, in its network")
                await engine.deeds.act(row.id, Action(kind=ActionKind.RESTART))

    async def _anew(self, engine: Engine, row: Container) -> Report:
        self._say(row, "made anew, in its network")
        rules = replace(self.rules, pull=False, source="")
        plan = await make_plan(engine, Target.of(row), Changes(), rules, lambda told: None)
        if plan.refusal:
            return Report(ending=Ending.REFUSED, text=plan.refusal)
        return await self._walk(errand_of(plan, rules), Goal.FINISH)

    async def _walk(self, errand: Errand, goal: Goal) -> Report:
        target = Target(host=self.host, id=errand.old_id, name=safe(errand.name))

        def tell(told: Told) -> None:
            self.tell(replace(told, text=safe(f"{errand.name}: {told.text}")))

        async def record(step: StepKind) -> None:
            await self.record(target, step)

        return await Walk(errand, self.reach, self.clock, tell, record, goal).run()

    def _say(self, row: Container, words: str) -> None:
        self.tell(Told(at=self.clock.now(), step=None, text=safe(f"{row.name}: {words}")))


async def joined(engine: Engine, container_id: str, *, every: bool = False) -> list[Container]:
    """Whoever uses the network of this container and runs, the oldest first; with `every` also those that do
    not run, and those that are half of a redeploy of their own.
    """
    rows = [row for row in await engine.containers() if container_id and row.joins == container_id]
    wanted = rows if every else [r for r in rows if r.state in _RUNS and not r.name.endswith(ENDINGS)]
    return sorted(wanted, key=lambda row: (row.created, row.id))


async def _started(engine: Engine, container_id: str) -> float | None:
    """Exactly: a list tells it in words."""
    return (await engine.inspect(container_id)).container.started
