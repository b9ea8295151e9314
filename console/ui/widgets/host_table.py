"""The hosts pane: every host with its state, figures and reason; below, the one under the cursor in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from console.model.clock import wall
from console.model.hosts import HostState
from console.model.snapshot import HostSnapshot
from console.service.handle import FleetHandle
from console.ui import keys
from console.ui.cells import Cell, Glyphs
from console.ui.messages import LogsWanted, Said, StockWanted
from console.ui.present_hosts import HOST_COLUMNS, STATE_WORDS, host_row, strip
from console.ui.widgets.lines_view import LinesView
from console.ui.widgets.rowtable import RowTable
from console.ui.wishes import of_host


class HostTable(Vertical):
    """All hosts of the fleet. `show` gives it snapshots; call it again each second, since it tells ages."""

    DEFAULT_CSS = """
    HostTable { height: 1fr; }
    HostTable > RowTable { height: 1fr; }
    HostTable > LinesView { height: 5; padding: 1 1 0 0; overflow: hidden; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keys.HOSTS]

    class Opened(Message):
        """The details of a host are wanted."""

        def __init__(self, host: str) -> None:
            super().__init__()
            self.host = host

    def __init__(
        self,
        handle: FleetHandle,
        glyphs: Glyphs,
        *,
        now: Callable[[], float] = wall,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._handle = handle
        self._now = now
        self._snapshots: Mapping[str, HostSnapshot] = {}
        self.table = RowTable(HOST_COLUMNS, glyphs=glyphs)
        self.table.set_empty(Cell("no hosts: hosts.yml has none, or --host left none", "dim"))
        self.words = LinesView(glyphs)
        self.words.can_focus = False

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.words

    @property
    def selected(self) -> HostSnapshot | None:
        """The host under the cursor."""
        return self._snapshots.get(str(self.table.store.cursor))

    def show(self, snapshots: Mapping[str, HostSnapshot]) -> None:
        """Show these hosts, in the order of hosts.yml."""
        self._snapshots = snapshots
        now = self._now()
        names = [spec.name for spec in self._handle.hosts if spec.name in snapshots]
        self.table.set_rows([host_row(snapshots[name], now) for name in names])
        self._show_words()

    def _show_words(self) -> None:
        snapshot, now = self.selected, self._now()
        self.words.show(lambda width: strip(snapshot, now, width))

    @on(RowTable.CursorMoved)
    def _cursor_moved(self, event: RowTable.CursorMoved) -> None:
        event.stop()
        self._show_words()

    @on(RowTable.Opened)
    def _row_opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if event.key is not None:
            self.post_message(self.Opened(str(event.key)))

    def action_logs(self) -> None:
        """Read the logs of everything on the host under the cursor."""
        if self.selected is not None:
            self.post_message(LogsWanted(of_host(self.selected.name)))

    def action_stock(self) -> None:
        """Show what the host under the cursor has in store."""
        if self.selected is not None:
            self.post_message(StockWanted(self.selected.name))

    def action_connect(self) -> None:
        """Connect to the host under the cursor now."""
        if self.selected is not None:
            connect_now(self, self._handle, self.selected)

    def action_switch(self) -> None:
        """Switch the host under the cursor off or on."""
        if self.selected is not None:
            switch(self, self._handle, self.selected)


def connect_now(widget: Widget, handle: FleetHandle, snapshot: HostSnapshot) -> None:
    """Connect to a host without waiting for its turn; where that makes no sense, say why."""
    name, state = snapshot.name, snapshot.status.state
    if state is HostState.OFF:
        widget.post_message(Said(f"{name} is switched off: f switches it on", "warn"))
    elif state in (HostState.UP, HostState.CONNECTING):
        widget.post_message(Said(f"{name} is {STATE_WORDS[state]} already"))
    else:
        handle.retry(name)
        widget.post_message(Said(f"connecting to {name} now"))


def switch(widget: Widget, handle: FleetHandle, snapshot: HostSnapshot) -> None:
    """Take a host out of the fleet, or back in."""
    name = snapshot.name
    back = snapshot.status.state is HostState.OFF
    handle.switch(name, back)
    widget.post_message(Said(f"{name} is in the fleet again" if back else f"{name} is off; f switches it on"))
