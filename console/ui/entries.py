"""The containers of one host with their rows, made anew only where something is different."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.model.containers import Container
from console.model.problems import Problem
from console.model.snapshot import HostSnapshot
from console.ui.names import natural
from console.ui.present import FOREVER, Known, container_row
from console.ui.widgets.rowstore import Row


@dataclass(slots=True)
class Entry:
    """One container, its row, and what both were made from."""

    known: Known
    row: Row
    until: float
    """When the row will look different for its age alone."""


Problems = Mapping[str, Problem]
"""Of one host: by container id."""


class Block:
    """One host's containers by name."""

    def __init__(self, snapshot: HostSnapshot, problems: Problems, old: Block | None, now: float) -> None:
        self.snapshot = snapshot
        self.problems = problems
        self._by_id: Mapping[str, Entry] = self._entries(old._by_id if old else {}, now)
        self.entries = sorted(self._by_id.values(), key=lambda entry: natural(entry.known.container.name))
        self._soonest = min((entry.until for entry in self.entries), default=FOREVER)

    def holds(self, snapshot: HostSnapshot, problems: Problems) -> bool:
        """Whether nothing is different."""
        return self.snapshot is snapshot and self.problems == problems

    def _entries(self, old: Mapping[str, Entry], now: float) -> dict[str, Entry]:
        fresh = self.snapshot.fresh
        heard = None if fresh else self.snapshot.heard
        usages = self.snapshot.usage
        entries = {}
        for key, container in self.snapshot.containers.items():
            entry, usage, problem = old.get(key), usages.get(key), self.problems.get(key)
            if entry is None or not _same(entry.known, container, problem, fresh, heard):
                known = Known(container, usage, problem, heard, fresh)
                row, until = container_row(known, now)
                entry = Entry(known, entry.row if entry and entry.row == row else row, until)
            elif entry.known.usage is not usage:
                known = Known(container, usage, problem, heard, fresh)
                entry = Entry(known, *container_row(known, now))
            entries[key] = entry
        return entries

    def aged(self, now: float) -> list[Row]:
        """The rows that look different only because time has passed."""
        if self._soonest > now:
            return []
        changed = []
        for entry in self.entries:
            if entry.until <= now:
                entry.row, entry.until = container_row(entry.known, now)
                changed.append(entry.row)
        self._soonest = min(entry.until for entry in self.entries)
        return changed


def _same(
    known: Known, container: Container, problem: Problem | None, fresh: bool, heard: float | None
) -> bool:
    return (
        known.container is container
        and known.fresh is fresh
        and known.heard == heard
        and (known.problem is problem or known.problem == problem)
    )
