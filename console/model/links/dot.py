"""The map of links as text for Graphviz. Pure.

Names are quoted by the rules of the DOT language: within double quotes only `"` and the backslash mean
something (Graphviz, "The DOT Language"). Clusters are hosts, nodes containers, edges links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from console.model.links.link import End, EndKind, Link, LinkList, LinkState

_COLOURS = {
    LinkState.BROKEN: "#c62828",
    LinkState.STALE: "#d84315",
    LinkState.FOREIGN: "#ad1457",
    LinkState.UNKNOWN: "#757575",
    LinkState.UNDECLARED: "#f9a825",
    LinkState.CONFIGURED: "#90a4ae",
    LinkState.IDLE: "#558b2f",
    LinkState.OK: "#2e7d32",
}
_STYLES = {LinkState.CONFIGURED: "dotted", LinkState.UNKNOWN: "dashed", LinkState.BROKEN: "bold"}


def dot(found: LinkList, hosts: Sequence[str]) -> str:
    """The whole graph; equal input gives equal text. `hosts` are drawn also without a link."""
    return "\n".join([*_lines(found, hosts), ""])


def _lines(found: LinkList, hosts: Sequence[str]) -> Iterator[str]:
    yield "digraph links {"
    yield "  rankdir=LR;"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    ends = {_node(end): end for link in found.links for end in _ends(link)}
    there = {end.host for end in ends.values() if end.host}
    for number, host in enumerate(sorted({*hosts, *there})):
        yield f"  subgraph cluster_{number} {{"
        partly = found.partly.get(host)
        yield f"    label={quoted(f'{host} ({partly})' if partly else host)};"
        inside = [key for key, end in sorted(ends.items()) if end.host == host]
        for key in inside:
            yield f"    {quoted(key)} [label={quoted(_label(ends[key]))}];"
        if not inside:
            yield f"    {quoted(f'host {host}')} [shape=point, style=invis];"
        yield "  }"
    for key, end in sorted(ends.items()):
        if not end.host:
            yield f"  {quoted(key)} [label={quoted(str(end.name))}, shape=plaintext];"
    for link in sorted(found.links, key=lambda link: link.identity):
        yield from _edges(link)
    yield "}"


def _ends(link: Link) -> list[End]:
    """Its stations in their order."""
    return [link.consumer, *(hop.end for hop in link.path[1:-1]), link.endpoint]


def _edges(link: Link) -> Iterator[str]:
    stations = [_node(end) for end in _ends(link)]
    style = _STYLES.get(link.state, "solid")
    look = f"color={quoted(_COLOURS[link.state])}, style={style}, tooltip={quoted(str(link.reason))}"
    for index, (one, other) in enumerate(pairwise(stations)):
        label = f"{link.dials} {link.word}" if index == 0 else ""
        yield f"  {quoted(one)} -> {quoted(other)} [label={quoted(label)}, {look}];"


def _node(end: End) -> str:
    return f"{end.kind.value} {end.host} {end.name}"


def _label(end: End) -> str:
    return str(end.host) if end.kind is EndKind.MACHINE else str(end.name)


def quoted(text: str) -> str:
    """A name as DOT reads it back: nothing in it ends it, and no escape of Graphviz is in it."""
    flat = "".join(" " if char in "\r\n\t\0" else char for char in text)
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'
