"""The main screen: panes side by side where there is room, else one at a time behind the same keys."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from console.model.containers import ContainerKey
from console.ui import keys
from console.ui.bars import Tab
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs
from console.ui.messages import PaneChanged, Said
from console.ui.screens.taking import TakingScreen
from console.ui.widgets.container_table import ContainerPane
from console.ui.widgets.fleet_bar import FleetBar
from console.ui.widgets.host_pane import HostPane
from console.ui.widgets.host_table import HostTable
from console.ui.widgets.pane import Pane
from console.ui.widgets.rowtable import RowTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tabs_line import PaneTitle, TabsLine

OVERVIEW = (120, 30)
"""Columns and rows from which all panes are shown at once."""

HOSTS_AT_MOST = 8
"""Rows of hosts in the overview; more scroll."""


class MainScreen(TakingScreen):
    """Fleet bar, panes, key hints."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.SCREEN]

    AUTO_FOCUS = ""

    def __init__(self, bridge: Bridge, glyphs: Glyphs, *, read_only: bool = False) -> None:
        super().__init__(id="main")
        self.bridge = bridge
        self.containers = ContainerPane(bridge, glyphs)
        self.hosts = HostPane(bridge, glyphs)
        self.panes: tuple[Pane, ...] = (self.containers, self.hosts)
        self.active: Pane = self.containers
        self.fleet_bar = FleetBar(bridge, glyphs, read_only=read_only)
        self.status = StatusLine(glyphs)
        self._glyphs = glyphs
        self._zoomed = False
        self._only_problems = False

    def compose(self) -> ComposeResult:
        yield self.fleet_bar
        yield TabsLine(
            self._glyphs, lambda: [self._tab(pane) for pane in self.panes], lambda: self.active.info()
        )
        for pane in self.panes:
            with Vertical(classes="frame", id=f"frame-{pane.KEY}"):
                yield PaneTitle(self._glyphs, partial(self._tab, pane), pane.info)
                yield pane
        yield self.status

    def on_mount(self) -> None:
        """The containers have the keyboard first."""
        self.containers.table.focus()

    def _tab(self, pane: Pane) -> Tab:
        action = f"screen.pane('{pane.KEY}')"
        return Tab(pane.NUMBER, pane.TITLE, pane.alert(), action, pane is self.active)

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Another size may ask for another arrangement."""
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        roomy = width >= OVERVIEW[0] and height >= OVERVIEW[1]
        self.set_class(not roomy or self._zoomed, "-single")
        rows = min(HOSTS_AT_MOST, max(1, len(self.bridge.world.hosts)))
        frame = self.query_one("#frame-hosts")
        frame.styles.height = rows + 2 if roomy and not self._zoomed else None
        for pane in self.panes:
            self.query_one(f"#frame-{pane.KEY}").set_class(pane is self.active, "-active")

    def _redraw_titles(self) -> None:
        self.query_one(TabsLine).redraw()
        for title in self.query(PaneTitle):
            title.redraw()

    @on(PaneChanged)
    def _pane_changed(self, event: PaneChanged) -> None:
        event.stop()
        self._redraw_titles()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the keyboard is the active one."""
        for pane in self.panes:
            if pane in event.widget.ancestors_with_self and pane is not self.active:
                self.active = pane
                self._arrange(*self.size)
                self._redraw_titles()

    @on(RowTable.Opened)
    def _container_opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if isinstance(event.key, tuple):
            # Imported here for the sake of the first screen, which is waited for.
            from console.ui.screens.details import DetailsScreen

            host, container = event.key
            self.app.push_screen(DetailsScreen(self.bridge, (host, container), self._glyphs))

    @on(HostTable.Opened)
    def _host_opened(self, event: HostTable.Opened) -> None:
        event.stop()
        from console.ui.screens.host import HostScreen

        self.app.push_screen(HostScreen(self.bridge, event.host, self._glyphs))

    @on(Said)
    def _said(self, event: Said) -> None:
        event.stop()
        self.status.say(event.text, event.tone)

    # Keys

    def action_pane(self, key: str) -> None:
        """Go to a pane."""
        for pane in self.panes:
            if key == pane.KEY:
                self.active = pane
                self._arrange(*self.size)
                self._redraw_titles()
                pane.keyboard.focus()

    def action_next_pane(self, by: int) -> None:
        """Go to the next pane, or the one before."""
        at = (self.panes.index(self.active) + by) % len(self.panes)
        self.action_pane(self.panes[at].KEY)

    def action_zoom(self) -> None:
        """The active pane alone, or all of them again."""
        self._zoomed = not self._zoomed
        self._arrange(*self.size)

    def action_problems(self) -> None:
        """Only problems, or everything again."""
        self._only_problems = not self._only_problems
        for pane in self.panes:
            pane.only_problems(self._only_problems)

    def action_filter(self) -> None:
        """Type a filter; where a pane has none, it is the containers that are filtered."""
        if not self.active.find():
            self.action_pane(self.containers.KEY)
            self.containers.find()

    def action_freeze(self) -> None:
        """Hold what is shown, or go on."""
        self.bridge.freeze(self.bridge.frozen_at is None)

    def show_container(self, key: ContainerKey) -> None:
        """Put the cursor on a container; what hides it is taken away."""
        self.action_pane(self.containers.KEY)
        if key not in self.containers.table.store.index:
            self.containers.show_everything()
            if self._only_problems:
                self.action_problems()
        self.containers.table.move_to(key)

    def action_back(self) -> None:
        """Take back one thing: marks, filter, only problems, zoom, the freeze."""
        if self.active.clear() or self.containers.clear():
            return
        if self._only_problems:
            self.action_problems()
        elif self._zoomed:
            self.action_zoom()
        elif self.bridge.frozen_at is not None:
            self.action_freeze()
