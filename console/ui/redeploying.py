"""Redeploys as they are typed, reviewed and watched. Pure."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence

from console.errors import UsageError
from console.model.actions import Target
from console.model.redeploy.changes import Changes, memory_size, pairs, restart_policy
from console.model.redeploy.plan import Ending, Plan, RedeployJob, Report
from console.ui.cells import Cell
from console.ui.lines import BLANK, Line, wrap

FIELDS: Mapping[str, tuple[str, str]] = {
    "image": ("image", "another reference; as it is: the newest of the same name"),
    "env": ("variables", "NAME=VALUE ..., NAME- takes one away"),
    "labels": ("labels", "NAME=VALUE ..., NAME- takes one away"),
    "ports": ("ports", "all of them: [IP:][PUBLIC:]PRIVATE[/udp] ...; empty: as before"),
    "restart": ("restart", "no, always, unless-stopped, on-failure:3; empty: as before"),
    "memory": ("memory", "512m, 2g, 0 for no limit; empty: as before"),
    "cpus": ("cpus", "1.5, 0 for no limit; empty: as before"),
}
"""What can be typed: the label beside it, and what may stand there."""

_TONES = {Ending.DONE: "ok", Ending.RESTORED: "warn", Ending.REFUSED: "warn", Ending.STUCK: "bad"}


def changes_of(typed: Mapping[str, str], image: str) -> Changes:
    """What was typed, as changes; `image` is the reference as it is. Raises UsageError, naming the field."""
    wanted = typed.get("image", "").strip()
    ports = typed.get("ports", "").split()
    policy, memory, cpus = (typed.get(key, "").strip() for key in ("restart", "memory", "cpus"))
    if policy:
        restart_policy(policy)
    try:
        cores = float(cpus) if cpus else None
    except ValueError:
        raise UsageError(f"cpus: `{cpus}` is no number", next_step="write 1.5, or 0 for no limit") from None
    if cores is not None and cores < 0:
        raise UsageError("cpus: less than nothing cannot be given")
    return Changes(
        image="" if wanted == image else wanted,
        env=_pairs("variables", typed.get("env", "")),
        labels=_pairs("labels", typed.get("labels", "")),
        ports=tuple(ports) if ports else None,
        restart=policy,
        memory=memory_size(memory) if memory else None,
        cpus=cores,
    )


def _pairs(field: str, text: str) -> dict[str, str | None]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{field}: a quote is not closed") from error
    return pairs(words, f"{field}:")


def plan_lines(plans: Sequence[Plan], width: int) -> list[Line]:
    """What will be done, one container after the other."""
    what = "1 container" if len(plans) == 1 else f"{len(plans)} containers, one after the other"
    lines = wrap([Cell(f"Redeploy {what}?", "header")], width)
    for plan in plans:
        target = plan.target
        lines += [BLANK, *wrap([Cell(target.ref, "group"), Cell(f"  {target.id[:12]}", "dim")], width)]
        for line in plan.lines:
            mark = Cell("! " if line.disruptive else "- ", "warn" if line.disruptive else "dim")
            lines += wrap([mark, Cell(line.text, "text")], width, 2)
        for warning in plan.warnings:
            lines += wrap([Cell("note: ", "dim"), Cell(warning, "dim")], width, 2)
        if plan.refusal:
            lines += wrap([Cell("refused: ", "bad"), Cell(plan.refusal, "bad")], width, 2)
    return lines


def job_lines(job: RedeployJob, width: int) -> list[Line]:
    """The live log, and what became of each container."""
    lines: list[Line] = []
    for target in job.targets:
        report = job.reports.get(target.key)
        lines += wrap([Cell(target.ref, "group"), Cell(f"  {target.id[:12]}", "dim")], width)
        for whose, told in job.told:
            if whose.key == target.key:
                at = time.strftime("%H:%M:%S", time.localtime(told.at))
                cells = [Cell(f"{at}  ", "dim"), Cell(told.text, "bad" if told.bad else "text")]
                lines += _inside(cells, width, 10)
        if report is not None:
            lines += report_lines(report, width)
        lines.append(BLANK)
    return lines


def report_lines(report: Report, width: int) -> list[Line]:
    """How it ended, with the evidence."""
    tone = _TONES[report.ending]
    lines = _inside([Cell(f"{report.ending}  ", tone), Cell(report.text, "text")], width)
    if report.next_step:
        lines += _inside([Cell(f"next: {report.next_step}", "accent")], width)
    for evidence in report.evidence:
        lines += _inside([Cell(f"| {evidence}", "dim")], width)
    return lines


def _inside(cells: Sequence[Cell], width: int, indent: int = 2) -> list[Line]:
    """Wrapped, and set in by two cells."""
    return [(Cell("  "), *line) for line in wrap(cells, max(8, width - 2), indent)]


def job_title(job: RedeployJob) -> tuple[str, str]:
    """What the title says of a job, and its tone."""
    if not job.over:
        return f"{len(job.reports)} of {len(job.targets)} over", "busy"
    worst = [ending for ending in (Ending.STUCK, Ending.RESTORED, Ending.REFUSED) if _any(job, ending)]
    return (str(worst[0]), _TONES[worst[0]]) if worst else ("done", "ok")


def _any(job: RedeployJob, ending: Ending) -> bool:
    return any(report.ending is ending for report in job.reports.values())


def outcome_of(target: Target, report: Report) -> str:
    """One sentence for the status line."""
    return f"redeploy {target.ref}: {report.ending}: {report.text}"
