"""Asks before the console is left while something is under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from console.model.actions import Job
from console.model.redeploy.plan import RedeployJob
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.consent import ConsentScreen

AnyJob = Job | RedeployJob


class LeavingScreen(ConsentScreen):
    """Says what is under way, and what becomes of it. To stay is what is chosen."""

    def __init__(
        self, bridge: Bridge, glyphs: Glyphs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(glyphs, yes="leave", clock=clock)
        self._bridge = bridge

    def on_mount(self) -> None:
        """What is over meanwhile is no reason to stay any more."""
        self._bridge.worked.subscribe(self, lambda jobs: self.refit())

    def about(self, width: int) -> list[Line]:
        """Each target that is not over."""
        jobs = under_way(self._bridge)
        lines = wrap([Cell("Leave while something is under way?", "header")], width)
        for job in jobs:
            lines += [BLANK, *job_lines(job, width)]
        if not jobs:
            lines += [BLANK, *wrap([Cell("All of it is over by now.", "ok")], width)]
        return lines


def under_way(bridge: Bridge) -> list[AnyJob]:
    """Jobs that are not over, oldest first."""
    if not bridge.working:
        return []
    orders = bridge.handle.orders
    jobs: list[AnyJob] = [*orders.jobs(), *orders.redeploys()]
    return sorted((job for job in jobs if not job.over), key=lambda job: job.number)


def job_lines(job: AnyJob, width: int) -> Sequence[Line]:
    """What is left of it, and what leaving means."""
    if isinstance(job, RedeployJob):
        left = [target.ref for target in job.targets if target.key not in job.reports]
        what = f"redeploy {', '.join(left)}"
        means = "It stops where it is; `dockcon recover` finishes it or takes it back."
    else:
        left = [target.ref for target in job.targets if target.key not in job.outcomes]
        what = f"{job.action.text} {', '.join(left)}"
        means = "An engine finishes what it was asked; how it ends is not seen, the rest is not begun."
    return [*wrap([Cell(what, "group")], width), *wrap([Cell(means, "text")], width)]
