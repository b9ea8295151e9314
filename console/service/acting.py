"""Actions under way: targets of one host one after the other, hosts side by side, everything on record."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from console.errors import AuditFailed, DockconError, GuardRefused, NotFound, OutcomeUnknown
from console.model.actions import Action, Consent, Job, Outcome, Result, Target
from console.model.clock import Clock
from console.model.guards import check
from console.model.hosts import HostSpec
from console.model.stock.plan import Discard
from console.model.text import SafeText, safe, short_ids
from console.service.deeds import Audit
from console.service.tasks import end
from console.transport.base import Acting

log = logging.getLogger(__name__)

JOBS_KEPT = 100

ASK_AGAIN = 5.0
"""Seconds that a host which was silent has to answer before it is asked for anything that changes it."""


class Deeds:
    """Runs actions. Belongs to the network loop."""

    def __init__(
        self,
        specs: Mapping[str, HostSpec],
        clock: Clock,
        audit: Audit,
        ready: Callable[[str], Acting],
        heard: Callable[[str], object],
        *,
        changed: Callable[[Job], None],
        read_only: bool = False,
    ) -> None:
        """`ready` returns the engine of a host or raises why there is none; `heard` raises where the host has
        not been heard of for a while; `changed` gets every new state of a job.
        """
        self._specs = specs
        self._clock = clock
        self._audit = audit
        self._ready = ready
        self._heard = heard
        self._changed = changed
        self._read_only = read_only
        self._jobs: dict[int, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hosts: dict[str, asyncio.Lock] = {}

    def jobs(self) -> tuple[Job, ...]:
        """The newest hundred, oldest first."""
        return tuple(self._jobs.values())

    def act(self, number: int, action: Action, targets: Sequence[Target], consent: Consent) -> None:
        """Begin the job of this number."""
        job = Job(number=number, action=action, targets=tuple(targets), began=self._clock.now())
        self._put(job)
        for host in dict.fromkeys(target.host for target in job.targets):
            mine = [target for target in job.targets if target.host == host]
            task = asyncio.create_task(self._on_host(job.number, action, mine, consent), name=f"act {host}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Stop waiting for what is under way (an engine finishes by itself) and put that on record. The
        audit is closed by its owner.
        """
        await end(tuple(self._tasks))

    async def _on_host(self, number: int, action: Action, targets: list[Target], consent: Consent) -> None:
        for target in targets:
            # Two jobs on one host take turns: a restart and a stop at once would race.
            async with self._hosts.setdefault(target.host, asyncio.Lock()):
                outcome = await self._one(action, target, consent)
            job = self._jobs.get(number)
            if job is not None:
                self._put(replace(job, outcomes={**job.outcomes, target.key: outcome}))

    async def _one(self, action: Action, target: Target, consent: Consent) -> Outcome:
        operation = uuid.uuid4().hex[:16]
        try:
            check(self._specs[target.host], target, consent, read_only=self._read_only)
            engine = self._ready(target.host)
            self._heard(target.host)
        except GuardRefused as refused:
            return self._outcome(target, Result.REFUSED, refused)
        except DockconError as error:
            return self._outcome(target, Result.FAILED, error)
        try:
            await self._audit.before(operation, action.text, target)
        except AuditFailed as error:
            return self._outcome(target, Result.FAILED, error)
        outcome = self._outcome(target, Result.UNKNOWN, text="the console was closed meanwhile")
        try:
            outcome = await self._do(engine, action, target)
        finally:
            await self._recorded(operation, action, outcome)
        return outcome

    async def _do(self, engine: Acting, action: Action, target: Target) -> Outcome:
        try:
            if isinstance(target, Discard):
                await engine.discard(target.what, target.id, target.pins)
                return self._outcome(target, Result.DONE)
            changed = await engine.act(target.id, action)
        except OutcomeUnknown as error:
            return self._outcome(target, Result.UNKNOWN, error)
        except NotFound:
            if isinstance(target, Discard):
                return self._outcome(target, Result.NOTHING, text="it is gone already")
            return self._outcome(
                target, Result.FAILED, text="it is gone: removed, or recreated with another id"
            )
        except DockconError as error:
            return self._outcome(target, Result.FAILED, error)
        return self._outcome(target, Result.DONE if changed else Result.NOTHING)

    async def _recorded(self, operation: str, action: Action, outcome: Outcome) -> None:
        try:
            ended = self._audit.after(
                operation, action.text, outcome.target, outcome.result.value, outcome.text
            )
            await asyncio.shield(ended)
        except AuditFailed as error:
            log.error("%s %s is done but not on record: %s", action.text, outcome.target.ref, error)

    def _outcome(
        self, target: Target, result: Result, error: DockconError | None = None, text: str = ""
    ) -> Outcome:
        return Outcome(
            target=target,
            result=result,
            # Engines name a container by its id; nobody else does.
            text=short_ids(SafeText(error.message.replace(target.id, target.name))) if error else safe(text),
            next_step=SafeText(error.next_step if error else ""),
            ended=self._clock.now(),
        )

    def _put(self, job: Job) -> None:
        self._jobs[job.number] = job
        while len(self._jobs) > JOBS_KEPT:
            # The oldest that is over; one under way is never forgotten.
            over = next((number for number, known in self._jobs.items() if known.over), None)
            if over is None:
                break
            del self._jobs[over]
        self._changed(job)
