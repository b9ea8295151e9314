"""The wordings of mappings, a JSON line each, beside the book they belong to.

Damaged lines are passed over and said: another console may have been killed in the middle of one, and a
history is not worth refusing work for.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from collections.abc import Mapping as Lookup
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.model.mappings.mapping import Mapping, Revision
from console.model.mappings.names import bad_id
from console.model.mappings.readback import mapping_from
from console.model.text import sanitise
from console.service.mappings.replacing import replace_file

log = logging.getLogger(__name__)

KEEP = 50
"""Wordings of one mapping that are kept."""
SLACK = 50
"""So many more may stand in the file before it is written anew."""

Wordings = dict[str, tuple[Revision, ...]]
"""By mapping, oldest first."""


def following(earlier: Wordings, mapping_id: str, mapping: Mapping | None, at: float, who: str) -> Revision:
    """The revision that puts `mapping` (None: takes it away) after what is known."""
    before = earlier.get(mapping_id, ())
    last = before[-1] if before else None
    return Revision(
        id=mapping_id,
        number=last.number + 1 if last is not None else 1,
        mapping=mapping,
        parent=last.digest if last is not None else "",
        at=at,
        who=who,
    )


def missing(earlier: Wordings, mappings: Lookup[str, Mapping], at: float, who: str) -> tuple[Revision, ...]:
    """Revisions for what the book says now and the history does not know: somebody edited by hand."""
    found = []
    for mapping_id, mapping in mappings.items():
        last = earlier[mapping_id][-1].mapping if earlier.get(mapping_id) else None
        if last != mapping:
            found.append(following(earlier, mapping_id, mapping, at, who))
    for mapping_id, wordings in earlier.items():
        if mapping_id not in mappings and wordings and wordings[-1].mapping is not None:
            found.append(following(earlier, mapping_id, None, at, who))
    return tuple(found)


def added(earlier: Wordings, revisions: Iterable[Revision]) -> Wordings:
    """The wordings with some more, the oldest dropped."""
    made = dict(earlier)
    for revision in revisions:
        made[revision.id] = (*made.get(revision.id, ()), revision)[-KEEP:]
    return made


class Annals:
    """One history file. Belongs to one thread; changed only under the lock of its book."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._wordings: Wordings = {}
        self._lines = 0

    def wordings(self) -> Wordings:
        """What is known now; read again where the file is another one. Raises OSError."""
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())
                seen = (state.st_ino, state.st_mtime_ns, state.st_size)
                if seen != self._seen:
                    self._read(file.read())
                    self._seen = seen
        except FileNotFoundError:
            self._seen, self._wordings, self._lines = None, {}, 0
        return self._wordings

    def append(self, revisions: Iterable[Revision]) -> int:
        """Add lines, forced to the disk; return the file's size before. Raises OSError, with the file as it
        was.
        """
        text = "".join(json.dumps(_line(one), ensure_ascii=False) + "\n" for one in revisions)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            size = os.lseek(file, 0, os.SEEK_END)
            data = text.encode()
            if size and os.pread(file, 1, size - 1) != b"\n":
                data = b"\n" + data
            try:
                if os.write(file, data) < len(data):
                    raise OSError("only a part of it fitted: the disk is full")
                os.fsync(file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, size)
                raise
        finally:
            os.close(file)
        return size

    def cut(self, size: int) -> None:
        """Take back what was appended to a file of `size` bytes."""
        with suppress(OSError):
            os.truncate(self.path, size)

    def tidy(self) -> None:
        """Write the file anew where it holds far more than is kept. A failure is said, and nothing lost."""
        try:
            wordings = self.wordings()
            if self._lines <= sum(map(len, wordings.values())) + SLACK:
                return
            ordered = sorted((one for some in wordings.values() for one in some), key=lambda one: one.at)
            text = "".join(json.dumps(_line(one), ensure_ascii=False) + "\n" for one in ordered)
            replace_file(self.path, text.encode())
        except OSError as error:
            log.warning("%s: not shortened: %s", self.path, error)

    def _read(self, raw: bytes) -> None:
        wordings: dict[str, list[Revision]] = {}
        lines = raw.decode("utf-8", "replace").splitlines()
        damaged = []
        for number, line in enumerate(lines, 1):
            revision = _revision(line)
            if revision is not None:
                wordings.setdefault(revision.id, []).append(revision)
            elif line.strip():
                damaged.append(number)
        if damaged:
            which = ", ".join(map(str, damaged[:10])) + (", ..." if len(damaged) > 10 else "")
            log.warning("%s: damaged lines are passed over: %s", self.path, which)
        self._lines = len(lines)
        self._wordings = {key: tuple(found[-KEEP:]) for key, found in wordings.items()}


def _line(revision: Revision) -> dict[str, Any]:
    return {
        "id": revision.id,
        "number": revision.number,
        "at": round(revision.at, 3),
        "who": revision.who,
        "parent": revision.parent,
        "mapping": revision.mapping.data if revision.mapping is not None else None,
    }


def _revision(line: str) -> Revision | None:
    """What a line says; None where it is no revision."""
    try:
        found = json.loads(line)
        mapping_id, number, at, data = found["id"], found["number"], float(found["at"]), found["mapping"]
        who, parent = str(found["who"]), str(found["parent"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    mapping = mapping_from(data) if data is not None else None
    if data is not None and (mapping is None or mapping.id != mapping_id):
        return None
    if not isinstance(mapping_id, str) or bad_id(mapping_id) or not isinstance(number, int) or number < 1:
        return None
    return Revision(
        id=mapping_id,
        number=number,
        mapping=mapping,
        parent=sanitise(parent, 64),
        at=at,
        who=sanitise(who, 200),
    )
