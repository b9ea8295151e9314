"""What a screen (or any other front end on another thread) sees of the running fleet.

The fleet itself lives on the network loop. A `FleetHandle` may be used from any one other thread: its
plain methods return at once, its coroutines run on the caller's loop and wait for the network loop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from console.model.containers import ContainerKey, Inspection, Usage
from console.model.events import EngineEvent
from console.model.hosts import HostLoad, HostSpec
from console.model.problems import Problem
from console.model.snapshot import HostSnapshot
from console.service.tap import LogDesk

if TYPE_CHECKING:
    from console.model.actions import Job
    from console.model.links.link import LinkList
    from console.model.redeploy.plan import RedeployJob
    from console.model.timeline.entries import Entry
    from console.service.deeds import ActionDesk
    from console.service.links.desk import LinkDesk
    from console.service.mappings.desk import MapJob, MappingDesk, MappingList


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed since the last `take`."""

    snapshots: Mapping[str, HostSnapshot] = field(default_factory=dict)
    """The newest snapshot of each host that changed; those in between are gone (latest wins)."""
    events: tuple[EngineEvent, ...] = ()
    """In order of arrival."""
    jobs: tuple[Job | RedeployJob, ...] = ()
    """The newest state of each job that changed."""
    map_jobs: tuple[MapJob, ...] = ()
    """The newest state of each apply of a mapping that changed."""
    mappings: MappingList | None = None
    """The newest list of mappings, where something of it changed."""
    links: LinkList | None = None
    """The newest list of links, where something of it changed."""
    entries: tuple[Entry, ...] = ()
    """What of links belongs into the timeline, oldest first."""
    dropped: int = 0
    """Events that did not fit the queue since the last `take`; the oldest were dropped."""


class StockDesk(Protocol):
    """Images, volumes and networks are read only while somebody looks."""

    def look(self, on: bool) -> None:
        """They are on the screen, or no more."""
        ...

    def again(self, hosts: Collection[str]) -> None:
        """Read them on these hosts, and measure sizes, now."""
        ...


class FleetHandle(LogDesk, Protocol):
    """The running fleet as a front end sees it."""

    @property
    def fleet(self) -> str:
        """The fleet's name."""
        ...

    @property
    def hosts(self) -> tuple[HostSpec, ...]:
        """In the order of hosts.yml."""
        ...

    def take(self) -> Batch | None:
        """What changed since the last call; None when nothing did. Cheap: call it at 10 Hz."""
        ...

    def problems(self) -> tuple[Problem, ...]:
        """All problems of the newest snapshots, worst first."""
        ...

    def retry(self, host: str) -> None:
        """Connect now instead of waiting (also after `refused`, `needs-you`)."""
        ...

    def switch(self, host: str, on: bool) -> None:
        """Take a host out of the fleet or back in; remembered over restarts of the console."""
        ...

    def answer(self, host: str, answers: tuple[str, ...] | None) -> None:
        """Answer the host's pending question; None is no."""
        ...

    def in_view(self, containers: Collection[ContainerKey]) -> None:
        """Which rows are on the screen: hosts without a shell follow statistics of these only."""
        ...

    @property
    def stock(self) -> StockDesk:
        """What is asked about images, volumes and networks; snapshots have them."""
        ...

    def usage_history(self, key: ContainerKey) -> tuple[Usage, ...]:
        """Samples of the last ten minutes at most, oldest first."""
        ...

    def load_history(self, host: str) -> tuple[HostLoad, ...]:
        """Samples of the last ten minutes at most, oldest first."""
        ...

    @property
    def orders(self) -> ActionDesk:
        """What can be asked to be done."""
        ...

    @property
    def mappings(self) -> MappingDesk:
        """Address mappings: what is stated, how it stands, and how to change it."""
        ...

    @property
    def links(self) -> LinkDesk:
        """Who depends on whom, as it is seen while somebody looks."""
        ...

    async def inspect(self, key: ContainerKey) -> Inspection:
        """Ask the engine. Raises NotFound, EngineDown, HostUnreachable."""
        ...

    async def aclose(self) -> None:
        """Stop everything, close every connection, end the network thread; returns when all is gone."""
        ...
