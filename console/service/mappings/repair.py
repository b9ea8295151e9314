"""Mending by itself what the world has undone: only what was stated and applied before, and not for ever.

Two consoles that see the same wait for a different moment and then look again, so that one of them finds
nothing left to do. What breaks again and again is left alone after a few tries, and that is said.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from console.config.schema import Repair
from console.errors import DockconError
from console.model.hosts import Guard
from console.model.mappings.standing import Standing, State
from console.model.mappings.steps import Disconnect, MapPlan
from console.model.text import NOTHING, SafeText, safe
from console.service.mappings.desk import MappingList
from console.service.mappings.room import MapRoom
from console.service.tasks import end

log = logging.getLogger(__name__)

TRIES, WITHIN = 4, 600.0
"""So many repairs of one mapping in so many seconds; the next is for a person."""

WAIT, JITTER = 0.2, 0.8
"""Seconds before the first repair, and how much longer at random; doubled with each further one."""

Begin = Callable[[MapPlan, SafeText], None]


@dataclass(slots=True)
class _Case:
    """One mapping."""

    tries: deque[float] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    note: SafeText = NOTHING
    """Why it is not mended by itself."""
    left_to: str = ""
    """The reason for which it was left to a person: as long as that is so it is not looked into again."""


class Repairs:
    """Belongs to the network loop."""

    def __init__(
        self,
        room: MapRoom,
        begin: Begin,
        noted: Callable[[], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`noted` is called when there is something new to say of a mapping."""
        self._room = room
        self._begin = begin
        self._noted = noted
        self._chance = chance
        self._cases: dict[str, _Case] = {}
        self._well: dict[str, str] = {}
        """Digest of the wording that was last seen to hold, by mapping."""

    def listed(self, found: MappingList, busy: Collection[str]) -> MappingList:
        """Begin what has to be mended; return the list with why something is not."""
        standings = tuple(self._one(one, one.mapping.id in busy) for one in found.standings)
        return replace(found, standings=standings)

    async def aclose(self) -> None:
        """Begin nothing more."""
        await end([case.task for case in self._cases.values() if case.task is not None])

    def _one(self, standing: Standing, busy: bool) -> Standing:
        ident = standing.mapping.id
        if standing.state in (State.OK, State.DEGRADED, State.BROKEN) and not standing.steps:
            self._well[ident] = standing.mapping.digest
            if ident in self._cases:
                self._cases[ident].note = NOTHING
            return standing
        if (
            standing.state is not State.PENDING
            or standing.orphan
            or self._room.rules.repair is not Repair.AUTO
        ):
            return standing
        if self._well.get(ident) != standing.mapping.digest:
            # A wording that was never true, as after an edit of the file, is for somebody to agree to.
            return standing
        case = self._cases.setdefault(ident, _Case())
        if case.note and case.left_to == standing.reason:
            return replace(standing, next_step=case.note)
        if not busy and (case.task is None or case.task.done()):
            self._consider(case, standing)
        return replace(standing, next_step=case.note or standing.next_step)

    def _consider(self, case: _Case, standing: Standing) -> None:
        now = self._room.clock.monotonic()
        while case.tries and now - case.tries[0] > WITHIN:
            case.tries.popleft()
        if len(case.tries) >= TRIES:
            said = f"mended {TRIES} times in {WITHIN / 60:.0f} minutes and undone again: apply it yourself"
            case.note, case.left_to = safe(said), standing.reason
            return
        pause = (WAIT + JITTER * self._chance()) * 2 ** len(case.tries)
        case.tries.append(now)
        case.task = asyncio.create_task(
            self._mend(case, standing, pause), name=f"repair {standing.mapping.id}"
        )

    async def _mend(self, case: _Case, standing: Standing, pause: float) -> None:
        await self._room.clock.sleep(pause)
        mapping = standing.mapping
        try:
            plan = await self._room.plan(mapping.id, mapping)
        except DockconError as error:
            log.warning("repair of %s: %s", mapping.id, error)
            case.tries.pop()
            self._leave(case, standing, SafeText(error.message))
            return
        if plan.before != mapping or not plan.steps:
            case.tries.pop()  # it is mended, or stated otherwise: nothing was done
            return
        if against := self._against(plan):
            case.tries.pop()
            self._leave(case, standing, against)
            return
        case.note = NOTHING
        self._begin(plan, standing.reason or safe("it was not as stated"))

    def _leave(self, case: _Case, standing: Standing, why: SafeText) -> None:
        case.note, case.left_to = why, standing.reason
        self._noted()

    def _against(self, plan: MapPlan) -> SafeText:
        """Why a plan is not for a machine to agree to."""
        if plan.refusals:
            return plan.refusals[0]
        for step in plan.steps:
            if self._room.specs[step.host].guard is not Guard.CONFIRM:
                return safe(f"{step.host} wants somebody to agree: apply it")
            # A network in which nobody needs an ambassador of ours any more may be left unasked.
            if step.disruptive and not isinstance(step, Disconnect):
                return safe(f"somebody has to agree, since it {step.text}: apply it")
        return NOTHING
