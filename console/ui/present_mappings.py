"""Mappings as rows, and the one under the cursor in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from console.model.containers import Container
from console.model.mappings.mapping import Endpoint, Party, Via
from console.model.mappings.standing import Standing, State
from console.model.query import Query, Term
from console.model.text import safe, sanitise
from console.model.timeline.entries import thing
from console.model.units import span
from console.service.mappings.desk import MappingList
from console.ui.cells import Cell, Column
from console.ui.lines import Line, wrap
from console.ui.names import natural
from console.ui.widgets.rowstore import Row

MAPPING_COLUMNS: Final = (
    Column(key="name", title="NAME", min=9, max=26),
    Column(key="state", title="STATE", min=8, max=8),
    Column(key="for", title="FOR", min=10, max=30),
    Column(key="to", title="TO", min=12, max=40),
    Column(key="via", title="VIA", min=5, max=10, drop=4),
    Column(key="sessions", title="SESS", min=4, max=9, right=True, drop=3),
    Column(key="since", title="SINCE", min=5, max=5, right=True, drop=2),
    Column(key="reason", title="REASON", min=16, max=24, drop=5, stretch=True),
)

SIGNS: Final[Mapping[State, str]] = {
    State.BROKEN: "x",
    State.FOREIGN: "?",
    State.PENDING: "!",
    State.DEGRADED: "!",
    State.UNKNOWN: "~",
    State.OK: "+",
}
TONES: Final[Mapping[State, str]] = {
    State.BROKEN: "bad",
    State.FOREIGN: "warn",
    State.PENDING: "warn",
    State.DEGRADED: "warn",
    State.UNKNOWN: "stale",
    State.OK: "ok",
}
_WORST_FIRST: Final = {state: rank for rank, state in enumerate(State)}
_NOT_WELL: Final = frozenset(State) - {State.OK}

DESCENDING: Final = ("sessions",)
"""Columns whose first sorting puts the largest on top; that of states has the worst there."""

_VALUES: Final[Mapping[str, Callable[[Standing], object]]] = {
    "state": lambda one: _WORST_FIRST[one.state],
    "name": lambda one: natural(one.mapping.name),
    "for": lambda one: natural(_parties(one.mapping.consumers)),
    "to": lambda one: natural(_parties(one.mapping.to)),
    "via": lambda one: one.via.value,
    "sessions": lambda one: one.sessions,
    "since": lambda one: -one.since,
    "reason": lambda one: one.reason,
}
SORTABLE: Final = tuple(_VALUES)


def mapping_row(standing: Standing, now: float) -> Row:
    """The row of one mapping."""
    mapping, tone = standing.mapping, TONES[standing.state]
    old = standing.old_sessions
    sessions = f"{standing.sessions}+{old}" if old else str(standing.sessions)
    cells = {
        "name": Cell(sanitise(mapping.address, 80), "dim" if standing.orphan else ""),
        "state": Cell("orphan" if standing.orphan else standing.state.value, tone),
        "for": Cell(sanitise(_parties(mapping.consumers))),
        "to": Cell(sanitise(_parties(mapping.to))),
        "via": Cell(standing.via.value if standing.via is not Via.AUTO else "-", "dim"),
        "sessions": Cell(sessions, "warn" if old else "" if standing.sessions else "dim"),
        "since": Cell(span(now - standing.since), "dim"),
        "reason": Cell(standing.reason, "" if standing.state in _NOT_WELL else "dim"),
    }
    return Row(
        key=mapping.id,
        cells=tuple(cells[column.key] for column in MAPPING_COLUMNS),
        sign=Cell(SIGNS[standing.state], tone),
    )


def _parties(parties: Iterable[Party]) -> str:
    return " ".join(party.text for party in parties)


def listed(found: Iterable[Standing], sort: str, reverse: bool) -> list[Standing]:
    """In the order of a column; among equals the worst first, then by name."""
    ordered = sorted(found, key=lambda one: (_WORST_FIRST[one.state], natural(one.mapping.id)))
    value = _VALUES[sort]
    return sorted(ordered, key=value, reverse=reverse)  # type: ignore[arg-type]  # values of one column compare


def chosen(found: Iterable[Standing], query: Query, problems_only: bool) -> list[Standing]:
    """Those that pass the filter."""
    return [
        one
        for one in found
        if (one.state in _NOT_WELL or not problems_only)
        and all(_holds(term, one) is not term.inverted for term in query.terms)
    ]


def _holds(term: Term, standing: Standing) -> bool:
    """Whether a word of a filter holds for any end of a mapping, its state or what is said of it."""
    mapping = standing.mapping
    if term.kind == "state":
        return standing.state.value.startswith(term.word.partition(":")[2].casefold())
    said = (mapping.id, mapping.address, standing.state.value, standing.via.value, standing.reason)
    if term.kind == "text" and any(term.word.casefold() in text.casefold() for text in said):
        return True
    if term.kind == "name" and term.test(thing("", safe(mapping.name))):
        return True
    return any(term.test(_about(party)) for party in (*mapping.consumers, *mapping.to))


def _about(party: Party) -> Container:
    labels = {
        "com.docker.compose.project": sanitise(party.project),
        "com.docker.compose.service": sanitise(party.service),
    }
    known = {key: value for key, value in labels.items() if value}
    return thing(party.host, sanitise(party.container or party.service), labels=known)


def broken(found: MappingList) -> int:
    """How many want attention: broken, foreign or pending."""
    wanted = (State.BROKEN, State.FOREIGN, State.PENDING)
    return sum(one.state in wanted for one in found.standings)


def emptiness(found: MappingList, problems_only: bool) -> str:
    """Why there is no row, and what to do about it."""
    if found.error:
        return "the mappings cannot be read"
    if found.standings:
        well = "all mappings are well; ! shows them"
        return well if problems_only else "nothing matches; esc ends the filter"
    if found.looked is None:
        return "not looked at yet"
    return "no mapping yet: n makes one, m on a container one for it"


def strip(standing: Standing | None, error: str, width: int) -> list[Line]:
    """What the row under the cursor has no room for; what is wrong with the book first."""
    lines: list[Line] = []
    for line in error.splitlines():
        lines += wrap([Cell(" x ", "bad"), Cell(sanitise(line, 400), "bad")], width, 3)
    if standing is None:
        return lines
    mapping, tone = standing.mapping, TONES[standing.state]
    lead, room = Cell("   "), max(8, width - 3)
    said = f"{mapping.address} for {', '.join(one.text for one in mapping.consumers)}"
    head = [Cell(f" {SIGNS[standing.state]} ", tone), Cell(sanitise(mapping.id, 80), "group")]
    lines += wrap([*head, Cell(f"  {sanitise(said)}", "dim")], width, 3)
    word = standing.state.value + (": " if standing.reason else "")
    rest = wrap([Cell(word, tone), Cell(standing.reason, "text")], room)
    if standing.old_sessions:
        old = f"{standing.old_sessions} sessions on an earlier endpoint; x cuts them"
        rest += wrap([Cell(old, "warn")], room)
    if standing.next_step:
        rest += wrap([Cell("next: ", "dim"), Cell(standing.next_step, "text")], room)
    rest += wrap(servers(standing), room)
    return [*lines, *((lead, *line) for line in rest)]


def servers(standing: Standing) -> list[Cell]:
    """Each server and how it answers: `postgres.db-1 10.0.0.21:5432 UP 3`."""
    cells: list[Cell] = []
    for one in standing.servers:
        tone = "bad" if one.status.startswith("DOWN") else "ok" if one.status.startswith("UP") else "dim"
        said = f"{one.server} {one.address}".rstrip()
        cells += [Cell(f"{said} ", "dim"), Cell(f"{one.status} {one.check}".rstrip(), tone), Cell("   ")]
    return cells


def endpoint_text(end: Endpoint, ports: Sequence[int]) -> str:
    """`postgres@db-1:5432*2`: the ports where they are not the mapping's, the weight where it is not 1."""
    own = "" if tuple(end.ports) == tuple(ports) else ":" + ",".join(map(str, end.ports))
    return end.text + own + (f"*{end.weight}" if end.weight != 1 else "")
