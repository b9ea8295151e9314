"""Where the maps of all zooms stand: what is large is laid out on a thread, so that keys are answered
meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widget import Widget

from console.ui.links.geometry import Geometry, lay_out
from console.ui.links.place import Plan
from console.ui.links.scene import Scene, Zoom
from console.ui.links.shape import Shape

AT_ONCE = 500
"""Rows and wires of a map that is laid out at once, within some 50 ms. A larger one has more rows than a
terminal, and is never what fits.
"""


class Layouts:
    """Of one widget, whose worker a thread in use belongs to. One map at a time is laid out there."""

    def __init__(self, owner: Widget, done: Callable[[Zoom, Scene, Geometry], None]) -> None:
        """`done` is called when one that was missing is there, with what it was asked for: a fleet that
        never rests is shown a little late then, and not never.
        """
        self._owner = owner
        self._done = done
        self._plans: dict[Zoom, Plan] = {}
        self._geometry: dict[Zoom, Geometry] = {}
        self._busy = False

    def of(self, zoom: Zoom, made: Scene) -> Geometry | None:
        """Where all of this stands. None: it is large and not laid out yet; `done` will be called."""
        shape = made.shape
        known = self._geometry.get(zoom)
        if known is not None and known.shape == shape:
            return known
        if is_light(shape):
            return self._keep(zoom, lay_out(shape, self._plans.get(zoom)))
        if not self._busy:
            self._busy = True
            self._owner.run_worker(self._lay_out(zoom, made), group="layout")
        return None

    def fits(self, zoom: Zoom, made: Scene, width: int, height: int) -> bool:
        """Whether all of it is seen in so many cells."""
        if not is_light(made.shape):
            return False
        geometry = self.of(zoom, made)
        return geometry is not None and geometry.width <= width and geometry.height <= height

    def forget(self) -> None:
        """Place everything anew."""
        self._plans.clear()
        self._geometry.clear()

    def _keep(self, zoom: Zoom, geometry: Geometry) -> Geometry:
        self._geometry[zoom], self._plans[zoom] = geometry, geometry.plan
        return geometry

    async def _lay_out(self, zoom: Zoom, made: Scene) -> None:
        try:
            geometry = await asyncio.to_thread(lay_out, made.shape, self._plans.get(zoom))
        finally:
            self._busy = False
        self._done(zoom, made, self._keep(zoom, geometry))


def is_light(shape: Shape) -> bool:
    """Whether it is laid out at once."""
    return len(shape.wires) + sum(len(box.entries) for box in shape.boxes) <= AT_ONCE
