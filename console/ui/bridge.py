"""Between the fleet on its own thread and the widgets on this loop.

One timer takes what changed, ten times a second; whoever draws subscribes to `changed` and `ticked`. When
nothing changed nothing is published, and nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.signal import Signal
from textual.timer import Timer

from console.model.problems import Problem, ProblemKind
from console.service.handle import Batch, FleetHandle
from console.ui.link_news import LinkNews
from console.ui.recorder import Recorder
from console.ui.world import World

if TYPE_CHECKING:
    from console.model.actions import Job
    from console.model.redeploy.plan import RedeployJob
    from console.model.timeline.entries import Entry
    from console.model.timeline.store import Timeline
    from console.service.mappings.desk import MapJob, MappingList

PERIOD = 0.1
"""Seconds between two looks at the fleet."""

REVIEW = 5
"""Seconds between two looks for problems where nothing was heard."""

LULL = 60.0
"""A problem that was gone for less than this many seconds is not a new one when it is back."""

Identity = tuple[str, str, ProblemKind]


class Bridge:
    """The world as it is shown; belongs to the app."""

    def __init__(
        self, owner: DOMNode, handle: FleetHandle, now: Callable[[], float], period: float = PERIOD
    ) -> None:
        self.handle = handle
        self.now = now
        self.world = World(fleet=handle.fleet, hosts=handle.hosts)
        """What is shown; while frozen, an old one."""
        self.frozen_at: float | None = None
        """Since when the screen is frozen; None when it is not."""
        self.changed: Signal[frozenset[str]] = Signal(owner, "changed")
        """The hosts that have a new snapshot in `world`."""
        self.arrived: Signal[frozenset[str]] = Signal(owner, "arrived")
        """The hosts that have a new snapshot in `live`; also while frozen."""
        self.ticked: Signal[float] = Signal(owner, "ticked")
        """A new second: ages and clocks are drawn anew. Also while frozen, see `shown_now`."""
        self.polled: Signal[None] = Signal(owner, "polled")
        """Another look at the fleet, ten times a second: for what has news of its own. Also while frozen."""
        self.freezing: Signal[bool] = Signal(owner, "freezing")
        """The screen was frozen or goes on."""
        self.troubled: Signal[tuple[Problem, ...]] = Signal(owner, "troubled")
        """Problems that were not there before; never those that a host had when it was first heard of."""
        self.recorded: Signal[int] = Signal(owner, "recorded")
        """The timeline has something new; also while frozen."""
        self._recorder = Recorder(now())
        self._told = 0
        self.worked: Signal[tuple[Job | RedeployJob, ...]] = Signal(owner, "worked")
        """Jobs that have come further; also while frozen."""
        self.mapped: Signal[Sequence[MapJob]] = Signal(owner, "mapped")
        """The list of mappings is another one, or these applies have come further; also while frozen."""
        self.links = LinkNews(owner, handle)
        """Links as they are now, also while the screen is frozen."""
        self.working: set[int] = set()
        """Numbers of the jobs under way."""
        self.mapping: set[int] = set()
        """Numbers of the applies of mappings under way; they are counted apart."""
        self._mappings: MappingList | None = None
        self._owner = owner
        self._period = period
        self._live = self.world
        self._waiting: set[str] = set()
        self._known: dict[Identity, float] = {}
        self._began = now()
        self._heard: set[str] = set()
        self._second = 0
        self._timer: Timer | None = None

    @property
    def live(self) -> World:
        """The newest world, also while the screen is frozen: for what acts rather than shows."""
        return self._live

    @property
    def mappings(self) -> MappingList:
        """All mappings as they were last seen, also while the screen is frozen."""
        if self._mappings is None:
            self._mappings = self.handle.mappings.mappings()
        return self._mappings

    @property
    def known_mappings(self) -> MappingList | None:
        """The same where one has come; nobody is asked."""
        return self._mappings

    @property
    def shown_now(self) -> float:
        """The moment the shown figures belong to; ages are counted to here."""
        return self.now() if self.frozen_at is None else self.frozen_at

    @property
    def timeline(self) -> Timeline:
        """What happened, up to now, also while frozen."""
        return self._recorder.timeline

    def start(self) -> None:
        """Begin to take batches; the owner must be running."""
        self.poll()
        self._timer = self._owner.set_interval(self._period, self.poll, name="bridge")

    def stop(self) -> None:
        """Take no more batches."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def poll(self) -> None:
        """Take what changed, and tell of a new second."""
        batch = self.handle.take()
        if batch is not None:
            self._live = self._live.after(batch, self.handle.problems())
            self._waiting |= batch.snapshots.keys()
            self._look_for_trouble()
            self._write(batch)
            self.arrived.publish(frozenset(batch.snapshots))
            if batch.jobs:
                self.working |= {job.number for job in batch.jobs if not job.over}
                self.working -= {job.number for job in batch.jobs if job.over}
                self.worked.publish(batch.jobs)
            self._map(batch)
            self.links.take(batch)
            self._publish()
        self.polled.publish(None)
        second = int(self.now())
        if second != self._second:
            self._second = second
            if second % REVIEW == 0:
                self._review()
            self.ticked.publish(self.shown_now)

    def _map(self, batch: Batch) -> None:
        """Take what a batch brought of mappings."""
        if batch.mappings is None and not batch.map_jobs:
            return
        self._mappings = batch.mappings or self._mappings
        self.mapping |= {job.number for job in batch.map_jobs if not job.over}
        self.mapping -= {job.number for job in batch.map_jobs if job.over}
        self.mapped.publish(batch.map_jobs)

    def _review(self) -> None:
        """Some problems begin or end because time has passed."""
        problems = self.handle.problems()
        if problems != self._live.problems:
            self._live = self._live.after(Batch(), problems)
            self._waiting |= self._live.snapshots.keys()
            self._look_for_trouble()
            self._publish()
        self._write(Batch())

    def _write(self, batch: Batch) -> None:
        """Put down what a batch brought, and what has changed with it."""
        self._recorder.write(self._live, batch, self.now())
        if batch.entries:
            self.timeline.add(batch.entries)
        self._tell()

    def record(self, entry: Entry) -> None:
        """Put something else into the timeline: what operators do."""
        self.timeline.add([entry])
        self._tell()

    def forget(self, number: int) -> None:
        """Take a bookmark out of the timeline."""
        self.timeline.remove(number)
        self._tell()

    def _tell(self) -> None:
        if self._recorder.changes != self._told:
            self._told = self._recorder.changes
            self.recorded.publish(self._told)

    def freeze(self, on: bool) -> None:
        """Hold what is shown, or go on with the newest. Data keep arriving either way."""
        if on is (self.frozen_at is not None):
            return
        self.frozen_at = self.now() if on else None
        self.freezing.publish(on)
        self._publish()

    def _publish(self) -> None:
        if self.frozen_at is None and self._waiting:
            self.world = self._live
            hosts = frozenset(self._waiting)
            self._waiting.clear()
            self.changed.publish(hosts)

    def _look_for_trouble(self) -> None:
        """Find problems that began under our eyes.

        What a host's first list brings is old, and so is what an inspect tells later of times before.
        """
        now = self.now()
        fresh = tuple(p for p in self._live.problems if self._is_new(p, now))
        self._known = {i: at for i, at in self._known.items() if now - at < LULL}
        self._known.update((problem.identity, now) for problem in self._live.problems)
        self._heard |= {name for name, s in self._live.snapshots.items() if s.listed is not None}
        if fresh:
            self.troubled.publish(fresh)

    def _is_new(self, problem: Problem, now: float) -> bool:
        if problem.host not in self._heard or (problem.since is not None and problem.since < self._began):
            return False
        seen = self._known.get(problem.identity)
        return seen is None or now - seen >= LULL
