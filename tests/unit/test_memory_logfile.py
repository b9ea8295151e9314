"""A log of the memory transport against a plain model of what dockerd does with the same frames."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.model.logs.lines import LogFrames, Stream
from console.model.logs.setup import LogSetup
from console.transport.base import LogAsk
from console.transport.memory.logcopy import PART, Copier
from console.transport.memory.logfile import WRAPPING, LogFile, Reading

Frame = tuple[int, int, bytes]

STAMPS = st.lists(st.integers(0, 60), max_size=40)
"""Small numbers, so that limits fall on stamps, between them and beyond; in no order, as two streams have."""

BOUND = st.none() | st.integers(-1, 61)
ASKS = st.builds(LogAsk, tail=st.none() | st.integers(-1, 45), since_ns=BOUND, until_ns=BOUND)
SETUPS = st.builds(
    LogSetup,
    driver=st.just("json-file"),
    max_size=st.none() | st.integers(1, 6 * (WRAPPING + 3)),
    max_files=st.integers(1, 4),
)


def frames_of(stamps: list[int]) -> list[Frame]:
    return [(stamp, number % 2 + 1, b"%d\n" % number) for number, stamp in enumerate(stamps)]


def columns(frames: list[Frame]) -> LogFrames:
    return LogFrames([f[0] for f in frames], [f[1] for f in frames], [f[2] for f in frames])


def rows(frames: LogFrames) -> list[Frame]:
    return list(zip(frames.stamps, frames.streams, frames.payloads, strict=True))


def kept(frames: list[Frame], setup: LogSetup) -> list[Frame]:
    """What is left of them where the log rotates."""
    files: list[list[Frame]] = [[]]
    size = 0
    for frame in frames:
        if setup.max_size is not None and size >= setup.max_size:
            files, size = [*files, []][-setup.max_files :], 0
        files[-1].append(frame)
        size += len(frame[2]) + WRAPPING
    return [frame for file in files for frame in file]


def chosen(frames: list[Frame], ask: LogAsk) -> list[Frame]:
    """What dockerd sends of them: one frame after the other, as its loop goes."""
    if ask.tail is not None and ask.tail >= 0:
        frames = frames[len(frames) - ask.tail :] if ask.tail < len(frames) else frames
    found = []
    for frame in frames:
        if ask.since_ns is not None and frame[0] < ask.since_ns:
            continue
        if ask.until_ns is not None and frame[0] > ask.until_ns:
            break
        found.append(frame)
    return found


def taken(reading: Reading, most: int) -> list[Frame]:
    """All that there is now."""
    found: list[Frame] = []
    while some := reading.take(most):
        assert len(some) <= most
        found += rows(some)
    return found


@given(STAMPS, SETUPS, ASKS, st.integers(1, 9))
def test_an_answer_is_what_dockerd_would_send(
    stamps: list[int], setup: LogSetup, ask: LogAsk, most: int
) -> None:
    frames, log = frames_of(stamps), LogFile(setup)
    log.append(columns(frames))
    reading = Reading(log, ask, follow=False)
    assert taken(reading, most) == chosen(kept(frames, setup), ask)
    assert reading.finished


@given(STAMPS, STAMPS, ASKS, st.lists(st.integers(1, 9), min_size=1), st.booleans())
def test_a_follow_gives_the_same_and_goes_on(
    past: list[int], live: list[int], ask: LogAsk, pieces: list[int], stops: bool
) -> None:
    frames, log = frames_of(past + live), LogFile(LogSetup())
    log.append(columns(frames[: len(past)]))
    reading = Reading(log, ask, follow=True)
    found: list[Frame] = []
    for start in range(len(past), len(frames), 3):
        if pieces:
            found += rows(reading.take(pieces.pop()))
        log.append(columns(frames[start : start + 3]))
    if stops:
        reading.ends()
        log.append(columns([(1, 1, b"of the next run\n")]))
    found += taken(reading, 5)
    begin = len(past) if ask.tail is None or ask.tail < 0 else max(0, len(past) - ask.tail)
    begin = 0 if ask.tail is None or ask.tail < 0 else begin
    assert found == chosen(frames[begin:], LogAsk(since_ns=ask.since_ns, until_ns=ask.until_ns))
    late = ask.until_ns is not None and len(found) < len(
        chosen(frames[begin:], LogAsk(since_ns=ask.since_ns))
    )
    assert reading.finished is (stops or late)


@given(STAMPS, STAMPS, ASKS, st.integers(1, 9))
def test_a_past_put_before_it_later_changes_nothing_for_who_reads(
    past: list[int], live: list[int], ask: LogAsk, most: int
) -> None:
    frames, log = frames_of(live), LogFile(LogSetup())
    log.append(columns(frames))
    reading = Reading(log, ask, follow=True)
    found = rows(reading.take(most))
    log.prepend(columns(frames_of(past)))
    found += taken(reading, most)
    assert found == chosen(frames, ask)
    assert taken(Reading(log, LogAsk(), follow=False), most) == [*frames_of(past), *frames]


PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"a\n", b"b", b"\n\n", b"c\rd\n"]),
        st.integers(PART - 2, PART + 2).map(lambda size: b"x" * size),
        st.integers(PART - 2, 3 * PART).map(lambda size: b"y" * size + b"\n"),
    ),
    max_size=8,
)


@given(PIECES, st.lists(st.integers(0, 5)))
def test_every_byte_is_logged_once_and_parts_share_their_stamp(
    pieces: list[bytes], pauses: list[int]
) -> None:
    copier, got, now = Copier(), LogFrames(), 1000
    for number, piece in enumerate(pieces):
        now += pauses[number] if number < len(pauses) else 0
        new = copier.write(piece, Stream.OUT, now)
        got.stamps += new.stamps
        got.payloads += new.payloads
    rest = copier.flush(now + 1)
    got.stamps += rest.stamps
    got.payloads += rest.payloads
    assert b"".join(got.payloads) == b"".join(pieces)
    assert all(len(payload) == PART or payload.endswith(b"\n") for payload in got.payloads[:-1])
    starts = [0, *(n for n in range(1, len(got.payloads)) if got.payloads[n - 1].endswith(b"\n"))]
    lines = [got.stamps[a:b] for a, b in zip(starts, [*starts[1:], len(got.stamps)], strict=True)]
    assert all(len(set(line)) == 1 for line in lines if line)
    firsts = [line[0] for line in lines if line]
    assert firsts == sorted(set(firsts))


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([Stream.OUT, Stream.ERR])), max_size=30))
def test_stamps_stay_unique_when_the_clock_goes_back(moves: list[tuple[int, Stream]]) -> None:
    copier, written, last = Copier(), [], 0
    for now, stream in moves:
        if now < last:
            copier.clock_set_back(written)
        last = now
        written.append(copier.write(b"a\nb\n", stream, now))
    for stream in (Stream.OUT, Stream.ERR):
        stamps = [
            s for frames in written for s, t in zip(frames.stamps, frames.streams, strict=True) if t == stream
        ]
        assert len(stamps) == len(set(stamps))
