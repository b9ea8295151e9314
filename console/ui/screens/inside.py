"""Asks what shall be done inside containers."""

from __future__ import annotations

import time
from collections.abc import Callable

from console.model.actions import Target
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.consent import ConsentScreen


class EnterScreen(ConsentScreen):
    """Before a shell on a host that wants names typed."""

    def __init__(
        self, target: Target, glyphs: Glyphs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(glyphs, yes="open it", typed=(target.name,), clock=clock)
        self._target = target

    def about(self, width: int) -> list[Line]:
        """Where it would be."""
        target = self._target
        cells = [Cell(target.ref, "group"), Cell(f"  {target.id[:12]}  {target.image}", "dim")]
        return [*wrap([Cell("Open a shell?", "header")], width), BLANK, *wrap(cells, width)]
