"""Hosts as rows, sentences and documents. Pure: a snapshot and the time in, cells and lines out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from console.model.containers import ContainerState
from console.model.hosts import EngineKind, Guard, HostLoad, HostSpec, HostState
from console.model.snapshot import HostSnapshot
from console.model.text import sanitise
from console.model.units import clock, percent, size, skew, span, span_words, trip
from console.ui.cells import Cell, Column, Glyphs
from console.ui.lines import Line, beside, fact, heading, stack, wrap
from console.ui.plot import ceiling, chart
from console.ui.widgets.rowpaint import LEAD
from console.ui.widgets.rowstore import Row

HOST_COLUMNS: Final = (
    Column(key="host", title="HOST", min=8, max=24),
    Column(key="state", title="STATE", min=11, max=11),
    Column(key="since", title="SINCE", min=5, max=5, right=True),
    Column(key="retry", title="RETRY", min=5, max=5, right=True, drop=7),
    Column(key="run", title="RUNNING", min=7, max=9, right=True),
    Column(key="load", title="LOAD", min=5, max=6, right=True, drop=3),
    Column(key="mem", title="MEM", min=4, max=4, right=True, drop=2),
    Column(key="disk", title="DISK", min=4, max=4, right=True, drop=1),
    Column(key="free", title="FREE", min=4, max=4, right=True, drop=4),
    Column(key="rtt", title="RTT", min=5, max=5, right=True, drop=6),
    Column(key="skew", title="SKEW", min=5, max=6, right=True, drop=8),
    Column(key="engine", title="ENGINE", min=13, max=18, drop=9),
    Column(key="api", title="API", min=4, max=5, drop=10),
    Column(key="carrier", title="CARRIER", min=11, max=12, drop=11),
    Column(key="why", title="WHY", min=15, max=20, stretch=True),
)

STATE_WORDS: Final = {
    HostState.CONNECTING: "connecting",
    HostState.UP: "up",
    HostState.QUIET: "quiet",
    HostState.ENGINE_DOWN: "engine down",
    HostState.LOST: "lost",
    HostState.NEEDS_YOU: "needs you",
    HostState.REFUSED: "refused",
    HostState.OFF: "off",
}

STATE_SIGNS: Final = {
    HostState.CONNECTING: ".",
    HostState.UP: "+",
    HostState.QUIET: "~",
    HostState.ENGINE_DOWN: "x",
    HostState.LOST: "~",
    HostState.NEEDS_YOU: "?",
    HostState.REFUSED: "x",
    HostState.OFF: "-",
}

STATE_TONES: Final = {
    HostState.CONNECTING: "dim",
    HostState.UP: "ok",
    HostState.QUIET: "warn",
    HostState.ENGINE_DOWN: "bad",
    HostState.LOST: "bad",
    HostState.NEEDS_YOU: "warn",
    HostState.REFUSED: "bad",
    HostState.OFF: "off",
}

SKEW_WARN: Final = 1.0
"""Seconds a host's clock may differ before it is pointed out: merged logs would be out of order."""

DISK_BAD: Final = 90.0
PART_WARN: Final = 80.0
"""Percent of disk or memory in use from which the figure stands out."""


def counts(snapshot: HostSnapshot) -> tuple[int, int]:
    """(running, all) containers of the last list."""
    running = sum(c.state is ContainerState.RUNNING for c in snapshot.containers.values())
    return running, len(snapshot.containers)


def retry_in(snapshot: HostSnapshot, now: float) -> str:
    """`retry in 4 s`, or nothing when none is planned."""
    at = snapshot.status.retry_at
    if at is None:
        return ""
    return f"retry in {span_words(at - now)}" if at > now else "retrying"


