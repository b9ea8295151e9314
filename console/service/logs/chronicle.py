"""What is said, between its lines, of one container's starts and ends. Each is said once."""

from __future__ import annotations

from console.model.logs.lines import NoteKind
from console.service.logs import notes
from console.service.logs.host import HostSide
from console.service.logs.life import Life
from console.service.logs.reader import Reader

EARLIER = 200_000_000
"""Nanoseconds by which a note of a start stands before its event: first lines may be older than that."""


class Chronicle:
    """Of one source. To be told at the moments when all lines before were handed on."""

    def __init__(self, life: Life, reader: Reader, host: HostSide) -> None:
        self._life = life
        self._reader = reader
        self._host = host
        self._says_running = life.running
        """What a reader of the notes, or of the list at the beginning, believes."""
        self._start_known = 0
        self._newest = 0

    def begins(self) -> None:
        """Its past is about to be read: what happened until now is no news."""
        self._start_known = max(self._start_known, self._life.started_ns)

    def started(self) -> None:
        """It is about to be read on: say that it was started, where that is so."""
        life = self._life
        restarted = life.started_ns > self._start_known
        if not life.running or (self._says_running and not restarted):
            return
        if self._says_running and life.died_ns:
            self.note(NoteKind.ENDED, life.died_ns, life.end)
        self._start_known = life.started_ns
        self._says_running = True
        self.note(NoteKind.STARTED, life.started_ns - EARLIER if restarted else 0, "runs again")

    def ended(self) -> None:
        """It does not run, and was read to its end."""
        if self._says_running:
            self._says_running = False
            self.note(NoteKind.ENDED, self._life.died_ns, self._life.end)

    def removed(self, ns: int, *, whole: bool) -> None:
        """It was removed at `ns`; `whole`: and had been read to its end."""
        last = self._reader.resume.last_ns or 0
        if not whole:
            self._host.gaps += 1
            why = "removed before its last lines were read" if last else "removed before it was read"
            self._reader.say(notes.gap(self._reader.source.index, last or ns, max(last, ns), why))
        self.note(NoteKind.GONE, ns, "removed")

    def note(self, kind: NoteKind, ns: int, text: str) -> None:
        """A note at a moment that somebody named (0: now), but never before the last line or note."""
        last = max(self._reader.resume.last_ns or 0, self._newest)
        self._newest = max(ns or self._host.now_ns(), last + 1)
        self._reader.say(notes.plain(kind, self._reader.source.index, self._newest, text))
