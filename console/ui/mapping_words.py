"""Plans, applies and wordings of mappings as a person reads them. Pure."""

from __future__ import annotations

import time
from collections.abc import Sequence

from console.model.mappings.mapping import Check, Mapping, Revision, Via
from console.model.mappings.steps import MapPlan, Proof
from console.model.text import sanitise
from console.service.mappings.desk import MapEnding, MapJob
from console.ui.cells import Cell
from console.ui.lines import BLANK, Line, wrap
from console.ui.present_mappings import endpoint_text

ENDING_TONES = {
    MapEnding.DONE: "ok",
    MapEnding.NOTHING: "ok",
    MapEnding.REFUSED: "warn",
    MapEnding.RESTORED: "warn",
    MapEnding.STUCK: "bad",
}


def check_text(check: Check) -> str:
    """`tcp`, `pgsql dockcon`."""
    return f"{check.kind.value} {check.user}".rstrip()


def wording(mapping: Mapping) -> dict[str, str]:
    """What a mapping states, field by field, as it is typed."""
    return {
        "for": " ".join(party.text for party in mapping.consumers),
        "name": mapping.name,
        "port": " ".join(map(str, mapping.ports)),
        "to": " ".join(endpoint_text(end, mapping.ports) for end in mapping.to),
        "via": mapping.via.value,
        "check": check_text(mapping.check),
    }


def difference(before: Mapping | None, after: Mapping | None, width: int) -> list[Line]:
    """What another wording says, field by field."""
    if after is None:
        return wrap([Cell("- ", "bad"), Cell("it is removed", "text")], width, 2)
    new, old = wording(after), wording(before) if before is not None else {}
    lines: list[Line] = []

    def say(sign: str, tone: str, key: str, said: str, look: str) -> None:
        cells = [Cell(f"{sign} ", tone), Cell(f"{key:<6}", "dim"), Cell(sanitise(said), look)]
        lines.extend(wrap(cells, width, 8))

    for key, text in new.items():
        plain = key in ("via", "check") and text in (Via.AUTO.value, "tcp")
        if before is not None and old[key] != text:
            say("-", "bad", key, old[key], "dim")
        if old.get(key) != text and not (before is None and plain):
            say("+", "ok", key, text, "text")
    return lines or [(Cell("the same wording", "dim"),)]


def plan_title(plan: MapPlan) -> str:
    """`Map db:5432?`"""
    if plan.after is None:
        return f"Remove the mapping {sanitise(plan.id, 80)}?"
    word = "Make the mapping" if plan.before is None else "Change the mapping"
    if plan.before == plan.after:
        word = "Apply the mapping"
    return f"{word} {sanitise(plan.id, 80)}: {sanitise(plan.after.address, 80)}?"


def plan_lines(plan: MapPlan, width: int) -> list[Line]:
    """What it changes, in the book and in the world."""
    lines = [*wrap([Cell(plan_title(plan), "header")], width)]
    if plan.before != plan.after:
        lines += difference(plan.before, plan.after, width)
    lines.append(BLANK)
    for why in plan.refusals:
        lines += wrap([Cell("x ", "bad"), Cell(why, "bad")], width, 2)
    for note in plan.warnings:
        lines += wrap([Cell("note: ", "dim"), Cell(note, "dim")], width, 6)
    if plan.candidates and not plan.refusals:
        tried = ", ".join(dict.fromkeys(str(one.endpoint) for one in plan.candidates))
        lines += wrap([Cell("- ", "dim"), Cell(f"first tries {tried}", "dim")], width, 2)
    host = ""
    for step in plan.steps:
        if step.host != host:
            host = step.host
            lines += wrap([Cell(f"on {host}", "group")], width)
        mark = Cell("! " if step.disruptive else "- ", "warn" if step.disruptive else "dim")
        lines += wrap([mark, Cell(step.text, "warn" if step.disruptive else "text")], width, 2)
    if not plan.steps and not plan.refusals:
        lines += wrap([Cell("nothing has to be done on any host", "dim")], width)
    return lines


