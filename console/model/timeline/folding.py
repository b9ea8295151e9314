"""Lines of the timeline: what belongs together is one `Moment`, in words. Pure.

Every entry is in exactly one moment, so nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from console.model.containers import Container, ContainerKey
from console.model.problems import ProblemKind
from console.model.text import NOTHING, SafeText, safe
from console.model.timeline.acts import SECOND, SOON, Act, Shape, acts_of
from console.model.timeline.entries import (
    CREATED,
    EXITED,
    HEALTHY,
    JOINED,
    OOM,
    RESTARTED,
    SIGNALLED,
    STARTED,
    STOPPED,
    UNHEALTHY,
    Entry,
    Source,
    Weight,
)
from console.model.units import span_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline."""

    entries: tuple[Entry, ...]
    """What it was made of, in order of time; at least one."""
    what: SafeText
    detail: SafeText
    weight: Weight

    @property
    def ns(self) -> int:
        """When it was over, or last happened."""
        return self.entries[-1].ns

    @property
    def began(self) -> int:
        return self.entries[0].ns

    @property
    def order(self) -> tuple[int, int]:
        return self.entries[-1].order

    @property
    def number(self) -> int:
        """Its identity: that of its first entry."""
        return self.entries[0].number

    @property
    def source(self) -> Source:
        return self.entries[-1].source

    @property
    def about(self) -> Container:
        return self.entries[-1].about

    @property
    def host(self) -> str:
        return self.about.host

    @property
    def key(self) -> ContainerKey | None:
        """The container it is about."""
        return self.entries[-1].key


def fold(entries: Sequence[Entry], more: bool = False) -> list[Moment]:
    """The moments of one subject's `entries`, which are in order; in the order of their first entries.

    `more`: older entries were dropped, so that the first moment may have begun earlier.
    """
    if not entries or entries[0].key is None or entries[0].source is Source.OPERATOR:
        return [_alone(entry) for entry in entries]
    acts = acts_of(entry for entry in entries if entry.source is Source.ENGINE)
    left = _explained((entry for entry in entries if entry.source is not Source.ENGINE), acts)
    was_bad = False
    moments = []
    for at, act in enumerate(acts):
        # Where its oldest entry is the start that mended a dropped end, a loop is the second act.
        moments.append(_moment(act, was_bad, more and at < 2))
        if act.shape is Shape.HEALTH:
            was_bad = act.entries[-1].what == UNHEALTHY
    return [*moments, *(_alone(entry) for entry in left)]


def _alone(entry: Entry) -> Moment:
    return Moment(entries=(entry,), what=entry.what, detail=entry.detail, weight=entry.weight)


_EXPLAINS: Final = {
    ProblemKind.UNHEALTHY: (Shape.HEALTH,),
    ProblemKind.RESTARTING: (Shape.LOOP, Shape.EXIT),
    ProblemKind.EXITED: (Shape.LOOP, Shape.EXIT),
    ProblemKind.OOM: (Shape.LOOP, Shape.EXIT),
}
"""What an engine says when such a problem begins."""


def _explained(problems: Iterable[Entry], acts: Sequence[Act]) -> list[Entry]:
    """Problems the engine's own words tell already go into those; return the others."""
    left = []
    for entry in problems:
        shapes = _EXPLAINS.get(entry.trouble, ()) if entry.trouble else ()
        told = (act for act in reversed(acts) if act.shape in shapes and _near(act, entry))
        act = next(told, None)
        if act is None:
            left.append(entry)
        else:
            act.troubles.append(entry)
    return left


def _near(act: Act, entry: Entry) -> bool:
    if act.shape is Shape.HEALTH:
        good = act.entries[-1].what == HEALTHY
        return good is (entry.weight is Weight.GOOD) and abs(entry.ns - act.entries[0].ns) <= SOON
    if entry.weight is Weight.GOOD:
        return False
    return act.entries[0].ns - SOON <= entry.ns <= act.last + SOON


# What they are called


