"""`dockcon hosts`: the hosts, their engines and their load."""

from __future__ import annotations

from collections.abc import Sequence

from console.cli import rows
from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.looking import look, report
from console.cli.output import Cell, Output
from console.cli.setup import set_up
from console.config.paths import Homes
from console.model.containers import ContainerState
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.model.units import percent, trip

HEADS = ("HOST", "STATE", "ENGINE", "API", "CARRIER", "RTT", "RUNNING", "LOAD", "MEM", "DISK", "ADDRESS")

_TONES = {HostState.UP: "good", HostState.OFF: "dim", HostState.CONNECTING: "busy", HostState.QUIET: "busy"}


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """List; exit 4 when a host could not be asked."""
    setup = set_up(options, homes)

    def show(snapshots: Sequence[HostSnapshot]) -> None:
        if options.json:
            output.array([rows.host_row(snapshot) for snapshot in snapshots])
        else:
            output.table(HEADS, [_row(snapshot) for snapshot in snapshots])

    return report(look(setup, setup.specs, show, usage=True), output)


def _row(snapshot: HostSnapshot) -> list[Cell]:
    facts, load, state = snapshot.facts, snapshot.load, snapshot.status.state
    running = sum(c.state is ContainerState.RUNNING for c in snapshot.containers.values())
    counts = f"{running}/{len(snapshot.containers)}" if snapshot.listed is not None else "-"
    return [
        Cell(snapshot.name),
        Cell(state.value, _TONES.get(state, "bad")),
        Cell(f"{facts.engine} {facts.version}" if facts else "-"),
        Cell(facts.api if facts else "-"),
        # Without the path of the socket, which `--json` and `check` have.
        Cell(facts.carrier.partition(":")[0] if facts else "-"),
        Cell(trip(snapshot.rtt), right=True),
        Cell(counts, right=True),
        Cell(f"{load.load1:.2f}" if load else "-", right=True),
        Cell(percent(load.memory_percent) if load else "-", right=True),
        Cell(percent(load.disk_percent) if load else "-", right=True),
        Cell(snapshot.spec.target),
    ]
