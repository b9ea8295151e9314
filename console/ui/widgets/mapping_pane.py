"""The mappings pane: its rows, and what can be done about them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from console.model.mappings.standing import State
from console.ui import keys
from console.ui.messages import MapWanted, MapWhat, Said
from console.ui.present_mappings import DESCENDING, SORTABLE
from console.ui.widgets.mapping_rows import MappingRows
from console.ui.widgets.rowtable import RowTable


class MappingPane(MappingRows):
    """Keys of the pane."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.MAPPINGS]

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense for the row under the cursor."""
        current = self.current
        if action in ("verify", "undo", "remove"):
            return current is not None
        if action == "apply":
            return current is not None and current.state in (State.PENDING, State.FOREIGN, State.BROKEN)
        if action == "cut":
            return current is not None and current.old_sessions != 0
        return True

    def action_new(self) -> None:
        """A new mapping."""
        self.post_message(MapWanted(MapWhat.EDIT))

    def action_verify(self) -> None:
        """Ask the running world."""
        self._want(MapWhat.VERIFY)

    def action_undo(self) -> None:
        """Back to an earlier wording."""
        self._want(MapWhat.UNDO)

    def action_remove(self) -> None:
        """Take it away."""
        self._want(MapWhat.REMOVE)

    def action_cut(self) -> None:
        """End old sessions."""
        self._want(MapWhat.CUT)

    def action_apply(self) -> None:
        """Do what is left, or adopt what is foreign."""
        self._want(MapWhat.APPLY)

    def _want(self, what: MapWhat) -> None:
        if self.current is not None:
            self.post_message(MapWanted(what, self.current))

    def action_sort(self, by: int) -> None:
        """Sort by the next column that is on the screen."""
        visible = [key for key in self.table.shown_columns if key in SORTABLE]
        at = visible.index(self.sort) if self.sort in visible else -by
        self._sort_by(visible[(at + by) % len(visible)])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.reverse = not self.reverse
        self.draw()

    def _sort_by(self, column: str) -> None:
        self.sort, self.reverse = column, column in DESCENDING
        self.draw()

    # Messages of its parts

    @on(RowTable.HeaderPressed)
    def _title_clicked(self, event: RowTable.HeaderPressed) -> None:
        event.stop()
        if event.column == self.sort:
            self.action_reverse()
        elif event.column in SORTABLE:
            self._sort_by(event.column)

    @on(RowTable.Opened)
    def _opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if self.current is not None and self.current.orphan:
            self.post_message(Said("it is not in the book: a adopts it, d removes it", "warn"))
        else:
            self._want(MapWhat.EDIT)
