"""Lines of many sources put into one order: by engine time, as far as waiting a moment can know it.

A line waits until a fifth of a second has passed since it arrived; then it goes out with everything that is
older than it. What arrives later than that is given out late, never inserted: text under a reader does not
move. Lines of one stream of one source are never reordered, whatever their stamps say.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from operator import itemgetter, le

from console.model.logs.lines import LogBlock, LogFrames, Note, NoteKind, Stream, block_of
from console.model.text import safe

WINDOW = 0.2
"""Seconds a line waits for older ones of other sources."""

LATE_NS = 1_000_000_000
"""A line that much older than the newest given out is said to be late."""

AGAIN = 5.0
"""Seconds for which a note that several sources are late speaks also of those that begin to be it then: all
containers of a host that was away come late one after the other.
"""

BLOCK_LINES = 4096
BLOCK_BYTES = 1024 * 1024

_NEVER = -(2**63)


class _NoteLine(bytes):
    """The text of a note on its way among the lines, with the note itself."""

    note: Note


@dataclass(slots=True)
class _Columns:
    """Lines in four columns of equal length; `keys` is what they are ordered by."""

    keys: list[int] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)

    def extend(self, other: _Columns) -> None:
        self.keys += other.keys
        self.stamps += other.stamps
        self.origins += other.origins
        self.payloads += other.payloads

    def part(self, start: int, end: int) -> _Columns:
        return _Columns(
            self.keys[start:end], self.stamps[start:end], self.origins[start:end], self.payloads[start:end]
        )

    def in_order(self) -> _Columns:
        """The same lines sorted by key; those of equal keys stay as they are."""
        keys = self.keys
        if all(map(le, keys, islice(keys, 1, None))):
            return self
        pick = itemgetter(*sorted(range(len(keys)), key=keys.__getitem__))
        return _Columns(
            list(pick(keys)), list(pick(self.stamps)), list(pick(self.origins)), list(pick(self.payloads))
        )


@dataclass(slots=True)
class _Batch:
    arrived: float
    columns: _Columns
    """In order. Across the batches of a source the keys of each stream ascend, those of all need not."""


@dataclass(slots=True)
class _Source:
    index: int
    ahead: int = 0
    batches: deque[_Batch] = field(default_factory=deque)
    top: int = _NEVER
    """The highest key held."""
    late: bool = False
    """Whether the last line given out was late."""


class Merger:
    """Orders the lines of any number of sources. Pure: times are given in, in monotonic seconds."""

    def __init__(self, window: float = WINDOW) -> None:
        self.waiting = 0
        """Lines and notes held."""
        self._window = window
        self._sources: dict[int, _Source] = {}
        self._writers: set[int] = set()
        self._newest = _NEVER
        self._heard = 0.0
        """When lines came last."""
        self._late_said = float("-inf")
        self._late_all = False
        """Whether it was said of several sources then."""

    def add(self, source: int, lines: LogFrames, arrived: float) -> None:
        """Take complete lines of one source (each ends with its newline)."""
        if not lines.stamps:
            return
        self._writers.add(source)
        held = self._of(source)
        keys = [stamp - held.ahead for stamp in lines.stamps] if held.ahead else lines.stamps
        columns = _Columns(keys, lines.stamps, _origins(source, lines.streams), lines.payloads)
        if keys[0] < held.top or not all(map(le, keys, islice(keys, 1, None))):
            columns.keys = _ascending(held, columns)
            columns = columns.in_order()
        self._hold(held, columns, arrived)

    def note(self, note: Note, arrived: float) -> None:
        """Take a note: it stands by its `ns` like a line, but after all lines of its source added so far."""
        held = self._of(note.source)
        self._hold(held, _noted(note, max(note.ns - held.ahead, held.top)), arrived)

    def correct(self, source: int, ahead_ns: int) -> None:
        """The clock of this source's engine is ahead by that much: subtracted to order what is added from
        now on. Stamps shown stay the engine's own.
        """
        self._of(source).ahead = ahead_ns

    def ready(self, now: float, *, hold: bool = False, most: int | None = None) -> list[LogBlock]:
        """What has waited long enough, and whatever is older than that, in order. With only one source
        nothing needs to wait. `hold`: the past is still being read, nothing is given out. `most`: where more
        lines than that wait, the first of them go before their time, until about half as many are left.
        """
        if hold or not self.waiting:
            return []
        due = now - (self._window if len(self._writers) > 1 else 0.0)
        if most is not None and self.waiting > most:
            due = max(due, self._arrival(self.waiting - most // 2))
        upto = max(
            (
                batch.columns.keys[-1]
                for held in self._sources.values()
                for batch in held.batches
                if batch.arrived <= due
            ),
            default=None,
        )
        return [] if upto is None else self._give_out(upto)

    def key(self, source: int, stamp: int) -> int:
        """What a line of this source with this stamp is ordered by: its stamp by a corrected clock."""
        return stamp - self._of(source).ahead

    def upto(self, key: int) -> list[LogBlock]:
        """What is ordered by at most `key`, in order, however short it has waited: for a reader who knows
        that nothing older will come.
        """
        due = any(batch.columns.keys[0] <= key for held in self._sources.values() for batch in held.batches)
        return self._give_out(key) if due else []

    def flush(self) -> list[LogBlock]:
        """Everything that is held, in order."""
        return self._give_out(max(held.top for held in self._sources.values())) if self.waiting else []

    def _arrival(self, lines: int) -> float:
        """When the last of that many lines came, counted from those that came first."""
        arrivals = sorted(
            (batch.arrived, len(batch.columns)) for held in self._sources.values() for batch in held.batches
        )
        counts = accumulate(count for _, count in arrivals)
        return next((at for (at, _), count in zip(arrivals, counts, strict=True) if count >= lines), 0.0)

    def _of(self, source: int) -> _Source:
        if (held := self._sources.get(source)) is None:
            held = self._sources[source] = _Source(source)
        return held

    def _hold(self, held: _Source, columns: _Columns, arrived: float) -> None:
        held.batches.append(_Batch(arrived, columns))
        self._heard = max(self._heard, arrived)
        held.top = max(held.top, columns.keys[-1])
        self.waiting += len(columns)

    def _give_out(self, upto: int) -> list[LogBlock]:
        """All lines whose key is at most `upto`."""
        out = _Columns()
        for held in self._sources.values():
            if held.batches:
                _move(held, upto, out)
        self.waiting -= len(out)
        out = out.in_order()
        if self._newest - LATE_NS > out.keys[0] or any(held.late for held in self._sources.values()):
            out = self._marked(out)
        lines = (
            key for key, origin in zip(reversed(out.keys), reversed(out.origins), strict=True) if origin & 3
        )
        self._newest = max(self._newest, next(lines, _NEVER))
        return list(_blocks(out))

    def _marked(self, out: _Columns) -> _Columns:
        """With a note before the late lines of sources whose last line was not late."""
        split = bisect_left(out.keys, self._newest - LATE_NS)
        late, rest = out.part(0, split), out.part(split, len(out))
        fresh = {source for source in _writers(late) if not self._sources[source].late}
        for source in _writers(late):
            self._sources[source].late = True
        for source in _writers(rest):
            self._sources[source].late = False
        marked = _Columns()
        start = 0
        if fresh and (note := self._late(fresh, late)) is not None:
            start = next(i for i, origin in enumerate(late.origins) if origin >> 2 in fresh and origin & 3)
            marked.extend(late.part(0, start))
            marked.extend(_noted(note, late.keys[start]))
        marked.extend(late.part(start, split))
        marked.extend(rest)
        return marked

    def _late(self, sources: set[int], late: _Columns) -> Note | None:
        """What is said of sources that begin to be late; None where a note just before speaks of them too."""
        soon = self._heard - self._late_said < AGAIN
        if soon and self._late_all:
            return None
        self._late_all = soon or len(sources) > 1
        self._late_said = self._heard
        own = zip(late.origins, late.stamps, strict=True)
        stamps = [stamp for origin, stamp in own if origin >> 2 in sources and origin & 3]
        return _late(-1 if self._late_all else min(sources), len(sources), stamps)


def _writers(columns: _Columns) -> set[int]:
    """The sources of these lines; notes do not count."""
    return {origin >> 2 for origin in set(columns.origins) if origin & 3}


def _origins(source: int, streams: Sequence[int]) -> list[int]:
    base = source * 4
    if streams.count(streams[0]) == len(streams):
        return [base + streams[0]] * len(streams)
    return list(map((base, base + 1, base + 2, base + 3).__getitem__, streams))


def _ascending(held: _Source, columns: _Columns) -> list[int]:
    """The keys of new lines, raised where they are lower than an earlier one of their stream that is held."""
    highest: dict[int, int] = {}
    for batch in held.batches:
        highest.update(zip(batch.columns.origins, batch.columns.keys, strict=True))
    keys = []
    for origin, key in zip(columns.origins, columns.keys, strict=True):
        highest[origin] = raised = max(key, highest.get(origin, key))
        keys.append(raised)
    return keys


def _move(held: _Source, upto: int, out: _Columns) -> None:
    """Move what is not above `upto` from a source to `out`."""
    left: deque[_Batch] = deque()
    for batch in held.batches:
        columns = batch.columns
        if columns.keys[-1] <= upto:
            out.extend(columns)
        else:
            if cut := bisect_right(columns.keys, upto):
                out.extend(columns.part(0, cut))
                columns = columns.part(cut, len(columns))
            left.append(_Batch(batch.arrived, columns))
    held.batches = left
    held.top = max((batch.columns.keys[-1] for batch in left), default=_NEVER)


def _noted(note: Note, key: int) -> _Columns:
    """A note as a line."""
    line = _NoteLine(note.text.encode() + b"\n")
    line.note = note
    return _Columns([key], [note.ns], [note.source * 4 + Stream.NOTE], [line])


def _late(source: int, sources: int, stamps: Sequence[int]) -> Note:
    what = "1 older line" if len(stamps) == 1 else f"{len(stamps):,} older lines"
    if source < 0:
        what += f" of {sources} containers" if sources > 1 else " of another container"
    more = "; others may follow" if source < 0 else ""
    return Note(
        kind=NoteKind.LATE,
        source=source,
        ns=stamps[0],
        text=safe(f"{what} came late{more}"),
        from_ns=min(stamps),
        to_ns=max(stamps),
        lines=len(stamps),
    )


def _blocks(columns: _Columns) -> Iterator[LogBlock]:
    start = 0
    while start < len(columns):
        payloads = columns.payloads[start : start + BLOCK_LINES]
        ends = list(accumulate(map(len, payloads)))
        if ends[-1] > BLOCK_BYTES:
            payloads = payloads[: max(1, bisect_right(ends, BLOCK_BYTES))]
        end = start + len(payloads)
        origins = columns.origins[start:end]
        yield block_of(columns.stamps[start:end], origins, payloads, _notes(origins, payloads))
        start = end


def _notes(origins: Sequence[int], payloads: Sequence[bytes]) -> Mapping[int, Note]:
    """The notes among these lines, by number."""
    if _NoteLine not in set(map(type, payloads)):
        return {}
    return {i: line.note for i, line in enumerate(payloads) if isinstance(line, _NoteLine)}
