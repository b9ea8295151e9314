"""Frames and stamps of logs: any borders, fast path against slow, and what no engine should send."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.transport import logframes
from console.transport.logframes import PART, FrameParser, LineParser, stamp_of

from .log_bytes import NOON, NS, Row, frame, line, rows, stamp

moments = st.integers(0, 2**63 - 1 - 366 * 86400 * NS)
texts = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda t: t.replace(b"\n", b"") + b"\n", st.binary(max_size=60)),
    st.builds(lambda ns: stamp(ns) + b"not mine\n", moments),
)
entries = st.lists(st.tuples(moments, st.sampled_from([1, 2]), texts), max_size=30)
borders = st.lists(st.integers(0, 1 << 20), max_size=20)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({c % (len(data) + 1) for c in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


# ---- frames


@given(entries, borders)
def test_frames_however_the_bytes_are_divided(log: list[Row], cuts: list[int]) -> None:
    data = b"".join(line(ns, text, stream) for ns, stream, text in log)
    parser = FrameParser()
    assert rows(*[parser.feed(piece) for piece in split(data, cuts)], parser.finish()) == log
    assert parser.fault is None


@given(entries, st.lists(st.integers(1, 4), max_size=30), borders)
def test_chunks_that_are_frames_and_chunks_that_are_not(
    log: list[Row], groups: list[int], cuts: list[int]
) -> None:
    frames = [line(ns, text, stream) for ns, stream, text in log]
    parser, got = FrameParser(), []
    for size in [*groups, 1000]:  # some chunks at a time, the last ones divided anyhow
        if taken := frames[:size]:
            got.append(parser.chunks(split(b"".join(taken), cuts) if size == 4 else taken))
        frames = frames[size:]
    assert rows(*got) == log
    assert parser.fault is None


def test_a_batch_as_docker_sends_it_takes_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logframes, "stamp_of", None)
    log = [(NOON + n, 1 + n % 2, b"line %d\n" % n) for n in range(100)]
    assert rows(FrameParser().chunks([line(ns, text, stream) for ns, stream, text in log])) == log
    assert rows(LineParser().chunks([stamp(ns) + text for ns, _, text in log])) == [
        (ns, 1, text) for ns, _, text in log
    ]


def test_an_entry_without_a_stamp_has_that_of_the_one_before() -> None:
    parser = FrameParser()
    got = parser.chunks([frame(1, b"first\n"), line(NOON, b"a\n"), frame(2, b"b\n"), frame(1, b"")])
    assert rows(got) == [(0, 1, b"first\n"), (NOON, 1, b"a\n"), (NOON, 2, b"b\n"), (NOON, 1, b"")]
    assert rows(parser.chunks([frame(1, b"c\n")])) == [(NOON, 1, b"c\n")]


def test_stdin_counts_as_stdout() -> None:
    assert rows(FrameParser().chunks([line(NOON, b"a\n", 0)])) == [(NOON, 1, b"a\n")]
    assert rows(FrameParser().feed(line(NOON, b"a\n", 0))) == [(NOON, 1, b"a\n")]


@pytest.mark.parametrize(
    "bad",
    [
        b"2024-01-01T12:00:00.000000000Z a terminal's\n",
        b"\x01\x00\x00\x01\x00\x00\x00\x01a",
        b"\x04\x00\x00\x00\x00\x00\x00\x01a",
        b"\x01\x00\x00\x00\x7f\xff\xff\xff",
        frame(3, b"error from daemon: \xffdisk\n"),
    ],
)
@pytest.mark.parametrize("by_chunks", [True, False])
def test_what_is_no_frame_is_a_fault_after_what_came_before(bad: bytes, by_chunks: bool) -> None:
    parser = FrameParser()
    good = [line(NOON, b"a\n"), line(NOON + 1, b"b\n")]
    got = parser.chunks([*good, bad]) if by_chunks else parser.feed(b"".join(good) + bad)
    assert [r[2] for r in rows(got)] == [b"a\n", b"b\n"]
    assert parser.fault is not None
    assert rows(parser.chunks(good), parser.feed(good[0]), parser.finish()) == []


def test_an_end_within_a_frame_is_a_fault() -> None:
    parser = FrameParser()
    parser.feed(line(NOON, b"abc\n")[:-1])
    parser.finish()
    assert parser.fault is not None


def test_a_large_frame_is_put_together_once() -> None:
    parser = FrameParser()
    data = line(NOON, b"x" * (8 << 20) + b"\n") + line(NOON + 1, b"y\n")
    got = [parser.feed(data[at : at + 4096]) for at in range(0, len(data), 4096)]
    assert [(r[0], len(r[2])) for r in rows(*got)] == [(NOON, (8 << 20) + 1), (NOON + 1, 2)]


# ---- stamps


@given(moments)
@example(0)
def test_docker_s_stamps(ns: int) -> None:
    assert stamp_of(stamp(ns) + b"text") == (ns, 31)


@given(moments, st.integers(-14 * 60, 14 * 60), st.integers(0, 9))
def test_podman_s_stamps(ns: int, minutes: int, digits: int) -> None:
    ns = max(ns, 86400 * NS)
    ns -= ns % 10 ** (9 - digits)
    zone = timezone(timedelta(minutes=minutes))
    when = datetime.fromtimestamp(ns // NS, UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{ns % NS:09d}"[: digits + 1] if digits else ""
    sign = "-" if minutes < 0 else "+"
    written = f"{when}{fraction}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02} "
    assert stamp_of(written.encode() + b"text") == (ns, len(written))


@given(
    st.one_of(
        st.binary(max_size=45),
        st.builds(
            lambda ns, at, byte: stamp(ns)[: at % 31] + byte + stamp(ns)[at % 31 + 1 :],
            moments,
            st.integers(0, 30),
            st.binary(min_size=1, max_size=1),
        ),
    )
)
@example(b"2024-01-01T12:00:00.12345678_Z text")
@example(b"2024-01-01T12:00:00. 12345678Z text")
@example(b"9999-01-01T12:00:00.123456789Z text")
@example(b"2024-13-01T12:00:00.123456789Z text")
@example(b"1970-01-01T00:00:00+01:00 text")
def test_fast_and_slow_agree_on_anything(entry: bytes) -> None:
    """One frame alone by the bulk path, and by the slow one."""
    chunk = frame(1, entry)
    bulk, slow = FrameParser(), FrameParser()
    assert rows(bulk.chunks([chunk])) == rows(slow.feed(chunk))
    found = stamp_of(entry)
    assert found == _by_regex(entry)
    if found is not None:
        assert 0 <= found[0] < 2**63


def _by_regex(entry: bytes) -> tuple[int, int] | None:
    try:
        return logframes._odd_stamp(entry)
    except ValueError:
        return None


# ---- terminals


def docker_tty(log: list[tuple[int, bytes]]) -> list[bytes]:
    """Entries as Docker makes them of lines: cut after 16 KiB, each part with the stamp."""
    out = []
    for ns, text in log:
        parts = [text[at : at + PART] for at in range(0, len(text), PART)]
        out += [stamp(ns) + part for part in parts]
    return out


lines = st.lists(
    st.tuples(
        moments,
        st.one_of(
            st.builds(lambda t: t.replace(b"\n", b"") + b"\r\n", st.binary(max_size=50)),
            st.builds(lambda ns: stamp(ns) + b"not mine\n", moments),
            st.builds(
                lambda ns, size, at: (b"x" * size)[:-at] + stamp(ns) + b"x" * at + b"\n",
                moments,
                st.sampled_from([PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 5]),
                st.integers(1, 50),
            ),
        ),
    ),
    max_size=8,
)


@given(lines, borders)
def test_lines_of_a_terminal_however_the_bytes_are_divided(
    log: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    chunks = docker_tty(log)
    by_chunks, anyhow = LineParser(), LineParser()
    got = rows(by_chunks.chunks(chunks) if chunks else by_chunks.finish())
    assert got == rows(*[anyhow.feed(piece) for piece in split(b"".join(chunks), cuts)], anyhow.finish())
    assert [(ns, text) for ns, _, text in got] == [
        (ns, text[at : at + PART]) for ns, text in log for at in range(0, len(text), PART)
    ]


def test_a_chunk_with_several_lines_of_a_terminal() -> None:
    parser = LineParser()
    text = stamp(NOON) + b"a\r\n" + stamp(NOON + 1) + b"b\n" + stamp(NOON + 2) + b"prompt"
    expected = [(NOON, 1, b"a\r\n"), (NOON + 1, 1, b"b\n"), (NOON + 2, 1, b"prompt")]
    assert rows(parser.chunks([text])) == expected
    anyhow = LineParser()
    assert rows(anyhow.feed(text), anyhow.finish()) == expected


def test_an_unfinished_line_and_the_next_one_are_told_apart_by_chunks_only() -> None:
    parts = [stamp(NOON) + b"unfinished", stamp(NOON + 5) + b"after a restart\n"]
    assert rows(LineParser().chunks(parts)) == [
        (NOON, 1, b"unfinished"),
        (NOON + 5, 1, b"after a restart\n"),
    ]
    assert rows(LineParser().feed(b"".join(parts))) == [(NOON, 1, b"unfinished" + parts[1])]


def test_a_terminal_s_line_without_newline_or_stamp_is_bounded() -> None:
    parser = LineParser()
    got = rows(*[parser.feed(b"x" * 10_000) for _ in range(30)], parser.finish())
    assert {len(text) for _, _, text in got} == {PART, 300_000 % PART}
    assert sum(len(text) for _, _, text in got) == 300_000
