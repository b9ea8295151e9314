"""A pane of lines that can be searched, and shown only where they match."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from console.errors import UsageError
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs
from console.ui.logs import keys
from console.ui.logs.mouse import LogView
from console.ui.logs.prompt import Prompt
from console.ui.logs.search import Search, filter_of, searcher_of
from console.ui.messages import PaneChanged
from console.ui.widgets.pane import Pane

AT_ONCE = 0.15
"""Seconds that are spent on what was just typed, at most; the rest is done while nothing else is."""

AT_A_TIME = 0.03
"""Seconds that are spent ten times a second on lines that were not looked at yet."""


class FindingPane(Pane):
    """`/` and `&`. What cannot be understood is said beside it and leaves what holds."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.FINDING]

    def __init__(self, bridge: Bridge, glyphs: Glyphs, view: LogView) -> None:
        super().__init__(bridge)
        self.view = view
        self.searching = Prompt("/", "text, or /regular expression/", "logs-search")
        self.filtering = Prompt("&", "only lines with this text; !text: those without", "logs-only")
        self.only = ""
        """The filter that holds, as typed."""
        self.sought = ""
        """The search that holds, as typed."""

    # Search

    def find(self) -> bool:
        """`/`: begin to type what is looked for."""
        self.searching.open()
        return True

    def action_search(self) -> None:
        """Type what is looked for."""
        self.find()

    @on(Prompt.Typed, "#logs-search")
    def _search_typed(self, event: Prompt.Typed) -> None:
        event.stop()
        try:
            self.search_for(event.text)
        except UsageError as mistake:
            self.searching.complain(mistake.message)

    def search_for(self, typed: str) -> None:
        """Mark what is found; nothing for nothing. Raises UsageError, and then nothing is different."""
        finder, view = searcher_of(typed), self.view
        self.sought = typed if finder is not None else ""
        view.search = None if finder is None else Search(typed, finder, view.shown)
        self._update(AT_ONCE)
        view.redraw()
        self.tell()

    @on(Prompt.Left, "#logs-search")
    def _search_left(self, event: Prompt.Left) -> None:
        """Enter goes to what is nearest: back from the end, forward from anywhere else."""
        event.stop()
        self.view.focus()
        search, place = self.view.search, self.view.place
        rows = place.window()
        if search is None or not rows or search.typed != event.text:
            return
        start = place.cursor if place.cursor is not None else rows[-1].line
        self._go(search.step(start, -1 if place.follow else 1, here=True))

    def action_found(self, way: int) -> None:
        """The next or previous line that was found."""
        search, rows = self.view.search, self.view.place.window()
        if search is not None and rows:
            cursor = self.view.place.cursor
            self._go(search.step(rows[-1].line if cursor is None else cursor, way, here=cursor is None))

    def _go(self, number: int | None) -> None:
        if number is not None:
            self.view.go_to(number)
        self.tell()

    # Filter

    def action_only(self) -> None:
        """Type which lines are shown."""
        self.filtering.open()

    @on(Prompt.Typed, "#logs-only")
    def _filter_typed(self, event: Prompt.Typed) -> None:
        event.stop()
        try:
            self.show_only(event.text)
        except UsageError as mistake:
            self.filtering.complain(mistake.message)

    def show_only(self, typed: str) -> None:
        """Show lines that match; all of them for nothing. Raises UsageError; then nothing is different."""
        finder = filter_of(typed)
        self.only = typed if finder is not None else ""
        if finder is not None:
            finder.update(self.view.shown.ring, AT_ONCE)
        self.view.choose(finder)
        self._update(AT_ONCE)
        self.tell()

    @on(Prompt.Left, "#logs-only")
    def _filter_left(self, event: Prompt.Left) -> None:
        event.stop()
        self.view.focus()

    # Both

    def update_finders(self) -> bool:
        """Look at lines that were not looked at yet; return whether there were any."""
        chosen, search, ring = self.view.shown.filter, self.view.search, self.view.shown.ring
        behind = (chosen is not None and chosen.seen < ring.end) or (
            search is not None and not search.complete
        )
        if behind:
            self._update(AT_A_TIME)
        return behind

    def _update(self, seconds: float) -> None:
        """A regular expression that takes for ever is given up; what was typed stays, to be mended."""
        view = self.view
        try:
            if view.shown.filter is not None:
                view.shown.filter.update(view.shown.ring, seconds)
            if view.search is not None:
                view.search.update(seconds)
        except UsageError as mistake:
            self.app.notify(mistake.message, title="Logs", severity="warning", markup=False)
            view.search, self.sought, self.only = None, "", ""
            view.choose(None)

    def renew_finders(self) -> None:
        """Look for the same in other lines, which have just been shown."""
        self.show_only(self.only)
        self.search_for(self.sought)

    def forget_finders(self) -> None:
        """Look for nothing and show all; the next lines are others."""
        self.searching.clear()
        self.filtering.clear()
        self.sought = self.only = ""

    def clear(self) -> bool:
        """Take back one thing: marks, search, filter, what is out of sight on the left."""
        view = self.view
        if view.place.marked:
            view.place.marked.clear()
            view.moved()
        elif self.searching.text or view.search is not None:
            self.searching.clear()
            self.search_for("")
        elif self.filtering.text or self.only:
            self.filtering.clear()
            self.show_only("")
        elif view.taste.aside:
            view.action_aside(-view.taste.aside)
        else:
            return False
        return True

    def tell(self) -> None:
        """What was found may be different."""
        search = self.view.search
        self.searching.say(search.told() if search is not None else "")
        self.filtering.say(f"{self.view.shown.count:,} lines" if self.only else "")
        self.refresh_bindings()
        self.post_message(PaneChanged())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`n` and `N` mean something only while there is a search."""
        return self.view.search is not None if action == "found" else True
