"""A redeploy on the screen: what shall be different, the plan, and the steps as they are taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from console.errors import UsageError
from console.model.actions import Target
from console.model.hosts import Guard, HostSpec
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import Found, Goal, Trace
from console.model.redeploy.plan import Plan, RedeployJob
from console.model.text import sanitise
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.redeploying import FIELDS, changes_of, job_lines, job_title, plan_lines
from console.ui.screens.consent import ConsentScreen
from console.ui.screens.dialog import Dialog
from console.ui.screens.question import Seen
from console.ui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from console.ui.links.screens import Dependents

_LABEL = 11


class ChangesScreen(Dialog[Changes | None]):
    """Asks what shall be different. With several containers only what all of them can share."""

    DEFAULT_CSS = """
    ChangesScreen .field { height: 1; }
    ChangesScreen .field > Static { width: 11; color: $tone-dim; }
    ChangesScreen .field > Seen { width: 1fr; }
    ChangesScreen .hint { height: 1; margin-top: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "No", id="changes.leave", tooltip="Do nothing"),
        Binding("tab,down", "field(1)", "Next", id="changes.next", show=False, tooltip="Next field"),
        Binding(
            "shift+tab,up", "field(-1)", "Before", id="changes.previous", show=False, tooltip="Field before"
        ),
    ]

    def __init__(
        self, targets: Sequence[Target], glyphs: Glyphs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(glyphs, clock)
        self._targets = tuple(targets)
        images = {str(target.image) for target in targets}
        self._image = images.pop() if len(images) == 1 else ""
        self._complaint = ""
        keys = tuple(FIELDS) if len(self._targets) == 1 else ("image", "env", "labels", "restart")
        self.entries = {key: Seen(compact=True, select_on_focus=False) for key in keys}
        for entry in self.entries.values():
            entry.cursor_blink = False
        self.entries["image"].value = self._image
        self.hint = Static("", classes="hint", markup=False)

    def document(self, width: int) -> list[Line]:
        """Whom it is about, and what may stand in the field with the cursor."""
        lines = wrap([Cell("Redeploy: what shall be different?", "header")], width)
        for target in self._targets:
            lines += wrap(
                [Cell(target.ref, "group"), Cell(f"  {target.id[:12]}  {target.image}", "dim")], width
            )
        lines += [BLANK, *wrap([Cell(FIELDS[self._here()][1], "dim")], width)]
        if self._complaint:
            lines += [BLANK, *wrap([Cell(self._complaint, "bad")], width)]
        return lines

    def _here(self) -> str:
        return next((key for key, entry in self.entries.items() if entry.has_focus), "image")

    def controls(self) -> ComposeResult:
        """One line for each field."""
        for key, entry in self.entries.items():
            with Horizontal(classes="field"):
                yield Static(FIELDS[key][0].ljust(_LABEL), markup=False)
                yield entry
        yield self.hint

    def control_lines(self) -> int:
        """One line each, a blank one, the hint."""
        return len(self.entries) + 2

    def on_mount(self) -> None:
        """The image is what is changed most."""
        self.entries["image"].focus()
        self.hint.update("tab next field  enter plans it  esc leaves")

    def on_descendant_focus(self) -> None:
        """Another field, another explanation."""
        self.refit()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.settled:
            return
        typed = {key: entry.value for key, entry in self.entries.items()}
        try:
            changes = changes_of(typed, self._image)
        except UsageError as error:
            self._complaint = str(error)
            self.refit()
        else:
            self.dismiss(changes)

    def action_field(self, by: int) -> None:
        """To another field."""
        keys = list(self.entries)
        self.entries[keys[(keys.index(self._here()) + by) % len(keys)]].focus()

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)


class PlanScreen(ConsentScreen):
    """Shows the plans of one job and asks."""

    def __init__(
        self,
        plans: Sequence[Plan],
        specs: Mapping[str, HostSpec],
        glyphs: Glyphs,
        *,
        dependents: Dependents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        guarded = (p.target.name for p in plans if specs[p.target.host].guard is Guard.TYPED)
        refused = any(plan.refusal for plan in plans)
        typed = () if refused else tuple(map(str, dict.fromkeys(guarded)))
        super().__init__(glyphs, yes="redeploy", typed=typed, dependents=dependents, clock=clock)
        self._plans = tuple(plans)

    @property
    def possible(self) -> bool:
        """A plan that is refused cannot be agreed to."""
        return not any(plan.refusal for plan in self._plans)

    def about(self, width: int) -> list[Line]:
        """The plans."""
        lines = plan_lines(self._plans, width)
        if not self.possible:
            lines += [BLANK, *wrap([Cell("It cannot be done as it is; nothing was changed.", "warn")], width)]
        return lines


class JobScreen(ReadingScreen):
    """The steps of a redeploy as they are taken. Leaving it does not stop the redeploy."""

    def __init__(self, bridge: Bridge, number: int, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self._number = number

    @property
    def job(self) -> RedeployJob | None:
        """The job as it stands."""
        return next((j for j in self._bridge.handle.orders.redeploys() if j.number == self._number), None)

    def on_mount(self) -> None:
        """Follow it."""
        self._bridge.worked.subscribe(self, lambda jobs: self._look())

    def _look(self) -> None:
        view = self.reader.view
        at_end = view.scroll_offset.y >= view.max_scroll_y
        self.redraw()
        if at_end:
            view.scroll_end(animate=False)

    def title_line(self, width: int) -> Line:
        """What it is, and how far."""
        job = self.job
        said, tone = job_title(job) if job is not None else ("beginning", "busy")
        return (Cell(" Redeploy", "group"), Cell(f"  {said}", tone), Cell("  goes on when you leave", "dim"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """The live log."""
        job = self.job
        return job_lines(job, width) if job is not None else [(Cell("beginning", "dim"),)]


class RecoverScreen(ConsentScreen):
    """Asks before an interrupted redeploy is finished or taken back, or a finished one rolled back."""

    def __init__(
        self,
        host: str,
        found: Found,
        goal: Goal,
        spec: HostSpec,
        glyphs: Glyphs,
        *,
        dependents: Dependents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host
        self._found = found
        self._goal = goal
        word = "finish it" if goal is Goal.FINISH else "go back"
        typed = (found.facts.name,) if spec.guard is Guard.TYPED else ()
        super().__init__(glyphs, yes=word, typed=typed, dependents=dependents, clock=clock)

    def about(self, width: int) -> list[Line]:
        """Both containers, and what will become of them."""
        facts, name = self._found.facts, sanitise(self._found.facts.name, 200)
        half = self._found.trace is Trace.INTERRUPTED
        title = "Finish the redeploy?" if self._goal is Goal.FINISH else "Go back to the container before?"
        lines = wrap([Cell(title, "header")], width)
        lines += wrap([Cell(f"{name}@{self._host}", "group")], width)
        lines += [
            BLANK,
            *wrap([Cell("It was interrupted half way." if half else "It is finished.", "text")], width),
        ]
        for what, seen in (("new", facts.new), ("before", facts.old)):
            state = "gone" if seen is None else "running" if seen.running else "not running"
            ident = f"{sanitise(seen.name, 200)}  {seen.id[:12]}  " if seen is not None else ""
            lines += wrap([Cell(f"{what:<8}", "dim"), Cell(f"{ident}{state}", "text")], width)
        means = (
            "The one before is stopped and kept; the new one runs under its name."
            if self._goal is Goal.FINISH
            else "The new one is stopped and removed; the one before runs again under its name."
        )
        return [*lines, BLANK, *wrap([Cell(means, "text")], width)]
