"""From an order to a reviewed plan: all is read and checked, nothing is changed but the host's images."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.errors import EngineError, NotFound
from console.model.actions import Target
from console.model.containers import Container
from console.model.redeploy.body import Recreation, recreation
from console.model.redeploy.changes import Changes
from console.model.redeploy.course import ENDINGS, OF, OPERATION, POLICY, RAN, WANTED, Way, plain
from console.model.redeploy.documents import mapping, text
from console.model.redeploy.networks import shares_network_of
from console.model.redeploy.owners import owner_of
from console.model.redeploy.plan import Plan, PlanLine, Rules, describe, lost_files
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.service.redeploy.look import policy_of, seen, taken_by
from console.service.redeploy.sending import Neighbours, sentence
from console.service.redeploy.source import Source
from console.transport.base import Engine, PullProgress

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
"""What engines say of themselves -> what images say they are for."""


async def make_plan(
    engine: Engine,
    target: Target,
    changes: Changes,
    rules: Rules,
    progress: Callable[[PullProgress], None],
    neighbours: Neighbours | None = None,
) -> Plan:
    """Read the container and its images, pull where the rules say so, and plan. An image that cannot be had
    otherwise is looked for on `neighbours`.

    Raises NotFound where the container is gone, UsageError for changes that make no sense, and what the
    engine raises. What forbids the redeploy itself is the plan's `refusal`.
    """
    progress(PullProgress(safe("reading the container")))
    inspection = await engine.inspect(target.id)
    document: Mapping[str, Any] = inspection.document
    listed = await engine.containers()
    rows = _names(listed)
    old_image = await engine.deeds.image(text(document.get("Image")))
    reference = changes.image or text(mapping(document.get("Config")).get("Image"))
    had = await Source(engine, target.host, rules, neighbours or {}, progress).find(reference)
    warnings = had.warnings
    made = recreation(document, old_image, changes, rows)
    operation = uuid.uuid4().hex[:16]
    now = seen(inspection)
    way = Way(policy=now.policy, ran=now.running, paused=now.paused)
    _label(made, operation, target, way)
    refusal = had.refusal or await _refusal(engine, target, document, had.image, rules)
    progress(PullProgress(safe("looking what it wrote into its own layer")))
    files = await _files(engine, target, document, warnings)
    same = text(mapping(had.image).get("Id")) == text(document.get("Image"))
    _warn(document, rows, warnings)
    lines = [PlanLine(sentence(had.send))] if had.send is not None else []
    lines += describe(document, made, changes, files=files, same_image=same, runs=way.ran)
    refusal = await _company(engine, target, listed, lines, warnings) or refusal
    return Plan(
        target=target,
        operation=operation,
        changes=changes,
        image=sanitise(reference, 300),
        old_image=text(document.get("Image")),
        new_image=text(mapping(had.image).get("Id")),
        lines=tuple(lines),
        warnings=tuple(warnings),
        refusal=refusal,
        send=had.send,
        way=way,
        recreation=made,
    )


async def _refusal(
    engine: Engine,
    target: Target,
    document: Mapping[str, Any],
    image: Mapping[str, object] | None,
    rules: Rules,
) -> SafeText:
    if target.name.endswith(ENDINGS):
        return safe("it belongs to another redeploy: recover or roll back that one")
    owner = owner_of(document)
    if owner is not None and owner.undoes:
        return safe(f"{owner.kind} {owner.name} manages it and would undo this; its own way: {owner.way}")
    if (other := await taken_by(engine, str(target.name))) is not None:
        return safe(
            f"a redeploy of {target.name} is under way or was interrupted ({other.name} is there): recover it"
        )
    if mapping(document.get("HostConfig")).get("AutoRemove") and not rules.no_way_back:
        return safe("it removes itself when it ends, so there would be no way back; that has to be accepted")
    runs_on = _ARCHITECTURES.get(str(engine.facts.arch), str(engine.facts.arch))
    made_for = sanitise(text(mapping(image).get("Architecture")), 40)
    if made_for and runs_on and made_for != runs_on:
        return safe(f"the image is for {made_for}, and {target.host} is {runs_on}")
    return NOTHING


async def _files(
    engine: Engine, target: Target, document: Mapping[str, Any], warnings: list[SafeText]
) -> int:
    try:
        return lost_files(document, await engine.deeds.changed_files(target.id))
    except NotFound:
        raise
    except EngineError as error:
        warnings.append(safe(f"what it wrote into its own layer is not known: {error.message}"))
        return 0


def _names(listed: Sequence[Container]) -> dict[str, str]:
    """By id. Half of a redeploy is meant by the name that it, or its successor, has afterwards."""
    return {row.id: plain(str(row.name)) for row in listed}


async def _company(
    engine: Engine,
    target: Target,
    listed: Sequence[Container],
    lines: list[PlanLine],
    warnings: list[SafeText],
) -> SafeText:
    """Say what becomes of those that use its network; why one of them is in the way."""
    refusal = NOTHING
    for row in sorted(listed, key=lambda row: (row.created, row.id)):
        if row.joins != target.id or row.name.endswith(ENDINGS):
            continue
        inspection = await engine.inspect(row.id)
        owner = owner_of(inspection.document)
        if not seen(inspection).running:
            words = "uses its network and does not run: redeploy it, too, before it is started"
            warnings.append(safe(f"{row.name} {words}"))
            continue
        words = f"{row.name} uses its network: it has none meanwhile, and is made anew after it"
        lines.append(PlanLine(safe(words), disruptive=True))
        if owner is not None and owner.undoes:
            refusal = safe(f"{row.name} uses its network, and {owner.kind} {owner.name} manages that one")
        elif mapping(inspection.document.get("HostConfig")).get("AutoRemove"):
            refusal = safe(f"{row.name} uses its network and removes itself when it ends: stop it first")
    return refusal


def _warn(document: Mapping[str, Any], names: Mapping[str, str], warnings: list[SafeText]) -> None:
    owner = owner_of(document)
    if owner is not None:
        warnings.append(safe(f"{owner.kind} project {owner.name} will see drift; its own way: {owner.way}"))
    if other := shares_network_of(document):
        name = sanitise(names.get(other, other[:12]), 100)
        warnings.append(safe(f"it uses the network of {name} and stays in it"))


def _label(made: Recreation, operation: str, target: Target, way: Way) -> None:
    """Write onto the new container whose successor it is: whoever finds it knows the way on and back."""
    labels = made.body.setdefault("Labels", {})
    wanted = policy_of(made.body)
    labels |= {
        OPERATION: operation,
        OF: target.id,
        POLICY: way.policy,
        RAN: way.word,
        WANTED: wanted,
    }