def summary(plan: MapPlan) -> str:
    """A plan in one line: `3 steps on app-1, db-1; 1 of them disruptive`."""
    if not plan.pending:
        return "it is so already: nothing to do"
    hosts = ", ".join(dict.fromkeys(step.host for step in plan.steps))
    steps = f"{len(plan.steps)} step{'s' * (len(plan.steps) != 1)}"
    loud = sum(step.disruptive for step in plan.steps)
    said = f"{steps} on {hosts}" if plan.steps else "nothing has to be done on any host"
    return f"{said}; {loud} of them disruptive" if loud else said


def proof_lines(proofs: Sequence[Proof], width: int) -> list[Line]:
    """What holds, what does not, and what cannot be found out."""
    lines: list[Line] = []
    for proof in proofs:
        sign, tone = {True: ("+ ", "ok"), False: ("x ", "bad"), None: ("? ", "stale")}[proof.ok]
        cells = [Cell(sign, tone), Cell(proof.text, "text" if proof.ok else tone)]
        if proof.detail:
            cells.append(Cell(f"  {proof.detail}", "dim"))
        lines += wrap(cells, width, 2)
    return lines


def verdict(proofs: Sequence[Proof]) -> tuple[str, str]:
    """All proofs in one sentence, and its tone."""
    bad = sum(proof.ok is False for proof in proofs)
    unknown = sum(proof.ok is None for proof in proofs)
    if not proofs:
        return "nothing to prove", "dim"
    if bad:
        return f"{bad} of {len(proofs)} do not hold", "bad"
    if unknown:
        return f"{len(proofs) - unknown} of {len(proofs)} hold, {unknown} cannot be found out here", "warn"
    return f"all {len(proofs)} hold", "ok"


def job_title(job: MapJob) -> tuple[str, str]:
    """What the title says of an apply, and its tone."""
    if job.ending is None:
        return (job.told[-1].phase.value if job.told else "beginning"), "busy"
    return job.ending.value, ENDING_TONES[job.ending]


def job_name(job: MapJob) -> str:
    """`map db`, `remove mapping db`."""
    return f"{'remove mapping' if job.plan.after is None else 'map'} {sanitise(job.plan.id, 80)}"


def job_lines(job: MapJob, width: int) -> list[Line]:
    """The live log, the proofs, how it ended."""
    lines: list[Line] = []
    phase = ""
    for told in job.told:
        at = time.strftime("%H:%M:%S", time.localtime(told.at))
        word = told.phase.value if told.phase.value != phase else ""
        phase = told.phase.value
        cells = [
            Cell(f"{at}  ", "dim"),
            Cell(f"{word:<11}", "group"),
            Cell(told.text, "bad" if told.bad else "text"),
        ]
        lines += wrap(cells, width, 21)
    if job.proofs:
        lines += [BLANK, *proof_lines(job.proofs, width)]
    if job.ending is not None:
        tone = ENDING_TONES[job.ending]
        lines += [BLANK, *wrap([Cell(f"{job.ending.value}  ", tone), Cell(job.text, "text")], width, 2)]
        if job.next_step:
            lines += wrap([Cell(f"next: {job.next_step}", "accent")], width, 2)
    return lines


def outcome(job: MapJob) -> tuple[str, str]:
    """One sentence for the status line, and its tone."""
    word, tone = job_title(job)
    return f"{job_name(job)}: {word}" + (f": {job.text}" if job.text else ""), tone


def revision_line(revision: Revision, now: float) -> str:
    """`7  12:01:33  ops`; with the date where it is not of today."""
    at, today = time.localtime(revision.at), time.localtime(now)
    form = "%H:%M:%S" if at[:3] == today[:3] else "%Y-%m-%d %H:%M"
    return f"{revision.number:>3}  {time.strftime(form, at)}  {sanitise(revision.who, 60)}"
