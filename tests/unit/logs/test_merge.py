"""What `Merger` does in each case that has a name; `test_merge_order` holds for any input."""

from __future__ import annotations

from collections.abc import Iterable

from console.model.logs.lines import LogBlock, LogFrames, LogLine, Note, NoteKind
from console.model.logs.merge import BLOCK_BYTES, BLOCK_LINES, Merger
from console.model.text import safe

SECOND = 1_000_000_000


def frames(*stamps: int, stream: int = 1) -> LogFrames:
    return LogFrames(list(stamps), [stream] * len(stamps), [b"%d\n" % stamp for stamp in stamps])


def lines(blocks: Iterable[LogBlock]) -> list[LogLine]:
    return [block.line(number) for block in blocks for number in range(len(block))]


def shown(blocks: Iterable[LogBlock]) -> list[str]:
    """`source:text` of every line; notes as `source!kind`."""
    return [
        f"{line.source}!{line.note.kind}" if line.note else f"{line.source}:{line.raw.decode()}"
        for line in lines(blocks)
    ]


def note(source: int, ns: int, kind: NoteKind = NoteKind.ENDED) -> Note:
    return Note(kind=kind, source=source, ns=ns, text=safe("said"))


def test_one_source_waits_for_nobody() -> None:
    merger = Merger()
    merger.add(0, frames(1, 2), 5.0)
    assert merger.waiting == 2
    assert shown(merger.ready(5.0)) == ["0:1", "0:2"]
    assert merger.waiting == 0
    assert merger.ready(5.0) == []


def test_lines_wait_for_older_ones_of_others() -> None:
    merger = Merger()
    merger.add(0, frames(10, 30), 1.0)
    merger.add(1, frames(20, 40), 1.1)
    assert merger.ready(1.1) == []
    assert shown(merger.ready(1.25)) == ["0:10", "1:20", "0:30"]
    assert merger.waiting == 1
    assert shown(merger.ready(1.35)) == ["1:40"]


def test_loading_holds_everything() -> None:
    merger = Merger()
    merger.add(0, frames(10), 1.0)
    assert merger.ready(9.0, hold=True) == []
    merger.add(1, frames(5), 9.0)
    assert shown(merger.flush()) == ["1:5", "0:10"]


def test_clocks_are_corrected_for_the_order_alone() -> None:
    merger = Merger()
    merger.correct(1, 100)
    merger.add(0, frames(10, 30), 1.0)
    merger.add(1, frames(120), 1.0)
    given = lines(merger.flush())
    assert [(line.source, line.ns) for line in given] == [(0, 10), (1, 120), (0, 30)]


def test_a_clock_that_goes_back_does_not_reorder_its_stream() -> None:
    merger = Merger()
    merger.add(0, frames(10, 50), 1.0)
    merger.add(0, frames(5, 6), 1.0)
    merger.add(1, frames(20, 60), 1.0)
    assert shown(merger.flush()) == ["0:10", "1:20", "0:50", "0:5", "0:6", "1:60"]


def test_the_streams_of_one_source_are_put_in_order() -> None:
    merger = Merger()
    both = LogFrames([10, 8, 12, 9], [1, 2, 1, 2], [b"10\n", b"8\n", b"12\n", b"9\n"])
    merger.add(0, both, 1.0)
    assert shown(merger.ready(1.0)) == ["0:8", "0:9", "0:10", "0:12"]


def test_a_note_stands_in_time_but_after_its_source() -> None:
    merger = Merger()
    merger.add(0, frames(10, 40), 1.0)
    merger.add(1, frames(15, 45), 1.0)
    merger.note(note(0, 20), 1.0)
    merger.note(note(-1, 12), 1.0)
    assert shown(merger.flush()) == ["0:10", "-1!ended", "1:15", "0:40", "0!ended", "1:45"]


def test_late_lines_are_said_to_be_late_once() -> None:
    merger = Merger()
    merger.add(0, frames(10 * SECOND), 1.0)
    merger.add(1, frames(10 * SECOND + 1), 1.0)
    merger.flush()
    merger.add(1, frames(5 * SECOND, 6 * SECOND, 9 * SECOND + 2, 11 * SECOND), 2.0)
    given = lines(merger.flush())
    assert [line.note.kind if line.note else line.ns for line in given] == [
        NoteKind.LATE, 5 * SECOND, 6 * SECOND, 9 * SECOND + 2, 11 * SECOND,
    ]  # fmt: skip
    said = given[0].note
    assert said is not None
    assert (said.source, said.from_ns, said.to_ns, said.lines) == (1, 5 * SECOND, 6 * SECOND, 2)


