"""Moments of the timeline as rows. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from console.model.containers import Container, ContainerKey
from console.model.logs.wish import LogWish
from console.model.query import Query
from console.model.timeline.entries import BOOKMARK, Source, Weight
from console.model.timeline.folding import Moment
from console.ui.cells import Cell, Column
from console.ui.widgets.rowstore import Row
from console.ui.wishes import of_containers, of_host
from console.ui.world import World

TIMELINE_COLUMNS: Final = (
    Column(key="time", title="TIME", min=8, max=19),
    Column(key="host", title="HOST", min=6, max=18),
    Column(key="what", title="WHAT", min=10, max=22),
    Column(key="name", title="NAME", min=10, max=32),
    Column(key="detail", title="DETAIL", min=14, max=20, stretch=True),
)

_TONES: Final = {Weight.PLAIN: "", Weight.GOOD: "ok", Weight.WARN: "warn", Weight.BAD: "bad"}

NONE: Final = Cell("-", "dim")

Day = tuple[int, int]
"""Year, and day of the year."""


def moment_key(number: int) -> tuple[str, str]:
    """The key of a moment's row."""
    return ("moment", str(number))


def day_of(now: float) -> Day:
    """The day it is, by this machine's time zone."""
    today = time.localtime(now)
    return today.tm_year, today.tm_yday


def moment_row(moment: Moment, today: Day) -> Row:
    """The row of a moment."""
    own = is_bookmark(moment)
    at = time.localtime(moment.ns / 1e9)
    same = (at.tm_year, at.tm_yday) == today
    name = moment.about.name
    cells = (
        Cell(time.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S", at)),
        Cell(moment.host) if moment.host else NONE,
        Cell(moment.what, "accent" if own else _TONES[moment.weight]),
        Cell(name) if name else NONE,
        Cell(moment.detail, "" if own else "dim"),
    )
    sign = Cell("!", "bad") if moment.weight is Weight.BAD else Cell(" ")
    return Row(moment_key(moment.number), cells, sign)


def is_bookmark(moment: Moment) -> bool:
    """Whether an operator made it, and may take it away."""
    return moment.source is Source.OPERATOR and moment.what == BOOKMARK


class Rows:
    """Keeps rows of moments that did not change."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Moment, Row]] = {}
        self._today: Day = (0, 0)

    def of(self, moments: Iterable[Moment], now: float) -> list[Row]:
        """One row for each, in their order."""
        today, old = day_of(now), self._kept
        if today != self._today:
            self._today, old = today, {}
        made, rows = {}, []
        for moment in moments:
            kept = old.get(moment.number)
            if kept is None or (kept[0] is not moment and kept[0] != moment):
                kept = (moment, moment_row(moment, today))
            made[moment.number] = kept
            rows.append(kept[1])
        self._kept = made
        return rows


def chosen(moments: Iterable[Moment], query: Query, problems_only: bool, world: World) -> list[Moment]:
    """Those that pass the filter. Text is also looked for in what happened; states are those of now."""
    if problems_only:
        moments = (moment for moment in moments if moment.weight is not Weight.PLAIN)
    if not query.terms:
        return list(moments)
    return [moment for moment in moments if matches(moment, query, world)]


def matches(moment: Moment, query: Query, world: World) -> bool:
    """Whether every term of a query holds for what a moment is about, or says."""
    key = moment.key
    about = (world.container(key) if key else None) or moment.about
    said = f"{moment.what}\n{moment.detail}".casefold()
    for term in query.terms:
        held = term.test(about) or (term.kind == "text" and term.word.casefold() in said)
        if held is term.inverted:
            return False
    return True


def now_at(moment: Moment, world: World) -> Container | ContainerKey | None:
    """The container a moment is about as it is now: itself, or what has its name since it was made anew.

    The bare key where there is none any more; None where it is about no container.
    """
    key = moment.key
    if key is None:
        return None
    found = world.container(key)
    if found is not None:
        return found
    snapshot = world.snapshots.get(key[0])
    others = snapshot.containers.values() if snapshot else ()
    return next((c for c in others if c.name == moment.about.name), key)


def wish_for(moment: Moment, world: World) -> LogWish | None:
    """The logs of what a moment is about: a container, also one that is gone, or a host."""
    if moment.key is not None:
        found = now_at(moment, world)
        wish = of_containers([moment.about])
        if wish is not None and isinstance(found, Container):
            wish = replace(wish, keys=wish.keys | {found.key})
        return wish
    return of_host(moment.host) if moment.host else None


def emptiness(any_at_all: bool, problems_only: bool) -> str:
    """Why there is no row."""
    if not any_at_all:
        return "nothing has happened since ten minutes before the console was started"
    return (
        "nothing went wrong; ! shows everything" if problems_only else "nothing matches; esc ends the filter"
    )
