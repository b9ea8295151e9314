"""`dockcon bundle`: states, events, inspects and logs of all hosts in one archive, for looking later."""

from __future__ import annotations

import asyncio
import io
import json
import os
import platform
import re
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from console import __version__
from console.cli import rows
from console.cli.arguments import Options
from console.cli.exits import Exit, worst
from console.cli.looking import report
from console.cli.output import Output
from console.cli.setup import Setup, set_up
from console.cli.standings import standings
from console.config.paths import Homes
from console.errors import UsageError
from console.model.hosts import HostState
from console.model.problems import find
from console.model.snapshot import HostSnapshot
from console.service.collect import collect
from console.service.incident import Record, record

if TYPE_CHECKING:
    from console.service.mappings.desk import MappingList

LOGS_SINCE = 600.0
"""Seconds of logs at most."""


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Write the archive; exit 4 when a host is missing from it."""
    setup = set_up(options, homes)
    since = options.since or 0.0
    now = setup.clock.now()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    file = options.output or Path(f"dockcon-{setup.config.fleet}-{stamp}.tar.gz")
    _refuse(file)
    records = asyncio.run(_records(setup, since))
    mapped = standings(setup)
    files = chain(documents(records, setup, since, now), mapping_files(mapped))
    write(file, f"dockcon-{setup.config.fleet}-{stamp}", files, now)
    output.line(str(file))
    codes = [report([r.snapshot for r in records], output)]
    for error in (r.error for r in records if r.error is not None):
        output.error(error)
        codes.append(Exit.UNREACHABLE)
    return worst(codes)


def _refuse(file: Path) -> None:
    """Say at once what would otherwise only be found out when everything has been collected."""
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"cannot write {file}: no such directory, or a directory itself")


async def _records(setup: Setup, since: float) -> list[Record]:
    memory = setup.memory()
    transport = setup.transport()
    try:
        snapshots = await collect(
            transport,
            setup.specs,
            clock=setup.clock,
            memory=memory,
            usage=True,
            details=True,
            past=True,
        )
        return await record(
            transport,
            snapshots,
            clock=setup.clock,
            memory=memory,
            since=since,
            logs_since=min(since, LOGS_SINCE),
        )
    finally:
        await transport.aclose()
        memory.close()


def documents(records: Sequence[Record], setup: Setup, since: float, now: float) -> Iterator[tuple[str, str]]:
    """Every file of the archive: its name and its text."""
    snapshots = [r.snapshot for r in records]
    problems = find(snapshots, now)
    worst_of = {(p.host, p.container): p for p in problems}
    containers = [
        rows.container_row(s, c, worst_of.get(c.key))
        for s in snapshots
        for c in sorted(s.containers.values(), key=lambda c: (c.name, c.id))
    ]
    events = sorted((e for r in records for e in r.events), key=lambda e: e.time_ns)
    yield "bundle.json", _json(_about(records, setup, since, now))
    yield "hosts.json", _json([rows.host_row(s) for s in snapshots])
    yield "containers.json", _json(containers)
    yield "problems.json", _json([rows.problem_row(p) for p in problems])
    yield "events.jsonl", "".join(json.dumps(rows.event_row(e)) + "\n" for e in events)
    for one in records:
        if one.info is not None:
            yield f"info/{one.snapshot.name}.json", _json(one.info)
        for container_id, document in one.inspects.items():
            yield file_name(one.snapshot, container_id, "inspect", ".json"), _json(document)
        for container_id, part in one.logs.items():
            if part.text:
                yield file_name(one.snapshot, container_id, "logs", ".log"), part.text


def mapping_files(found: MappingList | None) -> Iterator[tuple[str, str]]:
    """What is stated about addresses, and how it stands."""
    if found is None:
        return
    from console.cli.map_output import standing_row

    yield "mappings.json", _json([standing_row(one) for one in found.standings])


def file_name(snapshot: HostSnapshot, container_id: str, directory: str, suffix: str) -> str:
    """A file name that no container's name can make anything else of."""
    container = snapshot.containers.get(container_id)
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", container.name if container else "")[:80] or "container"
    return f"{directory}/{snapshot.name}/{plain}-{re.sub('[^0-9a-f]', '', container_id)[:12]}{suffix}"


def _about(records: Sequence[Record], setup: Setup, since: float, now: float) -> Mapping[str, object]:
    return {
        "dockcon": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "fleet": setup.config.fleet,
        "made": rows.time_of(now),
        "since": rows.time_of(now - since),
        "hosts": [r.snapshot.name for r in records],
        "missing": {r.snapshot.name: _missing(r) for r in records if _missing(r)},
        "logs": _about_logs(records, min(since, LOGS_SINCE), now),
    }


def _about_logs(records: Sequence[Record], since: float, now: float) -> Mapping[str, object]:
    """From when on there are logs, of which containers only the newest lines, and which are missing, why."""
    parts = {
        container.ref: part
        for one in records
        for container_id, part in one.logs.items()
        if (container := one.snapshot.containers.get(container_id)) is not None
    }
    return {
        "since": rows.time_of(now - since),
        "cut": [ref for ref, part in parts.items() if part.cut],
        "unread": {ref: part.unread for ref, part in parts.items() if part.unread},
    }


def _missing(one: Record) -> str:
    """Why a host, or a part of it, is not in the archive."""
    status = one.snapshot.status
    if status.state is not HostState.UP:
        return f"{status.state}: {status.reason}" if status.reason else str(status.state)
    return one.error.message if one.error else ""


def _json(document: object) -> str:
    return json.dumps(document, indent=1) + "\n"


def write(file: Path, top: str, files: Iterator[tuple[str, str]], now: float) -> None:
    """Write the archive, readable by its owner only; there is a whole one or none. Raises UsageError."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
                for name, text in files:
                    data = text.encode()
                    info = tarfile.TarInfo(f"{top}/{name}")
                    info.size, info.mtime, info.mode = len(data), int(now), 0o600
                    archive.addfile(info, io.BytesIO(data))
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from error