def _moment(act: Act, was_bad: bool, more: bool) -> Moment:
    entries = act.entries
    what, detail, weight = _words(act, was_bad, more)
    if any(trouble.weight is Weight.BAD for trouble in act.troubles):
        weight = Weight.BAD
    if act.troubles:
        # The line stands where the engine put it; its problems are told a moment later.
        entries = sorted([*act.troubles, *entries[:-1]], key=lambda e: e.order) + entries[-1:]
    return Moment(entries=tuple(entries), what=what, detail=detail, weight=weight)


_Words = tuple[SafeText, SafeText, Weight]


def _words(act: Act, was_bad: bool, more: bool) -> _Words:
    first, verbs = act.entries[0], act.verbs
    match act.shape:
        case Shape.HEALTH if first.what == HEALTHY:
            return HEALTHY, safe("again") if was_bad else NOTHING, Weight.GOOD if was_bad else Weight.PLAIN
        case Shape.BEGIN:
            return _begun(act)
        case Shape.STOP if EXITED in verbs or STOPPED in verbs:
            return _stopped(act)
        case Shape.LOOP:
            return _loop(act, more)
        case Shape.EXIT:
            return _exit(act)
        case _:
            return first.what, first.detail, first.weight


def _begun(act: Act) -> _Words:
    verbs, networks = act.verbs, ", ".join(e.detail for e in act.entries if e.what == JOINED)
    if verbs == {JOINED}:
        return JOINED, SafeText(networks), Weight.PLAIN
    image = next((e.detail for e in act.entries if e.what == CREATED), NOTHING)
    what = (
        safe("created, started") if {CREATED, STARTED} <= verbs else CREATED if CREATED in verbs else STARTED
    )
    return what, image, Weight.PLAIN


def _ends(entries: Iterable[Entry]) -> str:
    """`exit 1`, `exit 1, 137`; empty where no code is known."""
    codes = sorted({e.code for e in entries if e.what == EXITED and e.code is not None})
    return f"exit {', '.join(map(str, codes))}" if codes else ""


def _stopped(act: Act) -> _Words:
    signals = dict.fromkeys(e.detail for e in act.entries if e.what == SIGNALLED and e.detail)
    parts = [*signals, *([_ends(act.entries)] if EXITED in act.verbs else [])]
    said = SafeText(", ".join(part for part in parts if part))
    if STARTED in act.verbs:
        return RESTARTED, said or safe("asked for"), Weight.PLAIN
    killed = STOPPED not in act.verbs and list(signals) == ["SIGKILL"]
    return safe("killed") if killed else STOPPED, said, Weight.PLAIN


def _exit(act: Act) -> _Words:
    bad = any(e.weight is Weight.BAD for e in act.entries)
    weight = Weight.BAD if bad else Weight.PLAIN
    parts = [part for part in (str(OOM) if OOM in act.verbs else "", _ends(act.entries)) if part]
    said = ", ".join(parts)
    if act.mended:
        return RESTARTED, SafeText(f"after {said}" if said else "by its policy"), weight
    if EXITED not in act.verbs:
        return OOM, NOTHING, weight
    return EXITED, SafeText(said), weight


def _loop(act: Act, more: bool) -> _Words:
    starts = [e for e in act.entries if e.what == STARTED]
    ends = [e for e in act.entries if e.what == EXITED]
    seconds = (act.last - act.entries[0].ns) / SECOND
    times = f"{len(starts)}{'+' if more else ''} times"
    parts = [
        f"in {span_words(seconds)}",
        _ends(ends),
        str(OOM) if any(e.what == OOM for e in act.entries) else "",
    ]
    down = act.entries and ends and ends[-1].order > starts[-1].order
    parts.append("down now" if down else "")
    bad = any(e.weight is Weight.BAD for e in act.entries)
    weight = Weight.BAD if bad else Weight.WARN
    return SafeText(f"{RESTARTED} {times}"), SafeText(", ".join(part for part in parts if part)), weight
