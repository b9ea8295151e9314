"""From links and snapshots to what is drawn: which boxes, rows and wires, and how they look now. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from console.model.containers import Container, ContainerState, Health
from console.model.links.link import End, EndKind, Link, LinkList, LinkState
from console.model.mappings.world import MAPPING_LABEL
from console.model.units import trip
from console.ui.cells import Cell, Glyphs, fit, narrow, width_of
from console.ui.links.shape import INSIDE, OUTSIDE, Box, Dress, EntryKey, Look, Shape, Wire, WireKey
from console.ui.names import natural
from console.ui.present_hosts import STATE_SIGNS, STATE_TONES, counts
from console.ui.world import World

LOOKS: Final[Mapping[LinkState, tuple[str, str]]] = {
    LinkState.BROKEN: ("x", "bad"),
    LinkState.STALE: ("!", "warn"),
    LinkState.FOREIGN: ("!", "warn"),
    LinkState.UNKNOWN: ("~", "stale"),
    LinkState.UNDECLARED: ("?", "accent"),
    LinkState.CONFIGURED: ("?", "dim"),
    LinkState.IDLE: ("-", "dim"),
    LinkState.OK: ("+", "ok"),
}
"""Sign and tone of a link."""
RANKS: Final = {state: rank for rank, state in enumerate(reversed(LinkState))}

LONGEST = 22
"""Cells of the longest name of a row; what is longer is cut."""
NAME_ROOM = 18
"""Cells of what is dialled, on a label."""
FIGURES = 13
"""Cells of a label's figures and the word of a broken link: ` 120 999ms`, ` undeclared`."""
SUMMARY = 10
"""Cells of the label of a line that stands for several links: `x 12 of 99`."""
ITSELF = "(the host)"


class Zoom(IntEnum):
    HOSTS = 0
    """One line for all links from one host to another."""
    LINKED = 1
    """Containers with links."""
    ALL = 2
    """All containers, and lines that say what they are."""


@dataclass(frozen=True, slots=True)
class Scene:
    shape: Shape
    dress: Dress


def scene(found: LinkList, world: World, zoom: Zoom, glyphs: Glyphs) -> Scene:
    """What to draw of a fleet."""
    links: dict[WireKey, list[Link]] = defaultdict(list)
    ends: dict[WireKey, tuple[EntryKey, EntryKey]] = {}
    inner: dict[str, list[Link]] = defaultdict(list)
    for link in sorted(found.links, key=lambda link: tuple(map(str, link.identity))):
        one, other = _entry(link.consumer, consumer=True), _entry(link.endpoint, consumer=False)
        if zoom is Zoom.HOSTS:
            one, other = EntryKey(one.box, ""), EntryKey(other.box, "")
            if one == other:
                inner[one.box].append(link)
                continue
        key: WireKey = (one, other) if zoom is Zoom.HOSTS else (one, other, str(link.dials))
        links[key].append(link)
        ends[key] = (one, other)
    for group in links.values():
        group.sort(key=lambda link: -RANKS[link.state])
    rows = _rows(world, zoom, ends.values(), glyphs)
    summaries = {box: _summary(box, world, inner[box]) for box in rows} if zoom is Zoom.HOSTS else {}
    titles = {box: _title(box, world, glyphs) for box in rows}
    texts = {entry: summaries.get(entry.box, cells) for one in rows.values() for entry, cells in one.items()}
    boxes = tuple(_box(box, titles[box], list(rows[box]), texts, zoom) for box in rows)
    rooms = {key: _room(key, zoom) for key in links}
    wires = tuple(Wire(key, *ends[key], rooms[key]) for key in links)
    looks = {key: _look(key, group, zoom, glyphs) for key, group in links.items()}
    dress = Dress(
        titles=titles, rows=texts, looks=looks, links={key: tuple(one) for key, one in links.items()}
    )
    return Scene(Shape(boxes, wires), dress)


def _entry(end: End, *, consumer: bool) -> EntryKey:
    match end.kind:
        case EndKind.CONTAINER:
            return EntryKey(end.host, str(end.name))
        case EndKind.MACHINE:
            return EntryKey(end.host, ITSELF)
        case _ if consumer:
            return EntryKey(INSIDE, str(end.name))
        case _:
            return EntryKey(OUTSIDE, str(end.with_port))


Rows = dict[str, dict[EntryKey, tuple[Cell, ...]]]


def _rows(world: World, zoom: Zoom, ends: Iterable[tuple[EntryKey, EntryKey]], glyphs: Glyphs) -> Rows:
    """Boxes in the order of hosts.yml, then those at the edges; rows with their text."""
    linked = {entry for pair in ends for entry in pair}
    rows: Rows = {}
    for spec in world.hosts:
        rows[spec.name] = {}
    for entry in linked:
        rows.setdefault(entry.box, {})
    for box, mine in rows.items():
        if zoom is Zoom.HOSTS:
            mine[EntryKey(box, "")] = ()
            continue
        known = dict(_containers(box, world))
        wanted = {entry for entry in linked if entry.box == box}
        if zoom is Zoom.ALL:
            wanted |= {EntryKey(box, name) for name in known if not _ours(known[name])}
        fresh = (snapshot := world.snapshots.get(box)) is not None and snapshot.fresh
        for entry in sorted(wanted, key=lambda entry: (entry not in linked, natural(entry.row))):
            mine[entry] = _row(entry, known.get(entry.row), fresh, glyphs)
    edges = {box: rows.pop(box) for box in (INSIDE, OUTSIDE) if box in rows}
    return {**rows, **edges}


