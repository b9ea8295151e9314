"""Mappings of one fleet at work, on the network loop: asked, planned, applied, kept and mended."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from console.errors import CapabilityMissing, DockconError, UsageError
from console.model.actions import Consent
from console.model.containers import ContainerKey
from console.model.events import EngineEvent
from console.model.guards import check
from console.model.mappings.haproxy import mapping_of
from console.model.mappings.mapping import Mapping, Revision
from console.model.mappings.steps import MapPlan, Proof
from console.model.mappings.world import World
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.service.mappings.apply import Application
from console.service.mappings.desk import MapJob, MappingList, Offers
from console.service.mappings.gather import consumers
from console.service.mappings.keeper import Keeper
from console.service.mappings.repair import Repairs
from console.service.mappings.room import MapRoom
from console.service.mappings.take import Taker
from console.service.mappings.verify import by_name, of_proxies
from console.service.tasks import end

JOBS_KEPT = 100

BY_ITSELF = Consent(yes=True)
"""What `repair: auto` in hosts.yml agrees to; a host that wants a name typed is not satisfied by it."""


class Mappings:
    """Belongs to the network loop."""

    def __init__(
        self,
        room: MapRoom,
        taker: Taker,
        *,
        changed: Callable[[MapJob], None],
        publish: Callable[[MappingList], None],
        number: Callable[[], int],
    ) -> None:
        """`changed` gets every new state of a job, `publish` every new list; `number`: of an own job."""
        self.room = room
        self.taker = taker
        self._changed = changed
        self._jobs: dict[int, MapJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self.keeper = Keeper(room, publish, self._amended)
        self._repairs = Repairs(
            room, lambda plan, why: self.begin(number(), plan, BY_ITSELF, why), self.keeper.nudge
        )

    def jobs(self) -> tuple[MapJob, ...]:
        """The newest hundred, oldest first."""
        return tuple(self._jobs.values())

    def job(self, number: int) -> MapJob:
        """One of them."""
        return self._jobs[number]

    def event(self, event: EngineEvent) -> None:
        """What an engine tells."""
        self.keeper.event(event)

    async def plan(self, mapping_id: str, mapping: Mapping | None) -> MapPlan:
        """What it would take. Raises ConfigError."""
        return await self.room.plan(mapping_id, mapping)

    def begin(self, number: int, plan: MapPlan, consent: Consent, cause: SafeText = NOTHING) -> None:
        """Apply a plan, after whatever is under way for the same mapping. `cause`: of a repair."""
        job = MapJob(number=number, plan=plan, began=self.room.clock.now(), cause=cause)
        self._put(job)
        task = asyncio.create_task(self._apply(job, consent), name=f"map {plan.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Stop where they are: what is left is seen by whoever looks next."""
        await self._repairs.aclose()
        await end(tuple(self._tasks))
        await self.keeper.aclose()
        await self.room.store.aclose()

    async def look(self) -> MappingList:
        """Read the book and look at the world now. Raises ConfigError."""
        self.keeper.start()
        return await self.keeper.look()

    async def world(self, hosts: Sequence[str]) -> World:
        """As planning sees it."""
        book = await self.room.store.read()
        wanted = hosts or self.room.gatherer.hosts
        return await self.room.gatherer.look(wanted, consumers(*book.mappings.values()), fresh=True)

    async def offers(self, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> Offers:
        """What to fill an editor with. Raises NotFound, HostUnreachable."""
        # Only an editor asks.
        from console.service.mappings.offering import offers

        return await offers(self.room, consumer, endpoint)

    async def verify(self, mapping_id: str) -> tuple[Proof, ...]:
        """Ask the running world. Raises UsageError where there is no such mapping."""
        mapping = await self._stated(mapping_id)
        world = await self.room.look(mapping)
        names = await by_name(mapping, world, self.room.reach, read_only=self.room.read_only)
        return (*of_proxies(mapping, world), *names)

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first."""
        return await self.room.store.history(mapping_id)

    async def adopt(self, mapping_id: str) -> MapPlan:
        """A plan that takes what runs into the book."""
        world = await self.room.gatherer.look(self.room.gatherer.hosts, fresh=True)
        for one in world.ambassadors(mapping_id):
            found = mapping_of(one.config or "")
            if found is not None and found.id == mapping_id:
                return await self.plan(mapping_id, found)
        plan = await self.plan(mapping_id, None)
        why = safe("no ambassador of it tells which mapping it was made from")
        return replace(plan, steps=(), refusals=(why,))

    async def cut(self, mapping_id: str, consent: Consent) -> int:
        """End sessions on earlier endpoints; return how many there were."""
        room = self.room
        world = await room.look(await self._stated(mapping_id))
        operation, cut = uuid.uuid4().hex[:16], 0
        failed: DockconError | None = None
        ambassadors = world.ambassadors(mapping_id)
        name = sanitise(mapping_id, 200)
        for one in ambassadors:
            named = replace(one.container.target, name=name)
            check(room.spec(one.container.host), named, consent, read_only=room.read_only)
        for one in ambassadors:
            if one.running is not None and one.running.old_sessions == 0:
                continue
            target = one.container.target
            try:
                async with room.on_record(operation, f"map {mapping_id}: cut old sessions", target):
                    cut += await (await room.reach(target.host)).wiring.cut_old(target.id)
            except CapabilityMissing as error:
                failed = error
        self.keeper.nudge()
        if failed is not None and not cut:
            raise failed
        return cut

    async def _stated(self, mapping_id: str) -> Mapping:
        book = await self.room.store.read()
        if mapping_id not in book.mappings:
            raise UsageError(f"there is no mapping {sanitise(mapping_id, 64)}", next_step="dockcon map list")
        return book.mappings[mapping_id]

    async def _apply(self, job: MapJob, consent: Consent) -> None:
        async with self._locks.setdefault(job.plan.id, asyncio.Lock()):
            operation = uuid.uuid4().hex[:16]
            await Application(self.room, self.taker, job, consent, operation, self._put).run()
        self.keeper.nudge()

    def _amended(self, found: MappingList) -> MappingList:
        busy = [job.plan.id for job in self._jobs.values() if not job.over]
        return self._repairs.listed(found, busy)

    def _put(self, job: MapJob) -> None:
        self._jobs[job.number] = job
        while len(self._jobs) > JOBS_KEPT:
            over = next((number for number, known in self._jobs.items() if known.over), None)
            if over is None:
                break
            del self._jobs[over]
        self._changed(job)