def state_sentence(snapshot: HostSnapshot, now: float) -> str:
    """State, age, reason and retry in words: `lost 12 s ago: no answer for 15 s; retry in 4 s`."""
    status = snapshot.status
    age = span_words(now - status.since)
    said = {
        HostState.CONNECTING: f"connecting for {age}",
        HostState.UP: f"up for {age}",
        HostState.QUIET: f"quiet for {age}: figures are old",
        HostState.ENGINE_DOWN: f"engine down for {age}",
        HostState.LOST: f"lost {age} ago",
        HostState.NEEDS_YOU: f"waiting for you for {age}",
        HostState.REFUSED: f"refused {age} ago",
        HostState.OFF: f"switched off {age} ago",
    }[status.state]
    if status.reason:
        said += f"{';' if ':' in said else ':'} {status.reason}"
    retry = retry_in(snapshot, now)
    return f"{said}; {retry}" if retry else said


def missing(snapshot: HostSnapshot) -> list[str]:
    """What does not work on a host that is reached: `no shell: refused`."""
    return [f"no {name}: {why}" for name, why in sorted(snapshot.capabilities.items()) if why]


def full_root(snapshot: HostSnapshot) -> str:
    """`data root 92% full, 9.0G free`; nothing where it is not full."""
    load = snapshot.load
    if load is None or load.disk_percent is None or load.disk_percent <= DISK_BAD:
        return ""
    return f"data root {percent(load.disk_percent)} full, {size(load.disk_free)} free"


def why(snapshot: HostSnapshot) -> Cell:
    """The most telling words for one column: the reason, else what does not work."""
    status = snapshot.status
    if status.state is not HostState.UP and status.reason:
        text = f"{status.reason}; {status.next_step}" if status.next_step else status.reason
        return Cell(text, "text" if status.state is not HostState.OFF else "off")
    if status.state is HostState.UP:
        full = full_root(snapshot)
        return Cell("; ".join([*([full] if full else []), *missing(snapshot)]), "bad" if full else "dim")
    return Cell("")


def _part(value: float | None, old: bool, bad: float = 1000.0) -> Cell:
    """A percentage that stands out when it is high; dimmed when it is old."""
    if value is None:
        return Cell("-", "dim")
    tone = "dim" if old else "bad" if value > bad else "warn" if value > PART_WARN else "text"
    return Cell(percent(value), tone)


def _free(load: HostLoad | None, old: bool) -> Cell:
    """Bytes left where the data root is: a tenth of a large disk lasts longer than one of a small disk."""
    if load is None or not load.disk_total:
        return Cell("-", "dim")
    full = (load.disk_percent or 0.0) > DISK_BAD
    return Cell(size(load.disk_free), "dim" if old else "bad" if full else "text")


def host_row(snapshot: HostSnapshot, now: float) -> Row:
    """One line of the hosts table; figures of a host that is not up are dimmed."""
    status, facts, load = snapshot.status, snapshot.facts, snapshot.load
    old = status.state is not HostState.UP
    plain = "dim" if old else "text"
    tone = STATE_TONES[status.state]
    running, everything = counts(snapshot)
    listed = snapshot.listed is not None
    seconds = status.retry_at - now if status.retry_at is not None else None
    skewed = load is not None and load.skew is not None and abs(load.skew) > SKEW_WARN
    busy = load is not None and load.load1 > max(1, load.cpus)
    cells = {
        "host": Cell(snapshot.name, "off" if status.state is HostState.OFF else "text"),
        "state": Cell(STATE_WORDS[status.state], tone),
        "since": Cell(span(now - status.since), "text" if old else "dim"),
        "retry": Cell("" if seconds is None else span(seconds) if seconds > 0 else "now", "text"),
        "run": Cell(f"{running}/{everything}" if listed else "-", plain if listed else "dim"),
        "load": Cell(f"{load.load1:.2f}", "warn" if busy and not old else plain)
        if load
        else Cell("-", "dim"),
        "mem": _part(load.memory_percent if load else None, old),
        "disk": _part(load.disk_percent if load else None, old, DISK_BAD),
        "free": _free(load, old),
        "rtt": Cell(trip(snapshot.rtt), plain if snapshot.rtt is not None else "dim"),
        "skew": Cell(skew(load.skew), "warn" if skewed and not old else plain) if load else Cell("-", "dim"),
        "engine": Cell(f"{facts.engine} {facts.version}" if facts else "-", "dim"),
        "api": Cell(facts.api if facts else "-", "dim"),
        "carrier": Cell(facts.carrier if facts else "-", "dim"),
        "why": why(snapshot),
    }
    return Row(
        key=snapshot.name,
        cells=tuple(cells[column.key] for column in HOST_COLUMNS),
        sign=Cell(STATE_SIGNS[status.state], tone),
    )


