"""`dockcon ps`: the containers of all hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from console.cli import rows
from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.looking import look, report
from console.cli.output import Cell, Output
from console.cli.setup import set_up
from console.config.paths import Homes
from console.model.containers import Container, ContainerState, Health
from console.model.problems import Problem, find
from console.model.query import Query, parse
from console.model.snapshot import HostSnapshot
from console.model.units import percent, size, span

_TONES = {
    ContainerState.RUNNING: "good",
    ContainerState.RESTARTING: "busy",
    ContainerState.PAUSED: "busy",
    ContainerState.DEAD: "bad",
}


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """List; exit 4 when a host could not be asked."""
    setup = set_up(options, homes)
    names = [spec.name for spec in setup.specs]
    query = parse(" ".join(options.query), names)
    asked = set(query.hosts(names))
    # Figures and restarts cost a second and an inspect of each container: only where they are shown.
    figures = options.json or options.stats

    def show(snapshots: Sequence[HostSnapshot]) -> None:
        now = setup.clock.now()
        found = list(_matching(snapshots, query))
        if options.json:
            worst = {(p.host, p.container): p for p in find(snapshots, now)}
            output.array([rows.container_row(s, c, worst.get(c.key)) for s, c in found])
        else:
            _table(found, find(snapshots, now), output, now, figures)

    specs = [spec for spec in setup.specs if spec.name in asked]
    snapshots = look(setup, specs, show, usage=figures, details=figures, past=figures)
    return report(snapshots, output)


def _matching(snapshots: Iterable[HostSnapshot], query: Query) -> Iterator[tuple[HostSnapshot, Container]]:
    """By host in the order of the file, then by name."""
    for snapshot in snapshots:
        for container in sorted(snapshot.containers.values(), key=lambda c: (c.name, c.id)):
            if query.matches(container):
                yield snapshot, container


def _table(
    found: Sequence[tuple[HostSnapshot, Container]],
    problems: Sequence[Problem],
    output: Output,
    now: float,
    figures: bool,
) -> None:
    # Most kinds of problems take what only `figures` read: half of the marks would be worse than none.
    sick = {(p.host, p.container) for p in problems} if figures else set()
    extra = ["CPU", "MEM"] if figures else []
    heads = [*([""] if figures else []), "HOST", "NAME", "STATE", "HEALTH", *extra, "PORTS", "UP", "IMAGE"]
    table = []
    for snapshot, container in found:
        usage = snapshot.usage.get(container.id)
        row = [
            *([Cell("!" if container.key in sick else "", "bad")] if figures else []),
            Cell(container.host),
            Cell(container.name),
            _state(snapshot, container),
            _health(container),
        ]
        if figures:
            row.append(Cell(percent(usage.cpu_percent) if usage else "-", right=True))
            row.append(Cell(size(usage.memory_bytes) if usage else "-", right=True))
        row += [
            Cell(rows.ports_text(container.ports) or "-"),
            Cell(_up(snapshot, container, now), right=True),
            Cell(container.image),
        ]
        table.append(row)
    output.table(heads, table)


def _state(snapshot: HostSnapshot, container: Container) -> Cell:
    state = rows.state_of(snapshot, container)
    text = state.value
    if state is ContainerState.EXITED and container.exit_code is not None:
        text += " (oom)" if container.oom else f" ({container.exit_code})"
    return Cell(text, _TONES.get(state, "dim"))


def _health(container: Container) -> Cell:
    match container.health:
        case Health.UNHEALTHY:
            return Cell("unhealthy", "bad")
        case Health.HEALTHY:
            return Cell("ok", "good")
        case Health.STARTING:
            return Cell("starting", "busy")
        case _:
            return Cell("-", "dim")


def _up(snapshot: HostSnapshot, container: Container, now: float) -> str:
    if container.state is not ContainerState.RUNNING or not container.started or not snapshot.fresh:
        return "-"
    return span(now - container.started)
