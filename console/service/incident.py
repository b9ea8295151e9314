"""What is put into an incident bundle: everything the engines know of a stretch of time, secrets masked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from console.errors import EngineError, HostError, HostUnreachable
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.hosts import HostState
from console.model.secrets import mask_document
from console.model.snapshot import HostSnapshot
from console.service.follow import past_events
from console.service.incident_logs import LogPart, LogRecorder
from console.service.remember import Memory
from console.service.tasks import end
from console.transport.base import Engine, Transport

log = logging.getLogger(__name__)

INSPECTS_AT_ONCE = 8

DEADLINE = 120.0
"""Seconds for one host."""


@dataclass(slots=True)
class Record:
    """One host's part. What could be read before an error is kept."""

    snapshot: HostSnapshot
    events: list[EngineEvent] = field(default_factory=list)
    inspects: dict[str, object] = field(default_factory=dict)
    """Masked documents by full id."""
    logs: dict[str, LogPart] = field(default_factory=dict)
    """By full id."""
    info: object = None
    """The masked answer of `GET /info`."""
    error: HostError | None = None


async def record(
    transport: Transport,
    snapshots: Sequence[HostSnapshot],
    *,
    clock: Clock,
    memory: Memory,
    since: float,
    logs_since: float,
    deadline: float = DEADLINE,
) -> list[Record]:
    """Read documents, the events of the last `since` seconds and the logs of the last `logs_since` seconds
    from every host that is up, all at once.
    """
    records = [Record(snapshot) for snapshot in snapshots]
    now = clock.now()
    span = (int((now - since) * 1e9), int(now * 1e9))
    logs = LogRecorder(clock, int((now - logs_since) * 1e9))
    tasks = [
        asyncio.create_task(_bounded(record, transport, memory, span, logs, deadline))
        for record in records
        if record.snapshot.status.state is HostState.UP
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        await end(tasks)
    return records


async def _bounded(
    record: Record,
    transport: Transport,
    memory: Memory,
    span: tuple[int, int],
    logs: LogRecorder,
    deadline: float,
) -> None:
    spec = record.snapshot.spec
    try:
        async with asyncio.timeout(deadline):
            link = await transport.connect(spec, None)
            try:
                await _read(record, await link.engine(memory.carrier(spec.name)), span, logs)
            finally:
                await link.aclose()
    except TimeoutError:
        record.error = HostUnreachable(spec.name, f"not everything came within {deadline:.0f} s")
    except HostError as error:
        record.error = error


async def _read(record: Record, engine: Engine, span: tuple[int, int], logs: LogRecorder) -> None:
    # Events first: the engine keeps few of them, and inspects of a large host take a while.
    record.events = await past_events(engine, *span)
    record.info = mask_document(await engine.info())
    ids = iter(tuple(record.snapshot.containers))
    works = [asyncio.create_task(_inspect(record, engine, ids, logs)) for _ in range(INSPECTS_AT_ONCE)]
    try:
        await asyncio.gather(*works)
    finally:
        await end(works)


async def _inspect(record: Record, engine: Engine, ids: Iterable[str], logs: LogRecorder) -> None:
    for container_id in ids:
        try:
            inspection = await engine.inspect(container_id)
        except EngineError as error:
            log.info("%s", error)  # gone meanwhile, most of the time
        else:
            record.inspects[container_id] = mask_document(inspection.document)
            record.logs[container_id] = await logs.read(engine, inspection)
