"""Panes on a screen: the containers above one of the others where there is room, else one at a time.

A pane that is not there from the beginning is made when it is first asked for: an operator waits for the
first screen, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from console.ui.bars import Part, Tab
from console.ui.cells import Glyphs
from console.ui.messages import PaneChanged
from console.ui.screens.taking import TakingScreen
from console.ui.widgets.pane import Pane
from console.ui.widgets.tabs_line import TabsLine

OVERVIEW: Final = (120, 30)
"""Columns and rows from which two panes are shown at once."""

LIST_AT_MOST: Final = 8
"""Rows of a short lower pane in the overview; more scroll."""


class Place:
    """Where a pane is, or will be."""

    def __init__(
        self,
        key: str,
        number: str,
        title: str,
        make: Callable[[], Pane],
        alert: Callable[[], str] | None = None,
    ) -> None:
        """`alert`: what wants attention in it, known also while the pane is not made."""
        self.key = key
        self.number = number
        self.title = title
        self.make = make
        self._alert = alert
        self.pane: Pane | None = None

    def take(self) -> Pane:
        """The pane, made if need be."""
        if self.pane is None:
            self.pane = self.make()
        return self.pane

    def tab(self, active: bool, shown: bool) -> Tab:
        """Its tab."""
        alert = self._alert() if self._alert else self.pane.alert() if self.pane else ""
        return Tab(self.number, self.title, alert, f"screen.pane('{self.key}')", active, shown)

    def info(self) -> Sequence[Part]:
        """What its title says."""
        return self.pane.info() if self.pane else ()


class ArrangingScreen(TakingScreen):
    """The first place is above; below it is one of the others, the one that was chosen last."""

    def __init__(self, places: Sequence[Place], below: Place, glyphs: Glyphs) -> None:
        super().__init__(id="main")
        self.places = tuple(places)
        self.above = self.places[0]
        self.below = below
        self.active = self.above.take()
        self.glyphs = glyphs
        self.zoomed = False

    def compose(self) -> ComposeResult:
        """The line of all tabs, and two frames."""
        yield TabsLine(self.glyphs, lambda: self._tabs(self.places), lambda: self.active.info(), id="tabs")
        for name, places in (("above", self.places[:1]), ("below", self.places[1:])):
            shown = self.above if name == "above" else None
            with Vertical(classes="frame", id=f"frame-{name}"):
                yield TabsLine(
                    self.glyphs,
                    lambda places=places: self._tabs(places),  # type: ignore[misc]  # of this turn of the loop
                    lambda shown=shown: (shown or self.below).info(),  # type: ignore[misc]  # as above
                    classes="pane-title",
                )
                for place in places:
                    if place in (self.above, self.below):
                        yield place.take()

    def _tabs(self, places: Sequence[Place]) -> list[Tab]:
        roomy = self.has_room and not self.zoomed
        return [
            place.tab(place.pane is self.active, roomy and place in (self.above, self.below))
            for place in places
        ]

    # Layout

    @property
    def has_room(self) -> bool:
        """Whether two panes fit."""
        return self.size.width >= OVERVIEW[0] and self.size.height >= OVERVIEW[1]

    def on_resize(self, event: events.Resize) -> None:
        """Another size may ask for another arrangement."""
        self.lay_out()

    def lay_out(self) -> None:
        """Show what is to be seen at this size."""
        single = self.zoomed or not self.has_room
        self.set_class(single, "-single")
        lower = self.query_one("#frame-below")
        self.query_one("#frame-above").set_class(self.active is self.above.pane, "-active")
        lower.set_class(self.active is not self.above.pane, "-active")
        wanted = self.below.pane.rows_wanted() if self.below.pane else None
        lower.styles.height = None if single or wanted is None else min(LIST_AT_MOST, max(1, wanted)) + 2
        for place in self.places[1:]:
            if place.pane is not None:
                place.pane.display = place is self.below
        self.redraw_titles()

    def redraw_titles(self) -> None:
        """What panes say of themselves may be different."""
        for title in self.query(TabsLine):
            title.redraw()

    @on(PaneChanged)
    def _pane_changed(self, event: PaneChanged) -> None:
        event.stop()
        self.redraw_titles()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the keyboard is the active one."""
        for place in self.places:
            pane = place.pane
            if pane is not None and pane is not self.active and pane in event.widget.ancestors_with_self:
                self._activate(place)

    def _activate(self, place: Place) -> None:
        self.active = place.take()
        if place is not self.above:
            self.below = place
        self.lay_out()

    # Keys

    def place(self, key: str) -> Place:
        """The place of a pane."""
        return next(place for place in self.places if place.key == key)

    async def action_pane(self, key: str) -> None:
        """Go to a pane; it is made when it is not there yet."""
        place = self.place(key)
        pane = place.take()
        if not pane.is_attached:
            pane.display = False
            await self.query_one("#frame-below").mount(pane)
            self.made(pane)
        self._activate(place)
        pane.keyboard.focus()

    def made(self, pane: Pane) -> None:
        """A pane was made while the screen was shown."""

    def go_to(self, pane: Pane) -> None:
        """Go to a pane that is there."""
        self._activate(self.place(pane.KEY))
        pane.keyboard.focus()

    def reachable(self) -> list[Place]:
        """Where `tab` leads: the panes that are shown; all of them where there is one at a time."""
        if self.has_room and not self.zoomed:
            return [self.above, self.below]
        return list(self.places)

    async def action_next_pane(self, by: int) -> None:
        """Go to the next pane, or the one before."""
        places = self.reachable()
        at = next((n for n, place in enumerate(places) if place.pane is self.active), 0)
        await self.action_pane(places[(at + by) % len(places)].key)

    def action_zoom(self) -> None:
        """The active pane alone, or two of them again."""
        self.zoomed = not self.zoomed
        self.lay_out()
