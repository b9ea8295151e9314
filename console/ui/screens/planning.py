"""A redeploy that is planned: what is read and pulled as it goes, and then the plan and the question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from console.errors import DockconError
from console.model.actions import Consent, Target
from console.model.hosts import HostSpec
from console.model.redeploy.changes import Changes
from console.model.redeploy.plan import Plan
from console.model.text import SafeText, safe
from console.model.units import size
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.dialog import Dialog
from console.ui.screens.redeploy import PlanScreen

if TYPE_CHECKING:
    from console.service.deeds import ActionDesk
    from console.transport.base import PullProgress
    from console.ui.links.screens import Dependents

Agreed = tuple[tuple[Plan, ...], Consent]


class PlanningScreen(Dialog[Agreed | None]):
    """Plans for as long as it is open; leaving it ends the planning, a pull included. The question stands
    over it, so that no other screen has the keyboard in between.
    """

    DEFAULT_CSS = """
    PlanningScreen.-asks { background: transparent; }
    PlanningScreen.-asks > .box { display: none; }
    PlanningScreen .hint { height: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop", id="planning.leave", tooltip="Stop planning; nothing is changed")
    ]

    def __init__(
        self,
        targets: Sequence[Target],
        changes: Changes,
        orders: ActionDesk,
        specs: Mapping[str, HostSpec],
        glyphs: Glyphs,
        *,
        dependents: Dependents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(glyphs, clock)
        self._targets = tuple(targets)
        self._changes = changes
        self._orders = orders
        self._specs = specs
        self._dependents = dependents
        self._plans: list[Plan] = []
        self._now: SafeText = safe("beginning")
        self._complaint = ""
        self._tall = 0
        self._hint = Static("esc stops", classes="hint", markup=False)

    def document(self, width: int) -> list[Line]:
        """Each container, and how far its plan is. Never lower than it was: a box that jumps is not read."""
        what = "1 container" if len(self._targets) == 1 else f"{len(self._targets)} containers"
        lines = [*wrap([Cell(f"Planning the redeploy of {what}", "header")], width), BLANK]
        for number, target in enumerate(self._targets):
            lines += wrap([Cell(target.ref, "group"), Cell(f"  {target.id[:12]}", "dim")], width)
            if number < len(self._plans):
                lines += wrap([Cell("  planned", "ok")], width, 2)
            elif number == len(self._plans):
                said, tone = (self._complaint, "bad") if self._complaint else (self._now, "busy")
                lines += wrap([Cell(f"  {said}", tone)], width, 2)
        if self._complaint:
            lines += [BLANK, *wrap([Cell("Nothing was changed.", "text")], width)]
        self._tall = max(self._tall, len(lines))
        return [*lines, *[BLANK] * (self._tall - len(lines))]

    def controls(self) -> ComposeResult:
        """There is nothing to answer yet."""
        yield self._hint

    def control_lines(self) -> int:
        """The hint."""
        return 1

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._plan(), exit_on_error=False)

    async def _plan(self) -> None:
        loop = asyncio.get_running_loop()

        def progress(told: PullProgress) -> None:
            loop.call_soon_threadsafe(self._tell, told)

        for target in self._targets:
            try:
                plan = await self._orders.plan(target, self._changes, self._orders.rules, progress)
            except DockconError as error:
                self._complaint = str(error)
                self._hint.update("esc leaves")
                self.refit()
                return
            self._plans.append(plan)
            self.refit()
        self.add_class("-asks")
        asked = PlanScreen(self._plans, self._specs, self.glyphs, dependents=self._dependents)
        self.app.push_screen(asked, self._answered)

    def _tell(self, told: PullProgress) -> None:
        if not self.is_attached:
            return  # it was left meanwhile
        far = f"  {size(told.done)} of {size(told.total)}" if told.total else ""
        if told.text or far:
            self._now = safe(f"{told.text}{far}")
            self.refit()

    def _answered(self, consent: Consent | None) -> None:
        self.dismiss(None if consent is None else (tuple(self._plans), consent))

    def action_leave(self) -> None:
        """Stop; the worker ends with the screen."""
        self.dismiss(None)
