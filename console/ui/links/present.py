"""Links as rows, and the one under the cursor in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from console.model.containers import Container, ContainerKey
from console.model.links.link import End, EndKind, Link, LinkList, LinkState
from console.model.query import Query, Term
from console.model.text import SafeText, sanitise
from console.model.timeline.entries import thing
from console.model.units import clock, span, trip
from console.ui.cells import Cell, Column
from console.ui.lines import Line, wrap
from console.ui.names import natural
from console.ui.widgets.rowstore import Row

LINK_COLUMNS: Final = (
    # As wide as the longest state: it is never cut.
    Column(key="state", title="STATE", min=15, max=15),
    Column(key="consumer", title="CONSUMER", min=12, max=28),
    Column(key="dials", title="DIALS", min=10, max=24, drop=1),
    Column(key="endpoint", title="ENDPOINT", min=20, max=34),
    Column(key="via", title="VIA", min=10, max=10, drop=6),
    Column(key="sessions", title="CONN", min=4, max=6, right=True, drop=4),
    Column(key="latency", title="TRIP", min=5, max=5, right=True, drop=5),
    Column(key="since", title="SINCE", min=5, max=5, right=True, drop=3),
    Column(key="reason", title="REASON", min=18, max=30, drop=7, stretch=True),
)

SIGNS: Final[Mapping[LinkState, str]] = {
    LinkState.BROKEN: "x",
    LinkState.STALE: "!",
    LinkState.FOREIGN: "!",
    LinkState.UNKNOWN: "~",
    LinkState.UNDECLARED: "?",
    LinkState.CONFIGURED: "?",
    LinkState.IDLE: "-",
    LinkState.OK: "+",
}
TONES: Final[Mapping[LinkState, str]] = {
    LinkState.BROKEN: "bad",
    LinkState.STALE: "warn",
    LinkState.FOREIGN: "warn",
    LinkState.UNKNOWN: "stale",
    LinkState.UNDECLARED: "accent",
    LinkState.CONFIGURED: "dim",
    LinkState.IDLE: "dim",
    LinkState.OK: "ok",
}
_OLD: Final = (LinkState.STALE, LinkState.UNKNOWN)
_WORST_FIRST: Final = {state: rank for rank, state in enumerate(LinkState)}
BAD: Final = (LinkState.BROKEN, LinkState.STALE, LinkState.FOREIGN)

DESCENDING: Final = ("sessions", "latency")
"""Columns whose first sorting puts the largest on top; that of states has the worst there."""

_VALUES: Final[Mapping[str, Callable[[Link], object]]] = {
    "state": lambda link: (_WORST_FIRST[link.state], link.word),
    "consumer": lambda link: natural(link.consumer.text),
    "dials": lambda link: natural(link.dials),
    "endpoint": lambda link: natural(link.endpoint.with_port),
    "via": lambda link: link.via,
    "sessions": lambda link: -1 if link.sessions is None else link.sessions,
    "latency": lambda link: -1.0 if link.latency is None else link.latency,
    "since": lambda link: -link.since,
    "reason": lambda link: link.reason,
}
SORTABLE: Final = tuple(_VALUES)

Find = Callable[[ContainerKey], Container | None]
"""Looks a container up; None: it is not there (any more)."""
LinkKey = tuple[str, ...]


def keyed(links: Iterable[Link]) -> dict[LinkKey, Link]:
    """Links by what stays the same when they are seen again; a second of the same gets a number."""
    found: dict[LinkKey, Link] = {}
    for link in links:
        key = stem = tuple(map(str, link.identity))
        number = 1
        while key in found:
            number += 1
            key = (*stem, str(number))
        found[key] = link
    return found


def link_row(key: LinkKey, link: Link, now: float) -> Row:
    """The row of one link; an old one looks old all over."""
    tone, row_tone = TONES[link.state], "stale" if link.state in _OLD else ""
    sessions = "-" if link.sessions is None else str(link.sessions)
    outside = link.endpoint.kind in (EndKind.OUTSIDE, EndKind.NAME)
    cells = {
        "state": Cell(link.word, tone),
        "consumer": Cell(link.consumer.text),
        "dials": Cell(link.dials or "-", row_tone or "dim"),
        "endpoint": Cell(link.endpoint.with_port, "dim" if outside and not row_tone else ""),
        "via": Cell(link.via or "-", "dim"),
        "sessions": Cell(sessions, "" if link.sessions else "dim"),
        "latency": Cell(trip(link.latency), "" if link.latency is not None else "dim"),
        "since": Cell(span(now - link.since), "dim"),
        "reason": Cell(link.reason, "" if link.state in BAD else "dim"),
    }
    return Row(
        key=key,
        cells=tuple(cells[column.key] for column in LINK_COLUMNS),
        sign=Cell(SIGNS[link.state], tone),
        tone=row_tone,
    )


def listed(found: Iterable[Link], sort: str, reverse: bool) -> list[Link]:
    """In the order of a column; among equals the worst first, then by consumer."""
    ordered = sorted(found, key=lambda link: (_WORST_FIRST[link.state], natural(link.consumer.text)))
    value = _VALUES[sort]
    return sorted(ordered, key=value, reverse=reverse)  # type: ignore[arg-type]  # values of one column compare


def chosen(found: Iterable[Link], query: Query, problems_only: bool, find: Find) -> list[Link]:
    """Those that pass the filter."""
    return [
        link
        for link in found
        if (link.state in BAD or not problems_only)
        and all(_holds(term, link, find) is not term.inverted for term in query.terms)
    ]


def _holds(term: Term, link: Link, find: Find) -> bool:
    """Whether a word of a filter holds for one of the ends, the state, or what is said of a link."""
    if term.kind == "state":
        wanted = term.word.partition(":")[2].casefold()
        return link.state.value.startswith(wanted) or (bool(link.fault) and link.fault.startswith(wanted))
    said = (link.dials, link.mapping, link.via, link.word, link.reason)
    if term.kind == "text" and any(term.word.casefold() in text.casefold() for text in said):
        return True
    return any(term.test(_about(end, find)) for end in (link.consumer, link.endpoint))


def _about(end: End, find: Find) -> Container:
    there = find(end.key) if end.key is not None else None
    return there or thing(end.host, end.name, end.id)


def counts(found: LinkList) -> list[tuple[str, str]]:
    """`1 broken`, `6 ok, 1 idle`: what is wrong, then the rest, each with its tone."""
    number = Counter(link.state for link in found.links)
    parts = [(f"{number[state]} {state.value}", TONES[state]) for state in BAD if number[state]]
    order = (LinkState.OK, LinkState.IDLE, LinkState.UNDECLARED, LinkState.CONFIGURED, LinkState.UNKNOWN)
    rest = ", ".join(f"{number[state]} {state.value}" for state in order if number[state])
    return [*parts, (rest, "dim")] if rest else parts or [("none", "dim")]


def blind(partly: Mapping[str, SafeText]) -> str:
    """`on db-1 (no root)`, `on 3 hosts (no root)`; empty where every host can be read."""
    if not partly:
        return ""
    whose = next(iter(partly)) if len(partly) == 1 else f"{len(partly)} hosts"
    reasons = dict.fromkeys(str(why) for why in partly.values() if why)
    why = next(iter(reasons)) if len(reasons) == 1 else "for several reasons" if reasons else ""
    return f"on {whose} ({why})" if why else f"on {whose}"


def notice(found: LinkList, now: float) -> list[Cell]:
    """What limits the whole list: hosts that tell only some of it, or that it is old."""
    cells: list[Cell] = []
    if found.looked is not None and now - found.looked > LATE:
        cells.append(Cell(f"~ last looked at {clock(found.looked, now)}", "stale"))
    if found.partly:
        gap = "   " if cells else ""
        cells.append(Cell(f"{gap}flows partly visible {blind(found.partly)}", "warn"))
    return [Cell(" "), *cells] if cells else []


LATE: Final = 10.0
"""Seconds after which a list that should be new every two seconds is called old."""


def emptiness(found: LinkList, problems_only: bool) -> str:
    """Why there is no row."""
    if found.links:
        return "no link is broken; ! shows them all" if problems_only else "nothing matches; esc ends it"
    return (
        "looking at the hosts" if found.looked is None else "no container depends on another, as far as seen"
    )


_BEGIN: Final = (
    "A link is a container and what it dials: stated by a mapping, found in its variables and hosts lines, "
    "or seen as connections. Hosts are looked at every two seconds while this is open.",
    "A mapping states one: 4, then n. w says what can be seen of each host.",
)


def strip(link: Link | None, found: LinkList, width: int) -> list[Line]:
    """What the row under the cursor has no room for; how to begin where there is none."""
    lines: list[Line] = []
    if link is None:
        for text in _BEGIN if not found.links else ():
            lines += wrap([Cell(" " + text, "dim")], width, 1)
        return lines
    tone = TONES[link.state]
    lead, room = Cell("   "), max(8, width - 3)
    way: list[Cell] = [Cell(f" {SIGNS[link.state]} ", tone)]
    for number, hop in enumerate(link.path):
        last = number == len(link.path) - 1
        way += [Cell(" -> ", "dim")] if number else []
        way.append(
            Cell(hop.end.with_port if last else hop.end.text, "group" if number in (0,) or last else "text")
        )
    if not link.path:
        way += [
            Cell(link.consumer.text, "group"),
            Cell(" -> ", "dim"),
            Cell(link.endpoint.with_port, "group"),
        ]
    lines += wrap(way, width, 3)
    head = [Cell(link.word, tone)]
    if link.reason:
        head += [Cell(": ", tone), Cell(link.reason, "text")]
    rest = wrap(head, room)
    if link.failing:
        rest += wrap([Cell(f"{link.failing} attempts failed in the last minute", "warn")], room)
    if link.next_step:
        rest += wrap([Cell("next: ", "dim"), Cell(link.next_step, "text")], room)
    rest += wrap([Cell(_stated(link), "dim")], room)
    return [*lines, *((lead, *line) for line in rest)]


def _stated(link: Link) -> str:
    """`mapping db, as db:5432; declared, observed`."""
    by = f"mapping {sanitise(link.mapping, 80)}" if link.mapping else "no mapping states it; a makes one"
    dials = f", dialled as {link.dials}" if link.dials else ""
    known = ", ".join(sorted(one.value for one in link.known))
    return f"{by}{dials}" + (f"; {known}" if known else "")


def short(link: Link, consumer: bool = True) -> Sequence[Cell]:
    """One line in a dialog: `+ web@app-1  db:5432  ok, 12 connections`."""
    tone = TONES[link.state]
    cells = [
        Cell(f"{SIGNS[link.state]} ", tone),
        Cell(link.consumer.text if consumer else link.endpoint.with_port, "group"),
    ]
    what = link.dials or link.endpoint.with_port
    cells.append(Cell(f"  {what}  " if what else "  ", "dim"))
    cells.append(Cell(link.word, tone))
    if link.sessions:
        cells.append(Cell(f", {link.sessions} connection{'s' * (link.sessions != 1)}", "dim"))
    return cells