def test_a_source_that_stays_late_is_said_so_once() -> None:
    merger = Merger()
    merger.add(0, frames(100 * SECOND), 1.0)
    merger.add(1, frames(5 * SECOND), 2.0)
    merger.flush()
    merger.add(0, frames(101 * SECOND), 3.0)
    merger.flush()
    merger.add(1, frames(6 * SECOND), 3.0)
    assert shown(merger.flush()) == ["1!late", f"1:{6 * SECOND}"]
    merger.add(1, frames(7 * SECOND), 4.0)
    assert shown(merger.flush()) == [f"1:{7 * SECOND}"]
    merger.add(1, frames(102 * SECOND, stream=2), 5.0)
    merger.flush()
    merger.add(1, frames(8 * SECOND), 9.0)
    assert shown(merger.flush()) == ["1!late", f"1:{8 * SECOND}"]


def test_all_containers_of_a_host_that_was_away_come_late_with_one_note() -> None:
    merger = Merger()
    merger.add(99, frames(100 * SECOND), 1.0)
    merger.flush()
    for source in range(12):
        merger.add(source, frames(5 * SECOND + source, 6 * SECOND + source), 2.0)
    said, *others = [line.note for line in lines(merger.flush()) if line.note]
    assert not others
    assert (said.kind, said.source, said.lines) == (NoteKind.LATE, -1, 24)
    assert (said.from_ns, said.to_ns) == (5 * SECOND, 6 * SECOND + 11)
    assert said.text == "24 older lines of 12 containers came late; others may follow"
    for source in range(12, 40):
        merger.add(source, frames(5 * SECOND + source), 2.0 + source / 20)
        assert shown(merger.flush()) == [f"{source}:{5 * SECOND + source}"]
    merger.add(40, frames(7 * SECOND), 8.0)
    assert shown(merger.flush()) == ["40!late", f"40:{7 * SECOND}"]


def test_one_container_that_is_late_is_named_and_the_next_one_speaks_for_all() -> None:
    merger = Merger()
    merger.add(99, frames(100 * SECOND), 1.0)
    merger.flush()
    said = []
    for source in range(4):
        merger.add(source, frames(5 * SECOND + source), 2.0 + source / 10)
        said += [line.note for line in lines(merger.flush()) if line.note]
    assert [(note.source, note.text) for note in said] == [
        (0, "1 older line came late"),
        (-1, "1 older line of another container came late; others may follow"),
    ]


def test_blocks_are_bounded() -> None:
    merger = Merger()
    count = BLOCK_LINES * 2 + 10
    merger.add(0, frames(*range(count)), 1.0)
    assert [len(block) for block in merger.flush()] == [BLOCK_LINES, BLOCK_LINES, 10]
    big = b"x" * (BLOCK_BYTES // 3) + b"\n"
    merger.add(0, LogFrames([1, 2, 3, 4], [1] * 4, [big, big, big * 9, big]), 1.0)
    assert [len(block) for block in merger.flush()] == [2, 1, 1]


def test_who_knows_that_nothing_older_will_come_need_not_wait() -> None:
    merger = Merger()
    merger.correct(1, 5)
    merger.add(0, frames(10, 30), 1.0)
    merger.add(1, frames(25, 45), 1.0)
    assert merger.key(1, 25) == 20
    assert merger.upto(9) == []
    assert shown(merger.upto(merger.key(1, 25))) == ["0:10", "1:25"]
    assert merger.upto(20) == []
    assert merger.waiting == 2
    assert shown(merger.upto(2**63 - 1)) == ["0:30", "1:45"]
    assert merger.upto(2**63 - 1) == []


def test_a_crowd_goes_before_its_time_until_half_of_it_is_left() -> None:
    merger = Merger()
    for number in range(10):
        merger.add(number % 2, frames(2 * number, 2 * number + 1), 1.0 + number / 1000)
    assert merger.ready(1.01) == []
    assert merger.ready(1.01, most=20) == []
    assert shown(merger.ready(1.01, most=19)) == [f"{n // 2 % 2}:{n}" for n in range(12)]
    assert merger.waiting == 8
    assert merger.ready(1.01, most=8) == []
    assert len(shown(merger.ready(1.01, most=0))) == 8
