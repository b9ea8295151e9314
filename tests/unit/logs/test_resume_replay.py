"""`Resume` against a model of an engine: however answers are cut and repeated, every frame comes out once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.model.logs.lines import LogFrames
from console.model.logs.resume import Resume, Taken
from console.model.logs.stamps import RecentStamps
from tests.unit.logs.replay import (
    Entry,
    Frame,
    Lines,
    by_stream,
    columns,
    entries,
    rows,
    whole_lines,
    written,
)

SECOND = 1_000_000_000


@dataclass
class Reader:
    """Reads a log in several answers, each of which is cut; asks again as the tailer does."""

    log: list[Frame]
    resume: Resume
    data: st.DataObject
    taken: list[Frame] = field(default_factory=list)
    ends: set[int] = field(default_factory=set)
    gap: bool = False
    at: int = 0
    """How much of the log was sent."""
    gone: int = 0
    """How much of the log was rotated away."""
    start: int = 0
    """Where reading began."""

    def answer(self, upto: int) -> None:
        """One answer: what is there now, and what is written until `upto`."""
        here = self.data.draw(st.integers(max(self.at, self.gone), upto), label="written when asked")
        since = self.resume.since_ns
        assert since is None or self.resume.last_ns is not None
        for tail in (self.data.draw(st.integers(1, 6), label="tail"), None):
            there = [frame for frame in self.log[self.gone : here] if since is None or frame[0] >= since]
            if since is None:
                there, tail = self.log[self.start : here], None
            first = there[-tail:] if tail is not None else there
            if tail is not None and first and equal_parts_cut(self.log, self.log.index(first[0])):
                continue  # it cannot be told which of the parts comes first
            first += self.follow(here, upto)
            self.resume.begin()
            size = self.data.draw(st.integers(self.telling(first), len(first)), label="read first")
            if self.resume.knows(columns(first[:size]), cut=tail is not None):
                break
        else:
            assert self.gone >= self.at, "what was seen is still there, yet it is not known"
            self.gap = True
        self.keep(self.resume.take(columns(first[:size]), 0.0))
        self.read(first[size:])
        self.at = upto

    def telling(self, frames: list[Frame]) -> int:
        """How many frames it takes to tell whether they are known: one of a stream of which some were taken,
        and not older than those.
        """
        older = set(self.log[: self.start])
        streams = {stream for _, stream, _ in self.log[self.start : self.at]}
        telling = (n for n, frame in enumerate(frames, 1) if frame[1] in streams and frame not in older)
        return next(telling, len(frames))

    def follow(self, here: int, upto: int) -> list[Frame]:
        """What is sent while an answer lasts, with what a rotation sends again."""
        if upto - here < 2 or not self.data.draw(st.booleans(), label="rotation"):
            return self.log[here:upto]
        at = self.data.draw(st.integers(here + 1, upto), label="rotated at")
        back = self.data.draw(st.integers(max(self.gone, self.start), at - 1), label="from")
        back = line_start(self.log, back)
        if back < max(self.start, self.gone) or begins_within(self.log[back:at]):
            return self.log[here:upto]
        return self.log[here:at] + self.log[back:at] + self.log[at:upto]

    def read(self, frames: list[Frame]) -> None:
        while frames:
            size = self.data.draw(st.integers(1, len(frames)), label="read at once")
            self.keep(self.resume.take(columns(frames[:size]), 0.0))
            frames = frames[size:]

    def keep(self, taken: Taken) -> None:
        self.taken += rows(taken.lines)

    def end(self) -> None:
        """The container stops here."""
        self.ends.add(self.at - self.start)
        self.keep(self.resume.finish())


def line_start(log: list[Frame], at: int) -> int:
    """Where the line of this frame begins."""
    return min(number for number, frame in enumerate(log) if frame[:2] == log[at][:2])


def equal_parts_cut(log: list[Frame], at: int) -> bool:
    """Whether a line whose parts are all the same is on both sides of this place."""
    cut = {frame[:2] for frame in log[:at]} & {frame[:2] for frame in log[at:]}
    return any(frame[:2] in cut and frame[2].startswith(b"x") for frame in log)


def begins_within(again: list[Frame]) -> bool:
    """Whether what is sent again is, for one of the streams, only the beginning of a line that is not whole
    yet. It is taken for the continuation: a line of equal parts looks the same.
    """
    for stream in (1, 2):
        own = [frame for frame in again if frame[1] == stream]
        if own and own[0][:2] == own[-1][:2] and not own[-1][2].endswith(b"\n"):
            return True
    return False


def everything(reader: Reader) -> Lines:
    return whole_lines(reader.log[reader.start : reader.at], frozenset(reader.ends))


def read_in_pieces(log: list[Frame], recent: int, data: st.DataObject, begin: int | None = None) -> None:
    start = data.draw(st.integers(0, len(log) // 2), label="history from") if begin is None else 0
    cuts = sorted(data.draw(st.lists(st.integers(begin or start, len(log)), max_size=5), label="cuts"))
    cuts = [cut for cut in cuts if cut > start] + [len(log)]
    # Where reading begins within a line, its parts are not all the same, and it is over in the first answer.
    while start and (equal_parts_cut(log, start) or begins_within(log[start : cuts[0]])):
        start -= 1
    reader = Reader(log, Resume(recent), data, at=start, start=start)
    for cut in cuts:
        reader.answer(cut)
        if data.draw(st.booleans(), label="ends"):
            reader.end()
    reader.end()
    assert by_stream(reader.taken) == everything(reader)
    assert reader.resume.lines == len(reader.taken)


@given(entries(), st.data())
def test_nothing_is_lost_and_nothing_comes_twice(lines: list[Entry], data: st.DataObject) -> None:
    read_in_pieces(written(lines), 16_384, data)


@given(entries(), st.integers(1, 8), st.data())
def test_nor_with_a_short_memory(lines: list[Entry], recent: int, data: st.DataObject) -> None:
    read_in_pieces(written(lines), recent, data)


@given(entries(clock_goes_back=True), st.data())
def test_nor_when_the_clock_goes_back(lines: list[Entry], data: st.DataObject) -> None:
    """By less than is asked for again, and not to before the first line."""
    assume(sum(line.back_ms for line in lines) < 1_900)
    early: list[Frame] = [(1_699_999_000 * SECOND, stream, b"early\n") for stream in (1, 2)]
    read_in_pieces(early + written(lines), 16_384, data, begin=len(early))


@given(entries(), st.data())
def test_what_was_rotated_away_is_noticed(lines: list[Entry], data: st.DataObject) -> None:
    log = written(lines)
    reader = Reader(log, Resume(), data)
    seen = data.draw(st.integers(1, len(log)), label="seen")
    reader.answer(seen)
    reader.gone = data.draw(st.integers(0, len(log) - 1), label="gone")
    assume(not equal_parts_cut(log, reader.gone) and not equal_parts_cut(log, seen))
    reader.answer(len(log))
    reader.end()
    assert reader.gap == (reader.gone >= seen)  # if all that was seen is gone, nothing proves anything
    assert by_stream(reader.taken) == whole_lines(log[:seen] + log[max(seen, reader.gone) :])


class Slow(Resume):
    """Without the fast path."""

    def _smooth(self, frames: LogFrames) -> bool:
        return False


ANYTHING = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from((1, 1, 2)),
        st.sampled_from((b"a\n", b"b\n", b"c\n", b"a\n", b"part", b"\n", b"")),
    ),
    min_size=1,
    max_size=12,
)


@given(
    st.lists(
        st.tuples(ANYTHING, st.booleans(), st.sampled_from(("", "", "begin", "finite", "settle", "finish")))
    ),
    st.booleans(),
)
def test_the_fast_path_does_what_the_slow_one_does(
    batches: list[tuple[list[Frame], bool, str]], lumped: bool
) -> None:
    fast, slow = Resume(lumped=lumped), Slow(lumped=lumped)
    for number, (frames, ascend, then) in enumerate(batches):
        if ascend:
            frames = [(50 * number + stamp, stream, payload) for stamp, stream, payload in sorted(frames)]
        results = []
        for resume in (fast, slow):
            knows = resume.knows(columns(frames))
            taken = [resume.take(columns(frames), float(number))]
            if then in ("begin", "finite"):
                resume.begin(finite=then == "finite")
            elif then == "settle":
                taken.append(resume.settle(number + 5.0))
            elif then == "finish":
                taken.append(resume.finish())
            lines = [line for one in taken for line in rows(one.lines)]
            assert all(line[2].endswith(b"\n") for line in lines)
            results.append(
                (lines, [(one.back_ns, one.repeats) for one in taken], knows, resume.since_ns, resume.last_ns)
            )
        assert results[0] == results[1]


@given(st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=8)), st.integers(1, 40))
def test_recent_stamps_are_remembered(batches: list[list[int]], limit: int) -> None:
    recent = RecentStamps(limit)
    added: list[int] = []
    for number, batch in enumerate(batches):
        if number % 2:
            recent.extend(sorted(batch))
            added += sorted(batch)
        else:
            for stamp in batch:
                recent.add(stamp)
            added += batch
        for stamp in range(-1, 62):
            if stamp in recent:
                assert stamp in added
            elif stamp >= recent.floor:
                assert stamp not in added
            assert stamp <= recent.high or stamp not in recent
        assert all(stamp in recent for stamp in added[-limit:])


@pytest.mark.parametrize("most", [1000, 4000])
def test_few_stamps_are_kept_and_a_nervous_clock_does_no_harm(most: int) -> None:
    recent = RecentStamps(1000, most)
    for number in range(20_000):
        recent.add(number * 10 + (15 if number % 2 else 0))
    assert most <= len(recent) < 2 * most
    assert len(recent._chunks) <= 64 * most // 1000
    recent.extend(range(10**12, 10**12 + 1000))
    assert 1000 <= len(recent) < 2000


def test_the_highest_stamp_is_forgotten_with_the_others() -> None:
    recent = RecentStamps(10)
    recent.add(1000)
    recent.extend(range(50))
    recent.extend(range(50, 60))
    recent.extend(range(60, 70))
    assert (recent.high, 1000 in recent, recent.floor) == (69, False, 1001)
