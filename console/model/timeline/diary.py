"""What no engine tells: how states of hosts and problems change from one look at the fleet to the next.

A state machine over snapshots, fed by whoever takes them; no input or output of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from console.model.containers import Container
from console.model.events import EngineEvent
from console.model.hosts import HostState, HostStatus
from console.model.problems import Problem, ProblemKind
from console.model.snapshot import HostSnapshot
from console.model.text import NOTHING, SafeText, safe
from console.model.timeline.entries import (
    Entry,
    Source,
    Weight,
    of_event,
    problem_began,
    problem_ended,
    remark,
    thing,
)
from console.model.timeline.store import Timeline
from console.model.units import span_words

LULL: Final = 60.0
"""A problem must be gone for so many seconds to be over: a container in a restart loop runs now and then."""

Identity = tuple[str, str, ProblemKind]

_WORDS: Final[Mapping[HostState, tuple[SafeText, Weight]]] = {
    HostState.UP: (safe("up"), Weight.GOOD),
    HostState.QUIET: (safe("quiet"), Weight.WARN),
    HostState.ENGINE_DOWN: (safe("engine down"), Weight.BAD),
    HostState.LOST: (safe("lost"), Weight.BAD),
    HostState.NEEDS_YOU: (safe("needs you"), Weight.WARN),
    HostState.REFUSED: (safe("refused"), Weight.BAD),
    HostState.OFF: (safe("switched off"), Weight.PLAIN),
    HostState.CONNECTING: (safe("connecting"), Weight.PLAIN),
}


@dataclass(slots=True)
class _Open:
    """A problem that is there."""

    problem: Problem
    began: float
    gone: float | None = None
    """Since when it is not seen any more."""


class Diary:
    """Writes what happens into a timeline. Seconds of the Unix epoch by our clock."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._states: dict[str, HostStatus] = {}
        self._down: dict[str, float] = {}
        """Since when a host that was up is not."""
        self._open: dict[Identity, _Open] = {}
        self._heard: set[str] = set()

    def write(
        self,
        snapshots: Mapping[str, HostSnapshot],
        events: Iterable[EngineEvent],
        problems: Iterable[Problem],
        dropped: int,
        now: float,
    ) -> None:
        """What one batch brought; `snapshots` and `problems` are all there are, `dropped` events are lost."""
        timeline = self._timeline
        if dropped:
            many = safe(f"{dropped} did not fit the queue")
            timeline.add([remark(int(now * 1e9), "", safe("events missed"), many)])
        timeline.add(self._events(events, snapshots))
        timeline.add([entry for s in snapshots.values() for entry in self._state(s)])
        timeline.add(self._problems(problems, snapshots, now))

    def _events(
        self, events: Iterable[EngineEvent], snapshots: Mapping[str, HostSnapshot]
    ) -> Iterator[Entry]:
        for event in events:
            entry = of_event(event, self._about(event, snapshots))
            if entry is not None:
                yield entry

    def _about(self, event: EngineEvent, snapshots: Mapping[str, HostSnapshot]) -> Container | None:
        """The container of an event: one object for as long as it has the same name."""
        if not event.container_id:
            return None
        known = self._timeline.known((event.host, event.container_id))
        listed = _listed(snapshots, event.host, event.container_id)
        return known if known and (not listed or listed.name == known.name) else listed

    # States of hosts

    def _state(self, snapshot: HostSnapshot) -> Iterator[Entry]:
        """A host's way from one state to another. That it came up when the console started is no news."""
        name, status = snapshot.name, snapshot.status
        old = self._states.get(name)
        if old is status:
            return
        self._states[name] = status
        first = old is None or (old.state is HostState.CONNECTING and name not in self._down)
        if old is not None and old.state is status.state:
            return
        if status.state is HostState.CONNECTING or (first and status.state in (HostState.UP, HostState.OFF)):
            return
        what, weight = _WORDS[status.state]
        detail = status.reason
        if status.state is HostState.UP:
            since = self._down.pop(name, None)
            detail = NOTHING if since is None else safe(f"after {span_words(status.since - since)}")
        else:
            self._down.setdefault(name, status.since)
        yield Entry(
            ns=int(status.since * 1e9),
            source=Source.HOST,
            about=thing(name),
            what=what,
            detail=detail,
            weight=weight,
        )

    # Problems

    def _problems(
        self, problems: Iterable[Problem], snapshots: Mapping[str, HostSnapshot], now: float
    ) -> list[Entry]:
        """Those that began and ended, on hosts that can be seen; what a host's first list brings is old."""
        fresh = {name for name, s in snapshots.items() if s.fresh}
        # What a host is, its state tells already.
        seen = {p.identity: p for p in problems if p.host in fresh and p.kind is not ProblemKind.HOST}
        made = []
        for identity, problem in seen.items():
            known = self._open.get(identity)
            if known is None:
                self._open[identity] = _Open(problem, now)
                if problem.host in self._heard:
                    made.append(problem_began(problem, *_place(problem, snapshots, now)))
            else:
                known.problem, known.gone = problem, None
        for identity, known in list(self._open.items()):
            if identity not in seen and identity[0] in fresh:
                made += self._ending(identity, known, snapshots, now)
        self._heard |= fresh
        return made

    def _ending(
        self, identity: Identity, known: _Open, snapshots: Mapping[str, HostSnapshot], now: float
    ) -> Iterator[Entry]:
        host, container_id, _ = identity
        if container_id and container_id not in snapshots[host].containers:
            # That it was removed is told by the engine.
            del self._open[identity]
        elif known.gone is None:
            known.gone = now
        elif now - known.gone >= LULL:
            del self._open[identity]
            lasted = safe(span_words(known.gone - known.began))
            yield problem_ended(known.problem, *_place(known.problem, snapshots, known.gone), lasted)


def _listed(snapshots: Mapping[str, HostSnapshot], host: str, container_id: str) -> Container | None:
    snapshot = snapshots.get(host)
    return snapshot.containers.get(container_id) if snapshot and container_id else None


def _place(problem: Problem, snapshots: Mapping[str, HostSnapshot], at: float) -> tuple[Container, int]:
    """What a problem is about, and the moment `at` by the clock of its host, which stamps its events."""
    load = snapshots[problem.host].load
    there = at + (load.skew or 0.0 if load else 0.0)
    about = _listed(snapshots, problem.host, problem.container)
    return about or thing(problem.host, problem.name, problem.container), int(there * 1e9)
