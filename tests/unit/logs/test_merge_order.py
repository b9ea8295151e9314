"""`Merger` for any input: nothing is lost, no stream is reordered, and what arrived in time is in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.lines import LogBlock, LogFrames, LogLine, Note, NoteKind
from console.model.logs.merge import LATE_NS, Merger
from console.model.text import safe

SECOND = 1_000_000_000
WINDOW = 0.2

Batch = tuple[int, list[tuple[int, int]], float]
"""Source, (stamp, stream) of its lines, seconds since the batch before."""

Looks = list[list[LogLine]]

STAMPS = st.one_of(st.integers(0, 30), st.integers(0, 30).map((SECOND // 5).__mul__))
BATCHES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.lists(st.tuples(STAMPS, st.sampled_from((1, 2))), min_size=1, max_size=6),
        st.sampled_from((0.0, 0.05, 0.15, 0.3)),
    ),
    max_size=25,
)
AHEADS = st.lists(st.sampled_from((0, 0, 7, SECOND)), min_size=4, max_size=4)


def lines(blocks: Iterable[LogBlock]) -> list[LogLine]:
    return [block.line(number) for block in blocks for number in range(len(block))]


def fed(
    merger: Merger, batches: list[Batch], *, ask: bool = True
) -> tuple[list[LogLine], list[list[LogLine]]]:
    """(All lines that went in, what came out at each look). Every line has a text of its own."""
    now, into, out = 10.0, list[LogLine](), Looks()
    for source, rows, later in batches:
        now += later
        texts = [b"%d" % (len(into) + i) for i in range(len(rows))]
        into += [LogLine(ns, source, stream, text) for (ns, stream), text in zip(rows, texts, strict=True)]
        frames = LogFrames([ns for ns, _ in rows], [s for _, s in rows], [text + b"\n" for text in texts])
        merger.add(source, frames, now)
        if ask:
            out.append(lines(merger.ready(now)))
    out.append(lines(merger.flush()))
    return into, out


def of_containers(given_out: Looks) -> list[LogLine]:
    return [line for look in given_out for line in look if line.note is None]


@given(BATCHES, AHEADS, st.booleans())
def test_nothing_is_lost_and_no_stream_is_reordered(
    batches: list[Batch], aheads: list[int], ask: bool
) -> None:
    merger = Merger(WINDOW)
    for source, ahead in enumerate(aheads):
        merger.correct(source, ahead)
    into, out = fed(merger, batches, ask=ask)
    shown = of_containers(out)
    assert Counter(into) == Counter(shown)
    assert merger.waiting == 0
    for key in {(line.source, line.stream) for line in into}:
        assert [x for x in shown if (x.source, x.stream) == key] == [
            x for x in into if (x.source, x.stream) == key
        ]


@given(BATCHES, AHEADS)
def test_what_is_given_out_together_is_in_order(batches: list[Batch], aheads: list[int]) -> None:
    """Where the stamps of each stream ascend, by the corrected clock."""
    merger = Merger(WINDOW)
    for source, ahead in enumerate(aheads):
        merger.correct(source, ahead)
    _, out = fed(merger, _ascending(batches))
    for look in out:
        keys = [line.ns - aheads[line.source] for line in look if line.note is None]
        assert keys == sorted(keys)


def _ascending(batches: list[Batch]) -> list[Batch]:
    """The same with the stamps of each stream in order."""
    rows = [(source, ns, stream) for source, batch, _ in batches for ns, stream in batch]
    stamps = {
        key: iter(sorted(ns for source, ns, stream in rows if (source, stream) == key))
        for key in {(source, stream) for source, _, stream in rows}
    }
    return [
        (source, [(next(stamps[source, stream]), stream) for _, stream in batch], later)
        for source, batch, later in batches
    ]


@given(BATCHES)
def test_late_lines_are_said_to_be_late_once_in_a_run(batches: list[Batch]) -> None:
    _, out = fed(Merger(WINDOW), _ascending(batches))
    newest = -(2**63)
    late_before: dict[int, bool] = {}
    for_all = False
    for look in out:
        said = [line.note for line in look if line.note is not None]
        fresh: dict[int, list[int]] = {}
        for source in {line.source for line in look if line.note is None}:
            stamps = [line.ns for line in look if line.note is None and line.source == source]
            late = [ns for ns in stamps if ns < newest - LATE_NS]
            if late and not late_before.get(source):
                fresh[source] = late
            late_before[source] = len(late) == len(stamps)
        # Nothing may be said only where several are said to be late already.
        assert len(said) == bool(fresh) or (not said and for_all)
        for note in said:
            stamps = sorted(ns for late in fresh.values() for ns in late)
            assert note.kind is NoteKind.LATE
            assert (note.from_ns, note.to_ns, note.lines) == (stamps[0], stamps[-1], len(stamps))
            assert note.source == -1 or {note.source} == set(fresh)
            for_all = note.source == -1
            at = next(i for i, line in enumerate(look) if line.note is note)
            assert all(line.source not in fresh for line in look[:at] if line.note is None)
        newest = max([newest, *(line.ns for line in look if line.note is None)])


@given(BATCHES, st.lists(st.tuples(st.integers(-1, 3), STAMPS), max_size=6), st.integers(0, 25))
def test_a_note_is_never_before_earlier_lines_of_its_source(
    batches: list[Batch], notes: list[tuple[int, int]], place: int
) -> None:
    merger = Merger(WINDOW)
    first, _ = fed(Merger(WINDOW), batches[:place])
    for source, rows, _ in batches[:place]:
        texts = [b"before\n"] * len(rows)
        merger.add(source, LogFrames([r[0] for r in rows], [r[1] for r in rows], texts), 1.0)
    for source, ns in notes:
        merger.note(Note(kind=NoteKind.ENDED, source=source, ns=ns, text=safe("note")), 1.0)
    for source, rows, _ in batches[place:]:
        texts = [b"after\n"] * len(rows)
        merger.add(source, LogFrames([r[0] for r in rows], [r[1] for r in rows], texts), 1.0)
    shown = lines(merger.flush())
    assert sum(line.note is not None for line in shown) == len(notes)
    for source, _ in notes:
        at = next(i for i, line in enumerate(shown) if line.note is not None and line.source == source)
        before = sum(line.source == source and line.raw == b"before" for line in shown[:at])
        assert before == sum(line.source == source for line in first)
