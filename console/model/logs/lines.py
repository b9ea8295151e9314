"""Lines of logs in columns: a hundred thousand a second pass through here, so a line is not an object.

Bytes of containers stay bytes until `LogLine.text` sanitises them: nothing can reach a terminal by mistake,
and what is saved is whole. Engine time stamps are nanoseconds of the Unix epoch by the engine's clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from itertools import accumulate
from typing import NamedTuple

from console.model.containers import Container, ContainerKey
from console.model.text import NOTHING, SafeText, sanitise


class Stream(IntEnum):
    """Which of a container's streams a line came from."""

    NOTE = 0
    """None: it is a note of dockcon's own, see `Note`."""
    OUT = 1
    """Standard output; all of a container that has a terminal."""
    ERR = 2


@dataclass(slots=True)
class LogFrames:
    """What one read of one container brought, in its order; three columns of equal length.

    A frame is what an engine stamps: a line with its newline, or up to 16 KiB of a longer one, whose parts
    share stream and stamp (more or less: only the last has the newline).
    """

    stamps: list[int] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.stamps)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One container as the origin of lines. One that was recreated is another source of the same `ref`."""

    index: int
    """Its number in one log stream, from 0; blocks refer to it, and it is never given to another."""
    host: str
    id: str
    name: SafeText
    image: SafeText = NOTHING
    project: SafeText = NOTHING
    service: SafeText = NOTHING

    @classmethod
    def of(cls, index: int, container: Container) -> LogSource:
        """The source that `container` is."""
        return cls(
            index=index,
            host=container.host,
            id=container.id,
            name=container.name,
            image=container.image,
            project=container.project,
            service=container.service,
        )

    @property
    def key(self) -> ContainerKey:
        return (self.host, self.id)

    @property
    def ref(self) -> str:
        """How it is shown: `name@host`; colours belong to this, so that they survive a recreate."""
        return f"{self.name}@{self.host}"


class NoteKind(StrEnum):
    """What a line of dockcon's own, between those of containers, tells."""

    GAP = "gap"
    """Lines between `from_ns` and `to_ns` are missing, or it cannot be ruled out; the text says why."""
    DROPPED = "dropped"
    """`lines` lines were dropped here by us, because nobody took them in time or a cap was reached."""
    LOST = "lost"
    """The host is not reached since `from_ns`; lines are fetched when it is back."""
    BACK = "back"
    """It is back, or reached at last; the text says whether anything is missing."""
    LATE = "late"
    """`lines` lines that follow are older than those above them."""
    ENDED = "ended"
    """The container stopped."""
    STARTED = "started"
    """The container runs again; with another id where it was recreated."""
    GONE = "gone"
    """The container was removed."""
    NOTHING = "nothing"
    """There is nothing to read: log driver, permission; the text says why."""
    SILENT = "silent"
    """A stream was alive and silent though the log went on; it was opened anew."""
    CLOCK = "clock"
    """An engine's clock went back, or differs from the others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line of dockcon's own."""

    kind: NoteKind
    source: int
    """Index of the source it is about; -1: none in particular."""
    ns: int
    """Where it stands in time."""
    text: SafeText
    from_ns: int | None = None
    to_ns: int | None = None
    lines: int = 0


class LogLine(NamedTuple):
    """One line, taken out of its block."""

    ns: int
    source: int
    stream: Stream
    raw: bytes
    """Without its newline; of any length, unsafe."""
    note: Note | None = None

    def text(self, limit: int = 4096) -> SafeText:
        """The line as a terminal may see it, at most `limit` characters.

        What a carriage return overwrites is left out, as on a terminal; tabs reach to the next multiple of 8.
        """
        raw = self.raw if len(self.raw) <= limit * 8 else self.raw[: limit * 8]
        if b"\r" in raw:
            raw = raw.rstrip(b"\r")
            raw = raw[raw.rfind(b"\r") + 1 :]
        if b"\t" in raw:
            raw = raw.expandtabs(8)
        return sanitise(raw.decode("utf-8", "replace"), limit)


@dataclass(frozen=True, slots=True, eq=False)
class LogBlock:
    """Some hundreds or thousands of lines in the order they are shown. Frozen: it crosses threads.

    Line `i` has the stamp `stamps[i]`, the origin `origins[i]` (source index * 4 + stream), and the bytes
    `data[ends[i - 1] : ends[i]]`, which end with a newline.
    """

    stamps: array[int]
    """Type code `q`."""
    origins: array[int]
    """Type code `q`: -1 * 4 + 0 is a note about no source in particular."""
    ends: array[int]
    """Type code `Q`."""
    data: bytes
    notes: Mapping[int, Note] = field(default_factory=dict)
    """By line number, for lines of stream NOTE; their data is the note's text."""

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def size(self) -> int:
        """Bytes of memory, its own columns included."""
        return len(self.data) + 24 * len(self.stamps) + 300 + 400 * len(self.notes)

    def raw(self, number: int) -> bytes:
        """The bytes of line `number`, counted from 0, without newline."""
        start = self.ends[number - 1] if number else 0
        return self.data[start : self.ends[number] - 1]

    def line(self, number: int) -> LogLine:
        """Line `number`, counted from 0."""
        origin = self.origins[number]
        return LogLine(
            self.stamps[number], origin >> 2, Stream(origin & 3), self.raw(number), self.notes.get(number)
        )


def block_of(
    stamps: Sequence[int],
    origins: Sequence[int],
    payloads: Sequence[bytes],
    notes: Mapping[int, Note] | None = None,
) -> LogBlock:
    """A block from columns; every payload ends with its newline."""
    ends = array("Q", accumulate(map(len, payloads)))
    return LogBlock(array("q", stamps), array("q", origins), ends, b"".join(payloads), notes or {})
