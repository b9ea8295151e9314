"""How dockerd turns what a container writes into frames of its log."""

from __future__ import annotations

from collections.abc import Iterable

from console.model.logs.lines import LogFrames, Stream

PART = 16 * 1024
"""Bytes of dockerd's buffer: a line that is longer, its newline included, becomes several frames."""


class Copier:
    """Splits the two streams of one container into frames and stamps them.

    Stamps are unique within a stream and grow, unless the host's clock is set back. The parts of a long line
    have the stamp of the first; only the last ends with a newline.
    """

    def __init__(self, *, tty: bool = False) -> None:
        self._tty = tty
        self.pending: dict[Stream, bytes] = {}
        """What has no newline yet."""
        self._last: dict[Stream, int] = {}
        self._open: dict[Stream, int] = {}
        """Stamp of a long line whose end has not come yet."""
        self._taken: dict[Stream, set[int]] = {}
        """Where the clock went back: all stamps of a stream, for they may come round once more."""

    @property
    def newest(self) -> int:
        """The latest stamp that was given, since the clock was last set back; 0: none."""
        return max(self._last.values(), default=0)

    def write(self, data: bytes, stream: Stream, now: int) -> LogFrames:
        """Bytes of the container at one moment (nanoseconds by the host's clock); what is whole now."""
        if self._tty:
            stream, data = Stream.OUT, data.replace(b"\n", b"\r\n")
        *whole, rest = (self.pending.pop(stream, b"") + data).split(b"\n")
        payloads = [line + b"\n" for line in whole]
        if stream in self._open or len(rest) >= PART or max(map(len, payloads), default=0) > PART:
            return self._long(payloads, rest, stream, now)
        if rest:
            self.pending[stream] = rest
        return LogFrames(self._stamps(len(payloads), stream, now), [int(stream)] * len(payloads), payloads)

    def flush(self, now: int) -> LogFrames:
        """The container has ended: what has no newline is logged without."""
        frames = LogFrames()
        for stream in tuple(self.pending):
            stamp = self._open.pop(stream, None)
            frames.stamps += self._stamps(1, stream, now) if stamp is None else [stamp]
            frames.streams.append(int(stream))
            frames.payloads.append(self.pending.pop(stream))
        self._open.clear()
        return frames

    def shape(self, frames: LogFrames) -> LogFrames:
        """Whole lines as a terminal passes them on, where the container has one."""
        if not self._tty:
            return frames
        payloads = [payload.replace(b"\n", b"\r\n") for payload in frames.payloads]
        return LogFrames(frames.stamps, [int(Stream.OUT)] * len(frames), payloads)

    def lines(self, frames: LogFrames) -> LogFrames:
        """Whole lines that have their stamps already; a stamp that is not later than the last moves up."""
        frames = self.shape(frames)
        stamps = [
            self._stamps(1, Stream(stream), stamp)[0]
            for stamp, stream in zip(frames.stamps, frames.streams, strict=True)
        ]
        return LogFrames(stamps, frames.streams, frames.payloads)

    def clock_set_back(self, written: Iterable[LogFrames]) -> None:
        """The host's clock shows an earlier time from now on; `written`: the log so far."""
        for frames in written:
            for stamp, stream in zip(frames.stamps, frames.streams, strict=True):
                self._taken.setdefault(Stream(stream), set()).add(stamp)
        self._last.clear()

    def _long(self, payloads: list[bytes], rest: bytes, stream: Stream, now: int) -> LogFrames:
        frames = LogFrames()
        for payload in payloads:
            last = (len(payload) - 1) // PART * PART
            self._parts(frames, payload, last, stream, now)
            self._part(frames, payload[last:], stream, now)
            del self._open[stream]
        last = len(rest) // PART * PART
        self._parts(frames, rest, last, stream, now)
        if last < len(rest):
            self.pending[stream] = rest[last:]
        return frames

    def _parts(self, frames: LogFrames, payload: bytes, end: int, stream: Stream, now: int) -> None:
        for start in range(0, end, PART):
            self._part(frames, payload[start : start + PART], stream, now)

    def _part(self, frames: LogFrames, payload: bytes, stream: Stream, now: int) -> None:
        if stream not in self._open:
            self._open[stream] = self._stamps(1, stream, now)[0]
        frames.stamps.append(self._open[stream])
        frames.streams.append(int(stream))
        frames.payloads.append(payload)

    def _stamps(self, count: int, stream: Stream, now: int) -> list[int]:
        if not count:
            return []
        first = max(now, self._last.get(stream, now - 1) + 1)
        taken = self._taken.get(stream)
        if taken is None:
            self._last[stream] = first + count - 1
            return list(range(first, first + count))
        stamps: list[int] = []
        while len(stamps) < count:
            if first not in taken:
                stamps.append(first)
                taken.add(first)
            first += 1
        self._last[stream] = stamps[-1]
        return stamps
