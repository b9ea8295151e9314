"""The course of a redeploy: which step is next, found anew each time from what the engine has.

Nothing is remembered between steps but what stands on the engine itself: names, states, restart policies, and
labels of the new container that say of which old one it is. So whoever looks, this console after a cut, the
same one after a SIGKILL, or another on another machine, finds the same next step, forwards or back, and
walking on from anywhere ends in the new container well or the old one running.

The order forwards: create NAME.dockcon-next, connect its networks, take the old one's restart policy (with
`always` an engine restart would bring it back beside the new one), stop it, rename it to NAME.dockcon-old,
rename the new one to NAME, start it, wait until it is well, and only then rename the old one to
NAME.dockcon-prev (or remove it): as long as there is a NAME.dockcon-old, somebody is at work, or was cut off.
Backwards the same from the other end, a way back from NAME.dockcon-prev beginning with that name. Never do
both have a restart policy and a start behind them: an engine that is restarted starts whatever has `always`,
stopped or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

NEXT, ASIDE, PREV = ".dockcon-next", ".dockcon-old", ".dockcon-prev"
ENDINGS = (NEXT, ASIDE, PREV)
"""What a name ends in besides NAME itself: the new one before it has the name, the old one while it is not
known whether the new one is well, and the old one that is kept for a way back.
"""

OPERATION = "dockcon.redeploy"
OF = "dockcon.redeploy.of"
POLICY = "dockcon.redeploy.policy"
RAN = "dockcon.redeploy.ran"
WANTED = "dockcon.redeploy.wanted"
LABELS = (OPERATION, OF, POLICY, RAN, WANTED)
"""On the new container: which operation made it, the full id of the old one, the old one's restart policy
(`always`, `on-failure:3`), whether it ran (`1`, `0`, `paused`), and which restart policy the new one is to
have.
"""


class Goal(StrEnum):
    """Where the course leads."""

    FINISH = "finish"
    UNDO = "undo"


class StepKind(StrEnum):
    """What can be done next."""

    SEND = "send"
    """Its image, from another host: before all others, and never found by looking."""
    CREATE = "create"
    CONNECT = "connect"
    HOLD = "hold"
    """Take the old one's restart policy."""
    STOP_OLD = "stop old"
    SHELVE = "shelve"
    """Rename the old one to NAME.dockcon-old."""
    PROMOTE = "promote"
    """Rename the new one to NAME."""
    ARM = "arm"
    """Give the new one its restart policy, where it was taken on a way back that was turned round."""
    START = "start"
    WAIT = "wait"
    """For health; what comes of it decides."""
    CLEAR = "clear"
    """The new one is well: remove the container kept from the redeploy before this one."""
    KEEP = "keep"
    """Rename the old one to NAME.dockcon-prev."""
    DROP = "drop"
    """Remove the old one."""
    REOPEN = "reopen"
    """Rename the old one from NAME.dockcon-prev to NAME.dockcon-old again: its way back has begun."""
    DISARM = "disarm"
    """Take the new one's restart policy."""
    STOP_NEW = "stop new"
    DEMOTE = "demote"
    """Rename the new one back to NAME.dockcon-next."""
    UNSHELVE = "unshelve"
    """Rename the old one back to NAME."""
    RELEASE = "release"
    """Give the old one its restart policy back."""
    START_OLD = "start old"
    PAUSE_OLD = "pause old"
    """It was paused when all began."""
    DISCARD = "discard"
    """Remove the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One container as the engine has it at this moment."""

    id: str
    name: str
    running: bool
    started: bool
    """Whether it was ever started."""
    policy: str
    """`no`, `always`, `unless-stopped`, `on-failure`, `on-failure:3`."""
    labels: Mapping[str, str]
    networks: int = 1
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a course needs to know of the engine. A container that is gone is None."""

    name: str
    """What the container is called when all is well."""
    old: Seen | None
    new: Seen | None
    shelved: Seen | None = None
    """Whatever is called NAME.dockcon-prev and is not `old`: kept from an earlier redeploy."""
    networks: int = 1
    """In how many networks the new one has to be."""
    wanted: str = "no"
    """The restart policy that the new one is to have."""
    other: Seen | None = None
    """Whoever else is called NAME. Where it is the new one of another redeploy, that was quicker, and what it
    did is not ours to take back.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the old one has to be again when everything is taken back."""

    policy: str
    ran: bool
    paused: bool = False

    @property
    def word(self) -> str:
        """What RAN says of it."""
        return "paused" if self.paused else "1" if self.ran else "0"


def way_back(new: Seen) -> Way:
    """What the labels of a new container say of its old one."""
    ran = new.labels.get(RAN, "1")
    return Way(policy=new.labels.get(POLICY, "no"), ran=ran in ("1", "paused"), paused=ran == "paused")


def next_step(facts: Facts, goal: Goal, way: Way) -> StepKind | None:
    """The step that comes now; None: the goal is reached, as far as the engine's containers go.

    Forwards WAIT comes for as long as the new one runs: whoever waits decides whether it is well.
    """
    return _forwards(facts) if goal is Goal.FINISH else _backwards(facts, way)


def _forwards(facts: Facts) -> StepKind | None:
    old, new = facts.old, facts.new
    if new is None:
        return StepKind.CREATE
    if new.networks < facts.networks and not new.started:
        return StepKind.CONNECT
    if old is not None:
        if old.policy != "no":
            return StepKind.HOLD
        if old.running:
            return StepKind.STOP_OLD
        if old.name == facts.name:
            return StepKind.SHELVE
    if new.name != facts.name:
        return StepKind.PROMOTE
    if new.policy != facts.wanted:
        return StepKind.ARM
    return StepKind.WAIT if new.started else StepKind.START


def last_step(facts: Facts, *, keep: bool) -> StepKind | None:
    """What is left to do once the new one is well; None: nothing."""
    if facts.shelved is not None:
        return StepKind.CLEAR
    if facts.old is None or (keep and facts.old.name == facts.name + PREV):
        return None
    return StepKind.KEEP if keep else StepKind.DROP


def _backwards(facts: Facts, way: Way) -> StepKind | None:
    old, new = facts.old, facts.new
    if facts.other is not None and OPERATION in facts.other.labels:
        return StepKind.DISCARD if new is not None else None
    if old is None:
        # Without an old one there is nothing to go back to; the new one is all there is.
        return None
    if new is not None and new.name == facts.name and old.name == facts.name + PREV:
        return StepKind.REOPEN
    if new is not None and new.started and new.policy != "no":
        return StepKind.DISARM
    if new is not None and new.running:
        return StepKind.STOP_NEW
    if new is not None and new.name == facts.name:
        return StepKind.DEMOTE
    if old.name != facts.name:
        return StepKind.UNSHELVE
    if old.policy != way.policy:
        return StepKind.RELEASE
    if way.ran and not old.running:
        return StepKind.START_OLD
    if way.paused and old.running and not old.paused:
        return StepKind.PAUSE_OLD
    return StepKind.DISCARD if new is not None else None


class Trace(StrEnum):
    """What an engine shows of a redeploy."""

    INTERRUPTED = "interrupted"
    """Half done: somebody has to finish it or take it back."""
    KEPT = "kept"
    """Done, the previous container is kept: there is a way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A redeploy that left something on an engine."""

    trace: Trace
    facts: Facts
    operation: str
    """Empty where no label tells."""


def find(seen: Iterable[Seen]) -> list[Found]:
    """Every redeploy of which these containers of one engine show a trace, by name.

    A container called NAME.dockcon-next or NAME.dockcon-old is half a redeploy, always. One called
    NAME.dockcon-prev is a way back, unless nothing is called NAME, or what is called so was never started.
    """
    by_name = {container.name: container for container in seen}
    by_id = {container.id: container for container in by_name.values()}
    names = {plain(name) for name in by_name if name.endswith(ENDINGS)}
    return [_found(name, by_name, by_id) for name in sorted(names)]


def plain(name: str) -> str:
    """NAME, of NAME or of NAME with one of our endings."""
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def _found(name: str, by_name: Mapping[str, Seen], by_id: Mapping[str, Seen]) -> Found:
    current, next_ = by_name.get(name), by_name.get(name + NEXT)
    aside, prev = by_name.get(name + ASIDE), by_name.get(name + PREV)
    new = next_ if next_ is not None else current if current and OPERATION in current.labels else None
    old = by_id.get(new.labels.get(OF, "")) if new is not None else None
    if old is None:
        old = aside or prev if new is current else aside or current or prev
    if new is not None and old is not None and old.id == new.id:
        old = None
    shelved = prev if prev is not None and (old is None or prev.id != old.id) else None
    facts = Facts(
        name=name,
        old=old,
        new=new,
        shelved=shelved,
        networks=new.networks if new is not None else 1,
        wanted=new.labels.get(WANTED, new.policy) if new is not None else "no",
    )
    half = (
        next_ is not None or aside is not None or current is None or (new is current and not current.started)
    )
    return Found(
        trace=Trace.INTERRUPTED if half else Trace.KEPT,
        facts=facts,
        operation=new.labels.get(OPERATION, "") if new is not None else "",
    )
