"""By which time the lines of a stream are ordered: what the clocks of its hosts are found to be."""

from __future__ import annotations

from console.model.clock import Clock
from console.model.logs.lines import LogSource, NoteKind
from console.service.logs import notes
from console.service.logs.funnel import Funnel
from console.service.logs.host import known
from console.service.logs.members import Members
from console.service.logs.skew import corrections, spoken

CLOCKS = 0.7
"""Seconds for which the first lines wait at most until clocks are read."""


class Ordering:
    """Of one stream."""

    def __init__(self, members: Members, funnel: Funnel, clock: Clock) -> None:
        self._members = members
        self._funnel = funnel
        self._clock = clock
        self._begun = clock.monotonic()
        self._corrections: dict[str, int] = {}

    @property
    def corrected(self) -> bool:
        """Whether lines are ordered by corrected time."""
        return bool(self._corrections)

    @property
    def timeless(self) -> bool:
        """Whether lines should wait for a clock to be read."""
        return self._clock.monotonic() - self._begun < CLOCKS and any(
            side.reading is None and side.up and self.wants_clock(name)
            for name, side in self._members.hosts.items()
        )

    def wants_clock(self, name: str) -> bool:
        """Whether a host's clock matters: for the order among hosts, or to know how far a reader is late."""
        here = self._members.of_host(name)
        return bool(here) and (
            self._members.several_hosts
            or any(tailer.setup is not None and tailer.setup.max_size is not None for tailer in here)
        )

    def joined(self, source: LogSource) -> None:
        """A source joined."""
        if source.host in self._corrections:
            self._funnel.merger.correct(source.index, self._corrections[source.host])

    def read(self) -> None:
        """A clock was read."""
        readings = known(self._members.hosts.values())
        found = corrections(readings)
        if found and not self._corrections:
            ns = max(side.now_ns() for side in self._members.hosts.values())
            self._funnel.note(notes.plain(NoteKind.CLOCK, -1, ns, spoken(readings)))
        self._corrections = found
        for tailer in self._members.tailers:
            self._funnel.merger.correct(tailer.source.index, found.get(tailer.source.host, 0))
