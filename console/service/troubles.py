"""The problems of a fleet, without looking again at hosts on which nothing happened."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from console.model.problems import Problem, of_host, worst_first
from console.model.snapshot import HostSnapshot

LOOK_AGAIN = 5.0
"""Seconds after which a host is looked at again although nothing happened: some problems pass with time."""


@dataclass(frozen=True, slots=True)
class _Found:
    snapshot: HostSnapshot
    at: float
    problems: tuple[Problem, ...]


class Troubles:
    """Remembers what `model.problems` found on each host. Belongs to one thread."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}

    def find(
        self, snapshots: Iterable[HostSnapshot], now: float, others: Iterable[Problem] = ()
    ) -> tuple[Problem, ...]:
        """As `model.problems.find`, at most `LOOK_AGAIN` seconds late where only time has passed; `others`:
        problems that are not of one host, to be put in their places.
        """
        for snapshot in snapshots:
            found = self._found.get(snapshot.name)
            if found is None or not 0 <= now - found.at < LOOK_AGAIN or not _same(found.snapshot, snapshot):
                problems = tuple(of_host(snapshot, now))
                self._found[snapshot.name] = _Found(snapshot, now, problems)
        here = (problem for found in self._found.values() for problem in found.problems)
        return worst_first(itertools.chain(here, others))


def _same(old: HostSnapshot, new: HostSnapshot) -> bool:
    """Whether the same problems follow; figures change all the time and are none of its business."""
    return (
        old.containers is new.containers
        and old.starts is new.starts
        and old.stopped is new.stopped
        and old.ooms is new.ooms
        and old.status == new.status
        and _disk(old) == _disk(new)
    )


def _disk(snapshot: HostSnapshot) -> float | None:
    return snapshot.load.disk_percent if snapshot.load else None