def route(spec: HostSpec) -> str:
    """The way to a host as an operator would say it: `ops@10.0.0.12:22 via bastion`."""
    hops = [hop.target or hop.name for hop in spec.jump]
    return f"{spec.target} via {', '.join(hops)}" if hops else spec.target


def strip(snapshot: HostSnapshot | None, now: float, width: int) -> list[Line]:
    """Three lines about the host under the cursor: name and way there, state in words, next step."""
    if snapshot is None:
        return []
    status = snapshot.status
    tone = STATE_TONES[status.state]
    lead, room = Cell(" " * LEAD), max(8, width - LEAD)
    sign = Cell(STATE_SIGNS[status.state].rjust(LEAD - 1) + " ", tone)
    head = (sign, Cell(snapshot.name, "group"), Cell(f"  {sanitise(route(snapshot.spec))}", "dim"))
    said = wrap([Cell(state_sentence(snapshot, now), tone)], room)
    if status.next_step:
        said += wrap([Cell("next: ", "dim"), Cell(status.next_step, "text")], room)
    elif status.state is HostState.UP and (full := full_root(snapshot)):
        said += wrap([Cell(full, "bad"), Cell("; i shows what could go", "text")], room)
    elif lacks := missing(snapshot):
        said += wrap([Cell("; ".join(lacks), "dim")], room)
    return [head, *((lead, *line) for line in said)]


# The details screen


def _state_section(snapshot: HostSnapshot, now: float, width: int) -> list[Line]:
    status = snapshot.status
    lines = wrap([Cell(state_sentence(snapshot, now), STATE_TONES[status.state])], width)
    if status.next_step:
        lines += fact("next step", status.next_step, width)
    if snapshot.heard is not None:
        lines += fact("last heard", f"{span_words(now - snapshot.heard)} ago", width)
    if snapshot.listed is not None:
        lines += fact("last listed", f"{clock(snapshot.listed, now)}", width)
    if snapshot.dropped:
        lines += fact("events lost", f"{snapshot.dropped}; listed again after each gap", width)
    return lines


def _way_section(spec: HostSpec, width: int) -> list[Line]:
    lines = fact("dialled as", sanitise(route(spec)), width)
    engine = spec.engine.path if spec.engine.kind is EngineKind.UNIX else spec.engine.kind.value
    lines += fact("engine", f"{engine} (hosts.yml)", width)
    guards = {
        Guard.OBSERVE: "observe: nothing on this host is changed",
        Guard.CONFIRM: "confirm: every change is asked about",
        Guard.TYPED: "typed: the container's name must be typed",
    }
    lines += fact("guard", guards[spec.guard], width)
    if spec.labels:
        lines += fact("labels", "  ".join(f"{k}={v}" for k, v in sorted(spec.labels.items())), width)
    return lines


def _engine_section(snapshot: HostSnapshot, width: int) -> list[Line]:
    facts = snapshot.facts
    if facts is None:
        return [(Cell("not reached yet", "dim"),)]
    running, everything = counts(snapshot)
    lines = fact("engine", f"{facts.engine} {facts.version}, API {facts.api}", width)
    lines += fact("carrier", facts.carrier, width)
    lines += fact("round trip", trip(snapshot.rtt), width)
    system = " ".join(part for part in (facts.os, facts.kernel, facts.arch) if part)
    if system:
        lines += fact("system", system, width)
    return lines + fact("containers", f"{running} running of {everything}", width)


