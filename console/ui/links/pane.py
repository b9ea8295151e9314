"""The links pane: its rows, and what can be asked and done about them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from console.ui import link_keys
from console.ui.links.map_view import LinkMap
from console.ui.links.present import DESCENDING, SORTABLE
from console.ui.links.rows import LinkRows
from console.ui.messages import LinkWanted, LinkWhat
from console.ui.widgets.rowtable import RowTable


class LinkPane(LinkRows):
    """Keys of the pane."""

    BINDINGS: ClassVar[list[BindingType]] = [*link_keys.LINKS]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense for the row under the cursor."""
        current = self.current
        if action in ("probe", "edit", "breaks", "logs"):
            return current is not None
        if action == "adopt":
            return current is not None and not current.mapping
        return True

    def action_probe(self) -> None:
        """Try it now."""
        self._want(LinkWhat.PROBE)

    def action_edit(self) -> None:
        """Change its mapping, or make one."""
        self._want(LinkWhat.EDIT)

    def action_adopt(self) -> None:
        """Make a mapping of it."""
        self._want(LinkWhat.ADOPT)

    def action_breaks(self) -> None:
        """Who breaks if the endpoint stops."""
        self._want(LinkWhat.BREAKS)

    @property
    def keyboard(self) -> Widget:
        """The rows, or the map in their place."""
        return self.drawn if self.drawn.display else self.table

    def action_draw(self) -> None:
        """The map instead of the table, or the table again."""
        shown = not self.drawn.display
        self.drawn.display, self.table.display, self.words.display = shown, not shown, not shown
        self.draw()
        self.keyboard.focus()

    @on(LinkMap.Wanted)
    def _wanted(self, event: LinkMap.Wanted) -> None:
        event.stop()
        self.post_message(LinkWanted(LinkWhat(event.what), event.link))

    @on(LinkMap.Chosen)
    def _chosen(self, event: LinkMap.Chosen) -> None:
        event.stop()
        self._under_cursor()

    def action_logs(self) -> None:
        """Logs of both ends."""
        self._want(LinkWhat.LOGS)

    def action_sight(self) -> None:
        """What can be seen of each host."""
        self.post_message(LinkWanted(LinkWhat.SIGHT))

    def _want(self, what: LinkWhat) -> None:
        if self.current is not None:
            self.post_message(LinkWanted(what, self.current))

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
        self._want(LinkWhat.PATH)
