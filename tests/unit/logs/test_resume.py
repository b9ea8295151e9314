"""What `Resume` does in each case that has a name; `test_resume_replay` holds for all of them together."""

from __future__ import annotations

import pytest

from console.model.logs import onestream
from console.model.logs.lines import LogFrames
from console.model.logs.resume import Resume, Taken

OUT, ERR = 1, 2
SECOND = 1_000_000_000


def frames(*rows: tuple[int, int, str]) -> LogFrames:
    """Frames from (stamp, stream, text)."""
    return LogFrames([r[0] for r in rows], [r[1] for r in rows], [r[2].encode() for r in rows])


def texts(taken: Taken) -> list[str]:
    return [payload.decode() for payload in taken.lines.payloads]


def test_nothing_is_known_at_first() -> None:
    resume = Resume()
    assert (resume.last_ns, resume.since_ns, resume.lines) == (None, None, 0)
    assert resume.knows(frames((5, OUT, "a\n")))
    resume.begin()
    assert texts(resume.take(frames((5, OUT, "a\n")), 0.0)) == ["a\n"]


def test_a_replay_gives_what_is_new() -> None:
    resume = Resume()
    resume.take(frames((10 * SECOND, OUT, "a\n"), (11 * SECOND, ERR, "b\n"), (12 * SECOND, OUT, "c\n")), 0.0)
    assert resume.last_ns == 12 * SECOND
    assert resume.since_ns == 9 * SECOND
    resume.begin()
    again = frames((10 * SECOND, OUT, "a\n"), (11 * SECOND, ERR, "b\n"), (12 * SECOND, OUT, "c\n"))
    assert resume.knows(again)
    taken = resume.take(again, 0.0)
    assert (texts(taken), taken.repeats) == ([], 3)
    assert texts(resume.take(frames((13 * SECOND, ERR, "d\n")), 0.0)) == ["d\n"]
    assert resume.lines == 4


def test_an_answer_that_begins_later_is_not_known() -> None:
    resume = Resume()
    resume.take(frames((10, OUT, "a\n"), (20, OUT, "b\n")), 0.0)
    resume.begin()
    assert not resume.knows(frames((30, OUT, "d\n")))
    assert resume.knows(frames((20, OUT, "b\n"), (30, OUT, "d\n")))


def test_parts_of_a_line_survive_a_cut() -> None:
    resume = Resume()
    assert texts(resume.take(frames((10, OUT, "a1 "), (11, ERR, "e\n"), (10, OUT, "a2 ")), 0.0)) == ["e\n"]
    resume.begin()
    again = frames((10, OUT, "a1 "), (11, ERR, "e\n"), (10, OUT, "a2 "), (10, OUT, "a3\n"))
    taken = resume.take(again, 0.0)
    assert (texts(taken), taken.lines.stamps) == (["a1 a2 a3\n"], [10])


def test_the_end_gives_out_what_has_no_newline_and_knows_it_afterwards() -> None:
    resume = Resume()
    resume.take(frames((10, OUT, "bye")), 0.0)
    assert texts(resume.finish()) == ["bye\n"]
    resume.begin()
    taken = resume.take(frames((10, OUT, "bye"), (20, OUT, "hello\n")), 0.0)
    assert (texts(taken), taken.repeats) == (["hello\n"], 1)
    assert texts(resume.finish()) == []


def test_a_rotation_that_begins_with_the_newest_line() -> None:
    resume = Resume()
    taken = resume.take(frames((10, OUT, "a\n"), (11, OUT, "b\n"), (11, OUT, "b\n"), (12, OUT, "c\n")), 0.0)
    assert (texts(taken), taken.repeats) == (["a\n", "b\n", "c\n"], 1)


def test_lines_that_share_a_stamp() -> None:
    resume = Resume(lumped=True)
    lump = frames((10, OUT, "x\n"), (10, OUT, "x\n"), (10, OUT, "y\n"))
    assert texts(resume.take(lump, 0.0)) == ["x\n", "x\n", "y\n"]
    resume.begin()
    more = frames((10, OUT, "x\n"), (10, OUT, "x\n"), (10, OUT, "y\n"), (10, OUT, "z\n"), (11, OUT, "x\n"))
    assert texts(resume.take(more, 0.0)) == ["z\n", "x\n"]


