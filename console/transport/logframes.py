"""From the bytes of `GET /containers/{id}/logs?timestamps=1` to columns. Pure.

The engine sends *entries*: a line with its newline, or a part of a line of more than 16 KiB. Every entry
begins with a stamp and a blank. Without a terminal each is a frame: eight bytes (stream, size), then the
entry. With a terminal there are no frames, and only newlines divide entries; Docker sends every entry as
one HTTP chunk, which is believed where it is known (`chunks`), because a part of a long line ends without a
newline. Where it is not known (`feed`) a long line is cut where Docker cuts it: after 16 KiB, where the
same stamp stands once more. What a container prints cannot be taken for a stamp either way, because the
engine's own comes first wherever one is looked for; only something between the engine and us that divides
chunks anew could bring it to the start of one.

Common batches (every chunk one entry, every stamp as Docker writes it) pass by bulk operations without a
Python-level step per line. Anything else takes the slow path, with the same result.
"""

from __future__ import annotations

import calendar
import re
import struct
from collections.abc import Sequence
from operator import add, sub

from console.model.logs.lines import LogFrames, Stream
from console.transport.http import HttpFault

FRAME_LIMIT = 64 << 20
"""Bytes of one frame that are believed."""
PART = 16384
"""Bytes of text after which Docker cuts a line."""
LONGEST_STAMP = 64
"""Bytes at the start of an entry among which its stamp must end."""
REMEMBERED = 4096
"""How many seconds, and how many stamps of other kinds, are not parsed again."""

_HEAD = struct.Struct(">BxxxL")
_FRAME = struct.Struct(">Q20s9s2s")  # head, seconds with the dot, nanoseconds, "Z "
_ENTRY = struct.Struct(">20s9s2s")
_STAMP = 31
"""Bytes of a stamp as Docker writes it, with its blank."""
_STREAM: dict[int, int] = {
    (stream << 56) - _HEAD.size: stream or Stream.OUT for stream in (0, Stream.OUT, Stream.ERR)
}
"""By head (as one number) less the length of the whole frame; stream 0 is stdin, which an engine may echo."""

_SECONDS = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)\.?\Z")
_ANY_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))\Z"
)
_SECOND = 1_000_000_000


class BadFrames(HttpFault):
    """What came is not the log of a container, or the engine said in it that reading failed."""


class _Moments(dict[bytes, int]):
    """Nanoseconds of the epoch by `2024-01-01T12:00:00`, with or without a dot behind it.

    Raises ValueError for what is no time, or none that 63 bits of nanoseconds hold.
    """

    def __missing__(self, text: bytes) -> int:
        found = _SECONDS.match(text)
        if found is None:
            raise ValueError("not a time")
        year, month, day, hour, minute, second = map(int, found.groups())
        fits = 1970 <= year <= 2261 and 1 <= month <= 12 and 1 <= day <= 31
        if not fits or hour > 23 or minute > 59 or second > 60:
            raise ValueError("not a time of this age")
        ns = calendar.timegm((year, month, day, hour, minute, second)) * _SECOND
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = ns
        return ns


class _OddStamps(dict[bytes, int]):
    """Nanoseconds of the epoch by any RFC 3339 time. Raises ValueError.

    Podman writes whole seconds and an offset, so that thousands of lines share one.
    """

    def __missing__(self, text: bytes) -> int:
        found = _ANY_STAMP.match(text)
        if found is None:
            raise ValueError("not a time")
        ns = _moment(found[1]) + int((found[2] or b"0").ljust(9, b"0"))
        if found[3]:
            offset = (int(found[4]) * 3600 + int(found[5]) * 60) * _SECOND
            ns += -offset if found[3] == b"+" else offset
        if ns < 0:
            raise ValueError("before 1970")
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = ns
        return ns


_MOMENTS = _Moments()
_moment = _MOMENTS.__getitem__
_ODD = _OddStamps()


def stamp_of(entry: bytes) -> tuple[int, int] | None:
    """The stamp an entry begins with, in nanoseconds, and where its text begins; None without one."""
    try:
        if entry[29:31] == b"Z " and entry[19:20] == b"." and entry[20:29].isdigit():
            return _moment(entry[:20]) + int(entry[20:29]), _STAMP
        return _odd_stamp(entry)
    except ValueError:
        return None


def _odd_stamp(entry: bytes) -> tuple[int, int]:
    end = entry.find(b" ", 0, LONGEST_STAMP)
    return _ODD[entry[: max(0, end)]], end + 1


def _stamps(seconds: Sequence[bytes], nanos: Sequence[bytes], ends: Sequence[bytes]) -> list[int] | None:
    """A column of stamps as Docker writes them; None where one of them is not."""
    if set(ends) != {b"Z "} or not b"".join(nanos).isdigit() or b"".join(seconds)[19::20].strip(b"."):
        return None
    try:
        return list(map(add, map(_moment, seconds), map(int, nanos)))
    except ValueError:
        return None


