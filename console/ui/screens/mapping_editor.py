"""The editor of a mapping: a line for each thing that is stated, offers from the fleet, objections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from console.errors import DockconError
from console.model.actions import Consent
from console.model.containers import ContainerKey
from console.model.hosts import HostSpec
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.steps import MapPlan
from console.model.text import sanitise
from console.service.mappings.desk import MapEnding, Offers
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.completing import Known, first_key, taken
from console.ui.drafting import Draft
from console.ui.editing import FIELDS, LEADS
from console.ui.lines import BLANK, Line, wrap
from console.ui.mapping_words import outcome
from console.ui.picking import Picker, verdict_lines
from console.ui.widgets.line_bar import LineBar
from console.ui.widgets.lines_view import LinesView

PAUSE = 0.3
"""Seconds without a key after which the desk is asked what speaks against it."""

_LABEL = 11
_ABOVE = 12
"""Lines that are no offers and no objections."""


class MappingEditor(Screen[None]):
    """Stays under the plan and the apply, so that nothing typed is lost when one of them says no."""

    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    MappingEditor { layout: vertical; background: $background; color: $tone-text; }
    MappingEditor > .title { background: $panel; margin-bottom: 1; }
    MappingEditor .field { height: 1; padding: 0 1; }
    MappingEditor .field > Static { width: 11; color: $tone-dim; }
    MappingEditor .field > Input { width: 1fr; background: $background; }
    MappingEditor .field.-here > Static { color: $tone-accent; }
    MappingEditor > LinesView { height: 1fr; padding: 1 1 0 1; }
    MappingEditor > .hint { height: 1; padding: 0 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="editor.leave", tooltip="Leave; nothing is changed"),
        Binding("tab", "field(1)", "next", id="editor.next", show=False, tooltip="Next field"),
        Binding("shift+tab", "field(-1)", "before", id="editor.previous", show=False, tooltip="Field before"),
        Binding("down", "choose(1)", "down", id="editor.down", show=False, tooltip="The offer below"),
        Binding("up", "choose(-1)", "up", id="editor.up", show=False, tooltip="The offer above"),
        Binding("ctrl+s", "plan", "plan", id="editor.plan", tooltip="Plan what is typed"),
    ]

    def __init__(
        self, bridge: Bridge, specs: Mapping[str, HostSpec], draft: Draft, start: str, glyphs: Glyphs
    ) -> None:
        """`start`: the field that has the keyboard first."""
        super().__init__()
        self.glyphs = glyphs
        self.draft = draft
        self._bridge = bridge
        self._specs = specs
        self._start = start
        self._here = start
        self._picker = Picker()
        self._said: tuple[str, str] = ("", "")
        self._leaving = False
        self._led = False
        """Whether the keyboard is where it is because something was missing there."""
        self._asked: tuple[ContainerKey | None, ContainerKey | None] = (None, None)
        self._plan: MapPlan | None = None
        self._planned: Stated | None = None
        self._timer: Timer | None = None
        what = "New mapping" if draft.before is None else f"Mapping {sanitise(draft.before.id, 80)}"
        title = (Cell(f" {what}", "group"), Cell("  what consumers dial, and where it leads", "dim"))
        self.title_bar = LineBar(lambda width: title, glyphs, classes="title")
        keys = [key for key in FIELDS if key != "id" or draft.before is None]
        self.entries = {key: Input(draft.typed[key], compact=True, select_on_focus=False) for key in keys}
        self.words = LinesView(glyphs)
        self.words.can_focus = False

    # The screen

    def compose(self) -> ComposeResult:
        yield self.title_bar
        for key, entry in self.entries.items():
            entry.cursor_blink = False
            with Horizontal(classes="field", id=f"field-{key}"):
                yield Static(FIELDS[key][0].ljust(_LABEL), markup=False)
                yield entry
        yield self.words
        yield Static(
            "enter takes it or goes on  tab field  ctrl+s plan  esc leave", classes="hint", markup=False
        )

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self.entries[self._start].focus()
        for entry in self.entries.values():
            entry.cursor_position = len(entry.value)
        self._changed()

    def _document(self, width: int) -> list[Line]:
        room = max(3, min(12, self.size.height - _ABOVE - len(self.entries)))
        label, hint = FIELDS[self._here]
        lines = [*wrap([Cell(f"{label}: ", "accent"), Cell(hint, "dim")], width)]
        lines += [*self._picker.lines(room), BLANK]
        plan = self._plan if self._planned == self.draft.read.mapping else None
        begun = label if self._picker.begun and self._picker.offers else ""
        return [*lines, *verdict_lines(self.draft, plan, self._said, begun, width)]

    def redraw(self) -> None:
        """Show what is different."""
        for key in self.entries:
            self.query_one(f"#field-{key}").set_class(key == self._here, "-here")
        self.words.show(self._document)

    # What is typed

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        key = next(key for key, entry in self.entries.items() if entry is event.input)
        if self.draft.put(key, event.value):
            self._said, self._leaving, self._led = ("", ""), False, False
            self._changed()

    def on_descendant_focus(self) -> None:
        """Another field, other offers."""
        here = next((key for key, entry in self.entries.items() if entry.has_focus), self._here)
        if here != self._here:
            self._here = here
            self._offer()
            self.redraw()

    def _changed(self) -> None:
        """The mapping may be another one: fill in what follows, ask what speaks against it a little later."""
        draft, world = self.draft, self._bridge.live
        wanted = (first_key(draft.typed["for"], world), first_key(draft.typed["to"], world))
        if wanted != self._asked and any(wanted):
            self._asked = wanted
            self.run_worker(self._propose(*wanted), group="offers", exclusive=True, exit_on_error=False)
        self._fill()
        self._offer()
        self.redraw()
        if self._timer is not None:
            self._timer.stop()
        if draft.read.mapping is not None and draft.read.mapping != self._planned:
            self._timer = self.set_timer(
                PAUSE,
                lambda: self.run_worker(self._ask(), group="plan", exclusive=True, exit_on_error=False),
            )

    def _fill(self) -> None:
        """Put what was proposed into fields nobody has typed in."""
        for key, value in self.draft.filled(self._bridge.mappings.book).items():
            if key in self.entries and self.entries[key].value != value:
                self.entries[key].value = value
                self.entries[key].cursor_position = len(value)

    def _offer(self) -> None:
        found: Offers = self.draft.offers
        known = Known(self._bridge.live, self.draft.typed, found.consumer, found.endpoint)
        self._picker.show(self._here, known)

    async def _propose(self, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> None:
        try:
            self.draft.offers = await self._bridge.handle.mappings.offers(consumer, endpoint)
        except DockconError:
            return  # whatever is wrong with the host is said by the plan
        self._fill()
        if self._led and self.entries[self._here].value:
            self._lead()
        self._offer()
        self.redraw()

    def _lead(self) -> bool:
        """To the first field that has to be filled; return whether there is one."""
        empty = [key for key in LEADS if not self.entries[key].value.strip()]
        if empty:
            self.entries[empty[0]].focus()
            self._led = True
        return bool(empty)

    async def _ask(self) -> MapPlan | None:
        """Ask what the mapping would take; None, with the reason shown, where that cannot be said."""
        mapping = self.draft.read.mapping
        if mapping is None:
            return None
        try:
            plan: MapPlan = await self._bridge.handle.mappings.plan(mapping.id, mapping)
        except DockconError as error:
            self._said = (sanitise(str(error)), "bad")
            self.redraw()
            return None
        self._plan, self._planned = plan, mapping
        self.redraw()
        return plan

    # Keys

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        entry, offer = self.entries[self._here], self._picker.picked()
        if offer is not None:
            entry.value = taken(entry.value, offer.text, self._here)
            entry.cursor_position = len(entry.value)
            self.draft.put(self._here, entry.value)
            self._changed()
        if not self._lead() and offer is None:
            self.action_plan()

    def action_choose(self, by: int) -> None:
        """To another offer; where there is none, to another field."""
        if self._picker.offers:
            self._picker.move(by)
            self.redraw()
        else:
            self.action_field(by)

    def action_field(self, by: int) -> None:
        """To another field."""
        keys = list(self.entries)
        self._led = False
        self.entries[keys[(keys.index(self._here) + by) % len(keys)]].focus()

    def action_leave(self) -> None:
        """Leave; where something was typed, only at the second time."""
        if self.draft.touched and not self._leaving:
            self._leaving = True
            self._said = ("esc once more leaves, and what was typed is lost", "warn")
            self.redraw()
        else:
            self.dismiss()

    def action_plan(self) -> None:
        """Plan it anew, and ask."""
        if self.draft.read.mapping is not None:
            self.run_worker(self._review(), group="plan", exclusive=True, exit_on_error=False)
        else:
            self.redraw()

    async def _review(self) -> None:
        from console.ui.screens.mapping_plan import MapPlanScreen

        plan = await self._ask()
        if plan is None or plan.refusals:
            return
        consent = await self.app.push_screen_wait(MapPlanScreen(plan, self._specs, self.glyphs))
        if consent is None:
            self._said = ("nothing was changed", "dim")
            self.redraw()
        else:
            await self._apply(plan, consent)

    async def _apply(self, plan: MapPlan, consent: Consent) -> None:
        from console.ui.screens.mapping_job import MapJobScreen

        try:
            number = self._bridge.handle.mappings.apply(plan, consent)
        except DockconError as error:
            self._said = (sanitise(str(error)), "bad")
            self.redraw()
            return
        screen = MapJobScreen(self._bridge, number, self.glyphs)
        await self.app.push_screen_wait(screen)
        job = screen.job
        if job is None or job.ending in (None, MapEnding.DONE, MapEnding.NOTHING):
            self.dismiss()
            return
        said, tone = outcome(job)
        self._said, self._planned = (said, tone), None
        self._changed()
