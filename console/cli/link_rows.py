"""Links as rows of JSON and of a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from console.cli.output import Cell
from console.cli.rows import Row, time_of
from console.model.containers import Container, ContainerKey, ContainerState
from console.model.links.link import End, EndKind, Evidence, Known, Link, LinkState
from console.model.query import Query
from console.model.text import NOTHING
from console.model.units import span, trip

HEADS = ("CONSUMER", "DIALS", "ENDPOINT", "VIA", "STATE", "CONN", "RTT", "SINCE", "WHY")

_TONES = {
    LinkState.BROKEN: "bad",
    LinkState.STALE: "bad",
    LinkState.FOREIGN: "bad",
    LinkState.UNKNOWN: "busy",
    LinkState.UNDECLARED: "busy",
    LinkState.CONFIGURED: "dim",
    LinkState.IDLE: "",
    LinkState.OK: "good",
}


def link_row(link: Link) -> Row:
    """One object of `links --json`."""
    return {
        "consumer": _end(link.consumer),
        "dials": link.dials,
        "mapping": link.mapping or None,
        "endpoint": {**_end(link.endpoint), "port": link.endpoint.port or None},
        "via": link.via or None,
        "state": link.state.value,
        "fault": link.fault.value or None,
        "reason": link.reason or None,
        "next": link.next_step or None,
        "sessions": link.sessions,
        "latency_ms": round(link.latency * 1000, 3) if link.latency is not None else None,
        "failing": link.failing,
        "since": time_of(link.since),
        "checked": time_of(link.checked),
        "known": [one.value for one in Known if one in link.known],
        "evidence": [_evidence(one) for one in link.evidence],
    }


def _end(end: End) -> Row:
    inside = end.kind is EndKind.CONTAINER
    return {
        "kind": end.kind.value,
        "host": end.host or None,
        "container": end.name if inside else None,
        "id": end.id or None,
        "name": end.text,
    }


def _evidence(one: Evidence) -> Row:
    return {"text": one.text, "ok": one.ok, "source": one.source or None, "at": time_of(one.at)}


def table_row(link: Link, now: float) -> list[Cell]:
    """One line for people."""
    why = "; next: ".join(filter(None, (str(link.reason), str(link.next_step))))
    failing = f"{link.failing} attempts failed" if link.failing else ""
    return [
        Cell(link.consumer.text),
        Cell(link.dials or "-"),
        Cell(link.endpoint.with_port),
        Cell(link.via or "-"),
        Cell(link.word, _TONES[link.state]),
        Cell(str(link.sessions) if link.sessions is not None else "-", right=True),
        Cell(trip(link.latency), right=True),
        Cell(span(max(0.0, now - link.since)), right=True),
        Cell("; ".join(filter(None, (why, failing)))),
    ]


def wanted(links: Iterable[Link], query: Query, known: Mapping[ContainerKey, Container]) -> tuple[Link, ...]:
    """Those whose consumer or endpoint matches. `known`: containers as engines list them."""
    if not query.terms:
        return tuple(links)
    ends: dict[End, bool] = {}

    def meant(end: End) -> bool:
        if end not in ends:
            ends[end] = query.matches(_matched(end, known))
        return ends[end]

    return tuple(link for link in links if meant(link.consumer) or meant(link.endpoint))


def _matched(end: End, known: Mapping[ContainerKey, Container]) -> Container:
    listed = known.get(end.key) if end.key is not None else None
    if listed is not None:
        return listed
    name = end.name if end.kind is EndKind.CONTAINER else end.text
    return Container(host=end.host, id=end.id, name=name, image=NOTHING, state=ContainerState.UNKNOWN)


def state_of(link: Link) -> Sequence[object]:
    """What of a link must change for it to be told again: how it stands, not how many use it."""
    return (link.state, link.fault, link.reason, link.via, link.mapping)
