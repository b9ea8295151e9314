"""What the main screen does about actions: hands them to a desk that is made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from console.ui.bridge import Bridge
from console.ui.messages import (
    ActWanted,
    CleanUpWanted,
    DiscardWanted,
    InsideWanted,
    LinkWanted,
    MapWanted,
    RecoverWanted,
    RedeployWanted,
)
from console.ui.screens.arranging import ArrangingScreen
from console.ui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from console.ui.inside_desk import InsideDesk
    from console.ui.links.desk import LinksDesk
    from console.ui.map_desk import MapDesk
    from console.ui.order_desk import OrderDesk


class ActingScreen(ArrangingScreen):
    """Hears what shall be done."""

    bridge: Bridge
    status: StatusLine
    read_only: bool
    _desk: OrderDesk | None = None
    _inside_desk: InsideDesk | None = None
    _map_desk: MapDesk | None = None
    _links_desk: LinksDesk | None = None

    @property
    def orders(self) -> OrderDesk:
        """Where orders are given."""
        if self._desk is None:
            # Imported here for the sake of the first screen, which is waited for.
            from console.ui.order_desk import OrderDesk

            self._desk = OrderDesk(self)
        return self._desk

    @on(ActWanted)
    def _act_wanted(self, event: ActWanted) -> None:
        event.stop()
        self.orders.act(event)

    @on(RedeployWanted)
    def _redeploy_wanted(self, event: RedeployWanted) -> None:
        event.stop()
        self.orders.redeploy(event)

    @on(RecoverWanted)
    def _recover_wanted(self, event: RecoverWanted) -> None:
        event.stop()
        self.orders.recover(event)

    @on(InsideWanted)
    def _inside_wanted(self, event: InsideWanted) -> None:
        event.stop()
        if self._inside_desk is None:
            from console.ui.inside_desk import InsideDesk

            self._inside_desk = InsideDesk(self)
        self._inside_desk.take(event)

    @on(DiscardWanted)
    def _discard_wanted(self, event: DiscardWanted) -> None:
        event.stop()
        self.orders.discard(event.plan)

    @on(CleanUpWanted)
    def _clean_up_wanted(self, event: CleanUpWanted) -> None:
        event.stop()
        self.orders.clean_up(event)

    @on(MapWanted)
    def _map_wanted(self, event: MapWanted) -> None:
        event.stop()
        if self._map_desk is None:
            from console.ui.map_desk import MapDesk

            self._map_desk = MapDesk(self)
        self._map_desk.take(event)

    @on(LinkWanted)
    def _link_wanted(self, event: LinkWanted) -> None:
        event.stop()
        if self._links_desk is None:
            from console.ui.links.desk import LinksDesk

            self._links_desk = LinksDesk(self)
        self._links_desk.take(event)

    def action_jobs(self) -> None:
        """What was done from here, and what is under way."""
        from console.ui.screens.jobs import JobsScreen

        self.app.push_screen(JobsScreen(self.bridge, self.glyphs))
