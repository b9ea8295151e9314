"""Everything known of one container as a document. Pure: what is known and the time in, lines out.

Whatever comes from the inspect document was masked before; figures and states come from the snapshot, which
is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.model.containers import Container, ContainerState, Health, Usage
from console.model.problems import Problem
from console.model.secrets import HIDDEN
from console.model.snapshot import HostSnapshot
from console.model.units import clock, percent, size, span_words
from console.ui.cells import Cell, Glyphs
from console.ui.inspected import dig, entries, members, moment, number, text, words
from console.ui.lines import Line, beside, fact, heading, stack, wrap
from console.ui.plot import ceiling, ceiling_bytes, chart
from console.ui.present_hosts import STATE_SIGNS, STATE_TONES, state_sentence

if TYPE_CHECKING:
    from console.model.links.link import LinkList

WIDE = 110
"""Cells from which the document has two columns."""

HEALTH_RECORDS = 3
"""How many results of the health check are shown, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that is known of one container."""

    name: str
    host: HostSnapshot | None
    container: Container | None
    """As the newest list has it; None when the list no longer has it."""
    problem: Problem | None = None
    document: object = None
    """The inspect document, masked; None until it came."""
    trouble: str = ""
    """Why there is no (newer) document."""
    usage: Sequence[Usage] = ()
    links: LinkList | None = None
    """Who depends on whom; None where nobody has looked yet."""

    @property
    def fresh(self) -> bool:
        """Whether the engine says so now."""
        return self.host is not None and self.host.fresh

    @property
    def gone(self) -> bool:
        """The engine no longer has it."""
        return self.container is None and self.fresh


def state_cell(subject: Subject, now: float) -> Cell:
    """The state in words, with its age and what belongs to it."""
    container = subject.container
    if container is None:
        return Cell("gone: the engine no longer has it", "bad") if subject.gone else Cell("not known", "dim")
    if not subject.fresh:
        heard = subject.host.heard if subject.host else None
        age = f", last heard of {span_words(now - heard)} ago" if heard is not None else ""
        return Cell(f"unknown{age}; it was {container.state} then", "stale")
    said = _STATES[container.state](container, now)
    return Cell(said, _tone(container, subject.problem))


def _tone(container: Container, problem: Problem | None) -> str:
    if problem is not None or container.health is Health.UNHEALTHY:
        return "bad"
    if container.state is ContainerState.RUNNING:
        return "warn" if container.health is Health.STARTING else "ok"
    return "off" if container.state in (ContainerState.EXITED, ContainerState.CREATED) else "warn"


def _for(since: float | None, now: float) -> str:
    return f" for {span_words(now - since)}" if since is not None else ""


def _running(container: Container, now: float) -> str:
    health = {
        Health.HEALTHY: ", healthy",
        Health.UNHEALTHY: ", unhealthy",
        Health.STARTING: ", its health check has not passed yet",
        Health.NONE: "",
    }
    return f"running{_for(container.started, now)}{health[container.health]}"


def _ended(container: Container, now: float) -> str:
    parts = [f"{container.state}"]
    if container.exit_code is not None:
        parts.append(f" with code {container.exit_code}")
    if container.oom:
        parts.append(", killed for lack of memory")
    if container.finished is not None:
        parts.append(f", {span_words(now - container.finished)} ago")
    return "".join(parts)


_STATES: Mapping[ContainerState, Callable[[Container, float], str]] = {
    ContainerState.RUNNING: _running,
    ContainerState.EXITED: _ended,
    ContainerState.DEAD: _ended,
    ContainerState.RESTARTING: lambda c, now: f"restarting: {_ended(c, now).replace('restarting', 'ended')}",
    ContainerState.CREATED: lambda c, now: "created, never started",
    ContainerState.PAUSED: lambda c, now: f"paused; started {span_words(now - (c.started or now))} ago",
    ContainerState.REMOVING: lambda c, now: "being removed",
    ContainerState.UNKNOWN: lambda c, now: "in a state this console does not know",
}


def title(subject: Subject, now: float, width: int) -> Line:
    """The first line of the screen: the container in full at the left, its host at the right."""
    host = subject.host
    left = Cell(f" {subject.name}", "group")
    if host is None:
        return (left,)
    state = host.status.state
    right = (Cell(STATE_SIGNS[state], STATE_TONES[state]), Cell(f" {state_sentence(host, now)} ", "dim"))
    room = width - len(left.text) - sum(len(c.text) for c in right)
    if room < 2:
        short = (Cell(STATE_SIGNS[state], STATE_TONES[state]), Cell(f" {state.value} ", "dim"))
        room = width - len(left.text) - sum(len(c.text) for c in short)
        return (left, Cell(" " * max(1, room)), *short)
    return (left, Cell(" " * room), *right)


# Overview


def _state(subject: Subject, now: float, width: int) -> list[Line]:
    container, document = subject.container, subject.document
    lines = wrap([state_cell(subject, now)], width)
    if subject.problem is not None:
        lines += fact("problem", [Cell(subject.problem.text, "bad")], width)
    if error := text(document, "State", "Error"):
        lines += fact("error", [Cell(error, "bad")], width)
    if subject.host is not None and not subject.fresh:
        lines += fact("host", [Cell(state_sentence(subject.host, now), "stale")], width)
    if subject.trouble:
        lines += fact("inspect", [Cell(subject.trouble, "warn")], width)
    if container is None:
        return lines
    for label, at in (("started", container.started), ("ended", container.finished)):
        if at is not None:
            lines += fact(label, f"{clock(at, now)}  ({span_words(now - at)} ago)", width)
    if container.restarts is not None:
        times = "once" if container.restarts == 1 else f"{container.restarts} times"
        said = f"restarted {times} by the engine" if container.restarts else "never restarted by the engine"
        policy = container.restart_policy or "no"
        lines += fact("restarts", f"{said}, policy {policy}", width)
    return lines


def _what(subject: Subject, now: float, width: int) -> list[Line]:
    container, document = subject.container, subject.document
    image = container.image if container else text(document, "Config", "Image")
    lines = fact("image", image or "-", width)
    if digest := (container.image_id if container else "") or text(document, "Image"):
        lines += fact("image id", [Cell(digest, "dim")], width)
    if container is not None:
        lines += fact("container", [Cell(container.id, "dim")], width)
        lines += fact(
            "created", f"{clock(container.created, now)}  ({span_words(now - container.created)} ago)", width
        )
        if container.project:
            lines += fact("compose", f"{container.project} / {container.service or '-'}", width)
    command = [text(document, "Path"), *words(document, "Args")]
    if any(command):
        lines += fact("command", " ".join(command), width)
    for label, key in (("user", "User"), ("directory", "WorkingDir"), ("host name", "Hostname")):
        if value := text(document, "Config", key):
            lines += fact(label, value, width)
    return lines


def _health(subject: Subject, now: float, width: int) -> list[Line]:
    document = subject.document
    test = words(document, "Config", "Healthcheck", "Test")
    records = entries(document, "State", "Health", "Log")
    if not test and not records:
        return []
    status = text(document, "State", "Health", "Status")
    streak = number(document, "State", "Health", "FailingStreak")
    tone = {"healthy": "ok", "unhealthy": "bad", "starting": "warn"}.get(status, "dim")
    said = f"{status}, {streak} failed in a row" if streak else status
    lines = fact("health", [Cell(said, tone)], width)
    if test:
        lines += fact("check", " ".join(test[1:] if test[0] in ("CMD", "CMD-SHELL") else test), width)
    for record in reversed(records[-HEALTH_RECORDS:]):
        code = number(record, "ExitCode")
        at = moment(record, "End")
        output = text(record, "Output").strip() or "(no output)"
        cells = (
            Cell("ok  " if not code else f"failed {code}  ", "ok" if not code else "bad"),
            Cell(output, "text"),
        )
        lines += fact(clock(at, now) if at is not None else "-", cells, width)
    return lines


def _ports(subject: Subject, width: int) -> list[Line]:
    container = subject.container
    lines: list[Line] = []
    for port in sorted(container.ports) if container else ():
        inner = f"{port.private}/{port.protocol}"
        if port.public:
            address = f"[{port.ip}]" if ":" in port.ip else port.ip or "*"
            lines += fact(inner, f"published on {address}:{port.public}", width)
        else:
            lines += fact(inner, [Cell("not published", "dim")], width)
    return lines


def _networks(subject: Subject, width: int) -> list[Line]:
    lines: list[Line] = []
    for name, network in members(subject.document, "NetworkSettings", "Networks").items():
        cells = [Cell(name, "text")]
        addresses = [text(network, "IPAddress"), text(network, "GlobalIPv6Address")]
        if found := [a for a in addresses if a]:
            cells.append(Cell("  " + ", ".join(found), "accent"))
        own = subject.container.id[:12] if subject.container else ""
        aliases = dict.fromkeys(a for a in words(network, "Aliases") if a != own)
        if aliases:
            cells.append(Cell("  alias " + ", ".join(aliases), "dim"))
        lines += fact("network" if not lines else "", cells, width)
    if not lines and (mode := text(subject.document, "HostConfig", "NetworkMode")):
        lines += fact("network", mode, width)
    for entry in words(subject.document, "HostConfig", "ExtraHosts"):
        lines += fact("hosts line", entry, width)
    return lines


def _links(subject: Subject, width: int) -> list[Line]:
    found = subject.links.of(subject.container.key) if subject.links and subject.container else ()
    if not found:
        return []
    from console.ui.links.words import of_container

    assert subject.container is not None
    return of_container(found, subject.container.key, width)


def _mounts(subject: Subject, width: int) -> list[Line]:
    lines: list[Line] = []
    for mount in entries(subject.document, "Mounts"):
        kind = text(mount, "Type") or "mount"
        source = text(mount, "Name") if kind == "volume" else text(mount, "Source")
        mode = "" if dig(mount, "RW") is not False else "  read only"
        cells = (Cell(text(mount, "Destination"), "text"), Cell(f"  from {source or '-'}{mode}", "dim"))
        lines += fact(kind, cells, width)
    return lines


def _limits(subject: Subject, width: int) -> list[Line]:
    document = subject.document
    if document is None:
        return []
    memory = number(document, "HostConfig", "Memory")
    cpus = number(document, "HostConfig", "NanoCpus") / 1e9
    lines = fact("memory", size(memory) if memory else "no limit", width)
    lines += fact("CPU", f"{cpus:g} cores" if cpus else "no limit", width)
    driver = text(document, "HostConfig", "LogConfig", "Type")
    options = members(document, "HostConfig", "LogConfig", "Config")
    lines += fact("logs", "  ".join([driver or "-", *(f"{k}={v}" for k, v in options.items())]), width)
    said = [word for key, word in _FLAGS.items() if dig(document, "HostConfig", key) is True]
    return lines + (fact("flags", ", ".join(said), width) if said else [])


_FLAGS = {
    "Privileged": "privileged",
    "ReadonlyRootfs": "read-only root",
    "AutoRemove": "removed when it ends",
}


def usage_charts(usage: Sequence[Usage], now: float, width: int, glyphs: Glyphs) -> list[Line]:
    """CPU and memory of the last ten minutes."""
    cpu = [(u.at, u.cpu_percent) for u in usage if u.cpu_percent is not None]
    memory = [(u.at, float(u.memory_bytes)) for u in usage]
    cpu_top = max(10.0, ceiling(max((v for _, v in cpu), default=0.0)))
    highest = max((v for _, v in memory), default=0.0)
    limit = float(usage[-1].memory_limit) if usage else 0.0
    # A limit far above what is used would press the graph to the floor.
    memory_top = limit if highest * 4 > limit > 0 else ceiling_bytes(highest)
    name = f"Memory, limit {size(limit)}" if limit else "Memory"
    one = chart("CPU", cpu, percent, now=now, width=width, height=4, top=cpu_top, glyphs=glyphs)
    two = chart(name, memory, size, now=now, width=width, height=4, top=memory_top, glyphs=glyphs)
    return stack([one, two])


def overview(subject: Subject, now: float, width: int, glyphs: Glyphs) -> list[Line]:
    """State, figures, image, health, network, mounts, limits; two columns where there is room."""
    wide = width >= WIDE
    left = (width - 3) // 2 if wide else width
    right = width - 3 - left if wide else width

    def section(name: str, lines: list[Line], columns: int) -> list[Line]:
        return [heading(name, columns, glyphs), *lines] if lines else []

    state = section("State", _state(subject, now, left), left)
    what = section("Image and command", _what(subject, now, left), left)
    limits = section("Limits", _limits(subject, left), left)
    graphs = usage_charts(subject.usage, now, right, glyphs) if subject.usage else []
    health = section("Health", _health(subject, now, right), right)
    network = section("Ports and networks", [*_ports(subject, right), *_networks(subject, right)], right)
    links = section("Links", _links(subject, right), right)
    mounts = section("Mounts", _mounts(subject, right), right)
    if wide:
        return beside(stack([state, what, limits]), stack([graphs, health, links, network, mounts]), left)
    return stack([state, health, links, graphs, network, mounts, what, limits])


# Environment


def environment(subject: Subject, width: int, glyphs: Glyphs) -> list[Line]:
    """Environment and labels, as the masked document has them."""
    if subject.document is None:
        return [(Cell(subject.trouble or "not read yet", "dim"),)]
    pairs = [entry.partition("=") for entry in sorted(words(subject.document, "Config", "Env"))]
    env = _pairs([(name, value) for name, _, value in pairs], width)
    labels = members(subject.document, "Config", "Labels")
    marked = _pairs([(name, str(value)) for name, value in labels.items()], width)
    none: list[Line] = [(Cell("none", "dim"),)]
    return stack(
        [
            [heading("Environment", width, glyphs, f"{len(env)}" if env else ""), *(env or none)],
            [heading("Labels", width, glyphs, f"{len(labels)}" if labels else ""), *(marked or none)],
        ]
    )


def _pairs(pairs: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Names and values in two columns; a long name has its value on the next line."""
    if not pairs:
        return []
    column = min(max(len(name) for name, _ in pairs) + 2, max(16, width // 2))
    lines: list[Line] = []
    for name, value in pairs:
        tone = "dim" if value == HIDDEN else "text"
        if len(name) + 2 > column:
            lines += wrap([Cell(name, "accent")], width)
            lines += [(Cell(" " * column), *line) for line in wrap([Cell(value, tone)], width - column)]
        else:
            first, *more = wrap([Cell(value, tone)], width - column)
            lines.append((Cell(name.ljust(column), "accent"), *first))
            lines += [(Cell(" " * column), *line) for line in more]
    return lines
