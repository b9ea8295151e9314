"""A screen from whose active pane something can be taken: to the clipboard, or to a file."""

from __future__ import annotations

import os
from pathlib import Path

from textual.screen import Screen

from console.ui.clipboard import sequence
from console.ui.messages import Said
from console.ui.taking import pane_text, row_text, save
from console.ui.widgets.pane import Pane


class TakingScreen(Screen[None]):
    """Copy and save."""

    active: Pane
    """The pane that is meant."""
    saved_to: Path
    """Where files go."""

    def action_copy(self) -> None:
        """Copy what names the rows: `name@host`."""
        self._copy(self.active.copy_text())

    def action_copy_row(self) -> None:
        """Copy the row under the cursor as it stands."""
        store = self.active.table.store
        at = store.cursor_index
        self._copy("" if at is None else row_text(store.rows[at]))

    def _copy(self, text: str) -> None:
        """Send `text` to the terminal. It never answers, so nothing more can be said."""
        lines = text.count("\n") + 1
        written = sequence(text, bool(os.environ.get("TMUX")))
        if not text:
            self.post_message(Said("nothing to copy", "dim"))
        elif not written:
            self.post_message(Said("too much for the terminal's clipboard; ctrl+s saves it", "warn"))
        else:
            # The driver is what writes to the terminal; App.copy_to_clipboard knows the plain form alone.
            driver = self.app._driver
            if driver is not None:
                driver.write(written)
            what = text if lines == 1 else f"{lines} names"
            self.post_message(Said(f"sent to the terminal: {what}"))

    def action_save(self) -> None:
        """Save all rows of the pane to a new file."""
        pane = self.active
        now = pane.bridge.shown_now
        said = f"{pane.bridge.world.fleet}: {', '.join([pane.TITLE, *(part.text for part in pane.info())])}"
        text = pane_text(pane.table.columns, pane.table.store.rows, said)
        try:
            path = save(self.saved_to, f"dockcon-{pane.KEY}", text, now)
        except OSError as error:
            self.app.notify(f"not saved: {error}", title="Save", severity="error", markup=False)
        else:
            self.post_message(Said(f"saved to {_short(path)}"))


def _short(path: Path) -> str:
    """As one would type it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path.absolute())