def test_a_clock_that_goes_back_a_little() -> None:
    resume = Resume()
    resume.take(frames((100, OUT, "a\n"), (110, OUT, "b\n"), (120, OUT, "c\n")), 0.0)
    taken = resume.take(frames((105, OUT, "d\n"), (115, OUT, "e\n"), (121, OUT, "f\n")), 0.1)
    assert (texts(taken), taken.back_ns) == (["d\n", "e\n", "f\n"], 15)


def test_a_clock_that_is_set_back_far() -> None:
    resume = Resume()
    resume.take(frames((100, OUT, "a\n"), (110, OUT, "b\n")), 0.0)
    assert texts(resume.take(frames((50, OUT, "c\n"), (51, OUT, "d\n")), 1.0)) == []
    assert texts(resume.settle(2.9)) == []
    taken = resume.settle(3.1)
    assert (texts(taken), taken.back_ns) == (["c\n", "d\n"], 60)
    assert texts(resume.take(frames((52, OUT, "e\n")), 3.2)) == ["e\n"]
    assert resume.last_ns == 52


def test_old_lines_before_newer_ones_are_repeats() -> None:
    resume = Resume()
    resume.take(frames((100, OUT, "a\n")), 0.0)
    resume.take(frames((50, OUT, "old\n")), 1.0)
    taken = resume.take(frames((101, OUT, "b\n")), 1.5)
    assert (texts(taken), taken.repeats) == (["b\n"], 1)
    assert texts(resume.settle(9.0)) == []


def test_a_stream_that_was_silent_is_not_wanted_before_the_first_line() -> None:
    resume = Resume()
    resume.take(frames((100 * SECOND, OUT, "a\n"), (101 * SECOND, OUT, "b\n")), 0.0)
    resume.begin()
    older = frames((99 * SECOND, ERR, "older\n"))
    assert resume.knows(older)
    taken = resume.take(older, 0.0)
    assert (texts(taken), taken.repeats) == ([], 1)
    rest = frames((100 * SECOND, OUT, "a\n"), (101 * SECOND, OUT, "b\n"), (102 * SECOND, ERR, "c\n"))
    assert texts(resume.take(rest, 0.0)) == ["c\n"]


def test_lines_that_share_a_stamp_are_counted_from_their_place_in_the_log() -> None:
    resume = Resume(lumped=True)
    both = ((5, OUT, "a\n"), (10, ERR, "x\n"), (10, ERR, "x\n"))
    assert texts(resume.take(frames(*both), 0.0)) == ["a\n", "x\n", "x\n"]
    resume.begin()
    assert texts(resume.take(frames(*both, (10, ERR, "x\n"), (11, OUT, "b\n")), 0.0)) == ["x\n", "b\n"]


def test_a_long_line_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onestream, "LINE_LIMIT", 10)
    resume = Resume()
    taken = resume.take(frames(*[(7, OUT, "12345")] * 5, (7, OUT, "end\n")), 0.0)
    assert texts(taken) == ["1234512345\n", "1234512345\n", "12345end\n"]


def test_a_finite_answer_needs_no_doubt() -> None:
    resume = Resume()
    resume.begin(finite=True)
    taken = resume.take(frames((100, OUT, "a\n"), (50, OUT, "b\n"), (51, OUT, "c\n")), 0.0)
    assert (texts(taken), taken.back_ns) == (["a\n", "b\n", "c\n"], 50)


def test_seconds_of_a_flood_that_a_rotation_sends_again_are_repeats_however_slowly_they_come() -> None:
    count, resume = 60_000, Resume()
    stamps = [SECOND * 1000 + number * 50_000 for number in range(count)]
    flood = LogFrames(stamps, [1] * count, [b"%d\n" % number for number in range(count)])
    resume.begin()
    assert len(resume.take(flood, 0.0).lines) == count
    for part in range(0, 50_000, 10_000):
        some = slice(part, part + 10_000)
        again = LogFrames(stamps[some], flood.streams[some], flood.payloads[some])
        assert resume.take(again, 1.0 + part / 10_000).repeats == 10_000
        assert not len(resume.settle(2.0 + part / 10_000).lines)
