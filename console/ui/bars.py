"""One-line bars as parts of text: the fleet bar, tabs and key hints. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.model.units import span
from console.ui.cells import Glyphs, fit, width_of
from console.ui.keys import Hint
from console.ui.present_hosts import STATE_SIGNS, STATE_TONES, STATE_WORDS, counts
from console.ui.world import World


class Part(NamedTuple):
    """Some text of a bar, its tone, and what a click on it does (an action, as bindings name them)."""

    text: str
    tone: str = ""
    action: str = ""


Parts = Sequence[Part]


def length(parts: Iterable[Part]) -> int:
    """Cells that parts take."""
    return sum(width_of(part.text) for part in parts)


def spread(left: Parts, right: Parts, width: int, glyphs: Glyphs) -> list[Part]:
    """Put `left` and `right` at the two ends of `width` cells; where they do not fit, left is cut."""
    right = right if length(right) <= width else ()
    room = width - length(right)
    laid = clip(left, room, glyphs)
    return [*laid, Part(" " * (room - length(laid))), *right]


def clip(parts: Parts, width: int, glyphs: Glyphs) -> list[Part]:
    """As much of `parts` as fits into `width` cells, the last one cut."""
    laid: list[Part] = []
    room = width
    for part in parts:
        size = width_of(part.text)
        if size > room:
            if room > 0:
                laid.append(part._replace(text=fit(part.text, room, glyphs)))
            break
        laid.append(part)
        room -= size
    return laid


# Hosts

WORST_FIRST = (
    HostState.NEEDS_YOU,
    HostState.REFUSED,
    HostState.LOST,
    HostState.ENGINE_DOWN,
    HostState.QUIET,
    HostState.CONNECTING,
    HostState.OFF,
    HostState.UP,
)


@dataclass(frozen=True, slots=True)
class Chip:
    """One host in the fleet bar, in two lengths."""

    state: HostState
    long: tuple[Part, ...]
    short: tuple[Part, ...]


def chip(host: str, snapshot: HostSnapshot | None, now: float) -> Chip:
    """The chip of one host: sign, name, and its count of containers or what is wrong."""
    state = snapshot.status.state if snapshot else HostState.CONNECTING
    tone = STATE_TONES[state]
    head = (Part(f"{STATE_SIGNS[state]} ", tone), Part(host))
    if snapshot is None or state is not HostState.UP:
        short = (*head, Part(f" {STATE_WORDS[state]}", tone))
        return Chip(state, (*short, Part(_since(snapshot, now), "dim")), short)
    running, total = counts(snapshot)
    count = f" {running}" if running == total else f" {running}/{total}"
    whole = (*head, Part(" listing" if snapshot.listed is None else count, "dim"))
    return Chip(state, whole, whole)


def _since(snapshot: HostSnapshot | None, now: float) -> str:
    if snapshot is None or snapshot.status.state in (HostState.CONNECTING, HostState.OFF):
        return ""
    status = snapshot.status
    text = f" {span(now - status.since)}"
    if status.retry_at is not None and status.retry_at > now:
        text += f", retry in {span(status.retry_at - now)}"
    return text


CHIP_GAP = "   "


def chips(found: Sequence[Chip], width: int) -> list[Part]:
    """As many chips as fit: all of them in hosts.yml's order, else the worst and a count of the others."""
    for style in ("long", "short"):
        laid = _join([getattr(one, style) for one in found])
        if length(laid) <= width:
            return laid
    troubled = sorted(
        (one for one in found if one.state is not HostState.UP), key=lambda one: WORST_FIRST.index(one.state)
    )
    for keep in range(len(troubled), -1, -1):
        rest = len(found) - keep
        up = rest - len(troubled) + keep
        laid = _join([*(one.short for one in troubled[:keep]), *([_rest(up, rest)] if rest else [])])
        if length(laid) <= width:
            return laid
    return []


def _join(groups: Iterable[tuple[Part, ...]]) -> list[Part]:
    laid: list[Part] = []
    for group in groups:
        laid.extend([Part(CHIP_GAP), *group] if laid else group)
    return laid


