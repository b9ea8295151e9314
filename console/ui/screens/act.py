"""Asks before something is done to containers: which exactly, and what it means."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.ui.asking import Asked, consequence
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.consent import ConsentScreen

if TYPE_CHECKING:
    from console.ui.links.screens import Dependents


class ActScreen(ConsentScreen):
    """One action on pinned targets."""

    def __init__(
        self,
        asked: Asked,
        glyphs: Glyphs,
        *,
        dependents: Dependents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            glyphs, yes=asked.action.kind.value, typed=asked.typed, dependents=dependents, clock=clock
        )
        self.asked = asked

    def about(self, width: int) -> list[Line]:
        """The question, every target in full, what it means."""
        asked = self.asked
        lines = [*wrap([Cell(asked.title, "header")], width), BLANK]
        for target in asked.targets:
            state = asked.states.get(target.key, "")
            cells = [Cell(target.ref, "group"), Cell(f"  {state}  {target.id[:12]}  {target.image}", "dim")]
            lines += wrap(cells, width)
        if asked.hidden:
            hidden = f"{asked.hidden} of {len(asked.targets)} hidden by the filter"
            lines += [BLANK, *wrap([Cell(hidden, "warn")], width)]
        for target, why in asked.left_out:
            lines += wrap([Cell(f"left out: {target.ref}: {why}", "dim")], width)
        if means := consequence(asked.action):
            lines += [BLANK, *wrap([Cell(means, "text")], width)]
        return lines
