"""Which part of a container's log is asked for, so that no engine decodes more of it than is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.model.logs.lines import LogFrames
from console.model.logs.wish import LogWish
from console.transport.base import LogAsk

STEPS = (500, 8_000)
"""Frames asked for while it is not known how many of the newest cover a window. An engine finds them from the
end of the log; asked for a window alone it decodes the whole log from its beginning.
"""

PROOFS = (1_000, 30_000)
"""The same when reading goes on: until a frame turns up that is known."""

ANCHORS = (8, 512)
"""Frames that are looked at to know where a log ends. One would do, were a long line not several frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of one container's past that is wanted."""

    tail: int | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    born_ns: int | None = None
    """When its container was made, where that was since somebody looks: all it ever wrote is wanted."""

    @classmethod
    def of(cls, wish: LogWish) -> Window:
        """What a wish asks of the containers that are there from the beginning."""
        return cls(tail=wish.tail, since_ns=wish.since_ns, until_ns=wish.until_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One ask for the past."""

    ask: LogAsk
    last: bool
    """Whether its answer is taken as it comes, whatever it holds; else it is looked at first."""


def steps(window: Window, most: int | None) -> Sequence[Step]:
    """Asks for the past, each for more than the one before; `most`: frames that are of use, None: all."""
    tail, since, until = window.tail, window.since_ns, window.until_ns
    if until is not None:
        # The engine counts a tail from the log's end, not from `until`: with both it would answer nothing.
        return [_step(None, since, until, last=True)]
    if tail is not None:
        return [_step(tail if most is None else min(tail, most), since, None, last=True)]
    if since is None:
        return [_step(most, None, None, last=True)]
    growing = [_step(size, since, None, last=False) for size in STEPS if most is None or size < most]
    return [*growing, _step(most, since, None, last=True)]


def _step(tail: int | None, since: int | None, until: int | None, *, last: bool) -> Step:
    return Step(ask=LogAsk(tail=tail, since_ns=since, until_ns=until), last=last)


def covers(step: Step, frames: int) -> bool:
    """Whether an answer of that many frames holds everything since the step's window began."""
    return step.ask.tail is None or frames < step.ask.tail


def proofs(most: int | None) -> Sequence[int | None]:
    """How many of the newest frames are asked for to go on from what is known, one after the other."""
    return [*(size for size in PROOFS if most is None or size < most), most]


def newest(frames: LogFrames, tail: int) -> LogFrames | None:
    """The frames of the newest line of each stream in an answer to an ask for `tail` frames; None where the
    line may have begun before them.
    """
    whole = len(frames) < tail
    kept = LogFrames()
    cut = set() if whole or not len(frames) else {(frames.streams[0], frames.stamps[0])}
    last = {stream: stamp for stream, stamp in zip(frames.streams, frames.stamps, strict=True)}
    if any((stream, stamp) in cut for stream, stamp in last.items()):
        return None
    for stamp, stream, payload in zip(frames.stamps, frames.streams, frames.payloads, strict=True):
        if last[stream] == stamp:
            kept.stamps.append(stamp)
            kept.streams.append(stream)
            kept.payloads.append(payload)
    return kept


def before(frames: LogFrames, until_ns: int) -> LogFrames:
    """Only the frames up to `until_ns`."""
    if not len(frames) or max(frames.stamps) <= until_ns:
        return frames
    kept = [number for number, stamp in enumerate(frames.stamps) if stamp <= until_ns]
    return LogFrames(
        [frames.stamps[number] for number in kept],
        [frames.streams[number] for number in kept],
        [frames.payloads[number] for number in kept],
    )


def last_of(parts: list[LogFrames], tail: int) -> list[LogFrames]:
    """The newest frames of an answer that has come in parts: as few parts as hold `tail` of them."""
    count = 0
    for number in range(len(parts) - 1, -1, -1):
        count += len(parts[number])
        if count >= tail:
            over = count - tail
            first = parts[number]
            cut = LogFrames(first.stamps[over:], first.streams[over:], first.payloads[over:])
            return [cut, *parts[number + 1 :]]
    return parts
