"""What the main screen asks of a pane, and the frame it puts around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.containers import Vertical
from textual.widget import Widget

from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.messages import Said
from console.ui.taking import pane_text, row_text, save, typed
from console.ui.widgets.rowtable import RowTable


class Pane(Vertical):
    """One numbered part of the main screen."""

    KEY: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    NUMBER: ClassVar[str] = ""
    COPIED: ClassVar[str] = "lines"
    """What several copied lines are called."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(id=self.KEY)
        self.bridge = bridge

    @property
    def keyboard(self) -> Widget:
        """What takes the keyboard."""
        raise NotImplementedError

    def info(self) -> Sequence[Part]:
        """What the title says besides the name: counts, order, filter."""
        return ()

    def alert(self) -> str:
        """What wants attention in it: a sign and a number, or nothing."""
        return ""

    def rows_wanted(self) -> int | None:
        """Rows it needs beside another pane; None: as many as there are."""
        return None

    def find(self) -> bool:
        """`/`: begin to type what is looked for here; return whether that can be done in this pane."""
        return False

    def copy_text(self) -> str:
        """What `y` copies."""
        return ""

    def copy_row_text(self) -> str:
        """What `Y` copies."""
        return ""

    def save_to(self, directory: Path) -> None:
        """Save all that it holds to a new file below `directory`, and say where it is or why it is not."""

    def clear(self) -> bool:
        """Take back one thing that hides or marks rows; return whether there was one."""
        return False

    def only_problems(self, on: bool) -> None:
        """Show only rows with a problem, or all of them again."""


class TablePane(Pane):
    """A pane that is a table."""

    COPIED = "names"

    @property
    def table(self) -> RowTable:
        """The rows."""
        raise NotImplementedError

    @property
    def keyboard(self) -> Widget:
        """The rows."""
        return self.table

    def copy_row_text(self) -> str:
        """The row under the cursor as it stands."""
        store = self.table.store
        at = store.cursor_index
        return "" if at is None else row_text(store.rows[at])

    def save_to(self, directory: Path) -> None:
        """All rows, nothing cut."""
        said = f"{self.bridge.world.fleet}: {', '.join([self.TITLE, *(part.text for part in self.info())])}"
        text = pane_text(self.table.columns, self.table.store.rows, said)
        try:
            path = save(directory, f"dockcon-{self.KEY}", text, self.bridge.shown_now)
        except OSError as error:
            self.app.notify(f"not saved: {error}", title="Save", severity="error", markup=False)
        else:
            self.post_message(Said(f"saved to {typed(path)}"))
