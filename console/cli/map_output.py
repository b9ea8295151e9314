"""Mappings, plans and proofs as rows and as lines."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from console.cli.arguments import Options
from console.cli.output import Cell, Output
from console.model.mappings.mapping import Mapping, Revision
from console.model.mappings.standing import Standing, State
from console.model.mappings.steps import MapPlan, Proof, Step

_TONES = {State.OK: "good", State.BROKEN: "bad", State.UNKNOWN: "dim"}
_MARKS = {True: "ok", False: "bad", None: "?"}


def step_word(step: Step) -> str:
    """`make-ambassador`: which of the closed set of steps it is."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(step).__name__).lower()


def ends_of(mapping: Mapping) -> str:
    """`postgres@db-1:5432, postgres@db-2:5432=3`."""
    return ", ".join(
        f"{end.text}:{','.join(map(str, end.ports))}" + (f"={end.weight}" if end.weight != 1 else "")
        for end in mapping.to
    )


def standing_row(one: Standing) -> dict[str, object]:
    """One mapping with how it stands."""
    return {
        **one.mapping.data,
        "state": one.state.value,
        "reason": one.reason,
        "next": one.next_step,
        "realised": one.via.value,
        "since": one.since,
        "checked": one.checked,
        "sessions": one.sessions,
        "old_sessions": one.old_sessions,
        "steps": one.steps,
        "orphan": one.orphan,
        "servers": [
            {
                "backend": server.backend,
                "server": server.server,
                "address": server.address,
                "status": server.status,
                "check": server.check,
                "sessions": server.sessions,
                "weight": server.weight,
            }
            for server in one.servers
        ],
    }


def list_them(standings: Sequence[Standing], output: Output) -> None:
    """One line each."""
    if not standings:
        output.line("no mappings are stated yet: dockcon map set --help")
        return
    rows = [
        [
            Cell(one.mapping.id),
            Cell(one.mapping.address if one.mapping.ports else one.mapping.name),
            Cell(one.state.value, _TONES.get(one.state, "busy")),
            Cell(one.via.value),
            Cell(ends_of(one.mapping) or "-"),
            Cell(", ".join(consumer.text for consumer in one.mapping.consumers) or "-"),
            Cell(one.reason),
        ]
        for one in standings
    ]
    output.table(["ID", "ADDRESS", "STATE", "VIA", "TO", "FOR", "WHY"], rows)


def show_one(one: Standing, output: Output) -> None:
    """All that is known of one mapping."""
    mapping = one.mapping
    stated = "" if mapping.via is one.via else f" (stated: {mapping.via})"
    check = f"{mapping.check.kind}" + (f" as {mapping.check.user}" if mapping.check.user else "")
    output.line(f"{mapping.id}  {mapping.address}  {one.state}" + (f": {one.reason}" if one.reason else ""))
    output.line(f"  to     {ends_of(mapping)}")
    output.line(f"  for    {', '.join(consumer.text for consumer in mapping.consumers)}")
    output.line(f"  via    {one.via}{stated}, check {check}")
    for server in one.servers:
        seen = f", check {server.check}" if server.check else ""
        output.line(
            f"  server {server.server}  {server.address}  {server.status}{seen}, {server.sessions} sessions"
        )
    if one.old_sessions:
        output.line(f"  {one.old_sessions} sessions are still on an earlier endpoint")
    if one.next_step:
        output.line(f"  next: {one.next_step}")


def show_plans(plans: Sequence[MapPlan], options: Options, output: Output) -> None:
    """The steps; what speaks against them goes to standard error where the output is for machines."""
    if options.json:
        output.array(
            [
                {
                    "mapping": plan.id,
                    "host": step.host,
                    "step": step_word(step),
                    "text": step.text,
                    "disruptive": step.disruptive,
                }
                for plan in plans
                for step in plan.steps
            ]
        )
        for plan in plans:
            for text in (*plan.warnings, *plan.refusals):
                output.say(f"{plan.id}: {text}")
        return
    for plan in plans:
        _lines(plan, output)


def _lines(plan: MapPlan, output: Output) -> None:
    stated = plan.after
    what = f"{stated.address} -> {ends_of(stated)}" if stated is not None else "removed"
    count = len(plan.steps)
    left = (
        f"{count} step{'s' if count > 1 else ''}" if count else "nothing to do" if not plan.refusals else ""
    )
    if not count and plan.before != stated and not plan.refusals:
        left = "the book only"
    output.line(f"{plan.id} ({what})" + (f": {left}" if left else ""))
    for step in plan.steps:
        output.line(f"  {'!' if step.disruptive else '-'} {step.text}")
    for warning in plan.warnings:
        output.line(f"  note: {warning}")
    for refusal in plan.refusals:
        output.line(f"  refused: {refusal}")


def show_proofs(ident: str, proofs: Sequence[Proof], output: Output) -> None:
    """What was found out, a line each."""
    for proof in proofs:
        detail = f": {proof.detail}" if proof.detail else ""
        output.line(f"{ident}  {_MARKS[proof.ok]:<3}  {proof.text}{detail}")


def proof_row(ident: str, proof: Proof) -> dict[str, object]:
    return {"mapping": ident, "text": proof.text, "ok": proof.ok, "detail": proof.detail}


def revision_row(revision: Revision) -> dict[str, object]:
    return {
        "number": revision.number,
        "at": revision.at,
        "who": revision.who,
        "digest": revision.digest,
        "parent": revision.parent,
        "mapping": revision.mapping.data if revision.mapping is not None else None,
    }


def revision_line(revision: Revision) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(revision.at))
    mapping = revision.mapping
    if mapping is None:
        return f"{revision.number:>3}  {at}  {revision.who:<10}  removed"
    consumers = ", ".join(consumer.text for consumer in mapping.consumers)
    stated = f"{mapping.address} -> {ends_of(mapping)} for {consumers} via {mapping.via}"
    return f"{revision.number:>3}  {at}  {revision.who:<10}  {stated}"
