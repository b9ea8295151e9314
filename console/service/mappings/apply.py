"""One change of a mapping, from what was agreed to until it is proved, or taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from console.errors import AuditFailed, DockconError, EngineDown, HostUnreachable, StoreChanged
from console.model.actions import Consent, Target
from console.model.mappings.mapping import Mapping
from console.model.mappings.steps import MapPlan, Proof, Step
from console.model.mappings.world import World
from console.model.text import SafeText, safe
from console.service.mappings.desk import MapEnding, MapJob, MapTold, Phase
from console.service.mappings.preflight import refused
from console.service.mappings.room import MapRoom, away
from console.service.mappings.take import MUTE_FOR, Taker, target_of
from console.service.mappings.verify import by_name, holds, mute, of_proxies
from console.service.mappings.walk import Ahead, MapWalk

log = logging.getLogger(__name__)

VERIFY_WITHIN = 6.0
"""Seconds in which names must resolve and endpoints answer; a consumer's resolver has its own caches."""

LOOK_AGAIN = 0.1

LINES_KEPT = 300


class _Refused(DockconError):
    """Nothing was changed."""


@dataclass(slots=True)
class Application:
    """One apply. `job` is replaced as it goes on, and each new one is handed to `changed`."""

    room: MapRoom
    taker: Taker
    job: MapJob
    consent: Consent
    operation: str
    changed: Callable[[MapJob], None]
    _stored: bool = False
    _away: frozenset[str] = frozenset()
    _phase: Phase = Phase.PREFLIGHT
    _taken: list[Step] = field(default_factory=list)

    async def run(self) -> None:
        """To an end. Never raises for what a host, an engine or a file did."""
        ending, text, next_step = MapEnding.STUCK, "the console was closed meanwhile", ""
        try:
            ending, text, next_step = await self._run()
        finally:
            self._end(ending, text, next_step)

    async def _run(self) -> tuple[MapEnding, str, str]:
        plan = self.job.plan
        try:
            nothing = await self._before()
        except DockconError as error:
            return MapEnding.REFUSED, error.message, error.next_step
        if nothing:
            return MapEnding.NOTHING, "it is as stated: nothing to do", ""
        whole = Target(host=_host(plan), id="", name=safe(plan.id))
        try:
            async with self.room.on_record(self.operation, _words(self.job), whole):
                await self._change()
        except AuditFailed as error:
            return self._failed(error)
        except StoreChanged as error:
            return MapEnding.REFUSED, error.message, error.next_step or "plan anew"
        except DockconError as error:
            if not self._stored and not self._taken:
                return MapEnding.REFUSED, error.message, error.next_step
            return await self._back(error)
        return MapEnding.DONE, self._done(), ""

    # Before anything is changed

    async def _before(self) -> bool:
        """Whether there is nothing to do. Raises why it is not begun."""
        plan, room = self.job.plan, self.room
        if plan.refusals:
            raise _Refused("; ".join(plan.refusals))
        room.agreed(plan.id, plan.steps, self.consent)
        book = await room.store.read()
        if book.version != plan.version:
            raise StoreChanged("the mappings have changed since the plan was made", next_step="plan anew")
        ahead = await self._ahead(plan.after, plan.before, first=True)
        if ahead.refusals:
            raise _Refused("; ".join(ahead.refusals))
        room.agreed(plan.id, ahead.steps, self.consent)
        allowed = self._allowed()
        for step in ahead.steps:
            if step.disruptive and (step.host, str(step.text)) not in allowed:
                raise _Refused(
                    f"the world has changed since the plan: it would also {step.text}", next_step="plan anew"
                )
        if not ahead.steps and plan.before == plan.after:
            return True
        against = await refused(plan.candidates, room.reach, lambda text: self._tell(text))
        if against:
            raise _Refused("; ".join(against), next_step="nothing was changed; mend the endpoint or force it")
        return False

    async def _ahead(self, after: Mapping | None, before: Mapping | None, *, first: bool = False) -> Ahead:
        room = self.room
        history = await room.store.history(self.job.plan.id)
        world = await room.look(after, before)
        if first:
            # Hosts that are away before anything is begun are said to be in the plan: the others do without.
            self._away = away(world, after, before)
        for name in away(world, after, before) - self._away:
            raise HostUnreachable(name, str(world.hosts[name].missing))
        outline = room.outline(self.job.plan.id, after, before, history, world)
        return Ahead(outline.steps, outline.refusals, world)

    # The change

    async def _change(self) -> None:
        plan = self.job.plan
        if plan.before != plan.after:
            self._enter(Phase.STORE)
            await self.room.store.write(plan.version, plan.id, plan.after, self.room.who)
            self._stored = True
            self._tell(safe("mappings.yml says so now"))
        self._enter(Phase.APPLY)
        world = await self._walk(plan.after, plan.before, self._allowed())
        if plan.after is not None:
            self._enter(Phase.VERIFY)
            await self._verify(plan.after, world)

    async def _walk(
        self, after: Mapping | None, before: Mapping | None, allowed: frozenset[tuple[str, str]]
    ) -> World:
        walk = MapWalk(
            ahead=lambda: self._ahead(after, before),
            taker=self.taker,
            clock=self.room.clock,
            on_record=self._on_record,
            tell=lambda text, bad: self._tell(text, bad=bad),
            allowed=allowed,
            taken=self._taken,
        )
        return await walk.run()

    def _on_record(self, step: Step) -> AbstractAsyncContextManager[None]:
        plan = self.job.plan
        return self.room.on_record(self.operation, f"map {plan.id}: {step.text}", target_of(step, plan.id))

    def _allowed(self) -> frozenset[tuple[str, str]]:
        return frozenset((step.host, str(step.text)) for step in self.job.plan.steps if step.disruptive)

    async def _verify(self, mapping: Mapping, world: World) -> None:
        room, clock = self.room, self.room.clock
        began = clock.monotonic()
        while True:
            names = await by_name(mapping, world, room.reach)
            proofs = (*of_proxies(mapping, world), *names)
            self._put(replace(self.job, proofs=proofs))
            waited = clock.monotonic() - began
            # One that has just begun, or is taking over, may not answer yet; some never can be asked.
            if holds(mapping, world, names) and (waited > MUTE_FOR or not mute(mapping, world)):
                break
            if waited > VERIFY_WITHIN:
                raise DockconError(_against(proofs))
            await clock.sleep(LOOK_AGAIN)
            world = await room.look(mapping)
        for proof in proofs:
            detail = f": {proof.detail}" if proof.detail else ""
            unknown = " cannot be found out" if proof.ok is None else ""
            self._tell(safe(f"{proof.text}{unknown}{detail}"), bad=proof.ok is False)

    # Back

    async def _back(self, why: DockconError) -> tuple[MapEnding, str, str]:
        plan = self.job.plan
        self._tell(SafeText(why.message), bad=True)
        left = f"dockcon map apply {plan.id} goes on, dockcon map undo {plan.id} goes back"
        if plan.before == plan.after or isinstance(why, HostUnreachable | EngineDown):
            # There is no earlier wording to go back to, or no way to the host: what is left is shown.
            return MapEnding.STUCK, why.message, left
        self._enter(Phase.UNDO)
        self._tell(safe("taking it back"))
        try:
            book = await self.room.store.read()
            if book.mappings.get(plan.id) != plan.before:
                await self.room.store.write(book.version, plan.id, plan.before, self.room.who)
            # What has been opened or disturbed on the way may be closed and disturbed on the way back.
            steps = (await self._ahead(plan.before, plan.after)).steps
            allowed = frozenset((step.host, str(step.text)) for step in steps if step.disruptive)
            self.room.agreed(plan.id, steps, self.consent)
            await self._walk(plan.before, plan.after, allowed)
        except DockconError as error:
            self._tell(SafeText(error.message), bad=True)
            return MapEnding.STUCK, f"{why.message}; on the way back: {error.message}", left
        return MapEnding.RESTORED, f"{why.message}; it is as it was before", ""

    def _failed(self, error: DockconError) -> tuple[MapEnding, str, str]:
        begun = self._stored or self._taken
        return (MapEnding.STUCK if begun else MapEnding.REFUSED), error.message, error.next_step

    # Telling

    def _done(self) -> str:
        unknown = sum(proof.ok is None for proof in self.job.proofs)
        took = self.room.clock.now() - self.job.began
        proved = "verified, " if self.job.proofs else ""
        if unknown:
            proved = f"{unknown} of {len(self.job.proofs)} proofs could not be made, "
        return f"{proved}in {took:.1f} s"

    def _enter(self, phase: Phase) -> None:
        self._phase = phase

    def _tell(self, text: SafeText, *, bad: bool = False) -> None:
        told = MapTold(at=self.room.clock.now(), phase=self._phase, text=text, bad=bad)
        self._put(replace(self.job, told=(*self.job.told, told)[-LINES_KEPT:]))

    def _put(self, job: MapJob) -> None:
        self.job = job
        self.changed(job)

    def _end(self, ending: MapEnding, text: str, next_step: str) -> None:
        # Errors carry text that was made safe where it came in.
        self._put(replace(self.job, ending=ending, text=SafeText(text), next_step=SafeText(next_step)))


def _host(plan: MapPlan) -> str:
    stated = plan.after or plan.before
    if plan.steps:
        return plan.steps[0].host
    return stated.consumers[0].host if stated is not None and stated.consumers else ""


def _words(job: MapJob) -> str:
    plan = job.plan
    if job.cause:
        return f"map repair {plan.id}"
    if plan.after is None:
        return f"map remove {plan.id}"
    return f"map {'apply' if plan.before == plan.after else 'set'} {plan.id}"


def _against(proofs: tuple[Proof, ...]) -> str:
    found = [f"{proof.text}: no, {proof.detail or 'not so'}" for proof in proofs if proof.ok is False]
    return "; ".join(found) or "it could not be verified"
