"""The last thing that was done, for the status line: from this console, or by anybody of the fleet."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from textual.screen import Screen

from console.model.audit import AuditRecord
from console.model.text import SafeText, sanitise
from console.service.audit import newest
from console.ui.widgets.status_line import StatusLine

LOOK_EVERY = 10.0
"""Seconds between two looks at the directory that all operators share."""


def last_words(action: str, ref: str, result: str, at: float, who: str = "") -> SafeText:
    """`last: dba restart worker@app-1 14:01`; `at` in seconds of the Unix epoch."""
    words = [who, action, ref, "" if result in ("done", "nothing") else result]
    when = time.strftime("%H:%M", time.localtime(at))
    return sanitise(f"last: {' '.join(filter(None, words))} {when}", 80)


def words_of(record: AuditRecord) -> SafeText:
    """The same of a line of the audit file."""
    ref = f"{record.name}@{record.host}" if record.name else record.host
    return last_words(record.action, ref, record.result, record.time, record.actor.login)


def follow(screen: Screen[None], status: StatusLine, directory: Path) -> None:
    """Keep the last action of all operators in view, from now on."""

    async def look() -> None:
        record = await asyncio.to_thread(newest, directory)
        if record is not None:
            status.remember(words_of(record), record.time)

    def begin() -> None:
        screen.run_worker(look(), group="last", exclusive=True, exit_on_error=False)

    screen.set_interval(LOOK_EVERY, begin)
    begin()
