"""What goes on inside containers, on the screen: asked before, watched while it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from console.model.actions import Target
from console.model.units import size
from console.service.inside.copying import Progress
from console.service.inside.desk import command_text
from console.service.inside.runs import CommandRun
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.consent import ConsentScreen
from console.ui.screens.reading import ReadingScreen

LOOK_EVERY = 0.1
"""Seconds between two looks at how far something is."""


class EnterScreen(ConsentScreen):
    """Before anything in a container of a host that wants names typed."""

    def __init__(
        self, question: str, target: Target, glyphs: Glyphs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(glyphs, yes="go on", typed=(target.name,), clock=clock)
        self._question = question
        self._target = target

    def about(self, width: int) -> list[Line]:
        """Where it would be."""
        target = self._target
        cells = [Cell(target.ref, "group"), Cell(f"  {target.id[:12]}  {target.image}", "dim")]
        return [*wrap([Cell(self._question, "header")], width), BLANK, *wrap(cells, width)]


class ReplaceScreen(ConsentScreen):
    """Before a copy replaces what is there."""

    def __init__(
        self, there: str, what: str, glyphs: Glyphs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(glyphs, yes="replace it", clock=clock)
        self._there = there
        self._what = what

    def about(self, width: int) -> list[Line]:
        """What is there, and what would take its place."""
        lines = [*wrap([Cell("Replace it?", "header")], width), BLANK]
        return [*lines, *wrap([Cell(self._there, "group")], width), *wrap([Cell(self._what, "dim")], width)]


class RunScreen(ReadingScreen):
    """The output of a command as it comes. Leaving ends what still runs."""

    def __init__(self, run: CommandRun, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._run = run
        self._drawn = -1

    def on_mount(self) -> None:
        """Follow it."""
        self.set_interval(LOOK_EVERY, self._look)

    def _look(self) -> None:
        if self._run.changes == self._drawn:
            return
        self._drawn = self._run.changes
        view = self.reader.view
        at_end = view.scroll_offset.y >= view.max_scroll_y
        self.redraw()
        if at_end:
            view.scroll_end(animate=False)

    def title_line(self, width: int) -> Line:
        """What it is, and how far."""
        seen = self._run.look()
        over = sum(bool(each.text) for each in seen)
        if self._run.over:
            text, well = result(self._run)
            far = Cell(f" {text}  ", "ok" if well else "warn")
        else:
            far = Cell(f" {over} of {len(seen)} ended, esc stops it  ", "busy")
        return (far, Cell(command_text(self._run.argv), "group"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """One container after the other."""
        lines: list[Line] = []
        for seen in self._run.look():
            ended = Cell(
                f"  {seen.text or 'running'}", "ok" if seen.well else "warn" if seen.text else "busy"
            )
            lines += wrap([Cell(seen.target.ref, "group"), ended], width)
            if seen.dropped:
                lines += wrap([Cell(f"{seen.dropped} lines before these were dropped", "warn")], width)
            for error, text in seen.lines:
                lines += wrap([Cell(text, "warn" if error else "text")], width) if text else [BLANK]
            lines.append(BLANK)
        return lines


class CopyScreen(ReadingScreen):
    """How far a copy is. Leaving ends it."""

    def __init__(self, what: str, progress: Progress, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._what = what
        self._progress = progress

    def on_mount(self) -> None:
        """Follow it."""
        self.set_interval(LOOK_EVERY, self.redraw)

    def title_line(self, width: int) -> Line:
        """What it is."""
        return (Cell(" Copy", "group"), Cell("  esc stops it", "busy"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """How far, with a bar where the end is known."""
        done, total = self._progress.done, self._progress.total
        lines = wrap([Cell(self._what, "text")], width)
        if total:
            share = min(1.0, done / total)
            filled = int(share * min(50, width - 20))
            bar = "#" * filled + "-" * (min(50, width - 20) - filled)
            far = f"{bar} {share:4.0%}  {size(min(done, total))} of {size(total)}"
        else:
            far = size(done)
        return [*lines, BLANK, (Cell(far, "accent"),)]


def result(run: CommandRun) -> tuple[str, bool]:
    """How a command ended, and whether well everywhere."""
    seen = run.look()
    bad = sum(not each.well for each in seen)
    if len(seen) == 1:
        # Left while it runs: what is done about it takes a moment more.
        return str(seen[0].text) or "stopped: it was told to end", not bad
    return (f"{bad} of {len(seen)} did not end with 0" if bad else f"{len(seen)} ended with 0"), not bad
