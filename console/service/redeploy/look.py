"""What an engine has of one redeploy at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.errors import NotFound
from console.model.containers import Container, ContainerState, Inspection
from console.model.redeploy.course import ASIDE, NEXT, OPERATION, PREV, Facts, Seen
from console.model.redeploy.documents import mapping, text
from console.model.redeploy.networks import endpoints
from console.transport.base import Engine

_RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})


@dataclass(frozen=True, slots=True)
class Scene:
    """Facts, and the documents behind them (which hold secrets)."""

    facts: Facts
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    missing: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Networks that the new one is to be in and is not, with its endpoint settings."""


async def look(engine: Engine, name: str, old_id: str, operation: str, wanted: str) -> Scene:
    """Look at the containers that belong to one redeploy: the old one by its id, the new one by its label.

    `wanted`: the restart policy that the new one is to have. Raises what the engine raises.
    """
    rows = await engine.containers()
    new_row = next((row for row in rows if operation and row.labels.get(OPERATION) == operation), None)
    shelved_row = next((row for row in rows if row.name == name + PREV and row.id != old_id), None)
    old = await _inspected(engine, next((row for row in rows if row.id == old_id), None))
    new = await _inspected(engine, new_row)
    shelved = await _inspected(engine, shelved_row)
    missing: tuple[tuple[str, dict[str, Any]], ...] = ()
    if old is not None and new is not None:
        joined = _networks(new.document)
        missing = tuple((n, e) for n, e in endpoints(old.document)[1] if n not in joined)
    ours = {old_id, new_row.id if new_row is not None else ""}
    other_row = next((row for row in rows if row.name == name and row.id not in ours), None)
    other = await _inspected(engine, other_row)
    new_seen = seen(new) if new is not None else None
    facts = Facts(
        name=name,
        old=seen(old) if old is not None else None,
        new=new_seen,
        shelved=seen(shelved) if shelved is not None else None,
        networks=(new_seen.networks if new_seen else 0) + len(missing),
        wanted=wanted,
        other=seen(other) if other is not None else None,
    )
    return Scene(facts, old.document if old else None, new.document if new else None, missing)


async def taken_by(engine: Engine, name: str) -> Container | None:
    """Whoever is called NAME.dockcon-next or NAME.dockcon-old: the names are the mutex of a redeploy."""
    taken = (name + NEXT, name + ASIDE)
    return next((row for row in await engine.containers() if row.name in taken), None)


async def _inspected(engine: Engine, row: Container | None) -> Inspection | None:
    if row is None:
        return None
    try:
        return await engine.inspect(row.id)
    except NotFound:
        return None


def seen(inspection: Inspection) -> Seen:
    """What a course needs to know of a container."""
    container, document = inspection.container, inspection.document
    return Seen(
        id=container.id,
        name=str(container.name),
        running=container.state in _RUNS,
        started=container.started is not None,
        policy=policy_of(document),
        labels={key: str(value) for key, value in container.labels.items()},
        networks=len(_networks(document)),
        paused=container.state is ContainerState.PAUSED,
    )


def policy_of(document: Mapping[str, Any]) -> str:
    """A restart policy as it is written: `no`, `always`, `on-failure:3`."""
    policy = mapping(mapping(document.get("HostConfig")).get("RestartPolicy"))
    name, count = text(policy.get("Name")) or "no", policy.get("MaximumRetryCount")
    return f"{name}:{count}" if name == "on-failure" and isinstance(count, int) and count > 0 else name


def _networks(document: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(mapping(document.get("NetworkSettings")).get("Networks"))
