"""Containers as cells. Pure: the same snapshot at the same second gives the same cells.

A row never shows more than is known. What a host that is not up said last is shown as unknown, with its age.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from console.model.containers import Container, ContainerState, Health, Port, Usage
from console.model.problems import Problem, ProblemKind
from console.model.units import percent, size, span
from console.ui.cells import Cell, Column
from console.ui.widgets.rowstore import Row

NONE = Cell("-", "dim")

COLUMNS = (
    Column(key="host", title="HOST", min=6, max=18),
    Column(key="name", title="NAME", min=14, max=36),
    Column(key="image", title="IMAGE", min=16, max=44, drop=6),
    Column(key="state", title="STATE", min=14, max=16, drop=1),
    Column(key="health", title="HEALTH", min=9, max=9, drop=2),
    Column(key="cpu", title="CPU", min=4, max=6, right=True, drop=3),
    Column(key="mem", title="MEM", min=4, max=6, right=True, drop=4),
    Column(key="ports", title="PORTS", min=9, max=30, drop=5),
    Column(key="restarts", title="RESTARTS", min=9, max=9, right=True, drop=7),
    Column(key="up", title="UP", min=7, max=8, right=True, drop=1),
)

FULL = 0.9
"""Memory in use over this part of the container's limit is shown as a warning."""

LIVING = (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING)
"""States that may have ended since the host was last heard of."""


class Known(NamedTuple):
    """All that the row of one container is made of."""

    container: Container
    usage: Usage | None
    problem: Problem | None
    heard: float | None
    """When the host was last heard of, where it is not fresh."""
    fresh: bool


class Drawn(NamedTuple):
    """A row, and the moment from which it would look different for its age alone."""

    row: Row
    until: float


FOREVER = float("inf")


def container_row(known: Known, now: float) -> Drawn:
    """The row of one container at the moment `now`."""
    container, problem = known.container, known.problem
    age = Aged(now)
    cells = (
        Cell(container.host),
        Cell(container.name),
        Cell(container.image, "dim"),
        _state(known),
        _health(known),
        *_figures(known),
        Cell(ports(container.ports), "") if container.ports else NONE,
        _restarts(container),
        _up(known, age),
    )
    if not known.fresh:
        plain = tuple(Cell(text) for text, _ in cells)
        return Drawn(Row(container.key, plain, Cell("~", "stale"), "stale"), age.until)
    sign = Cell("!", "bad") if problem else Cell(" ")
    idle = container.state in (ContainerState.EXITED, ContainerState.CREATED) and not problem
    return Drawn(Row(container.key, cells, sign, "off" if idle else ""), age.until)


class Aged:
    """Ages at one moment; remembers how long the shortest-lived of their texts holds."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.until = FOREVER

    def text(self, since: float) -> str:
        """How long ago `since` was, as `units.span` says it."""
        seconds = max(0.0, self.now - since)
        step = 1 if seconds < 60 else 60 if seconds < 3600 else 3600 if seconds < 2 * 86400 else 86400
        self.until = min(self.until, since + (seconds // step + 1) * step)
        return span(seconds)


def _state(known: Known) -> Cell:
    container = known.container
    if not known.fresh and container.state in LIVING:
        return Cell("unknown")
    kind = known.problem.kind if known.problem else None
    bad = kind in (ProblemKind.EXITED, ProblemKind.DEAD, ProblemKind.OOM, ProblemKind.RESTARTING)
    return Cell(state_words(container), "bad" if bad else _STATE_TONES.get(container.state, ""))


_STATE_TONES = {
    ContainerState.PAUSED: "warn",
    ContainerState.RESTARTING: "warn",
    ContainerState.REMOVING: "warn",
    ContainerState.DEAD: "bad",
    ContainerState.UNKNOWN: "warn",
}


def state_words(container: Container) -> str:
    """The state with what belongs to it: `exited 137 oom`."""
    words: list[str] = [container.state.value]
    if container.state in (ContainerState.EXITED, ContainerState.DEAD) and container.exit_code is not None:
        words.append(str(container.exit_code))
    if container.oom and container.state is not ContainerState.RUNNING:
        words.append("oom")
    return " ".join(words)


_HEALTH = {
    Health.NONE: NONE,
    Health.STARTING: Cell("starting", "warn"),
    Health.HEALTHY: Cell("ok", "ok"),
    Health.UNHEALTHY: Cell("unhealthy", "bad"),
}


def _health(known: Known) -> Cell:
    # An engine keeps the last health of a container that has ended; it means nothing.
    alive = known.fresh and known.container.state in LIVING
    return _HEALTH[known.container.health] if alive else NONE


def _figures(known: Known) -> tuple[Cell, Cell]:
    usage = known.usage
    if usage is None or not known.fresh or known.container.state is not ContainerState.RUNNING:
        return NONE, NONE
    full = usage.memory_limit and usage.memory_bytes > FULL * usage.memory_limit
    return (
        NONE if usage.cpu_percent is None else Cell(percent(usage.cpu_percent)),
        Cell(size(usage.memory_bytes), "warn" if full else ""),
    )


def _restarts(container: Container) -> Cell:
    if container.restarts is None:
        return NONE
    return Cell(str(container.restarts), "" if container.restarts else "dim")


def _up(known: Known, age: Aged) -> Cell:
    if not known.fresh:
        return Cell(f"({age.text(known.heard)})") if known.heard is not None else NONE
    container = known.container
    if container.state in (ContainerState.EXITED, ContainerState.DEAD):
        return Cell(f"{age.text(container.finished)} ago", "dim") if container.finished else NONE
    if container.started is None or container.state not in (ContainerState.RUNNING, ContainerState.PAUSED):
        return NONE
    return Cell(age.text(container.started))


@lru_cache(maxsize=4096)
def ports(published: tuple[Port, ...]) -> str:
    """Ports in few characters: `8080>80` is published, `5672` is only exposed; `/udp` where it is not TCP.

    The same port on several addresses (IPv4 and IPv6) counts once; neighbours become a range.
    """
    pairs = {(p.protocol, p.public, p.private) for p in published}
    # An engine lists a published port once more as exposed when it is published on some addresses only.
    open_ones = {(protocol, private) for protocol, public, private in pairs if public}
    pairs = {pair for pair in pairs if pair[1] or (pair[0], pair[2]) not in open_ones}
    ordered = sorted(pairs, key=lambda p: (not p[1], p[0] != "tcp", p[1], p[2]))
    return " ".join(_ranges(ordered))


def _ranges(pairs: list[tuple[str, int, int]]) -> Iterator[str]:
    at = 0
    while at < len(pairs):
        protocol, public, private = pairs[at]
        last = at
        while last + 1 < len(pairs) and pairs[last + 1] == _next(pairs[last]):
            last += 1
        length = last - at
        text = _span(private, length)
        if public:
            text = f"{_span(public, length)}>{text}"
        yield text if protocol == "tcp" else f"{text}/{protocol}"
        at = last + 1


def _next(pair: tuple[str, int, int]) -> tuple[str, int, int]:
    protocol, public, private = pair
    return protocol, public + 1 if public else 0, private + 1


def _span(first: int, length: int) -> str:
    return f"{first}-{first + length}" if length else str(first)
