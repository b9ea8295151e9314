"""Asks before a mapping is changed, gives the order, says what became of it. Made when it is first needed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from console.errors import DockconError, GuardRefused
from console.model.containers import Container
from console.model.hosts import HostSpec
from console.model.mappings.mapping import Mapping, Party
from console.model.mappings.standing import Standing, State
from console.model.mappings.steps import MapPlan
from console.model.text import safe, sanitise
from console.model.timeline.entries import Entry, Source, Weight, thing
from console.service.mappings.desk import MapEnding, MapJob
from console.ui.drafting import Draft
from console.ui.mapping_words import job_name, outcome
from console.ui.messages import MapWanted, MapWhat

if TYPE_CHECKING:
    from console.ui.screens.acting import ActingScreen

_WEIGHTS = {MapEnding.STUCK: Weight.BAD, MapEnding.RESTORED: Weight.WARN, MapEnding.REFUSED: Weight.WARN}


class MapDesk:
    """Belongs to the main screen."""

    def __init__(self, screen: ActingScreen) -> None:
        self._screen = screen
        self.app = screen.app
        self.bridge = screen.bridge
        self.status = screen.status
        self.glyphs = screen.glyphs
        self.read_only = screen.read_only
        self._told: set[int] = set()
        self.bridge.mapped.subscribe(screen, self._worked)

    @property
    def _specs(self) -> dict[str, HostSpec]:
        return {spec.name: spec for spec in self.bridge.world.hosts}

    def take(self, event: MapWanted) -> None:
        """Do what is wanted, as far as it may be."""
        if event.what is MapWhat.VERIFY:
            self._verify(event.standing)
        elif self.read_only:
            refused = GuardRefused("this console is read-only", next_step="start it without --read-only")
            self.status.say(str(refused), "warn")
        elif event.what is MapWhat.EDIT:
            self._edit(event)
        elif event.standing is not None:
            work = {
                MapWhat.REMOVE: self._remove,
                MapWhat.UNDO: self._undo,
                MapWhat.CUT: self._cut,
                MapWhat.APPLY: self._finish,
            }[event.what]
            self._screen.run_worker(work(event.standing), group="mapping", exit_on_error=False)

    def _verify(self, standing: Standing | None) -> None:
        from console.ui.screens.mapping_job import VerifyScreen

        if standing is not None:
            self.app.push_screen(VerifyScreen(self.bridge, standing.mapping, self.glyphs))

    def _edit(self, event: MapWanted) -> None:
        from console.ui.editing import fields_of
        from console.ui.screens.mapping_editor import MappingEditor

        hosts = tuple(self._specs)
        if event.standing is not None:
            draft, start = Draft(hosts, event.standing.mapping), "to"
        elif event.proposal is not None:
            draft, start = Draft(hosts, None, fields_of(event.proposal)), "to"
        else:
            given, start = given_for(event.containers, self.bridge.mappings.book.mappings.values())
            draft = Draft(hosts, None, given)
        self.app.push_screen(MappingEditor(self.bridge, self._specs, draft, start, self.glyphs))

    # Changes that need no editor

    async def _remove(self, standing: Standing) -> None:
        await self._plan_and_apply(standing, None)

    async def _finish(self, standing: Standing) -> None:
        if standing.state is State.FOREIGN or standing.orphan:
            try:
                plan = await self.bridge.handle.mappings.adopt(standing.mapping.id)
            except DockconError as error:
                self.status.say(str(error), "bad")
            else:
                await self._agree(plan)
        else:
            await self._plan_and_apply(standing, standing.mapping)

    async def _undo(self, standing: Standing) -> None:
        from console.ui.screens.revisions import RevisionsScreen

        try:
            history = await self.bridge.handle.mappings.history(standing.mapping.id)
        except DockconError as error:
            self.status.say(str(error), "bad")
            return
        if not history:
            self.status.say(f"{standing.mapping.id}: there is no earlier wording", "dim")
            return
        chosen = await self.app.push_screen_wait(RevisionsScreen(history, self.bridge.now(), self.glyphs))
        if chosen is None:
            self.status.say("nothing was changed", "dim")
        else:
            await self._plan_and_apply(standing, chosen.mapping)

    async def _cut(self, standing: Standing) -> None:
        from console.ui.screens.mapping_plan import CutScreen

        consent = await self.app.push_screen_wait(CutScreen(standing, self._specs, self.glyphs))
        if consent is None:
            self.status.say("nothing was done", "dim")
            return
        try:
            number = await self.bridge.handle.mappings.cut(standing.mapping.id, consent)
        except DockconError as error:
            self.status.say(str(error), "bad")
        else:
            self.status.say(f"{standing.mapping.id}: {number} old session{'s' * (number != 1)} cut", "ok")

    async def _plan_and_apply(self, standing: Standing, mapping: Mapping | None) -> None:
        self.status.say(f"{standing.mapping.id}: looking what it would take", "busy")
        try:
            plan = await self.bridge.handle.mappings.plan(standing.mapping.id, mapping)
        except DockconError as error:
            self.status.say(str(error), "bad")
        else:
            await self._agree(plan)

    async def _agree(self, plan: MapPlan) -> None:
        from console.ui.screens.mapping_job import MapJobScreen
        from console.ui.screens.mapping_plan import MapPlanScreen

        if self.app.screen is not self._screen:
            # Somebody went elsewhere meanwhile: what is typed there is not meant for a question.
            self.status.say(f"{plan.id}: planned; press the key again", "dim")
            return
        self.status.say("")
        consent = await self.app.push_screen_wait(MapPlanScreen(plan, self._specs, self.glyphs))
        if consent is None:
            self.status.say("nothing was changed", "dim")
            return
        try:
            number = self.bridge.handle.mappings.apply(plan, consent)
        except DockconError as error:
            self.status.say(str(error), "bad")
        else:
            await self.app.push_screen(MapJobScreen(self.bridge, number, self.glyphs))

    # What became of it

    def _worked(self, jobs: Sequence[MapJob]) -> None:
        for job in jobs:
            if job.ending is not None and job.number not in self._told:
                self._told.add(job.number)
                self.status.say(*outcome(job))
                self._record(job, job.ending)

    def _record(self, job: MapJob, ending: MapEnding) -> None:
        """Changes of addresses belong on the timeline, between what the engines tell."""
        stated = job.plan.after or job.plan.before
        first = stated.consumers[0] if stated is not None and stated.consumers else Party(host="")
        self.bridge.record(
            Entry(
                ns=time.time_ns(),
                source=Source.OPERATOR,
                about=thing(first.host, sanitise(first.container or first.service)),
                what=sanitise(job_name(job), 60),
                detail=safe(f"{ending.value}: {job.text}" if job.text else ending.value),
                weight=_WEIGHTS.get(ending, Weight.PLAIN),
            )
        )


def given_for(containers: Sequence[Container], mappings: Iterable[Mapping]) -> tuple[dict[str, str], str]:
    """What is filled in for containers, and the field to begin with: as consumers, or as the endpoint where
    it is one already.
    """
    if not containers:
        return {}, "for"
    first = containers[0]
    for one in mappings if len(containers) == 1 else ():
        for end in one.to:
            service = bool(end.service) and (end.project, end.service) == (first.project, first.service)
            if end.host == first.host and (end.container == first.name or service):
                ports = list(map(str, end.ports))
                to = f"{first.ref}:{','.join(ports)}"
                return {"to": to, "name": one.name, "port": " ".join(ports)}, "for"
    return {"for": " ".join(container.ref for container in containers)}, "to"
