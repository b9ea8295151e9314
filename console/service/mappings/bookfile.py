"""mappings.yml with its lock and its history, as one thread works on them."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.config.mapping_edits import edited, with_mapping
from console.config.mappings import read, render
from console.errors import ConfigError, ConfigProblem, StoreChanged, StoreFailed
from console.model.clock import Clock
from console.model.mappings.mapping import Book, Mapping, Revision
from console.service.mappings.annals import Annals, Wordings, added, following, missing
from console.service.mappings.replacing import LockHeld, locked, replace_file

log = logging.getLogger(__name__)

HISTORY = "mappings.history.jsonl"

Stamp = tuple[str, int, int, int] | None
"""Tells whether a file is another one: path, inode, time in nanoseconds, size."""


def version_of(raw: bytes | None) -> str:
    """Names the content of a file; empty: there is none."""
    return "" if raw is None else hashlib.sha256(raw).hexdigest()[:16]


class BookFile:
    """Belongs to one thread. Changes are made under a lock file beside the book that every console respects;
    an editor that does not is noticed by the digest of what was read.
    """

    def __init__(self, path: Path, clock: Clock, who: Callable[[], str]) -> None:
        self.path = path
        self.seen: Stamp = None
        """The file as it was last read or written here."""
        self.looked = False
        """Whether `seen` says anything."""
        self._clock = clock
        self._who = who
        self._annals: Annals | None = None
        self._unkept: tuple[Revision, ...] = ()

    def _real(self) -> Path:
        """The file itself where the path is a link: it is the one that is replaced."""
        return Path(os.path.realpath(self.path))

    def _locked(self) -> Path:
        real = self._real()
        return real.with_name(f".{real.name}.lock")

    def stamp(self) -> Stamp:
        """The file as it is now; None: there is none."""
        real = self._real()
        try:
            state = real.stat()
        except OSError:
            return None
        return (str(real), state.st_ino, state.st_mtime_ns, state.st_size)

    def _bytes(self) -> bytes | None:
        try:
            return self._real().read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = ConfigProblem(str(self.path), 0, "", f"cannot be read: {error.strerror or error}")
            raise ConfigError([problem]) from error

    def _parsed(self, raw: bytes | None) -> Book:
        book = read(raw, str(self.path)) if raw is not None else Book()
        return replace(book, version=version_of(raw))

    def read(self) -> Book:
        """The book; no file is an empty one. Raises ConfigError."""
        self.seen, self.looked = self.stamp(), True
        raw = self._bytes()
        book = self._parsed(raw)
        if self._unknown(book):
            book = self._note_by_hand(book)
        return book

    def _history_file(self) -> Annals:
        path = self._real().with_name(HISTORY)
        if self._annals is None or self._annals.path != path:
            self._annals = Annals(path)
        return self._annals

    def _wordings(self) -> Wordings:
        try:
            kept = self._history_file().wordings()
        except OSError as error:
            log.warning("the history of mappings cannot be read: %s", error)
            kept = {}
        return added(kept, (one for one in self._unkept if one not in kept.get(one.id, ())))

    def _unknown(self, book: Book) -> tuple[Revision, ...]:
        """What the book says and the history does not."""
        return missing(self._wordings(), book.mappings, self._clock.now(), self._by_hand())

    def _by_hand(self) -> str:
        return f"by hand, seen by {self._who()}"

    def _note_by_hand(self, book: Book) -> Book:
        """Enter wordings into the history that somebody wrote with an editor.

        Another console may be between its history and its book: under the lock both are looked at again.
        Where nothing can be written they are known here only.
        """
        try:
            with locked(self._locked()):
                book = self._parsed(self._bytes())
                unknown = self._unknown(book)
                if unknown:
                    self._history_file().append(unknown)
        except OSError as error:
            log.warning("a wording by hand is not kept in the history: %s", error)
            self._unkept += self._unknown(book)
        return book

    def write(self, version: str, mapping_id: str, mapping: Mapping | None, who: str) -> Book:
        """Put one mapping. Raises StoreChanged, StoreFailed, ConfigError."""
        try:
            with locked(self._locked()):
                book = self._put(version, mapping_id, mapping, who)
                self._history_file().tidy()
                self.seen, self.looked = self.stamp(), True
                return book
        except LockHeld as error:
            raise StoreFailed(
                f"{self.path}: another console is writing it and does not come to an end",
                next_step="nothing was changed; try again",
            ) from error
        except OSError as error:
            raise self._failed(error) from error

    def _put(self, version: str, mapping_id: str, mapping: Mapping | None, who: str) -> Book:
        raw = self._bytes()
        if version_of(raw) != version:
            raise self._conflict()
        book = self._parsed(raw)
        if book.mappings.get(mapping_id) == mapping:
            return book
        if raw is not None:
            data = edited(raw.decode("utf-8-sig"), mapping_id, mapping).encode()
        else:
            data = render(with_mapping(book, mapping_id, mapping)).encode()
        after = self._parsed(data)
        now = self._clock.now()
        unknown = self._unknown(book)
        wordings = added(self._wordings(), unknown)
        revisions = (*unknown, following(wordings, mapping_id, mapping, now, who))
        annals = self._history_file()
        size = -1

        def record() -> None:
            nonlocal size
            size = annals.append(revisions)

        try:
            replace_file(self._real(), data, record)
        except OSError:
            if size >= 0:
                annals.cut(size)
            raise
        return after

    def _conflict(self) -> StoreChanged:
        newest = max(
            (found[-1] for found in self._wordings().values() if found), key=lambda one: one.at, default=None
        )
        last = f"; the last change on record: {newest.id} by {newest.who}" if newest is not None else ""
        return StoreChanged(
            f"{self.path} was changed by somebody else meanwhile{last}",
            next_step="nothing was changed; plan again on what it says now",
        )

    def _failed(self, error: OSError) -> StoreFailed:
        log.error("mappings cannot be kept: %s", error)
        parent = self._real().parent
        why = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            return StoreFailed(
                f"{self.path} cannot be written: there is no directory {parent}",
                next_step="nothing was changed; make the directory",
            )
        if isinstance(error, PermissionError):
            step = f"nothing was changed; the directory {parent} must be writable for you"
        else:
            step = f"nothing was changed; see to the disk and the directory {parent}"
        return StoreFailed(f"{self.path} cannot be written: {why}", next_step=step)

    def history(self, mapping_id: str) -> tuple[Revision, ...]:
        """Newest first."""
        return tuple(reversed(self._wordings().get(mapping_id, ())))
