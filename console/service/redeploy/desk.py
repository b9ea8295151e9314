"""Redeploys under way: each on record step by step, one container of a host at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from console.errors import AuditFailed, DockconError, UsageError
from console.model.actions import Consent, Target
from console.model.clock import Clock
from console.model.guards import check, forbid
from console.model.hosts import HostSpec
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import Found, Goal, StepKind
from console.model.redeploy.plan import Ending, Plan, RedeployJob, Report, Rules, Told
from console.model.text import SafeText, safe, sanitise
from console.service.deeds import Audit
from console.service.redeploy.company import Company
from console.service.redeploy.errands import errand_from, errand_of, traces
from console.service.redeploy.planning import make_plan
from console.service.redeploy.sending import Neighbours
from console.service.redeploy.walk import Errand, Walk
from console.service.tasks import end
from console.transport.base import Engine, PullProgress

log = logging.getLogger(__name__)

JOBS_KEPT = 100
LINES_KEPT = 300

WELL = frozenset({Ending.DONE})
"""After any other ending the next container of a job is left as it is."""


@dataclass(frozen=True, slots=True)
class _Order:
    """One container of a job."""

    target: Target
    errand: Errand
    goal: Goal
    plan: tuple[str, ...]


class Redeploys:
    """Runs redeploys. Belongs to the network loop."""

    def __init__(
        self,
        specs: Mapping[str, HostSpec],
        clock: Clock,
        audit: Audit,
        reach: Callable[[str], Awaitable[Engine]],
        *,
        changed: Callable[[RedeployJob], None],
        read_only: bool = False,
    ) -> None:
        """`reach` returns the engine of a host that is up, or raises why it is not."""
        self._specs = specs
        self._clock = clock
        self._audit = audit
        self._reach = reach
        self._changed = changed
        self._read_only = read_only
        self._jobs: dict[int, RedeployJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def jobs(self) -> tuple[RedeployJob, ...]:
        """The newest hundred, oldest first."""
        return tuple(self._jobs.values())

    async def plan(
        self, target: Target, changes: Changes, rules: Rules, progress: Callable[[PullProgress], None]
    ) -> Plan:
        """Read, check, pull and plan. Raises GuardRefused, NotFound, UsageError and what engines raise."""
        forbid(self._spec(target.host), read_only=self._read_only)
        engine = await self._reach(target.host)
        return await make_plan(engine, target, changes, rules, progress, self._neighbours(target.host))

    def _neighbours(self, host: str) -> Neighbours:
        return {name: partial(self._reach, name) for name in self._specs if name != host}

    async def interrupted(self, host: str) -> list[Found]:
        """What redeploys left on a host."""
        return await traces(await self._reach(host))

    def begin(self, number: int, plans: Sequence[Plan], rules: Rules, consent: Consent) -> None:
        """Walk plans one after the other."""
        orders = [
            _Order(
                plan.target,
                errand_of(plan, rules, self._neighbours(plan.target.host)),
                Goal.FINISH,
                tuple(line.text for line in plan.lines),
            )
            for plan in plans
        ]
        refused = {plan.target.key: plan.refusal for plan in plans if plan.refusal}
        self._start(number, orders, consent, refused)

    def recover(
        self, number: int, host: str, found: Found, goal: Goal, rules: Rules, consent: Consent
    ) -> None:
        """Finish or take back what was left half done."""
        seen = found.facts.new or found.facts.old
        name = sanitise(found.facts.name, 200)
        target = Target(host=host, id=seen.id if seen is not None else "", name=name)
        errand = errand_from(host, found, rules)
        if errand is None:
            why = safe("nothing tells which container is the new one; a person has to decide")
            self._put(RedeployJob(number=number, targets=(target,), began=self._clock.now()))
            self._report(number, target, Report(ending=Ending.REFUSED, text=why))
            return
        self._start(number, [_Order(target, errand, goal, (f"{goal} an interrupted redeploy",))], consent, {})

    async def aclose(self) -> None:
        """Stop where they are; whoever comes next finds them half done and can go on. The audit is closed by
        its owner.
        """
        await end(tuple(self._tasks))

    def _spec(self, host: str) -> HostSpec:
        try:
            return self._specs[host]
        except KeyError:
            raise UsageError(f"no host is called {host}") from None

    def _start(
        self, number: int, orders: list[_Order], consent: Consent, refused: Mapping[tuple[str, str], SafeText]
    ) -> None:
        targets = tuple(order.target for order in orders)
        self._put(RedeployJob(number=number, targets=targets, began=self._clock.now()))
        task = asyncio.create_task(self._run(number, orders, consent, refused), name=f"redeploy {number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self, number: int, orders: list[_Order], consent: Consent, refused: Mapping[tuple[str, str], SafeText]
    ) -> None:
        stopped = ""
        for order in orders:
            target = order.target
            if stopped:
                report = Report(
                    ending=Ending.REFUSED, text=safe(f"not begun, since {stopped} did not end well")
                )
            elif target.key in refused:
                report = Report(ending=Ending.REFUSED, text=refused[target.key])
            else:
                report = await self._one(number, order, consent)
            self._report(number, target, report)
            if report.ending not in WELL and not stopped:
                stopped = target.ref

    async def _one(self, number: int, order: _Order, consent: Consent) -> Report:
        target, errand = order.target, order.errand
        what = "redeploy" if errand.create is not None else f"recover: {order.goal}"
        try:
            check(self._spec(target.host), target, consent, read_only=self._read_only)
            await self._audit.before(errand.operation, what, target, order.plan)
        except DockconError as error:
            next_step = safe(error.next_step)
            return Report(ending=Ending.REFUSED, text=SafeText(error.message), next_step=next_step)

        async def record(step: StepKind) -> None:
            await self._audit.before(errand.operation, f"{what}: {step}", target)

        def tell(told: Told) -> None:
            job = self._jobs.get(number)
            if job is not None:
                self._put(replace(job, told=(*job.told, (target, told))[-LINES_KEPT:]))

        async def record_of(other: Target, step: StepKind) -> None:
            await self._audit.before(errand.operation, f"{what}: {step}", other)

        async def reach() -> Engine:
            return await self._reach(target.host)

        company = Company(target.host, errand.rules, reach, self._clock, tell, record_of)
        walk = Walk(errand, reach, self._clock, tell, record, order.goal, company)
        report = Report(ending=Ending.STUCK, text=safe("the console was closed meanwhile"))
        try:
            report = await walk.run()
        finally:
            await self._recorded(errand.operation, what, target, report)
        return report

    async def _recorded(self, operation: str, what: str, target: Target, report: Report) -> None:
        ended = self._audit.after(operation, what, target, report.ending.value, report.text)
        try:
            await asyncio.shield(ended)
        except AuditFailed as error:
            log.error("the redeploy of %s is over but not on record: %s", target.ref, error)

    def _report(self, number: int, target: Target, report: Report) -> None:
        job = self._jobs.get(number)
        if job is not None:
            self._put(replace(job, reports={**job.reports, target.key: report}))

    def _put(self, job: RedeployJob) -> None:
        self._jobs[job.number] = job
        while len(self._jobs) > JOBS_KEPT:
            over = next((number for number, known in self._jobs.items() if known.over), None)
            if over is None:
                break
            del self._jobs[over]
        self._changed(job)
