"""Asks before anything is changed, gives the order, says what became of it. Made when it is first needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.errors import DockconError, GuardRefused
from console.model.actions import ActionKind, Consent, Job, Target
from console.model.containers import ContainerKey
from console.model.guards import forbid
from console.model.hosts import HostSpec
from console.model.redeploy.course import ENDINGS, Found, Goal, Trace
from console.model.redeploy.plan import Ending, RedeployJob
from console.model.text import SafeText, safe, sanitise
from console.model.timeline.entries import Entry, Source, Weight, thing
from console.ui.asking import HITS, ask, said, tone
from console.ui.last_action import last_words
from console.ui.messages import ActWanted, CleanUpWanted, RecoverWanted, RedeployWanted
from console.ui.redeploying import outcome_of

if TYPE_CHECKING:
    from console.model.stock.plan import Plan as StockPlan
    from console.ui.links.screens import Dependents
    from console.ui.screens.acting import ActingScreen

_WELL = frozenset({"done", "nothing"})
_WEIGHTS = {"failed": Weight.BAD, "stuck": Weight.BAD, "unknown": Weight.WARN, "restored": Weight.WARN}


class OrderDesk:
    """Belongs to the main screen. Targets are those of the moment the key was pressed."""

    def __init__(self, screen: ActingScreen) -> None:
        self._screen = screen
        self.app = screen.app
        self.bridge = screen.bridge
        self.status = screen.status
        self.glyphs = screen.glyphs
        self.read_only = screen.read_only
        self._told: set[tuple[type, int, str, str]] = set()
        self.bridge.worked.subscribe(screen, self._worked)

    @property
    def specs(self) -> dict[str, HostSpec]:
        """The hosts by name."""
        return {spec.name: spec for spec in self.bridge.world.hosts}

    # Actions

    def act(self, event: ActWanted) -> None:
        """Ask, and do it if it is meant."""
        try:
            asked = ask(event.action, event.containers, self.specs, read_only=self.read_only)
        except GuardRefused as refused:
            self.status.say(str(refused), "warn")
            return
        from console.ui.screens.act import ActScreen

        def answered(consent: Consent | None) -> None:
            if consent is None:
                self.status.say("nothing was done", "dim")
            else:
                orders = self.bridge.handle.orders
                self.ordered(lambda: orders.act(asked.action, asked.targets, consent))

        verb = HITS.get(asked.action.kind)
        hit = self.dependents([target.key for target in asked.targets], verb) if verb else None
        self.app.push_screen(ActScreen(asked, self.glyphs, dependents=hit), answered)

    def dependents(self, containers: Sequence[ContainerKey], verb: str) -> Dependents:
        """Who is hit by it, for a dialog to find out."""
        from console.ui.links.screens import Dependents

        return Dependents(self.bridge, containers, verb)

    def ordered(self, order: Callable[[], int]) -> int | None:
        """The number of the job, unless nothing may be changed at all."""
        try:
            return order()
        except DockconError as error:
            self.status.say(str(error), "bad")
            return None

    # Images, volumes, networks

    def discard(self, plan: StockPlan) -> None:
        """Remove exactly what is on this list; it is asked first."""
        from console.ui.stock.desk import discard

        discard(self, plan)

    def clean_up(self, event: CleanUpWanted) -> None:
        """Remove what nobody uses; which is asked first, then whether."""
        from console.ui.stock.desk import clean_up

        clean_up(self, event)

    # Redeploys

    def redeploy(self, event: RedeployWanted) -> None:
        """Ask what shall be different, plan it, ask again, and walk."""
        try:
            for container in event.containers:
                forbid(self.specs[container.host], read_only=self.read_only)
        except GuardRefused as refused:
            self.status.say(str(refused), "warn")
            return
        work = self._redeploy([Target.of(container) for container in event.containers])
        self._screen.run_worker(work, group="redeploy", exit_on_error=False)

    async def _redeploy(self, targets: Sequence[Target]) -> None:
        from console.ui.screens.planning import PlanningScreen
        from console.ui.screens.redeploy import ChangesScreen, JobScreen

        orders = self.bridge.handle.orders
        changes = await self.app.push_screen_wait(ChangesScreen(targets, self.glyphs))
        if changes is None:
            self.status.say("nothing was done", "dim")
            return
        hit = self.dependents([target.key for target in targets], "this interrupts")
        planning = PlanningScreen(targets, changes, orders, self.specs, self.glyphs, dependents=hit)
        agreed = await self.app.push_screen_wait(planning)
        if agreed is None:
            self.status.say("nothing was changed", "dim")
            return
        plans, consent = agreed
        number = self.ordered(lambda: orders.redeploy(plans, orders.rules, consent))
        if number is not None:
            await self.app.push_screen(JobScreen(self.bridge, number, self.glyphs))

    def recover(self, event: RecoverWanted) -> None:
        """Look what a redeploy left, ask, and finish it or take it back."""
        work = self._recover(Target.of(event.container), event.goal)
        self._screen.run_worker(work, group="redeploy", exit_on_error=False)

    async def _recover(self, target: Target, goal: Goal) -> None:
        from console.ui.screens.redeploy import JobScreen, RecoverScreen

        orders = self.bridge.handle.orders
        name = str(target.name)
        for ending in ENDINGS:
            name = name.removesuffix(ending)
        try:
            forbid(self.specs[target.host], read_only=self.read_only)
            traces = await orders.interrupted(target.host)
        except DockconError as error:
            self.status.say(str(error), "bad")
            return
        if self.app.screen is not self._screen:
            # Somebody went elsewhere meanwhile: what is typed there is not meant for a question.
            self.status.say(f"{name}@{target.host}: looked at; press the key again", "dim")
            return
        found = next((trace for trace in traces if trace.facts.name == name), None)
        why = nothing_to_recover(found, goal)
        if found is None or why:
            self.status.say(f"{name}@{target.host}: {why}", "dim")
            return
        seen = [one for one in (found.facts.new, found.facts.old) if one is not None and one.running]
        hit = self.dependents([(target.host, one.id) for one in seen], "this interrupts") if seen else None
        spec = self.specs[target.host]
        dialog = RecoverScreen(target.host, found, goal, spec, self.glyphs, dependents=hit)
        consent = await self.app.push_screen_wait(dialog)
        if consent is None:
            self.status.say("nothing was done", "dim")
            return
        number = self.ordered(lambda: orders.recover(target.host, found, goal, orders.rules, consent))
        if number is not None:
            await self.app.push_screen(JobScreen(self.bridge, number, self.glyphs))

    # What became of it

    def _worked(self, jobs: tuple[Job | RedeployJob, ...]) -> None:
        for job in jobs:
            if isinstance(job, Job):
                for outcome in job.outcomes.values():
                    if self._first(job, outcome.target):
                        self.status.say(said(job.action, outcome), tone(outcome.result))
                        self._record(outcome.target, job.action.text, outcome.result.value, outcome.text)
                if job.action.kind is ActionKind.DISCARD and len(job.targets) > 1:
                    from console.ui.stock.desk import job_words

                    self.status.say(*job_words(job))
            else:
                self._walked(job)

    def _walked(self, job: RedeployJob) -> None:
        for target in job.targets:
            report = job.reports.get(target.key)
            if report is not None and self._first(job, target):
                good = report.ending is Ending.DONE
                self.status.say(outcome_of(target, report), "ok" if good else "warn")
                self._record(target, "redeploy", report.ending.value, report.text)

    def _first(self, job: Job | RedeployJob, target: Target) -> bool:
        mark = (type(job), job.number, target.host, target.id)
        new = mark not in self._told
        self._told.add(mark)
        return new

    def _record(self, target: Target, action: str, result: str, text: SafeText) -> None:
        """Actions belong on the timeline, between what the engines tell; the last one is kept in view."""
        now = self.bridge.now()
        self.status.remember(last_words(action, target.ref, result, now), now)
        about = self.bridge.live.container(target.key) or thing(target.host, target.name, target.id)
        self.bridge.record(
            Entry(
                ns=time.time_ns(),
                source=Source.OPERATOR,
                about=about,
                what=sanitise(action, 60),
                detail=safe(f"{result}: {text}" if text else result),
                weight=_WEIGHTS.get(result, Weight.PLAIN if result in _WELL else Weight.WARN),
            )
        )


def nothing_to_recover(found: Found | None, goal: Goal) -> str:
    """Why there is nothing to finish or take back; empty where there is."""
    if found is None:
        return "no redeploy left anything of it"
    if goal is Goal.FINISH and found.trace is not Trace.INTERRUPTED:
        return "its redeploy is finished"
    return ""
