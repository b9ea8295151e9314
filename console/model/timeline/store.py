"""The timeline itself: entries of all hosts, bounded, in order of time, read as moments. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Final

from console.model.containers import Container, ContainerKey
from console.model.timeline.entries import Entry, Source
from console.model.timeline.folding import Moment, fold

MOST: Final = 5000
"""Entries that are kept."""

EACH: Final = 500
"""Entries kept of one subject, so that one container in a restart loop does not push out all the others."""

SLACK: Final = 20
"""A full timeline is made shorter by one part in so many at once: finding the oldest costs a sort."""

Subject = tuple[str, str]

_order = attrgetter("order")


class Timeline:
    """What happened, oldest first. Belongs to one thread.

    Entries may come in any order, as they do when a host was away: each is put where its stamp says. What
    does not fit any more is the oldest, and is counted. What operators did (bookmarks) is dropped only where
    there is too much of that alone.
    """

    def __init__(self, most: int = MOST, each: int = EACH) -> None:
        self.dropped = 0
        """Entries that were dropped for want of room."""
        self.changes = 0
        """Grows whenever `moments` may be different."""
        self._most = most
        self._each = each
        self._count = 0
        self._next = 0
        self._subjects: dict[Subject, list[Entry]] = {}
        self._cut: set[Subject] = set()
        """Subjects whose oldest entries were dropped."""
        self._moments: dict[Subject, list[Moment]] = {}
        """Of subjects that have not changed since they were read."""
        self._sorted: tuple[Moment, ...] | None = ()

    def __len__(self) -> int:
        return self._count

    def add(self, entries: Iterable[Entry]) -> None:
        """Take these in; each gets its number."""
        for entry in entries:
            entry = replace(entry, number=self._next)
            self._next += 1
            subject = entry.subject
            kept = self._subjects.setdefault(subject, [])
            if kept and kept[-1].order > entry.order:
                insort(kept, entry, key=_order)
            else:
                kept.append(entry)
            self._count += 1
            self._touch(subject)
            if len(kept) > self._each:
                self._drop(subject, 1)
        if self._count > self._most:
            self._shorten()

    def known(self, key: ContainerKey) -> Container | None:
        """What earlier entries say a container is."""
        kept = self._subjects.get(key)
        return kept[-1].about if kept else None

    def remove(self, number: int) -> bool:
        """Take a bookmark away; return whether there is one of that number."""
        subject = (Source.OPERATOR.value, "")
        kept = self._subjects.get(subject, [])
        found = next((at for at, entry in enumerate(kept) if entry.number == number), None)
        if found is None:
            return False
        del kept[found]
        self._count -= 1
        self._touch(subject)
        return True

    def moments(self) -> tuple[Moment, ...]:
        """What there is, in order of time; those that did not change are the same objects as before."""
        if self._sorted is None:
            for subject, entries in self._subjects.items():
                if subject not in self._moments:
                    self._moments[subject] = fold(entries, subject in self._cut)
            made = [moment for moments in self._moments.values() for moment in moments]
            made.sort(key=_order)
            self._sorted = tuple(made)
        return self._sorted

    def _touch(self, subject: Subject) -> None:
        self._moments.pop(subject, None)
        self._sorted = None
        self.changes += 1

    def _drop(self, subject: Subject, count: int) -> None:
        kept = self._subjects[subject]
        del kept[:count]
        self._count -= count
        self.dropped += count
        self._cut.add(subject)
        if not kept:
            del self._subjects[subject]
            self._cut.discard(subject)
        self._touch(subject)

    def _shorten(self) -> None:
        keep = self._most - self._most // SLACK
        others = [(s, kept) for s, kept in self._subjects.items() if s[0] != Source.OPERATOR]
        orders = sorted(entry.order for _, kept in others for entry in kept)
        surplus = min(self._count - keep, len(orders))
        if surplus <= 0:
            return
        limit = orders[surplus - 1]
        for subject, kept in others:
            old = bisect_left(kept, (limit[0], limit[1] + 1), key=_order)
            if old:
                self._drop(subject, old)
