"""The main screen: the fleet, its containers, and what is asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from console.config.schema import LogCaps
from console.model.containers import ContainerKey
from console.model.logs.wish import LogWish
from console.ui import keys
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs
from console.ui.messages import Said, StockWanted
from console.ui.screens.acting import ActingScreen
from console.ui.screens.arranging import Place
from console.ui.widgets.container_table import ContainerPane
from console.ui.widgets.fleet_bar import FleetBar
from console.ui.widgets.host_pane import HostPane
from console.ui.widgets.host_table import HostTable
from console.ui.widgets.pane import Pane
from console.ui.widgets.rowtable import RowTable
from console.ui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from console.ui.logs.lines_pane import Bookmarked
    from console.ui.logs.pane import LogPane
    from console.ui.stock.pane import StockPane


BOOKMARK_AT_MOST = 400
"""Characters of a line that a bookmark keeps."""


def make_mappings(bridge: Bridge, glyphs: Glyphs) -> Pane:
    """The mappings pane, imported when it is first wanted."""
    from console.ui.widgets.mapping_pane import MappingPane

    return MappingPane(bridge, glyphs)


def alarm(bridge: Bridge) -> str:
    """How many mappings want attention; nothing is loaded for a fleet that has none."""
    known = bridge.known_mappings
    if known is None or not known.standings:
        return ""
    from console.ui.present_mappings import broken

    number = broken(known)
    return f"x{number}" if number else ""


def make_links(bridge: Bridge, glyphs: Glyphs) -> Pane:
    """The links pane, imported when it is first wanted."""
    from console.ui.links.pane import LinkPane

    return LinkPane(bridge, glyphs)


def broken_links(bridge: Bridge) -> str:
    """How many links are broken, as far as anybody looked."""
    known = bridge.links.known
    return f"x{len(known.broken)}" if known is not None and known.broken else ""


class MainScreen(ActingScreen):
    """Fleet bar, panes, key hints."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.SCREEN]

    AUTO_FOCUS = ""

    def __init__(self, bridge: Bridge, glyphs: Glyphs, caps: LogCaps, *, read_only: bool = False) -> None:
        self.bridge = bridge
        self.read_only = read_only
        self._caps = caps
        self._reads = False
        """Whether it was said whose logs are read."""
        self.containers = ContainerPane(bridge, glyphs)
        self.hosts = HostPane(bridge, glyphs)
        mappings = Place(
            "mappings", "4", "Mappings", lambda: make_mappings(bridge, glyphs), lambda: alarm(bridge)
        )
        links = Place("links", "3", "Links", lambda: make_links(bridge, glyphs), lambda: broken_links(bridge))
        hosts = Place("hosts", "6", "Hosts", lambda: self.hosts)
        super().__init__(
            (
                Place("containers", "1", "Containers", lambda: self.containers),
                Place("logs", "2", "Logs", self._make_logs),
                links,
                mappings,
                Place("timeline", "5", "Timeline", self._make_timeline),
                hosts,
                Place("stock", "7", "Images", self._make_stock),
            ),
            below=hosts,
            glyphs=glyphs,
        )
        self.fleet_bar = FleetBar(bridge, glyphs, read_only=read_only)
        self.status = StatusLine(glyphs)
        self._only_problems = False

    def compose(self) -> ComposeResult:
        yield self.fleet_bar
        yield from super().compose()
        yield self.status

    def on_mount(self) -> None:
        """The containers have the keyboard first."""
        self.containers.table.focus()
        self.bridge.mapped.subscribe(self, lambda _: self.redraw_titles())
        self.bridge.links.changed.subscribe(self, lambda _: self.redraw_titles())

    def _make_timeline(self) -> Pane:
        # Imported here for the sake of the first screen, which is waited for.
        from console.ui.widgets.timeline_pane import TimelinePane

        return TimelinePane(self.bridge, self.glyphs)

    def _make_stock(self) -> Pane:
        from console.ui.stock.pane import StockPane

        return StockPane(self.bridge, self.glyphs)

    def _make_logs(self) -> Pane:
        from console.ui.logs.pane import LogPane

        return LogPane(self.bridge, self.glyphs, self.bridge.handle.logs, self._caps)

    def made(self, pane: Pane) -> None:
        """What holds for all panes holds for a new one."""
        if self._only_problems:
            pane.only_problems(True)

    @on(RowTable.Opened)
    def _container_opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if isinstance(event.key, tuple):
            from console.ui.screens.details import DetailsScreen

            host, container = event.key
            self.app.push_screen(DetailsScreen(self.bridge, (host, container), self.glyphs))

    @on(HostTable.Opened)
    def _host_opened(self, event: HostTable.Opened) -> None:
        event.stop()
        from console.ui.screens.host import HostScreen

        self.app.push_screen(HostScreen(self.bridge, event.host, self.glyphs))

    @on(StockWanted)
    async def _stock_wanted(self, event: StockWanted) -> None:
        event.stop()
        await super().action_pane("stock")
        cast("StockPane", self.place("stock").take()).show_host(event.host)

    @on(Said)
    def _said(self, event: Said) -> None:
        event.stop()
        self.status.say(event.text, event.tone)

    # Keys

    def action_problems(self) -> None:
        """Only problems, or everything again."""
        self._only_problems = not self._only_problems
        for place in self.places:
            if place.pane is not None:
                place.pane.only_problems(self._only_problems)

    def action_filter(self) -> None:
        """Type a filter; where a pane has none, it is the containers that are filtered."""
        if not self.active.find():
            self.go_to(self.containers)
            self.containers.find()

    def action_freeze(self) -> None:
        """Hold what is shown, or go on."""
        self.bridge.freeze(self.bridge.frozen_at is None)

    def reachable(self) -> list[Place]:
        """Passing by opens no logs."""
        return [place for place in super().reachable() if place.key != "logs" or self._reads]

    async def action_pane(self, key: str) -> None:
        """Go to a pane; logs that nobody has chosen yet are those of what is chosen in the list."""
        wish = self.containers.wish() if key == "logs" and not self._reads else None
        if wish is not None:
            await self.show_logs(wish, None)
        else:
            await super().action_pane(key)

    async def show_logs(self, wish: LogWish, ns: int | None) -> None:
        """Read these logs from now on; with `ns` stay at that moment. A frozen screen goes on for it."""
        self._reads = True
        self.bridge.freeze(False)
        await super().action_pane("logs")
        pane = cast("LogPane", self.place("logs").take())
        pane.show(wish)
        if ns is not None:
            pane.go_to(ns)

    def on_bookmarked(self, event: Bookmarked) -> None:
        """A line of a log belongs on the timeline."""
        event.stop()
        from console.model.timeline.entries import bookmark, thing

        source, line = event.source, event.line
        about = thing("")
        if source is not None:
            about = self.bridge.live.container(source.key) or thing(source.host, source.name, source.id)
        self.bridge.record(bookmark(line.ns, about, line.text(BOOKMARK_AT_MOST)))
        self.status.say("on the timeline")

    def show_container(self, key: ContainerKey) -> None:
        """Put the cursor on a container; what hides it is taken away."""
        self.go_to(self.containers)
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
        elif self.zoomed:
            self.action_zoom()
        elif self.bridge.frozen_at is not None:
            self.action_freeze()
