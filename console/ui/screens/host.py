"""Everything known of one host, live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.model.snapshot import HostSnapshot
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import Line
from console.ui.messages import LogsWanted
from console.ui.present_hosts import STATE_SIGNS, STATE_TONES, STATE_WORDS, host_document
from console.ui.screens.reading import ReadingScreen
from console.ui.widgets.host_table import connect_now, switch
from console.ui.wishes import of_host


class HostScreen(ReadingScreen):
    """State, figures, engine, capabilities and the way to one host."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "l", "logs", "logs", id="host.logs", tooltip="Leave this, and read the logs of everything on it"
        ),
        Binding("c", "connect", "connect now", id="host.connect", tooltip="Connect now, without waiting"),
        Binding(
            "f",
            "switch",
            "off/on",
            id="host.switch",
            tooltip="Take it out of the fleet, or back in; remembered",
        ),
    ]

    def __init__(self, bridge: Bridge, host: str, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.host = host
        self._bridge = bridge

    @property
    def snapshot(self) -> HostSnapshot | None:
        """What is known; None until the host was heard of."""
        return self._bridge.world.snapshots.get(self.host)

    def on_mount(self) -> None:
        """Follow the fleet."""
        self._bridge.changed.subscribe(self, self._changed)
        self._bridge.ticked.subscribe(self, lambda now: self.redraw())

    def _changed(self, hosts: frozenset[str]) -> None:
        if self.host in hosts:
            self.redraw()

    def title_line(self, width: int) -> Line:
        """Name and state."""
        snapshot = self.snapshot
        if snapshot is None:
            return (Cell(f" {self.host}", "group"), Cell("  not heard of yet", "dim"))
        state = snapshot.status.state
        said = f"  {STATE_SIGNS[state]} {STATE_WORDS[state]}"
        return (Cell(f" {self.host}", "group"), Cell(said, STATE_TONES[state]))

    def page_lines(self, width: int) -> Sequence[Line]:
        """The document."""
        snapshot = self.snapshot
        if snapshot is None:
            return [(Cell("nothing is known of this host yet", "dim"),)]
        now = self._bridge.shown_now
        # While the screen is frozen samples keep arriving.
        history = [sample for sample in self._bridge.handle.load_history(self.host) if sample.at <= now]
        return host_document(snapshot, history, now, width, self.glyphs)

    def action_logs(self) -> None:
        """Read the logs of everything on it, on the main screen."""
        self.post_message(LogsWanted(of_host(self.host)))

    def action_connect(self) -> None:
        """Connect now."""
        if self.snapshot is not None:
            connect_now(self, self._bridge.handle, self.snapshot)

    def action_switch(self) -> None:
        """Switch off or on."""
        if self.snapshot is not None:
            switch(self, self._bridge.handle, self.snapshot)
