"""An apply of a mapping as it goes, and the proofs whether a mapping holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.errors import DockconError
from console.model.mappings.mapping import Mapping
from console.model.mappings.steps import Proof
from console.model.text import sanitise
from console.service.mappings.desk import MapJob
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.mapping_words import job_lines, job_name, job_title, proof_lines, verdict
from console.ui.screens.reading import ReadingScreen


class MapJobScreen(ReadingScreen):
    """The live log of an apply. Leaving it does not stop the apply."""

    def __init__(self, bridge: Bridge, number: int, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self._number = number

    @property
    def job(self) -> MapJob | None:
        """The job as it stands."""
        jobs = self._bridge.handle.mappings.jobs()
        return next((job for job in jobs if job.number == self._number), None)

    def on_mount(self) -> None:
        """Follow it."""
        self._bridge.mapped.subscribe(self, lambda _: self._look())

    def _look(self) -> None:
        view = self.reader.view
        at_end = view.scroll_offset.y >= view.max_scroll_y
        self.redraw()
        if at_end:
            view.scroll_end(animate=False)

    def title_line(self, width: int) -> Line:
        """What it is, and how far."""
        job = self.job
        if job is None:
            return (Cell(" Mapping", "group"), Cell("  beginning", "busy"))
        said, tone = job_title(job)
        leaves = "  esc leaves" if job.over else "  goes on when you leave"
        return (Cell(f" {job_name(job)}", "group"), Cell(f"  {said}", tone), Cell(leaves, "dim"))

    def page_lines(self, width: int) -> Sequence[Line]:
        """The live log."""
        job = self.job
        return job_lines(job, width) if job is not None else [(Cell("beginning", "dim"),)]


class VerifyScreen(ReadingScreen):
    """Asks the running world whether a mapping holds, and shows every proof."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "again", "again", id="verify.again", tooltip="Ask once more"),
    ]

    def __init__(self, bridge: Bridge, mapping: Mapping, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge
        self._mapping = mapping
        self._proofs: tuple[Proof, ...] | None = None
        self._trouble = ""

    def on_mount(self) -> None:
        """Ask."""
        self.action_again()

    def action_again(self) -> None:
        """Ask, unless it is being asked."""
        self._proofs, self._trouble = None, ""
        self.redraw()
        self.run_worker(self._ask(), group="verify", exclusive=True, exit_on_error=False)

    async def _ask(self) -> None:
        try:
            self._proofs = await self._bridge.handle.mappings.verify(self._mapping.id)
        except DockconError as error:
            self._trouble = str(error)
        self.redraw()

    def title_line(self, width: int) -> Line:
        """Which, and whether it holds."""
        said, tone = ("asking", "busy") if self._proofs is None else verdict(self._proofs)
        if self._trouble:
            said, tone = "cannot be asked", "bad"
        name = f" {sanitise(self._mapping.id, 80)}  {sanitise(self._mapping.address, 80)}"
        return (Cell(name, "group"), Cell(f"  {said}", tone))

    def page_lines(self, width: int) -> Sequence[Line]:
        """The proofs."""
        if self._trouble:
            return wrap([Cell(sanitise(self._trouble), "bad")], width)
        if self._proofs is None:
            return [(Cell("asking each consumer by name, and each ambassador", "dim"),)]
        return [*proof_lines(self._proofs, width), BLANK, (Cell("v asks again  esc leaves", "dim"),)]
