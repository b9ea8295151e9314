"""A screen from whose active pane something can be taken: to the clipboard, or to a file."""

from __future__ import annotations

import os
from pathlib import Path

from textual.screen import Screen

from console.ui.clipboard import sequence
from console.ui.messages import Said
from console.ui.widgets.pane import Pane


class TakingScreen(Screen[None]):
    """Copy and save."""

    active: Pane
    """The pane that is meant."""
    saved_to: Path
    """Where files go."""

    def action_copy(self) -> None:
        """Copy what names the rows, or is marked."""
        self._copy(self.active.copy_text())

    def action_copy_row(self) -> None:
        """Copy what is under the cursor as it stands."""
        self._copy(self.active.copy_row_text())

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
            what = text if lines == 1 else f"{lines} {self.active.COPIED}"
            self.post_message(Said(f"sent to the terminal: {what}"))

    def action_save(self) -> None:
        """Save the pane to a new file."""
        self.active.save_to(self.saved_to)
