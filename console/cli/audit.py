"""`dockcon audit`: what was done by whom, read back."""

from __future__ import annotations

import time
from pathlib import Path

from console.cli.arguments import Options
from console.cli.exits import Exit
from console.cli.output import Output
from console.cli.setup import audit_path, load
from console.config.paths import Homes
from console.errors import UsageError
from console.model.audit import AuditRecord, Phase
from console.model.clock import wall
from console.service.audit import read_audit
from console.service.who import login


def run(options: Options, homes: Homes, output: Output) -> Exit:
    """Print the records, oldest first; of everybody where hosts.yml names a directory for all."""
    since = wall() - options.since if options.since is not None else 0.0
    records: list[AuditRecord] = []
    for path in _files(options, homes):
        try:
            records += read_audit(path, since)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    records.sort(key=lambda record: record.time)
    if options.json:
        output.array([record.as_json() for record in records])
        return Exit.DONE
    for record in records:
        if record.phase is Phase.AFTER:
            output.line(_line(record))
    for record in _open(records):
        output.line(_line(record) + "  (no end on record)")
    return Exit.DONE


def _files(options: Options, homes: Homes) -> list[Path]:
    if options.demo:
        return []
    config = load(options, homes)
    if config.audit is not None:
        return sorted(config.audit.glob("*.jsonl"))
    return [audit_path(config, homes, login())]


def _open(records: list[AuditRecord]) -> list[AuditRecord]:
    """The beginnings that have no end: a console was ended in the middle."""
    ended = {record.operation for record in records if record.phase is Phase.AFTER}
    first: dict[str, AuditRecord] = {}
    for record in records:
        if record.operation not in ended:
            first.setdefault(record.operation, record)
    return list(first.values())


def _line(record: AuditRecord) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.time))
    why = f": {record.text}" if record.text else ""
    name = f"{record.name}@{record.host}"
    return f"{at}  {record.actor.login:<10}  {record.action:<20}  {name:<24}  {record.result}{why}"