def _capability_section(snapshot: HostSnapshot, width: int) -> list[Line]:
    lines: list[Line] = []
    for name, reason in sorted(snapshot.capabilities.items()):
        said = (
            (Cell("works", "ok"),) if not reason else (Cell("does not work: ", "warn"), Cell(reason, "text"))
        )
        lines += fact(name, said, width)
    return lines or [(Cell("not known yet", "dim"),)]


def _figures(snapshot: HostSnapshot, width: int) -> list[Line]:
    load, old = snapshot.load, snapshot.status.state is not HostState.UP
    if load is None:
        return [(Cell("no figures", "dim"),)]
    busy = load.load1 > max(1, load.cpus) and not old
    lines = fact(
        "load", [Cell(f"{load.load1:.2f}", "warn" if busy else "text"), _of(f"on {load.cpus} cores")], width
    )
    used = f"{size(load.memory_used)} of {size(load.memory_total)}"
    lines += fact("memory", [_part(load.memory_percent, old), _of(used)], width)
    if load.disk_total:
        disk = f"{size(load.disk_used)} of {size(load.disk_total)}, {size(load.disk_free)} free"
        lines += fact("data root", [_part(load.disk_percent, old, DISK_BAD), _of(disk)], width)
    if snapshot.stock is not None:
        from console.ui.stock.present import store_words

        if words := store_words(snapshot):
            lines += fact("in store", [_of(words)._replace(text=words)], width)
    if load.skew is not None:
        apart = skew(load.skew)
        side = "behind" if load.skew < 0 else "ahead of"
        said = "agrees with ours" if apart == "0" else f"{apart.lstrip('+-')} {side} ours"
        lines += fact(
            "clock", [Cell(said, "warn" if abs(load.skew) > SKEW_WARN and not old else "text")], width
        )
    return lines


def _of(text: str) -> Cell:
    return Cell(f"  {text}", "dim")


def load_charts(history: Sequence[HostLoad], now: float, width: int, glyphs: Glyphs) -> list[Line]:
    """Load and memory of the last ten minutes."""
    loads = [(sample.at, sample.load1) for sample in history]
    parts = [(s.at, s.memory_percent) for s in history if s.memory_percent is not None]
    cores = float(history[-1].cpus) if history else 1.0
    top = max(ceiling(max((v for _, v in loads), default=0.0)), cores)
    one = chart("Load", loads, lambda v: f"{v:.1f}", now=now, width=width, height=4, top=top, glyphs=glyphs)
    two = chart("Memory", parts, percent, now=now, width=width, height=4, top=100.0, glyphs=glyphs)
    return stack([one, two])


def host_document(
    snapshot: HostSnapshot, history: Sequence[HostLoad], now: float, width: int, glyphs: Glyphs
) -> list[Line]:
    """Everything known of one host; in two columns where there is room."""
    wide = width >= 110
    left = (width - 3) // 2 if wide else width
    right = width - 3 - left if wide else width
    state = [heading("State", left, glyphs), *_state_section(snapshot, now, left)]
    way = [heading("Way there", left, glyphs), *_way_section(snapshot.spec, left)]
    engine = [heading("Engine", left, glyphs), *_engine_section(snapshot, left)]
    able = [heading("Capabilities", left, glyphs), *_capability_section(snapshot, left)]
    age = f"{span_words(now - snapshot.load.at)} old" if snapshot.load else ""
    figures = [heading("Machine", right, glyphs, age), *_figures(snapshot, right)]
    graphs = load_charts(history, now, right, glyphs)
    if not wide:
        return stack([state, figures, graphs, engine, able, way])
    return beside(stack([state, engine, able, way]), stack([figures, graphs]), left)