def _rest(up: int, hosts: int) -> tuple[Part, ...]:
    """`+87 up`, or `87/90 up` where some of those that are not named are not up either."""
    return (Part(f"+{up} up", "dim"),) if up == hosts else (Part(f"{up}/{hosts} up", "warn"),)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the fleet bar tells besides the fleet."""

    clock: str
    who: str = ""
    """Who is at this terminal."""
    frozen: str = ""
    """Since when the screen is frozen; empty when it is not."""
    read_only: bool = False


def fleet_bar(world: World, around: Surroundings, now: float, width: int, glyphs: Glyphs) -> list[Part]:
    """The line on top: fleet, hosts, problems, who, clock."""
    left = [Part(f" {world.fleet}  ", "header")]
    if around.frozen:
        left.append(Part(f"FROZEN since {around.frozen} ", "warn"))
        left.append(Part("p goes on  ", "dim", "screen.freeze"))
    right = _right(world, around)
    if width < length(left) + length(right) + 24:
        right = [part for part in right if part.tone != "dim"]
    room = width - length(left) - length(right) - 2
    found = [chip(spec.name, world.snapshots.get(spec.name), now) for spec in world.hosts]
    laid = chips(found, room)
    return spread([*left, *laid], right, width, glyphs)


def _right(world: World, around: Surroundings) -> list[Part]:
    number = len(world.problems)
    words = "no problems" if not number else "1 problem" if number == 1 else f"{number} problems"
    parts = [Part(words, "bad" if number else "dim", "screen.problems")]
    if around.read_only:
        parts.append(Part("   read-only", "warn"))
    if around.who:
        parts.append(Part(f"   {around.who}", "dim"))
    return [*parts, Part(f"   {around.clock} ", "header")]


# Panes


class Tab(NamedTuple):
    """One pane in the line of tabs."""

    number: str
    name: str
    alert: str
    """What wants attention in it: `!2`, `~1`; or empty."""
    action: str
    active: bool
    """Has the keyboard."""
    shown: bool = False
    """Is on the screen besides."""


NARROW = 100
"""Cells below which tabs stand closer to each other."""

SHORT = (4, 3, 2)
"""Letters of the name of a tab where there is no room for more: as many of these as leave room."""
MANY = 5
"""Tabs from which their names may be shortened."""


def tabs(panes: Iterable[Tab], *, narrow: bool = False) -> list[Part]:
    """`1 Containers  6 Hosts ~1`; the one that has the keyboard stands out, and has a sign before it."""
    laid: list[Part] = []
    for tab in panes:
        tone = "accent" if tab.active else "header" if tab.shown else "dim"
        laid.append(Part((" >" if tab.active else "  ") + f"{tab.number} {tab.name}", tone, tab.action))
        if tab.alert:
            laid.append(Part(f" {tab.alert}", "bad", tab.action))
        if not narrow:
            laid.append(Part(" "))
    return laid


def told(info: Iterable[Part], glyphs: Glyphs) -> list[Part]:
    """What a pane says of itself, in one row."""
    laid: list[Part] = []
    for part in info:
        laid.extend([Part(f" {glyphs.dot} ", "dim"), part] if laid else [part])
    return [*laid, Part(" ")] if laid else []


def tabs_line(panes: Iterable[Tab], info: Parts, width: int, glyphs: Glyphs) -> list[Part]:
    """Tabs on the left, never cut for what the pane says of itself on the right: as much of it as fits.

    Where many tabs leave no room for that, those without the keyboard have short names, the longest first.
    Then figures and the like give way, then what comes last; the first is cut rather than left out.
    """
    found = list(panes)
    left = tabs(found, narrow=width < NARROW)
    room = width - length(left) - 1
    for short in SHORT if len(found) >= MANY else ():
        long = [tab for tab in found if not tab.active and len(tab.name) > short]
        while long and length(told(info, glyphs)) > room:
            longest = max(long, key=lambda tab: len(tab.name))
            long.remove(longest)
            found[found.index(longest)] = longest._replace(name=longest.name[:short])
            left = tabs(found, narrow=True)
            room = width - length(left) - 1
    kept = list(info)
    while len(kept) > 1 and length(told(kept, glyphs)) > room:
        plain = [at for at, part in enumerate(kept) if part.tone == "dim"]
        del kept[plain[-1] if plain else -1]
    right = clip(told(kept, glyphs), max(0, room), glyphs)
    return spread(left, right, width, glyphs)


# Keys


def key_hints(found: Sequence[Hint], width: int) -> list[Part]:
    """`enter details  space mark ...`: the most useful that fit, in their own order, none of them cut."""
    room = width - 2
    kept = set()
    for hint in sorted(found, key=lambda hint: hint.rank):
        size = width_of(hint.written) + width_of(hint.does) + 3
        if size <= room:
            room -= size
            kept.add(hint.key)
    laid: list[Part] = [Part(" ")]
    for hint in found:
        if hint.key in kept:
            action = f"press({hint.key!r})"
            laid += [Part(hint.written, "accent", action), Part(f" {hint.does}", "dim", action), Part("  ")]
    return laid
