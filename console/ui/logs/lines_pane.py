"""A pane of lines from which something can be taken: to read it whole, to the clipboard, to files."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from console.model.logs.lines import LogLine, LogSource
from console.ui.logs.finding import FindingPane
from console.ui.logs.mouse import LogView
from console.ui.logs.saving import Taken, save_aside
from console.ui.messages import Said
from console.ui.taking import typed


class Bookmarked(Message):
    """A line belongs on the timeline."""

    def __init__(self, line: LogLine, source: LogSource | None) -> None:
        super().__init__()
        self.line = line
        self.source = source


class LinesPane(FindingPane):
    """The lines, and the two lines of input below them."""

    def compose(self) -> ComposeResult:
        yield self.view
        yield self.searching
        yield self.filtering

    @property
    def keyboard(self) -> Widget:
        """The lines."""
        return self.view

    def action_bookmark(self) -> None:
        """Put the line under the cursor on the timeline."""
        view = self.view
        if view.place.cursor is None:
            self.post_message(Said("first choose a line: up holds the log", "dim"))
            return
        line = view.shown.line(view.place.cursor)
        self.post_message(Bookmarked(line, view.labels.source(line.source)))

    @on(LogView.Opened)
    def _opened(self, event: LogView.Opened) -> None:
        event.stop()
        # Imported here for the sake of the first screen, which is waited for.
        from console.ui.screens.line import LineScreen

        line = self.view.shown.line(event.number)
        self.app.push_screen(LineScreen(line, self.view.labels.source(line.source), self.view.glyphs))

    def copy_text(self) -> str:
        """The chosen lines as they are shown."""
        return self.view.as_shown()

    def copy_row_text(self) -> str:
        """The chosen lines as the containers wrote them, whole."""
        return self.view.as_written()

    def save_to(self, directory: Path) -> None:
        """Save in a thread, and say where."""
        if not self.view.shown.count:
            self.post_message(Said("there is no line to save", "dim"))
            return
        fleet = self.bridge.world.fleet
        said = f"{fleet}: {', '.join([self.TITLE, *(part.text for part in self.info())])}"
        taken = Taken.of(self.view.shown, dict(self.view.labels.sources), fleet, said)
        self.post_message(Said(f"saving {self.view.shown.count:,} lines", "dim"))
        self.run_worker(self._save(taken, directory), group="save", exit_on_error=False)

    async def _save(self, taken: Taken, directory: Path) -> None:
        try:
            path, count = await save_aside(taken, directory, self.bridge.now())
        except OSError as error:
            self.app.notify(f"not saved: {error}", title="Save", severity="error", markup=False)
        else:
            lines = "line" if count == 1 else "lines"
            self.post_message(Said(f"saved {count:,} {lines} to {typed(path)} and .jsonl"))
