"""What was done from this console, newest first, and what is under way."""

from __future__ import annotations

import time
from collections.abc import Sequence

from console.model.actions import ActionKind, Job
from console.model.redeploy.plan import RedeployJob
from console.service.mappings.desk import MapJob
from console.ui.asking import said, tone
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.redeploying import job_lines, job_title
from console.ui.screens.reading import ReadingScreen


class JobsScreen(ReadingScreen):
    """Actions and redeploys with all they said."""

    def __init__(self, bridge: Bridge, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._bridge = bridge

    def on_mount(self) -> None:
        """Follow them."""
        self._bridge.worked.subscribe(self, lambda jobs: self.redraw())
        self._bridge.mapped.subscribe(self, lambda jobs: self.redraw())

    @property
    def jobs(self) -> list[Job | RedeployJob | MapJob]:
        """Newest first."""
        handle = self._bridge.handle
        found: list[Job | RedeployJob | MapJob] = [
            *handle.orders.jobs(),
            *handle.orders.redeploys(),
            *handle.mappings.jobs(),
        ]
        return sorted(found, key=lambda job: job.began, reverse=True)

    def title_line(self, width: int) -> Line:
        """How many, and how many are under way."""
        under_way = len(self._bridge.working) + len(self._bridge.mapping)
        now = Cell(f"  {under_way} under way", "busy") if under_way else Cell("  all over", "dim")
        return (Cell(" Jobs of this console", "group"), now)

    def page_lines(self, width: int) -> Sequence[Line]:
        """All of them."""
        lines: list[Line] = []
        for job in self.jobs:
            lines += jobs_lines(job, width)
        return lines or [(Cell("nothing was done from here yet; the audit file has what others did", "dim"),)]


def jobs_lines(job: Job | RedeployJob | MapJob, width: int) -> list[Line]:
    """One job."""
    at = time.strftime("%H:%M:%S", time.localtime(job.began))
    if isinstance(job, MapJob):
        from console.ui import mapping_words

        word, look = mapping_words.job_title(job)
        head = (Cell(f"{at}  {mapping_words.job_name(job)}  ", "dim"), Cell(word, look))
        return [head, *mapping_words.job_lines(job, width), BLANK]
    if isinstance(job, RedeployJob):
        word, look = job_title(job)
        return [(Cell(f"{at}  redeploy  ", "dim"), Cell(word, look)), *job_lines(job, width)]
    lines: list[Line] = []
    if job.action.kind is ActionKind.DISCARD:
        from console.ui.stock.desk import job_words

        word, look = job_words(job)
        lines.append((Cell(f"{at}  ", "dim"), Cell(word, look)))
    for target in job.targets:
        outcome = job.outcomes.get(target.key)
        if outcome is None:
            text, look = f"{job.action.text} {target.ref}: under way", "busy"
        else:
            text, look = said(job.action, outcome), tone(outcome.result)
        lines += wrap([Cell(f"{at}  ", "dim"), Cell(text, look)], width, 10)
    return [*lines, BLANK]
