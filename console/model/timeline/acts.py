"""Which entries of one container belong together: its starts, stops, ends and loops of restarts. Pure.

An engine tells of one `docker stop` by four events and of a crash that it mends by five.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from console.model.text import SafeText
from console.model.timeline.entries import (
    CREATED,
    EXITED,
    HEALTHY,
    JOINED,
    LEFT,
    OOM,
    RESTARTED,
    SIGNALLED,
    STARTED,
    STOPPED,
    UNHEALTHY,
    Entry,
)

SECOND: Final = 1_000_000_000

SOON: Final = 10 * SECOND
"""Between the events of one command."""

STOPPING: Final = 900 * SECOND
"""From a signal to the end it explains: `docker stop -t` may be long."""

RACE: Final = 2 * SECOND
"""A `kill` event may come a little after the end it caused."""

BACKOFF: Final = 75 * SECOND
"""From an end to the start by which the engine mends it: it waits a minute at most."""

LOOP: Final = 600 * SECOND
"""From one mended end to the next, to be read as a loop."""

HARMLESS: Final = frozenset({"SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"})
"""Signals that ask a process for something else than its end."""


class Shape(Enum):
    ALONE = auto()
    BEGIN = auto()
    """Created, put into networks, started."""
    STOP = auto()
    """Somebody asked for the end; perhaps started again."""
    EXIT = auto()
    """It ended by itself; perhaps started again by its policy."""
    LOOP = auto()
    """Several of those."""
    HEALTH = auto()


@dataclass(slots=True)
class Act:
    shape: Shape
    entries: list[Entry]
    verbs: set[SafeText] = field(default_factory=set)
    troubles: list[Entry] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.entries[-1].ns

    @property
    def mended(self) -> bool:
        return self.shape is Shape.EXIT and STARTED in self.verbs

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.verbs.add(entry.what)


def acts_of(entries: Iterable[Entry]) -> list[Act]:
    """What the engine's entries about one container tell, in order of time; each entry is in one act."""
    return _loops(_acts(entries))


def _acts(entries: Iterable[Entry]) -> list[Act]:
    acts: list[Act] = []
    for entry in entries:
        if acts and _joins(acts[-1], entry):
            act = acts[-1]
            if act.shape is Shape.EXIT and entry.what in (SIGNALLED, STOPPED):
                act.shape = Shape.STOP
            act.add(entry)
        else:
            acts.append(Act(_opened(entry), [entry], {entry.what}))
    return acts


_OPENS: Final = {
    CREATED: Shape.BEGIN,
    STARTED: Shape.BEGIN,
    JOINED: Shape.BEGIN,
    SIGNALLED: Shape.STOP,
    STOPPED: Shape.STOP,
    EXITED: Shape.EXIT,
    OOM: Shape.EXIT,
    HEALTHY: Shape.HEALTH,
    UNHEALTHY: Shape.HEALTH,
}


def _opened(entry: Entry) -> Shape:
    return Shape.ALONE if _harmless(entry) else _OPENS.get(entry.what, Shape.ALONE)


def _harmless(entry: Entry) -> bool:
    return entry.what == SIGNALLED and entry.detail in HARMLESS


def _joins(act: Act, entry: Entry) -> bool:
    """Whether `entry` goes on with what `act` began."""
    what, gap, verbs = entry.what, entry.ns - act.last, act.verbs
    if act.shape is Shape.HEALTH:
        return what in verbs
    if act.shape is Shape.BEGIN:
        return (what == JOINED or (what in (CREATED, STARTED) and what not in verbs)) and gap <= SOON
    if act.shape is Shape.ALONE or _harmless(entry):
        return False
    if STARTED in verbs:
        return what in (JOINED, RESTARTED) and gap <= SOON
    return what in _WAIT and gap <= _wait(act, what)


_WAIT: Final = (JOINED, STARTED, STOPPED, LEFT, SIGNALLED, EXITED, OOM)


def _wait(act: Act, what: SafeText) -> int:
    """How long after its last entry an end may go on with `what`; negative: not at all."""
    ended, asked = EXITED in act.verbs, act.shape is Shape.STOP
    if what in (STOPPED, LEFT):
        return SOON
    if what in (JOINED, STARTED):
        return -1 if not ended else SOON if asked else BACKOFF
    if what == SIGNALLED and not asked:
        return RACE if ended else -1
    return -1 if ended else STOPPING if asked else SOON


def _loops(acts: Sequence[Act]) -> list[Act]:
    """Mended ends that follow each other closely, as one, with what is told of health between."""
    made: list[Act] = []
    for act in acts:
        at = len(made) - 1
        while at >= 0 and made[at].shape is Shape.HEALTH:
            at -= 1
        loop = made[at] if at >= 0 else None
        if loop is None or not _goes_on(loop, act):
            made.append(act)
            continue
        for absorbed in (*made[at + 1 :], act):
            loop.entries += absorbed.entries
        loop.shape = Shape.LOOP
        del made[at + 1 :]
    return made


def _goes_on(loop: Act, act: Act) -> bool:
    if act.shape is not Shape.EXIT or act.entries[0].ns - loop.last > LOOP:
        return False
    # An end that is not mended yet belongs to a loop that is one already.
    return loop.shape is Shape.LOOP or (loop.mended and act.mended)
