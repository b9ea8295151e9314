"""The way of one link, the result of a probe, and who depends on what, as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.model.containers import ContainerKey
from console.model.links.link import Evidence, Hop, Link, LinkList
from console.model.text import SafeText, sanitise
from console.model.units import clock, span_words, trip
from console.service.links.desk import Probed
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, beside, fact, heading, stack, wrap
from console.ui.links.present import BAD, SIGNS, TONES, blind, short

WIDE = 110
"""Cells from which the way stands beside the facts."""

AT_MOST = 4
"""Links that a dialog names; the others are counted."""


def path_lines(link: Link, gone: bool, now: float, width: int, glyphs: Glyphs) -> list[Line]:
    """All that is known of one link: how it stands, what is stated, every station of its way."""
    wide = width >= WIDE
    left = (width - 3) * 2 // 5 if wide else width
    right = width - 3 - left if wide else width
    standing, facts = _standing(link, gone, now, left, glyphs), _facts(link, now, left, glyphs)
    way = [heading("Way", right, glyphs), *_way(link, now, right, glyphs)]
    return beside(stack([standing, facts]), way, left) if wide else stack([standing, way, facts])


def _standing(link: Link, gone: bool, now: float, width: int, glyphs: Glyphs) -> list[Line]:
    tone = TONES[link.state]
    lines = [heading("State", width, glyphs)]
    word = [Cell(f"{SIGNS[link.state]} {link.word}", tone)]
    if gone:
        word += [Cell("  no longer seen; this is how it was", "stale")]
    lines += wrap(word, width)
    lines += fact("since", f"{clock(link.since, now)}  ({span_words(now - link.since)} ago)", width)
    if link.reason:
        lines += fact("reason", link.reason, width)
    if link.next_step:
        lines += fact("next", [Cell(link.next_step, "accent")], width)
    return lines


def _facts(link: Link, now: float, width: int, glyphs: Glyphs) -> list[Line]:
    lines = [heading("Link", width, glyphs), *fact("dials", link.dials or "not known", width)]
    stated = sanitise(link.mapping, 80) if link.mapping else "none states it"
    lines += fact("mapping", [Cell(stated, "text" if link.mapping else "dim")], width)
    lines += fact("via", link.via or "not known", width)
    lines += fact("known by", ", ".join(sorted(one.value for one in link.known)) or "-", width)
    sessions = "cannot be told" if link.sessions is None else str(link.sessions)
    lines += fact("connections", sessions, width)
    if link.latency is not None:
        lines += fact("round trip", trip(link.latency), width)
    if link.failing:
        said = f"{link.failing} attempts in the last minute, of all in its network namespace"
        lines += fact("failed", [Cell(said, "warn")], width)
    checked = "never" if link.checked is None else f"{span_words(now - link.checked)} ago"
    return lines + fact("checked", checked, width)


def _way(link: Link, now: float, width: int, glyphs: Glyphs) -> list[Line]:
    hops = link.path or (Hop(end=link.consumer), Hop(end=link.endpoint))
    bar = "|" if glyphs.plain else "\u2502"
    lines: list[Line] = []
    for number, hop in enumerate(hops):
        last = number == len(hops) - 1
        if number:
            rest = wrap([Cell(hop.how or "in a way that is not known", "dim")], max(8, width - 4))
            lines += [(Cell(f" {bar}  ", "rule"), *line) for line in rest]
        name = hop.end.with_port if number else hop.end.text
        lines += wrap([Cell("> " if last else "o ", "accent"), Cell(name, "group")], width, 2)
        lead = Cell("    " if last else f" {bar}  ", "rule")
        for one in hop.evidence:
            lines += [(lead, *line) for line in _evidence(one, now, max(8, width - 4))]
        if not hop.evidence:
            lines.append((lead, Cell("nothing is said of it", "dim")))
        if not last:
            lines.append((lead,))
    return lines


def _evidence(one: Evidence, now: float, width: int) -> list[Line]:
    sign, tone = {True: ("+ ", "ok"), False: ("x ", "bad"), None: ("- ", "dim")}[one.ok]
    cells = [Cell(sign, tone), Cell(one.text, "bad" if one.ok is False else "text")]
    said = str(one.source)
    if one.at is not None:
        said += f"{', ' if said else ''}{span_words(now - one.at)} ago"
    if said:
        cells.append(Cell(f"  {said}", "dim"))
    return wrap(cells, width, 2)


def probe_lines(link: Link, tried: Sequence[Probed], busy: bool, now: float, width: int) -> list[Line]:
    """Each attempt, the newest first."""
    lines = wrap([Cell(f"{link.consumer.text} dials {link.dials or link.endpoint.with_port}", "dim")], width)
    lines.append(BLANK)
    if busy:
        lines += wrap([Cell(f"{'-':<10}", "dim"), Cell("trying", "busy")], width)
    for one in reversed(tried):
        sign, tone = {True: ("+", "ok"), False: ("x", "bad"), None: ("?", "stale")}[one.ok]
        cells = [Cell(f"{clock(one.at, now)}  ", "dim"), Cell(f"{sign} ", tone), Cell(one.text, "text")]
        if one.seconds is not None:
            cells.append(Cell(f"  {trip(one.seconds)}", "dim"))
        lines += wrap(cells, width, 12)
    return [*lines, BLANK, (Cell("v tries again  esc leaves", "dim"),)]


def dependents(
    found: Sequence[Link], partly: Mapping[str, SafeText], verb: str, width: int, most: int = AT_MOST
) -> list[Line]:
    """Who would break, worst first; nothing where nobody would and all can be seen."""
    lines: list[Line] = []
    if found:
        number = f"{len(found)} link{'s' * (len(found) != 1)}"
        lines += wrap([Cell(f"{verb} {number}:", "warn")], width)
        for link in found[:most]:
            lines += wrap([Cell("  "), *short(link)], width, 4)
        if len(found) > most:
            lines += wrap([Cell(f"  and {len(found) - most} more", "warn")], width)
    if partly:
        what = "more of them cannot be told" if found else "who depends on it cannot be told"
        lines += wrap([Cell(f"{what} {blind(partly)}", "warn" if not found else "dim")], width)
    return lines


def of_container(found: Sequence[Link], key: ContainerKey, width: int) -> list[Line]:
    """The links a container takes part in: what it dials, who dials it, what it carries."""
    lines: list[Line] = []
    for link in found:
        mine = link.consumer.key == key
        what = "dials" if mine else "serves" if link.endpoint.key == key else "carries"
        lines += fact(what, short(link, consumer=not mine), width)
        if link.state in BAD and link.reason:
            lines += fact("", [Cell(link.reason, "dim")], width)
    return lines


def sight_lines(found: LinkList, hosts: Sequence[str], now: float, width: int) -> list[Line]:
    """What can be seen of each host."""
    looked = "not yet" if found.looked is None else f"{span_words(now - found.looked)} ago"
    lines = [*fact("looked", looked, width), BLANK]
    column = max([8, *(len(name) for name in hosts)]) + 2
    for name in hosts:
        why = found.partly.get(name)
        said = [Cell("~ flows partly visible", "warn"), Cell(f": {why}" if why else "", "text")]
        if why is None:
            seen = found.looked is not None
            said = [Cell("+ all its flows" if seen else "- not looked at", "ok" if seen else "dim")]
        if name in found.cost:
            said.append(Cell(f"  {found.cost[name] * 1000:.1f} ms of processor time a look", "dim"))
        lines += fact(name, said, width, min(column, width // 2))
    if found.partly:
        lines += [BLANK, *wrap([Cell(_HOW, "dim")], width)]
    return lines


_HOW = (
    "The kernel tells all connections to root alone. With `observe: sudo` for a host in hosts.yml exactly "
    "`sudo -n cat /proc/net/nf_conntrack` is run there; without it counters, sessions of ambassadors and the "
    "sockets of one container after another tell some of it."
)
