"""The line on top of everything: hosts, problems, who is here, and what time it is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from console.ui.bars import Part, Surroundings, fleet_bar
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs
from console.ui.widgets.bar import Bar


class FleetBar(Bar):
    """Drawn again when a host changed or a second has passed."""

    def __init__(self, bridge: Bridge, glyphs: Glyphs, *, read_only: bool = False) -> None:
        super().__init__(id="fleet-bar", glyphs=glyphs)
        self.bridge = bridge
        self.read_only = read_only
        self.who = ""

    def on_mount(self) -> None:
        """Listen to the fleet."""
        self.bridge.changed.subscribe(self, lambda _: self.redraw())
        self.bridge.ticked.subscribe(self, lambda _: self.redraw())
        self.bridge.freezing.subscribe(self, lambda _: self.redraw())

    def parts(self, width: int) -> Sequence[Part]:
        """The bar at this width."""
        bridge = self.bridge
        frozen = "" if bridge.frozen_at is None else _clock(bridge.frozen_at)
        around = Surroundings(_clock(bridge.now()), self.who, frozen, self.read_only)
        return fleet_bar(bridge.world, around, bridge.shown_now, width, self.glyphs)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
