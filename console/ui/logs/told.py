"""What the pane says of itself: in its title, and where there are no lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from console.model.logs.wish import ClockReading
from console.model.units import skew
from console.service.tap import SourceState, SourceView
from console.ui.bars import Part
from console.ui.cells import Cell

SKEWED = 0.05
"""Seconds between two clocks below which nobody cares."""

TROUBLED = {
    SourceState.WAITING: "waiting",
    SourceState.NOTHING: "without a log",
}
CALM = {
    SourceState.POLLED: "asked now and then",
    SourceState.STOPPED: "stopped",
    SourceState.GONE: "gone",
}
"""How states are counted in the title; those that are missing are as they should be."""

REASONS = 8
"""Containers of which an empty pane says why there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that the title is made of."""

    title: str = ""
    """Of the wish; empty: nothing is read."""
    follow: bool = True
    ends: bool = False
    """Nothing will come any more: what was wished ends at a moment."""
    new: int = 0
    """Lines that came since the reader let go."""
    lines: int = 0
    """Lines that are shown."""
    marked: int = 0
    loading: bool = False
    frozen: bool = False
    suspended: bool = False
    rate: float = 0.0
    """Lines a second."""
    dropped: int = 0
    let_go: int = 0
    """Lines that the ring let go because a cap was reached."""
    sources: Sequence[SourceView] = ()
    clocks: Mapping[str, ClockReading] = field(default_factory=dict)
    corrected: bool = False
    window: str = ""
    search: str = ""
    """As typed."""
    found: str = ""
    only: str = ""
    """The filter, as typed."""


def title(told: Told) -> list[Part]:
    """The parts of the title, the most important first."""
    if not told.title:
        return [Part("nothing chosen", "dim")]
    return [Part(told.title, "header"), *_state(told), *_asked(told), *_wrong(told), *_more(told)]


def _state(told: Told) -> Iterator[Part]:
    if told.frozen:
        yield Part("frozen, streams closed" if told.suspended else "frozen", "warn")
    if not told.follow:
        yield Part(f"held, {told.new:,} new" if told.new else "held", "warn" if told.new else "accent")
    elif told.loading:
        yield Part("loading", "dim")
    else:
        yield Part("to its end" if told.ends else "follow", "dim" if told.ends else "ok")
    if told.marked:
        yield Part(f"{told.marked} marked", "mark")


def _asked(told: Told) -> Iterator[Part]:
    if told.search:
        yield Part(f"/{told.search} {told.found}", "accent")
    if told.only:
        yield Part(f"&{told.only} {told.lines:,}", "accent")


def _wrong(told: Told) -> Iterator[Part]:
    if told.dropped:
        yield Part(f"{told.dropped:,} dropped", "bad")
    states = Counter(view.state for view in told.sources)
    for state, word in TROUBLED.items():
        if states[state]:
            yield Part(f"{states[state]} {word}", "warn")
    if clock := worst_clock(told.clocks):
        host, reading = clock
        order = ", order corrected" if told.corrected else ""
        yield Part(f"{host} clock {skew(reading.ahead)}{order}", "stale")


def _more(told: Told) -> Iterator[Part]:
    if told.rate >= 0.5:
        yield Part(f"{told.rate:,.0f} line{'s' * (round(told.rate) != 1)}/s", "dim")
    yield Part(told.window, "dim")
    if told.let_go:
        yield Part("oldest let go", "dim")
    states = Counter(view.state for view in told.sources)
    for state, word in CALM.items():
        if states[state] and len(told.sources) > 1:
            yield Part(f"{states[state]} {word}", "dim")


def worst_clock(clocks: Mapping[str, ClockReading]) -> tuple[str, ClockReading] | None:
    """The host whose clock is farthest from ours, where that is more than we may be wrong, and matters."""
    wrong = [
        (host, reading)
        for host, reading in clocks.items()
        if abs(reading.ahead) > max(reading.error, SKEWED) and skew(reading.ahead) != "0"
    ]
    return max(wrong, key=lambda pair: abs(pair[1].ahead), default=None)


def emptiness(told: Told) -> list[Cell]:
    """Why there is no line, and what to do about it."""
    if not told.title:
        return [
            Cell("nothing chosen yet", "header"),
            Cell("press l on a container, on marked ones or on a host: their logs come here, as one", "dim"),
        ]
    if told.only:
        return [Cell("no line matches the filter; esc takes it away", "dim")]
    if told.loading:
        return [Cell("loading", "dim")]
    if told.frozen:
        return [Cell("frozen; p goes on", "dim")]
    if not told.sources:
        return [Cell("no container is meant; one that starts later joins by itself", "dim")]
    reasons = [Cell(f"{v.source.ref}: {_why(v)}", "warn") for v in told.sources if v.state in TROUBLED]
    if len(reasons) > REASONS:
        reasons[REASONS:] = [Cell(f"and {len(reasons) - REASONS} more", "dim")]
    if sum(view.state in TROUBLED for view in told.sources) < len(told.sources):
        reasons.append(Cell(f"no lines: {told.window}; ] shows a longer window", "dim"))
    return reasons


def _why(view: SourceView) -> str:
    if view.why:
        return view.why
    if view.state is SourceState.WAITING:
        return "its host is not reached; lines are fetched when it is back"
    return "there is no log to read"