def _containers(box: str, world: World) -> Iterator[tuple[str, Container]]:
    snapshot = world.snapshots.get(box)
    if snapshot is not None:
        for container in snapshot.containers.values():
            yield str(container.name), container


def _ours(container: Container) -> bool:
    """Whether it is an ambassador: it is part of the links it carries."""
    return MAPPING_LABEL in container.labels


def _row(entry: EntryKey, container: Container | None, fresh: bool, glyphs: Glyphs) -> tuple[Cell, ...]:
    name = narrow(entry.row, glyphs)
    if width_of(name) > LONGEST:
        name = fit(name, LONGEST, glyphs)
    if entry.box in (INSIDE, OUTSIDE) or entry.row == ITSELF:
        return (Cell("  "), Cell(name, "dim" if entry.row == ITSELF else ""))
    if container is None:
        return (Cell("? ", "warn"), Cell(name, "stale"))
    if not fresh:
        return (Cell("~ ", "stale"), Cell(name, "stale"))
    if container.state is ContainerState.RUNNING:
        if container.health is Health.UNHEALTHY:
            return (Cell("! ", "bad"), Cell(name))
        return (Cell("+ ", "ok"), Cell(name))
    if container.state in (ContainerState.EXITED, ContainerState.CREATED):
        return (Cell("- ", "dim"), Cell(name, "off"))
    return (Cell("! ", "warn"), Cell(name))


def _title(box: str, world: World, glyphs: Glyphs) -> tuple[Cell, ...]:
    if box == INSIDE:
        return (Cell(" from outside ", "group"),)
    if box == OUTSIDE:
        return (Cell(" outside ", "group"),)
    state = world.state(box)
    name = narrow(box, glyphs)
    if width_of(name) > LONGEST:
        name = fit(name, LONGEST, glyphs)
    return (Cell(f" {STATE_SIGNS[state]} ", STATE_TONES[state]), Cell(f"{name} ", "group"))


def _summary(box: str, world: World, inner: Sequence[Link]) -> tuple[Cell, ...]:
    """`14 containers, 3 inside`; the worst of the inner links gives the sign."""
    snapshot = world.snapshots.get(box)
    if box in (INSIDE, OUTSIDE):
        return (Cell("other addresses", "dim"),)
    if snapshot is None:
        return (Cell("not heard of yet", "dim"),)
    running, count = counts(snapshot)
    said = f"{count}" if running == count else f"{running}/{count}"
    cells = [Cell(f"{said} up" if snapshot.fresh else f"{count} unknown", "" if snapshot.fresh else "stale")]
    if inner:
        sign, tone = LOOKS[min((link.state for link in inner), key=list(LinkState).index)]
        cells.append(Cell(f"  {sign} ", tone))
        cells.append(Cell(f"{len(inner)} inside", "dim"))
    return tuple(cells)


def _box(
    box: str,
    title: tuple[Cell, ...],
    entries: Sequence[EntryKey],
    texts: Mapping[EntryKey, tuple[Cell, ...]],
    zoom: Zoom,
) -> Box:
    head = sum(width_of(cell.text) for cell in title)
    if zoom is Zoom.HOSTS:
        return Box(box, max(22, head + 4), tuple(entries))
    body = max((sum(width_of(cell.text) for cell in texts[entry]) for entry in entries), default=0)
    return Box(box, max(14, head + 4, body + 4), tuple(entries))


def _room(key: WireKey, zoom: Zoom) -> int:
    """Cells of a label, by what never changes of a link."""
    if zoom is Zoom.HOSTS:
        return SUMMARY
    if zoom is Zoom.LINKED:
        return 1
    assert isinstance(key, tuple)
    return 2 + min(NAME_ROOM, width_of(key[2])) + FIGURES


def _look(key: WireKey, group: Sequence[Link], zoom: Zoom, glyphs: Glyphs) -> Look:
    worst = group[0]
    sign, tone = LOOKS[worst.state]
    rank = RANKS[worst.state]
    if zoom is Zoom.LINKED:
        return Look(rank, tone, sign)
    if zoom is Zoom.HOSTS:
        same = sum(link.state == worst.state for link in group)
        number = f"{len(group)}" if same == len(group) else f"{same} of {len(group)}"
        return Look(rank, tone, f"{sign} {number} ")
    dials = narrow(str(worst.dials), glyphs)
    if width_of(dials) > NAME_ROOM:
        dials = fit(dials, NAME_ROOM, glyphs)
    return Look(rank, tone, f"{sign} {dials} {_figures(worst)}".rstrip() + " ")


def _figures(link: Link) -> str:
    if link.state in (LinkState.OK, LinkState.IDLE):
        number = "" if link.sessions is None else f"x{link.sessions}" if link.sessions else ""
        time = "" if link.latency is None else trip(link.latency)
        return f"{number} {time}".strip()
    return link.fault.value or link.state.value