class FrameParser:
    """The log of a container without a terminal: frames of stdout and stderr."""

    def __init__(self) -> None:
        self.fault: BadFrames | None = None
        """Set when what comes is not to be believed any more; what came before it was given out."""
        self._parts: list[bytes] = []
        self._have = 0
        self._need = _HEAD.size
        self._last = 0

    def chunks(self, chunks: list[bytes]) -> LogFrames:
        """Take HTTP chunks, each of them whole; they need not be frames."""
        if not self._have and self.fault is None:
            frames = _all_frames(chunks)
            if frames is not None:
                self._last = frames.stamps[-1]
                return frames
        return self.feed(b"".join(chunks))

    def feed(self, data: bytes) -> LogFrames:
        """Take bytes divided anyhow; return the frames that are whole now."""
        frames = LogFrames()
        self._have += len(data)
        self._parts.append(data)
        if self.fault is not None or self._have < self._need:
            return frames
        whole = b"".join(self._parts)
        rest = self._cut(whole, frames)
        self._parts, self._have = [whole[rest:]], len(whole) - rest
        if frames.stamps:
            self._last = frames.stamps[-1]
        return frames

    def _cut(self, data: bytes, frames: LogFrames) -> int:
        """Add what is whole to `frames`; return where the rest begins."""
        position, last = 0, self._last
        self._need = _HEAD.size
        while len(data) - position >= _HEAD.size:
            stream, size = _HEAD.unpack_from(data, position)
            start = position + _HEAD.size
            if stream > 3 or size > FRAME_LIMIT or any(data[position + 1 : position + 4]):
                self.fault = BadFrames(f"not a frame of a log: {data[position:start]!r}")
                break
            if start + size > len(data):
                self._need = _HEAD.size + size
                break
            position = start + size
            entry = data[start:position]
            if stream == 3:
                words = entry[:600].decode(errors="replace")
                self.fault = BadFrames(f"the engine stopped reading the log: {words}")
                break
            found = stamp_of(entry)
            if found is not None:
                last = found[0]
                entry = entry[found[1] :]
            frames.stamps.append(last)
            frames.streams.append(stream or Stream.OUT)
            frames.payloads.append(entry)
        return position

    def finish(self) -> LogFrames:
        """The log ended properly: what is left, as far as it is whole."""
        if self._have and self.fault is None:
            self.fault = BadFrames("the log ended within a frame")
        return LogFrames()


def _all_frames(chunks: list[bytes]) -> LogFrames | None:
    """Chunks each of which is one frame with Docker's stamp; None where one is not."""
    try:
        heads, seconds, nanos, ends = zip(*map(_FRAME.unpack_from, chunks), strict=True)
        streams = list(map(_STREAM.__getitem__, map(sub, heads, map(len, chunks))))
    except (struct.error, KeyError):
        return None
    stamps = _stamps(seconds, nanos, ends)
    return None if stamps is None else LogFrames(stamps, streams, [chunk[39:] for chunk in chunks])


class LineParser:
    """The log of a container with a terminal: lines, all of stdout."""

    def __init__(self) -> None:
        self.fault: BadFrames | None = None
        """Never set: whatever comes is text of some line."""
        self._rest = b""
        self._last = 0
        self._again: bytes | None = None
        """The stamp of a long line that goes on, as it was written; None at the start of a line."""

    def chunks(self, chunks: list[bytes]) -> LogFrames:
        """Take HTTP chunks, each of them whole: an entry, or several lines."""
        if self._rest or self._again is not None:
            return self.feed(b"".join(chunks))
        frames = _all_entries(chunks)
        if frames is not None:
            self._last = frames.stamps[-1]
            return frames
        frames = LogFrames()
        for chunk in chunks:
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                self._add(frames, line + b"\n")
            if rest:
                self._add(frames, rest)
        return frames

    def _add(self, frames: LogFrames, entry: bytes) -> None:
        found = stamp_of(entry)
        if found is not None:
            self._last = found[0]
            entry = entry[found[1] :]
        _append(frames, self._last, entry)

    def feed(self, data: bytes) -> LogFrames:
        """Take bytes divided anyhow; return the entries that are whole now."""
        data = self._rest + data
        frames = LogFrames()
        position = 0
        while position < len(data):
            line_end = data.find(b"\n", position) + 1
            if not line_end and len(data) - position < PART + LONGEST_STAMP:
                break
            start = self._text_start(data, position)
            if line_end and line_end <= start + PART:
                self._again, position = None, line_end
            else:
                if self._again is None:
                    self._again = data[position:start]
                position = start + PART
            _append(frames, self._last, data[start:position])
        self._rest = data[position:]
        return frames

    def _text_start(self, data: bytes, position: int) -> int:
        """Skip the stamp at the start of a line, and the same stamp where a long line goes on."""
        if self._again is not None:
            return position + len(self._again) if data.startswith(self._again, position) else position
        found = stamp_of(data[position : position + LONGEST_STAMP])
        if found is None:
            return position
        self._last = found[0]
        return position + found[1]

    def finish(self) -> LogFrames:
        """The log ended properly: a last line without newline, where there is one."""
        frames = LogFrames()
        rest, self._rest = self._rest, b""
        if rest:
            start = self._text_start(rest, 0)
            _append(frames, self._last, rest[start:])
        return frames


def _append(frames: LogFrames, stamp: int, text: bytes) -> None:
    frames.stamps.append(stamp)
    frames.streams.append(Stream.OUT)
    frames.payloads.append(text)


def _all_entries(chunks: list[bytes]) -> LogFrames | None:
    """Chunks each of which is one line with Docker's stamp; None where one is not."""
    try:
        seconds, nanos, ends = zip(*map(_ENTRY.unpack_from, chunks), strict=True)
    except struct.error:
        return None
    texts = [chunk[_STAMP:] for chunk in chunks]
    count = len(chunks)
    if b"".join(texts).count(b"\n") != count or b"".join([text[-1:] for text in texts]) != b"\n" * count:
        return None
    stamps = _stamps(seconds, nanos, ends)
    return None if stamps is None else LogFrames(stamps, [Stream.OUT] * count, texts)
