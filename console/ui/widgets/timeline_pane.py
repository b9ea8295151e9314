"""The timeline pane: what happened on all hosts, the newest at the bottom, as in the logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType

from console.model.containers import Container
from console.model.query import Query
from console.model.timeline.folding import Moment
from console.ui import keys
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.messages import (
    ContainerWanted,
    FilterChanged,
    HostWanted,
    LogsWanted,
    PaneChanged,
    Said,
)
from console.ui.present_timeline import (
    TIMELINE_COLUMNS,
    Rows,
    chosen,
    emptiness,
    is_bookmark,
    moment_key,
    now_at,
    wish_for,
)
from console.ui.widgets.filtered import FilteredPane
from console.ui.widgets.pace import Pace
from console.ui.widgets.rowstore import Row
from console.ui.widgets.rowtable import RowTable
from console.ui.wishes import SECOND, around


class TimelineTable(RowTable, inherit_bindings=False):
    """The rows. While the cursor is on the newest it goes along with what comes."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.TIMELINE_ROWS]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(TIMELINE_COLUMNS, glyphs=glyphs)
        # The cursor does not wait at the top, as in tables whose first rows are the important ones.
        self._touched = True

    @property
    def follows(self) -> bool:
        """Whether the cursor is on the newest row, or there is none."""
        return self.store.cursor_index in (None, len(self.store) - 1)

    @property
    def below(self) -> int:
        """Rows newer than the one under the cursor."""
        at = self.store.cursor_index
        return 0 if at is None else len(self.store) - 1 - at

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these; follow, or stay where the reader is."""
        follows = self.follows
        super().set_rows(rows)
        if follows:
            self.action_follow()

    def action_follow(self) -> None:
        """Go to the newest row, and along with what comes."""
        if self.store.rows:
            self.move_to(self.store.rows[-1].key)


class TimelinePane(FilteredPane):
    """Filter line and table."""

    KEY = "timeline"
    TITLE = "Timeline"
    NUMBER = "5"
    COPIED = "lines"

    BINDINGS: ClassVar[list[BindingType]] = [*keys.TIMELINE]

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(bridge)
        self.rows = TimelineTable(glyphs)
        self._query = Query()
        self._problems_only = False
        self._all: Sequence[Moment] = ()
        """What there was when the screen was frozen, or is now."""
        self._shown: dict[tuple[str, str], Moment] = {}
        self._made = Rows()
        self._pace = Pace(self, self._draw)

    @property
    def table(self) -> TimelineTable:
        """The rows."""
        return self.rows

    def on_mount(self) -> None:
        """Draw what is there, and whatever comes."""
        frozen = self.bridge.frozen_at
        moments = self.bridge.timeline.moments()
        self._all = [m for m in moments if frozen is None or m.ns <= frozen * SECOND]
        self.bridge.recorded.subscribe(self, lambda _: self._recorded())
        self.bridge.freezing.subscribe(self, lambda _: self._recorded())
        self.draw()

    # Drawing

    def draw(self) -> None:
        """Make the rows anew and show them; only what differs is painted."""
        self._pace.now()

    def _recorded(self) -> None:
        if self.table.region:
            self._pace.soon()

    @on(events.Show)
    def _shown_again(self) -> None:
        self.draw()

    def _draw(self) -> None:
        if self.bridge.frozen_at is None:
            self._all = self.bridge.timeline.moments()
        moments = chosen(self._all, self._query, self._problems_only, self.bridge.world)
        self._shown = {moment_key(moment.number): moment for moment in moments}
        self.table.set_empty(Cell(emptiness(bool(self._all), self._problems_only), "dim"))
        self.table.set_rows(self._made.of(moments, self.bridge.shown_now))
        self.refresh_bindings()
        self.post_message(PaneChanged())

    # What others may ask

    def info(self) -> Sequence[Part]:
        """What the pane's title says besides its name."""
        shown, total = len(self._shown), len(self._all)
        parts = [Part(f"{shown} of {total}" if shown != total else str(total), "dim")]
        if self._problems_only:
            parts.append(Part("only problems", "warn"))
        if self._query.terms:
            parts.append(Part(f"filter {self._query.text.strip()}", "accent"))
        below = self.table.below
        parts.append(Part(f"{below} newer below" if below else "follow", "warn" if below else "dim"))
        if self.bridge.timeline.dropped:
            parts.append(Part(f"{self.bridge.timeline.dropped} older dropped", "dim"))
        return parts

    def copy_text(self) -> str:
        """The line under the cursor."""
        return self.copy_row_text()

    def only_problems(self, on: bool) -> None:
        """Show only trouble and its end."""
        self._problems_only = on
        self.draw()

    def clear(self) -> bool:
        """Take back the filter."""
        if not self._query.terms and not self.filter_bar.has_text:
            return False
        self.filter_bar.clear()
        return True

    @property
    def current(self) -> Moment | None:
        """The moment under the cursor."""
        key = self.table.store.cursor
        return self._shown.get((key[0], key[1])) if isinstance(key, tuple) else None

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only bookmarks can be taken away."""
        if action == "remove":
            moment = self.current
            return moment is not None and is_bookmark(moment)
        return True

    def action_logs(self) -> None:
        """Read the logs of what the moment is about, at that time."""
        moment = self.current
        if moment is None:
            return
        wish = wish_for(moment, self.bridge.live)
        if wish is not None:
            ns = moment.began
            self.post_message(LogsWanted(around(wish, ns, int(self.bridge.now() * SECOND)), ns))

    def action_remove(self) -> None:
        """Take the bookmark under the cursor away."""
        moment = self.current
        if moment is not None and is_bookmark(moment):
            self.bridge.forget(moment.number)
            if self.bridge.frozen_at is not None:
                self._all = tuple(m for m in self._all if m is not moment)
                self.draw()
            self.post_message(Said("bookmark removed"))

    # Messages of its parts

    @on(RowTable.Opened)
    def _opened(self, event: RowTable.Opened) -> None:
        event.stop()
        moment = self.current
        if moment is None:
            return
        found = now_at(moment, self.bridge.live)
        if isinstance(found, Container):
            self.post_message(ContainerWanted(found.key))
        elif found is not None:
            self.post_message(Said(f"{moment.about.ref} is gone", "warn"))
        elif moment.host:
            self.post_message(HostWanted(moment.host))

    @on(RowTable.CursorMoved)
    def _moved(self, event: RowTable.CursorMoved) -> None:
        event.stop()
        self.refresh_bindings()
        self.post_message(PaneChanged())

    @on(FilterChanged)
    def _filtered(self, event: FilterChanged) -> None:
        event.stop()
        self._query = event.query
        self.draw()
