"""The plan of a change of mappings, and the questions that are asked before anything is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from console.model.hosts import Guard, HostSpec
from console.model.mappings.standing import Standing
from console.model.mappings.steps import MapPlan
from console.model.text import sanitise
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.mapping_words import plan_lines
from console.ui.screens.consent import ConsentScreen
from console.ui.widgets.choices import Choices


def typed_of(plan: MapPlan, specs: Mapping[str, HostSpec]) -> tuple[str, ...]:
    """The mapping's id, where a host that is touched wants something typed."""
    hosts = {step.host for step in plan.steps}
    wanted = any(host in specs and specs[host].guard is Guard.TYPED for host in hosts)
    return (plan.id,) if wanted and not plan.refusals else ()


class MapPlanScreen(ConsentScreen):
    """Shows a plan and asks; what may be noticed or opens something is agreed to by a key of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "D",
            "disruptive",
            "Agree",
            id="plan.disruptive",
            show=False,
            tooltip="Agree to the steps that somebody may notice, or that open something",
        ),
    ]

    def __init__(
        self,
        plan: MapPlan,
        specs: Mapping[str, HostSpec],
        glyphs: Glyphs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(glyphs, yes="apply", typed=typed_of(plan, specs), clock=clock)
        self._plan = plan
        self._agreed = False

    @property
    def possible(self) -> bool:
        """A plan that is refused, or changes nothing, cannot be agreed to."""
        return not self._plan.refusals and self._plan.pending

    def about(self, width: int) -> list[Line]:
        """The plan, and what still has to be agreed to."""
        plan = self._plan
        lines = plan_lines(plan, width)
        if plan.refusals:
            lines += [BLANK, *wrap([Cell("It cannot be done as it is; nothing was changed.", "warn")], width)]
        elif not plan.pending:
            lines += [BLANK, *wrap([Cell("It is so already: there is nothing to do.", "ok")], width)]
        elif plan.disruptive and not self.entries:
            box = "[x]" if self._agreed else "[ ]"
            said = f"{box} D: also what is marked with !, which somebody may notice or which opens something"
            lines += [BLANK, *wrap([Cell(said, "ok" if self._agreed else "warn")], width, 4)]
        return lines

    @on(Choices.Picked)
    def _yes_wants_more(self, event: Choices.Picked) -> None:
        """Yes alone is not enough for disruptive steps."""
        if (
            event.position == 1
            and self.settled
            and self.possible
            and self._plan.disruptive
            and not self._agreed
        ):
            event.prevent_default()
            event.stop()
            self._complaint = "Some steps are disruptive: D agrees to them, too."
            self.refit()

    def action_disruptive(self) -> None:
        """Agree, or not any more."""
        self._agreed = not self._agreed
        self._complaint = ""
        self.refit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there is something disruptive and nothing is typed."""
        if action == "disruptive":
            return self._plan.disruptive and self.possible and not self.entries
        return super().check_action(action, parameters)


class CutScreen(ConsentScreen):
    """Asks before sessions on earlier endpoints are ended."""

    def __init__(
        self,
        standing: Standing,
        specs: Mapping[str, HostSpec],
        glyphs: Glyphs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        mapping = standing.mapping
        hosts = {party.host for party in mapping.consumers}
        wanted = any(host in specs and specs[host].guard is Guard.TYPED for host in hosts)
        super().__init__(glyphs, yes="cut them", typed=(mapping.id,) if wanted else (), clock=clock)
        self._standing = standing

    def about(self, width: int) -> list[Line]:
        """How many, and what it means for them."""
        old, mapping = self._standing.old_sessions, self._standing.mapping
        many = "The sessions" if old is None else f"{old} session{'s' * (old != 1)}"
        lines = wrap([Cell(f"Cut {many.lower()} of {sanitise(mapping.id, 80)}?", "header")], width)
        means = (
            f"{many} of {sanitise(mapping.address, 80)} still lead to an earlier endpoint. They are "
            f"ended at once; whoever has them connects again and reaches the present one."
        )
        if old is None:
            means += " How many there are cannot be told here."
        return [*lines, BLANK, *wrap([Cell(means, "text")], width)]
