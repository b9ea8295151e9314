"""An honest model of an engine and its log: what it sends when it is asked, cut anywhere, with all its ways.

The log is a list of frames in the order they were written. An answer is what is left of it from `since` on,
at most `tail` frames, and then what is written while it lasts; after a rotation part of it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from console.model.logs.lines import LogFrames

Frame = tuple[int, int, bytes]
"""Stamp, stream, payload."""

Lines = dict[int, list[tuple[int, bytes]]]
"""By stream: stamp and line."""

MS = 1_000_000


def columns(frames: Iterable[Frame]) -> LogFrames:
    rows = list(frames)
    return LogFrames([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


def rows(frames: LogFrames) -> list[Frame]:
    return list(zip(frames.stamps, frames.streams, frames.payloads, strict=True))


@dataclass(frozen=True)
class Entry:
    """One line an application writes, as the generator thinks of it."""

    stream: int
    after_ms: int
    """Since the line before."""
    early_ms: int
    """How much earlier it was stamped than it was written: the two streams are not in step."""
    parts: int
    """Frames it is sent in."""
    beside: bool
    """Whether the other stream gets in between its parts."""
    plain: bool
    """Whether all parts are the same text as everything else that is plain."""
    whole: bool
    """Whether it ends with a newline."""
    back_ms: int
    """By how much the clock is set back before it."""


def entries(*, clock_goes_back: bool = False) -> st.SearchStrategy[list[Entry]]:
    return st.lists(
        st.builds(
            Entry,
            stream=st.sampled_from((1, 1, 2)),
            after_ms=st.sampled_from((1, 5, 20, 300, 1500, 4000)),
            early_ms=st.sampled_from((0, 0, 3, 12)),
            parts=st.sampled_from((1, 1, 1, 2, 3)),
            beside=st.booleans(),
            plain=st.booleans(),
            whole=st.sampled_from((True, True, True, False)),
            back_ms=st.sampled_from((0, 0, 0, 0, 7, 300)) if clock_goes_back else st.just(0),
        ),
        min_size=1,
        max_size=30,
    )


def written(lines: Sequence[Entry]) -> list[Frame]:
    """The log that these lines make. Stamps are unique within a stream, and ascend but for the clock."""
    log: list[Frame] = []
    waiting: list[Frame] = []
    now = 1_700_000_000_000 * MS
    used: dict[int, set[int]] = {1: set(), 2: set()}
    last = {1: 0, 2: 0}
    for number, line in enumerate(lines):
        now += (line.after_ms - line.back_ms) * MS
        stamp = now - line.early_ms * MS
        if line.back_ms:
            stamp = now
        elif stamp <= last[line.stream] <= now:
            stamp = last[line.stream] + 1
        while stamp in used[line.stream]:
            stamp += 1
        used[line.stream].add(stamp)
        last[line.stream] = stamp
        if waiting and (waiting[0][1] == line.stream or not line.beside or line.after_ms > 20):
            log += waiting
            waiting = []
        texts = [b"x" if line.plain else b"%d.%d " % (number, part) for part in range(line.parts)]
        texts[-1] += b"\n" if line.whole else b""
        frames = [(stamp, line.stream, text) for text in texts]
        cut = 1 if line.beside and not waiting else len(frames)
        log += frames[:cut]
        waiting = waiting or frames[cut:]
    return log + waiting


def whole_lines(frames: Iterable[Frame], ends: frozenset[int] = frozenset()) -> Lines:
    """(Stamp, line) of each stream, put together slowly. `ends`: after so many frames the log was ended."""
    lines: Lines = {}
    open_lines: dict[int, tuple[int, bytes]] = {}
    for number, (stamp, stream, payload) in enumerate(frames):
        if number in ends:
            _close(open_lines, lines)
        if stream in open_lines and open_lines[stream][0] != stamp:
            _close(open_lines, lines, stream)
        text = open_lines.pop(stream, (stamp, b""))[1] + payload
        open_lines[stream] = (stamp, text)
        if text.endswith(b"\n"):
            _close(open_lines, lines, stream)
    _close(open_lines, lines)
    return lines


def _close(
    open_lines: dict[int, tuple[int, bytes]],
    lines: Lines,
    only: int | None = None,
) -> None:
    for stream in [only] if only is not None else list(open_lines):
        stamp, text = open_lines.pop(stream)
        lines.setdefault(stream, []).append((stamp, text if text.endswith(b"\n") else text + b"\n"))


def by_stream(taken: Iterable[Frame]) -> Lines:
    lines: Lines = {}
    for stamp, stream, payload in taken:
        lines.setdefault(stream, []).append((stamp, payload))
    return lines
