"""One host as one log stream sees it: reached or not, what was lost with it, and how its clock goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.model.clock import Clock
from console.model.containers import Container
from console.model.hosts import HostState, HostStatus
from console.model.logs.lines import Note, NoteKind
from console.model.logs.wish import ClockReading
from console.model.snapshot import HostSnapshot
from console.service.logs import notes
from console.service.logs.follows import Follows
from console.transport.base import Engine

GRACE = 0.5
"""Seconds in which what broke may be mended before it is worth a note."""

MENDS = 3.0
"""The same while the host as a whole is up."""

PATIENCE = 3.0
"""Seconds after which a host that was not reached from the beginning is worth a note."""

LOOK_AGAIN = 0.5
"""Seconds between looks at a host whose state says up and whose engine is not there."""

CLOCK_EVERY = 30.0
"""Seconds between two notes that the clock of one host went back, at least."""

AWAY = frozenset(
    {HostState.LOST, HostState.ENGINE_DOWN, HostState.NEEDS_YOU, HostState.REFUSED, HostState.OFF}
)
"""States in which nothing can be read; while `quiet`, what is open may go on."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An engine that answers, and the connection it is reached by."""

    engine: Engine
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAccess:
    """What all streams of a fleet share of one host."""

    name: str
    reach: Callable[[], Reached | None]
    follows: Follows


class HostSide:
    """Belongs to one stream."""

    def __init__(self, access: HostAccess, clock: Clock, say: Callable[[Note], None]) -> None:
        """`say` takes notes about this host."""
        self.name = access.name
        self.follows = access.follows
        self.snapshot: HostSnapshot | None = None
        self.listed: Mapping[str, Container] = {}
        """Containers of the newest snapshot."""
        self.seen_fresh = False
        """Whether it has been seen what runs there."""
        self.reading: ClockReading | None = None
        self.gaps = 0
        """Gaps noted since the host was lost."""
        self._reach = access.reach
        self._clock = clock
        self._say = say
        self._changed = asyncio.Event()
        self._away: set[int] = set()
        """Sources that have not proven yet that nothing of theirs is missing."""
        self._lost_at = 0.0
        self._lost_ns: int | None = None
        """Since when, while a loss has been noted."""
        self._never = False
        """Whether it was not reached from the beginning."""
        self._since_ns = 0
        self._clock_noted = float("-inf")
        self._why = ""
        self._timer: asyncio.TimerHandle | None = None

    def look(self, snapshot: HostSnapshot) -> None:
        """The newest snapshot."""
        self.snapshot = snapshot
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def status(self) -> HostStatus | None:
        return self.snapshot.status if self.snapshot is not None else None

    @property
    def up(self) -> bool:
        return self.snapshot is not None and self.snapshot.status.state is HostState.UP

    @property
    def away(self) -> bool:
        """Whether nothing can be read."""
        return self.snapshot is None or self.snapshot.status.state in AWAY

    def now_ns(self) -> int:
        """The engine's time now, as well as it is known."""
        ahead = self.reading.ahead if self.reading is not None else 0.0
        return int((self._clock.now() + ahead) * 1e9)

    async def reached(self) -> Reached:
        """Wait until the engine can be asked."""
        while True:
            if self.up and (reached := self._reach()) is not None:
                return reached
            try:
                async with asyncio.timeout(LOOK_AGAIN if self.up else None):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def current(self, reached: Reached) -> bool:
        """Whether this still is the connection there is; what came by an older one is not used."""
        return self._reach() == reached

    def lost(self, source: int, why: str) -> None:
        """Source `source` cannot be read any more, because of its host."""
        if not self._away:
            self._since_ns = self._heard_ns()
            self._why = why
            self.gaps = 0
            self._lost_at = self._clock.monotonic()
            self._timer = asyncio.get_running_loop().call_later(GRACE, self._say_lost)
        self._away.add(source)

    def proven(self, source: int) -> None:
        """Nothing of source `source` is missing, or a gap was noted, or it is over."""
        if source not in self._away:
            return
        self._away.discard(source)
        if self._away:
            return
        self._stop_timer()
        if self._lost_ns is not None:
            since, self._lost_ns = self._lost_ns, None
            away = self._clock.monotonic() - self._lost_at
            if self._never:
                # Of what it wrote before nothing was promised.
                self._never = False
                self._say(notes.reached(self.now_ns(), since, away, self.name))
                return
            self._say(notes.back(self.now_ns(), since, away, self.name, whole=not self.gaps))

    def went_back(self, source: int, ns: int) -> None:
        """The engine stamped lines of source `source` earlier than those before them."""
        now = self._clock.monotonic()
        if now - self._clock_noted < CLOCK_EVERY:
            return
        self._clock_noted = now
        text = f"the clock of {self.name} went back by {notes.span(ns / 1e9)}"
        self._say(notes.plain(NoteKind.CLOCK, source, self.now_ns(), text))

    def never_reached(self) -> None:
        """Say that this host, from which lines are wanted, has not been reached so far."""
        if self.seen_fresh or self._lost_ns is not None:
            return
        self._since_ns, self._lost_at = self.now_ns(), self._clock.monotonic()
        self._why = self.reason()
        self._never = True
        self._away.add(-1)
        self._say_lost()

    def reason(self) -> str:
        """Why it is not reached."""
        status = self.status
        if status is None:
            return "not asked yet"
        return f"{status.state}: {status.reason}" if status.reason else str(status.state)

    def close(self) -> None:
        """Say nothing any more."""
        self._stop_timer()

    def _say_lost(self) -> None:
        self._timer = None
        if not self._away or self._lost_ns is not None:
            return
        if self.up and self._clock.monotonic() - self._lost_at < MENDS:
            self._timer = asyncio.get_running_loop().call_later(GRACE, self._say_lost)
            return
        self._lost_ns = self._since_ns
        why = self.status.reason if self.away and self.status is not None else ""
        text = f"{self.name} is not reached" if not self.up else f"logs of {self.name} cannot be read"
        self._say(notes.lost(self.now_ns(), self._since_ns, text, why or self._why, never=self._never))

    def _heard_ns(self) -> int:
        """When the host was last heard, by its engine's clock."""
        heard = self.snapshot.heard if self.snapshot is not None else None
        if heard is None or not self.away:
            return self.now_ns()
        return min(self.now_ns(), self.now_ns() - int((self._clock.now() - heard) * 1e9))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def known(hosts: Iterable[HostSide]) -> dict[str, ClockReading]:
    """What was read of clocks so far."""
    return {host.name: host.reading for host in hosts if host.reading is not None}
