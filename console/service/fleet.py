"""All hosts of one hosts.yml at work: one supervisor each, on the network loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from console.errors import GuardRefused, HostUnreachable, UsageError
from console.model.clock import Clock
from console.model.containers import ContainerKey, Inspection
from console.model.events import EngineEvent
from console.model.hosts import HostSpec
from console.model.snapshot import HostSnapshot
from console.model.stock.things import Kind, Stock
from console.service.deeds import Audit
from console.service.feed import Feed
from console.service.history import History
from console.service.links.place import LinkPlace
from console.service.logs.host import Reached
from console.service.logs.room import LogRoom
from console.service.mappings.place import MapPlace
from console.service.remember import Memory
from console.service.session import Surroundings
from console.service.supervisor import Supervisor
from console.service.tasks import end
from console.service.view import View
from console.transport.base import Engine, Transport

if TYPE_CHECKING:
    from console.service.mappings.making import MapSetup, Parts
    from console.service.mappings.work import Mappings
    from console.service.stock.keeper import StockKeeper
    from console.service.works import AnyJob, Works

INSPECTS = 200.0
"""Inspects a second of the whole fleet for what is not urgent: a quarter of what a thread can parse."""

CROWD = 40
"""Hosts from which on figures of hosts that are not in view are taken less often than every two seconds."""

SHELLS = 10
"""Shells a second that a crowd of hosts opens: the rows of all come before the figures of some."""


class Fleet:
    """Owns the supervisors. Made anywhere; from `start` on it belongs to the running loop."""

    def __init__(
        self,
        specs: Sequence[HostSpec],
        clock: Clock,
        memory: Memory,
        feed: Feed,
        *,
        jitter: Callable[[], float] = random.random,
        figures: bool = True,
        audit: Audit | None = None,
        read_only: bool = False,
        mappings: Callable[[], MapSetup] | None = None,
    ) -> None:
        """Without `figures` containers are only listed: no shell is opened, nothing sampled or inspected.
        Without `audit` nothing can be changed: what is not on record is not done. `mappings`: where they are
        kept; without, there are none.
        """
        self.history = History(clock.now())
        self.logs = LogRoom(clock, jitter, self._reach)
        """Streams of logs; they end with the fleet."""
        self._feed = feed
        self._clock = clock
        self._memory = memory
        self._view = View()
        around = Surroundings(
            clock=clock,
            view=self._view,
            history=self.history,
            emit=self._event,
            random=jitter,
            inspects_per_second=max(2.0, INSPECTS / max(1, len(specs))),
            figures=figures,
            sample_every=max(2.0, 2.0 * len(specs) / CROWD),
            first_sample_within=len(specs) / SHELLS if len(specs) > CROWD else 0.0,
        )
        self._supervisors = {spec.name: Supervisor(spec, memory, self, around) for spec in specs}
        self._audit = audit
        self._read_only = read_only
        self._works: Works | None = None
        self._stock: StockKeeper | None = None
        self.map_place = MapPlace(mappings, self._map_parts)
        """Where address mappings are, once somebody looks."""
        self.link_place = LinkPlace(self.map_place, self._map_parts, feed)
        """Where links are, once somebody looks."""
        self._tasks: list[asyncio.Task[None]] = []
        self._transport: Transport | None = None
        for supervisor in self._supervisors.values():
            self.snapshot(supervisor.board.snapshot())

    def start(self, transport: Transport, *, keep_mappings: bool = False) -> None:
        """Dial all hosts. The fleet owns the transport from now on. With `keep_mappings` the list of
        mappings is kept also before somebody asks.
        """
        self._transport = transport
        self._tasks = [
            asyncio.create_task(supervisor.run(transport), name=f"supervisor {name}")
            for name, supervisor in self._supervisors.items()
        ]
        if keep_mappings and not self.map_place.none:
            boards = [supervisor.board for supervisor in self._supervisors.values()]
            keeping = self.map_place.keep(boards, self._clock)
            self._tasks.append(asyncio.create_task(keeping, name="first look at mappings"))

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """Publish what is known of a host."""
        self._feed.snapshot(snapshot)
        self.logs.snapshot(snapshot)
        self.link_place.snapshot(snapshot)
        if self._stock is not None:
            self._stock.snapshot(snapshot)

    def fail(self, error: Exception) -> None:
        """Nothing can be dialled at all: say so at every host."""
        for supervisor in self._supervisors.values():
            supervisor.fail(error)

    async def aclose(self) -> None:
        """Stop everything and wait for it. Idempotent."""
        await self.logs.aclose()
        if self._stock is not None:
            await self._stock.aclose()
        await self.link_place.aclose()
        await self.map_place.aclose()
        if self._works is not None:
            await self._works.aclose()
        if self._audit is not None:
            await self._audit.aclose()
        tasks, self._tasks = self._tasks, []
        await end(tasks)
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()
        self._memory.close()

    @property
    def works(self) -> Works:
        """What changes hosts. Raises GuardRefused where nothing may be changed."""
        if self._audit is None:
            raise GuardRefused("nothing can be changed here: there is no audit file to put it on record")
        if self._works is None:
            # Imported when something is to be changed: nobody waits for it before.
            from console.service.works import Works

            self._works = Works(
                {name: supervisor.spec for name, supervisor in self._supervisors.items()},
                self._clock,
                self._audit,
                self._supervisor,
                self._worked,
                read_only=self._read_only,
            )
        return self._works

    @property
    def stock(self) -> StockKeeper:
        """Images, volumes and networks."""
        if self._stock is None:
            from console.service.stock.keeper import StockKeeper

            hosts = [(supervisor.board, supervisor.reached) for supervisor in self._supervisors.values()]
            self._stock = StockKeeper(hosts, self._clock)
        return self._stock

    async def read_stock(self, host: str, kinds: Collection[Kind], patience: float) -> Stock:
        """Read it once; sizes only within so many seconds, 0: not at all. Raises EngineError, EngineDown,
        HostUnreachable.
        """
        from console.service.stock.reading import measured, read

        supervisor = self._supervisor(host)
        reached = supervisor.reached()
        if reached is None:
            raise supervisor.unreachable()
        stock = await read(reached[0], kinds, Stock(), self._clock.now())
        return await measured(reached[0], stock, patience) if patience else stock

    @property
    def mappings(self) -> Mappings:
        """Address mappings. Raises UsageError where this fleet has no place to keep them."""
        return self.map_place.mappings

    def retry(self, host: str) -> None:
        """Connect to `host` now."""
        self._supervisor(host).retry()

    def switch(self, host: str, on: bool) -> None:
        """Take `host` out or back in."""
        self._supervisor(host).switch(on)

    def answer(self, host: str, answers: tuple[str, ...] | None) -> None:
        """Answer the question `host` is waiting with."""
        self._supervisor(host).answer(answers)

    def in_view(self, keys: Collection[ContainerKey]) -> None:
        """These containers are on the screen."""
        self._view.show(keys)

    async def inspect(self, key: ContainerKey) -> Inspection:
        """Ask the engine. Raises NotFound, EngineDown or HostUnreachable."""
        return await self._supervisor(key[0]).inspect(key[1])

    def _event(self, event: EngineEvent) -> None:
        self._feed.event(event)
        self.logs.event(event)
        self.map_place.event(event)
        self.link_place.event(event)
        if self._stock is not None:
            self._stock.event(event)

    def _worked(self, job: AnyJob) -> None:
        from console.model.actions import Job
        from console.model.stock.plan import Discard

        self._feed.job(job)
        if self._stock is not None and isinstance(job, Job):
            for target in job.targets:
                if isinstance(target, Discard) and target.key in job.outcomes:
                    self._stock.suspect(target.host, target.what)

    def _map_parts(self) -> Parts:
        from console.service.mappings.making import Parts

        return Parts(
            specs={name: supervisor.spec for name, supervisor in self._supervisors.items()},
            clock=self._clock,
            audit=self._audit,
            supervisor=self._supervisor,
            reach=self._engine,
            read_only=self._read_only,
            changed=self._feed.map_job,
            publish=self._feed.mappings,
        )

    async def _engine(self, host: str) -> Engine:
        """The engine of a host that was heard of lately. Raises HostUnreachable."""
        supervisor = self._supervisor(host)
        reached = supervisor.reached()
        if reached is None:
            raise supervisor.unreachable()
        if supervisor.board.silent():
            # What is sent into a link that may be dead may or may not arrive.
            raise HostUnreachable(
                host, "nothing was heard of it for some seconds", next_step="try again when it is up"
            )
        return reached[0]

    def _reach(self, host: str) -> Reached | None:
        supervisor = self._supervisors.get(host)
        reached = supervisor.reached() if supervisor is not None else None
        return Reached(*reached) if reached is not None else None

    def _supervisor(self, host: str) -> Supervisor:
        try:
            return self._supervisors[host]
        except KeyError:
            raise UsageError(f"no host is called {host}") from None
