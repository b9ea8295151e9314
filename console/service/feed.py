"""From the network loop to one reader on another thread: newest snapshots, and a bounded run of events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING

from console.model.events import EngineEvent
from console.model.snapshot import HostSnapshot
from console.service.handle import Batch

if TYPE_CHECKING:
    from console.model.actions import Job
    from console.model.links.link import LinkList
    from console.model.redeploy.plan import RedeployJob
    from console.model.timeline.entries import Entry
    from console.service.mappings.desk import MapJob, MappingList

EVENTS = 2000
"""Events that wait for a reader at most; beyond that the oldest go, and are counted."""

ENTRIES = 1000
"""Entries for the timeline that wait for a reader at most; beyond that the oldest go."""


class Feed:
    """Latest-wins slots and a bounded queue. Safe to use from several threads."""

    def __init__(self, events: int = EVENTS) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, HostSnapshot] = {}
        self._changed: dict[str, HostSnapshot] = {}
        self._events: deque[EngineEvent] = deque()
        self._most = events
        self._jobs: dict[tuple[str, int], Job | RedeployJob] = {}
        self._map_jobs: dict[int, MapJob] = {}
        self._mappings: MappingList | None = None
        self._mappings_changed: MappingList | None = None
        self._links: LinkList | None = None
        self._links_changed: LinkList | None = None
        self._entries: deque[Entry] = deque(maxlen=ENTRIES)
        self._dropped = 0

    def snapshot(self, snapshot: HostSnapshot) -> None:
        """Put the newest snapshot of a host into its slot."""
        with self._lock:
            self._latest[snapshot.name] = snapshot
            self._changed[snapshot.name] = snapshot

    def event(self, event: EngineEvent) -> None:
        """Queue an event."""
        with self._lock:
            if len(self._events) >= self._most:
                self._events.popleft()
                self._dropped += 1
            self._events.append(event)

    def mappings(self, found: MappingList) -> None:
        """Put the newest list of mappings into its slot."""
        with self._lock:
            self._mappings = self._mappings_changed = found

    def latest_mappings(self) -> MappingList | None:
        """The newest list; None: not looked at yet."""
        with self._lock:
            return self._mappings

    def links(self, found: LinkList, *, changed: bool = True, entries: Iterable[Entry] = ()) -> None:
        """Put the newest list of links into its slot; a batch brings it only where it is `changed`."""
        with self._lock:
            self._links = found
            if changed:
                self._links_changed = found
            self._entries.extend(entries)

    def latest_links(self) -> LinkList | None:
        """The newest list; None: not looked at yet."""
        with self._lock:
            return self._links

    def map_job(self, job: MapJob) -> None:
        """Put the newest state of an apply into its slot."""
        with self._lock:
            self._map_jobs[job.number] = job

    def job(self, job: Job | RedeployJob) -> None:
        """Put the newest state of a job into its slot."""
        with self._lock:
            self._jobs[type(job).__name__, job.number] = job

    def take(self) -> Batch | None:
        """All that came since the last call, or None."""
        # Looked at without the lock: a change missed by this call is seen by the next.
        if not (
            self._changed
            or self._events
            or self._jobs
            or self._map_jobs
            or self._mappings_changed
            or self._links_changed
            or self._entries
            or self._dropped
        ):
            return None
        with self._lock:
            changed, self._changed = self._changed, {}
            events, self._events = tuple(self._events), deque()
            jobs, self._jobs = tuple(self._jobs.values()), {}
            map_jobs, self._map_jobs = tuple(self._map_jobs.values()), {}
            mappings, self._mappings_changed = self._mappings_changed, None
            links, self._links_changed = self._links_changed, None
            entries = tuple(self._entries)
            self._entries.clear()
            dropped, self._dropped = self._dropped, 0
        return Batch(
            snapshots=MappingProxyType(changed),
            events=events,
            jobs=jobs,
            map_jobs=map_jobs,
            mappings=mappings,
            links=links,
            entries=entries,
            dropped=dropped,
        )

    def latest(self) -> tuple[HostSnapshot, ...]:
        """The newest snapshot of every host."""
        with self._lock:
            return tuple(self._latest.values())
