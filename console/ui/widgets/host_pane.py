"""The hosts pane of the main screen: the table of hosts, fed by the bridge."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.model.hosts import HostState, HostStatus
from console.model.problems import ProblemKind
from console.model.snapshot import HostSnapshot
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.messages import PaneChanged
from console.ui.widgets.host_table import HostTable
from console.ui.widgets.pane import TablePane
from console.ui.widgets.rowtable import RowTable


class HostPane(TablePane):
    """Every host, or only those with a problem."""

    KEY = "hosts"
    TITLE = "Hosts"
    NUMBER = "6"

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge)
        self.hosts = HostTable(bridge.handle, glyphs, now=lambda: bridge.shown_now)
        self._only_problems = False
        self._states: dict[str, HostStatus] = {}

    @property
    def table(self) -> RowTable:
        """The rows."""
        return self.hosts.table

    def compose(self) -> ComposeResult:
        yield self.hosts

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        self.bridge.changed.subscribe(self, self._changed)
        self.bridge.ticked.subscribe(self, lambda _: self.draw())
        self.draw()

    def _changed(self, hosts: frozenset[str]) -> None:
        """States are shown at once; figures, which change all the time, once a second."""
        snapshots = self.bridge.world.snapshots
        states = {name: snapshots[name].status for name in hosts if name in snapshots}
        if any(self._states.get(name) != status for name, status in states.items()):
            self._states.update(states)
            self.draw()

    def draw(self) -> None:
        """Show the hosts as they are now; only what differs is painted."""
        self.hosts.show(self._shown())
        self.post_message(PaneChanged())

    def _shown(self) -> dict[str, HostSnapshot]:
        world = self.bridge.world
        if not self._only_problems:
            return dict(world.snapshots)
        troubled = {problem.host for problem in world.problems if not problem.container}
        return {name: s for name, s in world.snapshots.items() if name in troubled}

    def down(self) -> int:
        """Hosts that are not up, those switched off not counted."""
        states = [self.bridge.world.state(spec.name) for spec in self.bridge.world.hosts]
        return sum(state not in (HostState.UP, HostState.OFF) for state in states)

    def rows_wanted(self) -> int:
        """One for each host."""
        return len(self.bridge.world.hosts)

    def info(self) -> Sequence[Part]:
        """How many are up."""
        world = self.bridge.world
        up = sum(world.state(spec.name) is HostState.UP for spec in world.hosts)
        parts = [Part(f"{up} of {len(world.hosts)} up", "dim")]
        if self._only_problems:
            parts.append(Part("only problems", "warn"))
        return parts

    def alert(self) -> str:
        """How many are not up, and how many have a full data root."""
        down = self.down()
        full = sum(problem.kind is ProblemKind.DISK for problem in self.bridge.world.problems)
        return " ".join([*([f"~{down}"] if down else []), *([f"!{full}"] if full else [])])

    def copy_text(self) -> str:
        """What one would type after `ssh`."""
        snapshot = self.hosts.selected
        return snapshot.spec.target if snapshot else ""

    def only_problems(self, on: bool) -> None:
        """Show only hosts with a problem of their own."""
        self._only_problems = on
        self.table.set_empty(Cell("no host has a problem; ! shows all of them" if on else "no hosts", "dim"))
        self.draw()
