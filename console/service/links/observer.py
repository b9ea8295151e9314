"""Links of one fleet at work: hosts are looked at while somebody watches, and what they tell is judged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from console.errors import ConfigError, DockconError
from console.model.clock import Clock
from console.model.containers import ContainerKey
from console.model.events import EngineEvent
from console.model.hosts import HostState
from console.model.links.link import Hop, Link, LinkList
from console.model.links.seen import ProxySession
from console.model.links.sight import HostSight
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.world import HostView
from console.model.snapshot import HostSnapshot
from console.model.timeline.entries import Entry
from console.service.links.desk import Probed
from console.service.tasks import end, first

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks at one host while somebody watches."""

GATHER = 0.15
"""Seconds in which events, and the answers of several hosts, are gathered."""

FIRST_WITHIN = 2.0
"""Seconds that the first list waits for hosts that have not answered yet."""

TWICE = 1.0
"""Seconds between the two looks of one that nobody has prepared: counters mean something as a difference."""

RECENT = 10.0
"""Seconds for which what was seen is good enough to say who would be harmed."""

BREAKS_WITHIN = 3.0
"""Seconds that somebody waits at most to be told who would be harmed."""

_STIRS = frozenset({"container", "network"})


class EyeOn(Protocol):
    """One host: `eye.Eye`."""

    view: HostView | None
    sight: HostSight | None
    sessions: dict[ContainerKey, tuple[ProxySession, ...]]
    wake: asyncio.Event
    selected: str

    async def look(self, sockets: int = ...) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What is known of the fleet at one time."""

    views: Mapping[str, HostView]
    sights: Mapping[str, HostSight]
    sessions: Mapping[ContainerKey, tuple[ProxySession, ...]]


class Finding(Protocol):
    """What makes links of what is known, and answers about them."""

    def find(self, stand: Stand, before: LinkList | None) -> LinkList:
        """Join and judge. Pure."""
        ...

    def changes(self, before: LinkList, after: LinkList) -> Iterable[Entry]:
        """What of it belongs into the timeline."""
        ...

    async def look(self) -> None:
        """Read the mappings now. Raises ConfigError."""
        ...

    def watch(self, on: bool) -> None:
        """Whether mappings are looked at as often as links."""
        ...

    def breaks(self, found: LinkList, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        """Those that would break without these containers. Pure."""
        ...

    async def adopt(self, link: Link) -> Stated:
        """See `LinkDesk`. Raises UsageError, ConfigError."""
        ...

    async def probe(self, link: Link) -> Probed:
        """Dial it as its consumer does."""
        ...


class Observer:
    """Owns the tasks that look. Belongs to the network loop."""

    def __init__(
        self,
        clock: Clock,
        eyes: Mapping[str, EyeOn],
        finding: Finding,
        publish: Callable[[LinkList, bool, tuple[Entry, ...]], None],
        *,
        at_once: int = 24,
    ) -> None:
        """`publish` gets every new list, whether something of it is worth a repaint, and what the timeline is
        to be told. `at_once`: containers whose sockets a single look reads, where it must.
        """
        self.list = LinkList()
        self._clock = clock
        self._eyes = eyes
        self._finding = finding
        self._publish = publish
        self._at_once = at_once
        self._states: dict[str, HostState] = {}
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    # While somebody watches

    def watch(self, on: bool) -> None:
        """Whether somebody looks: without, nothing is asked of any host."""
        if on and self._task is None:
            self._task = asyncio.create_task(self._watch(), name="links")
        elif not on and self._task is not None:
            task, self._task = self._task, None
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            task.cancel()
        self._finding.watch(on)

    @property
    def watched(self) -> bool:
        return self._task is not None

    def select(self, link: Link | None) -> None:
        """The sockets of its consumer are read with each look."""
        key = link.consumer.key if link is not None else None
        for name, eye in self._eyes.items():
            eye.selected = key[1] if key is not None and key[0] == name else ""

    def event(self, event: EngineEvent) -> None:
        """What an engine tells may change how links stand; also those of its neighbours."""
        if event.type in _STIRS and not event.action.startswith(("health_status", "top", "resize", "exec_")):
            eye = self._eyes.get(event.host)
            if eye is not None:
                eye.wake.set()

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """A host that came or went is looked at again."""
        name, state = snapshot.name, snapshot.status.state
        if self._states.get(name) is not state and name in self._eyes:
            self._states[name] = state
            self._eyes[name].wake.set()

    async def aclose(self) -> None:
        """Stop, and wait for it. Idempotent."""
        self.watch(False)
        await end(tuple(self._ending))

    async def _watch(self) -> None:
        works = [self._follow(eye) for eye in self._eyes.values()]
        await first(self._judge_for_ever(), *works)

    async def _follow(self, eye: EyeOn) -> None:
        """One host, at its own pace: nobody waits for it."""
        while True:
            eye.wake.clear()
            await eye.look()
            self._news.set()
            await first(eye.wake.wait(), self._clock.sleep(EVERY))
            if eye.wake.is_set():
                await self._clock.sleep(GATHER)

    async def _judge_for_ever(self) -> None:
        # Until a host was seen its containers are strangers to the others.
        await first(self._all_seen(), self._clock.sleep(FIRST_WITHIN))
        while True:
            # Without news the sights grow older, and that is to be seen, too.
            await first(self._news.wait(), self._clock.sleep(EVERY))
            await self._clock.sleep(GATHER)
            self._news.clear()
            self._judge()

    async def _all_seen(self) -> None:
        while any(
            eye.view is None or (eye.sight is None and not eye.view.missing) for eye in self._eyes.values()
        ):
            self._news.clear()
            await self._news.wait()
        self._news.set()

    # Asked once

    async def look(self) -> LinkList:
        """Observe all hosts now; twice where nobody watches. A slow one is not waited for longer than it has
        for a look. A book that cannot be read is as none; the list of mappings says why.
        """
        works = [self._mappings(), *(self._twice(eye) for eye in self._eyes.values())]
        await asyncio.gather(*works)
        return self._judge()

    async def probe(self, link: Link) -> Probed:
        """By name, from the consumer's own namespaces. Changes nothing."""
        return await self._finding.probe(link)

    async def breaks(self, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        """Which links would break if these containers stopped, worst first."""
        looked = self.list.looked
        if not self.watched and (looked is None or self._clock.now() - looked > RECENT):
            asking = asyncio.ensure_future(self._once())
            try:
                await first(self._clock.sleep(BREAKS_WITHIN), _over(asking))
            finally:
                await end([asking])
            self._judge()
        return self._finding.breaks(self.list, containers)

    async def adopt(self, link: Link) -> Stated:
        """The wording of a mapping. Raises UsageError where it cannot be stated."""
        return await self._finding.adopt(link)

    async def _once(self) -> None:
        await asyncio.gather(self._mappings(), *(eye.look(self._at_once) for eye in self._eyes.values()))

    async def _twice(self, eye: EyeOn) -> None:
        await eye.look(self._at_once)
        if self._task is None:
            await self._clock.sleep(TWICE)
            await eye.look(self._at_once)

    async def _mappings(self) -> None:
        try:
            await self._finding.look()
        except ConfigError as error:
            log.warning("links: without mappings: %s", error)
        except DockconError as error:
            log.warning("links: %s", error)

    # What is made of it

    def _judge(self) -> LinkList:
        eyes = self._eyes.items()
        sessions: dict[ContainerKey, tuple[ProxySession, ...]] = {}
        for _, eye in eyes:
            sessions |= eye.sessions
        stand = Stand(
            views={name: eye.view for name, eye in eyes if eye.view is not None},
            sights={name: eye.sight for name, eye in eyes if eye.sight is not None},
            sessions=sessions,
        )
        before, known = self.list, self.list.looked is not None
        self.list = found = self._finding.find(stand, before if known else None)
        entries = tuple(self._finding.changes(before, found)) if known else ()
        self._publish(found, told(before) != told(found), entries)
        return found


async def _over(task: asyncio.Future[None]) -> None:
    await asyncio.wait({task})


def told(found: LinkList) -> tuple[object, ...]:
    """What of a list is worth a repaint: not when it was looked at, nor what jitters."""
    return (tuple(map(_told, found.links)), dict(found.partly), found.looked is None)


def _told(link: Link) -> Link:
    path = tuple(
        Hop(
            end=hop.end,
            how=hop.how,
            evidence=tuple(replace(one, at=None) for one in hop.evidence),
        )
        for hop in link.path
    )
    return replace(link, checked=None, latency=_rough(link.latency), path=path)


def _rough(seconds: float | None) -> float | None:
    """Within a quarter: a tenth of a millisecond more is no news."""
    if seconds is None or seconds <= 0:
        return seconds
    step = 1e-4
    while step * 1.25 < seconds:
        step *= 1.25
    return step
