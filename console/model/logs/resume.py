"""What was already taken of one container's log: a stream opened again loses nothing and repeats nothing.

Every stream of a log (standard output, standard error) has ascending stamps; the two together are nearly
ascending. An engine asked again sends what it sent before, and after a rotation it does so in the middle of
a follow. So per stream the newest stamp is kept with the frames seen of it, and the recent stamps, and every
frame is held against them. Nearly always all frames of a read are above everything known: then they are
looked at in bulk, and given on as they came.

What is below is a repeat, unless it cannot have been taken: the engine's clock went back. Where that is not
certain a frame is doubtful, and what comes after it decides; or, where an engine is known to send much
again, the newest line of its log.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from console.model.logs.lines import LogFrames
from console.model.logs.onestream import LINE_LIMIT, OneStream, Verdict, are_whole
from console.model.logs.stamps import NEVER

__all__ = ["DOUBT_SECONDS", "LINE_LIMIT", "Resume", "Taken"]

_SECOND = 1_000_000_000

SLACK_NS = 2 * _SECOND
"""How far before the newest line is asked from: stdout and stderr are out of order by milliseconds."""

QUIET_SLACK_NS = 600 * _SECOND
"""The most by which a stream that is quiet holds back the moment to ask from. Its lines cannot have been
stamped longer than that before they were written."""

DOUBT_SECONDS = 2.0
"""How long nothing but doubtful frames must come until they are taken as real."""

_ASK_AFTER = 1.0
"""How long frames are doubtful until it is worth a question which they are."""

_SKEW_NS = _SECOND // 10
"""Standard output and error are out of order by less."""

_SKEW_SECONDS = 0.5
"""The other stream going on that long after doubt began shows that the clock did not go back."""


@dataclass(slots=True)
class Taken:
    """What one read brought that is new."""

    lines: LogFrames = field(default_factory=LogFrames)
    """Complete lines only: each payload ends with one newline; the stamp is that of a line's first frame.
    May be the very frames that were given in: neither may be changed."""
    back_ns: int = 0
    """> 0: the engine's clock went back by that much among these lines."""
    repeats: int = 0
    """Frames dropped because they were taken before."""


class Resume:
    """The memory of one source over all its streams. Pure: it has no clock of its own.

    For every answer of the engine: `begin`, then `knows` of what came first, then `take` of it and the rest.
    `settle` belongs to a tick (about every 0.5 s), `finish` to the end of a log. What is older than the very
    first frame taken is not wanted and counts as a repeat: who wants more of the past begins with a new
    `Resume`.
    """

    def __init__(self, recent: int = 16_384, *, lumped: bool = False) -> None:
        """Remember the stamps of about `recent` frames per stream.

        With `lumped`, several lines may share one stamp (Podman stamps at once what it reads at once).
        Without, a line of a stamp that was taken with its newline is a repeat; should one come that is
        certainly another line, the stream is known to be lumped from then on.
        """
        self.lines = 0
        """Complete lines given out so far."""
        self._recent = recent
        self._lumped = lumped
        self._streams: dict[int, OneStream] = {}
        self._newest: OneStream | None = None
        self._live = True
        self._fresh = False
        self._finite = False
        self._again = False
        self._forward_at = 0.0

    def share_stamps(self) -> None:
        """Several lines may share one stamp from now on: Podman stamps whole seconds."""
        self._lumped = True
        for stream in self._streams.values():
            stream.lumped = True

    @property
    def last_ns(self) -> int | None:
        """The newest stamp taken, over both streams: where they are in the log, also after the engine's
        clock went back. None: nothing was taken yet.
        """
        return max((s.last for s in self._streams.values()), default=None)

    @property
    def since_ns(self) -> int | None:
        """Where to ask from, so that all that is not taken yet and a frame that was taken are in the answer:
        the oldest of the streams' newest stamps (at most 10 min before that of the newest frame), less 2 s.
        None: from wherever one likes, nothing is known.
        """
        if self._newest is None:
            return None
        oldest = min(stream.last for stream in self._streams.values())
        return max(0, max(oldest, self._newest.last - QUIET_SLACK_NS) - SLACK_NS)

    def knows(self, frames: LogFrames, *, cut: bool = True) -> bool:
        """Whether a new answer begins with a frame that was taken, or one older than all that is remembered:
        then nothing between is missing, since logs lose their oldest part first. True also where nothing was
        ever taken. To be asked after `begin`, of the frames that are given to `take` next; the more there
        are, the more certain it is.

        Not `cut`: the answer was not limited by `tail`, so that it begins with the first part of a line.
        """
        if self._newest is None:
            return True
        older = not frames.stamps
        for stamp, kind, payload in zip(frames.stamps, frames.streams, frames.payloads, strict=True):
            if (stream := self._streams.get(kind)) is not None:
                known = stream.knows(stamp, payload, cut)
                if known is not None:
                    return known
                older = older or stamp < min(stream.recent.floor, stream.last)
            else:
                # Nothing tells whether it is before the first frame taken or after the newest, but its age.
                older = older or stamp < self._newest.last - _SKEW_NS
        return older

    def has_newest(self, frames: LogFrames) -> bool:
        """Whether the last of these frames, the newest line of a log, was taken: by its stamp itself and not
        by its height, since the clock may have gone back.
        """
        stream = self._streams.get(frames.streams[-1]) if frames.stamps else None
        return stream is not None and frames.stamps[-1] in stream.recent

    def begin(self, *, finite: bool = False) -> None:
        """A new answer begins, which repeats what was taken. Unfinished lines are kept.

        `finite`: it ends by itself, and engines send nothing twice in such a one: after the newest frame
        taken, what is older can only mean that the clock went back.
        """
        self._finite = finite
        for stream in self._streams.values():
            stream.index = 0
        self._live = self._newest is None
        self._fresh, self._again = True, False

    def take(self, frames: LogFrames, now: float) -> Taken:
        """Look at the next frames of an answer, arrived at `now` (monotonic seconds); return what is new."""
        if not frames.stamps:
            return Taken()
        if self._fresh:
            # An answer that begins with what is not known is accepted only after the gap was said. What was
            # known will not be passed in it.
            self._live = self._live or not self.knows(frames, cut=False)
            self._fresh = False
        if self._smooth(frames):
            self._live, self._again = True, False
            self._forward_at = now
            self.lines += len(frames.stamps)
            return Taken(frames)
        return self._counted(self._sift(frames, now))

    def undecided(self, now: float) -> bool:
        """Whether the log should be asked for its newest line, for `settle`: frames have been doubtful for a
        while, or there are many of them.
        """
        return any(
            stream.doubt and (stream.crowded or now - stream.doubt_since >= _ASK_AFTER)
            for stream in self._streams.values()
        )

    def settle(self, now: float, patience: float = DOUBT_SECONDS, newest: LogFrames | None = None) -> Taken:
        """What was doubtful for so many seconds becomes real: the engine's clock was set back. A line whose
        newline the engine forgot is given out.

        `newest`: the newest line of the log, read after all that was given to `take`. It decides at once: it
        is older than the newest one taken where the clock went back; else what is doubtful was sent again.
        """
        taken = Taken()
        again = newest is not None and bool(newest.stamps) and newest.stamps[-1] >= (self.last_ns or 0)
        for _, stream in sorted(self._streams.items()):
            if self._live and stream.ends_here():
                stream.end_line(taken.lines)
            if not stream.doubt or (newest is None and now - stream.doubt_since < patience):
                continue
            if again or (newest is None and self._forward_at > stream.doubt_since + _SKEW_SECONDS):
                taken.repeats += stream.discard()
            else:
                self._believe(stream, taken)
        return self._counted(taken)

    def finish(self) -> Taken:
        """The log ended: what is doubtful is real, and what has no newline is given one and given out.

        All of it stays known, should the same bytes come again.
        """
        taken = Taken()
        for _, stream in sorted(self._streams.items()):
            self._believe(stream, taken)
            stream.end_line(taken.lines)
        return self._counted(taken)

    def _counted(self, taken: Taken) -> Taken:
        self.lines += len(taken.lines)
        return taken

    def _of(self, kind: int) -> OneStream:
        if (stream := self._streams.get(kind)) is None:
            stream = OneStream(kind, self._recent, self._lumped)
        return stream

    # The fast path: everything is above what is known, ascends, and is whole lines.

    def _smooth(self, frames: LogFrames) -> bool:
        """Take the frames as they are where that is right; else change nothing and return False."""
        if not are_whole(frames.payloads):
            return False
        kinds = frames.streams
        shares = self._shares(frames)
        for stream, stamps in shares:
            # Before the newest frame taken was passed, a stream nothing was taken of is not wanted.
            if not stream.above(stamps) or not (self._live or stream.group):
                return False
        bytewise = bytes(kinds)
        ends = [self._end(stream, stamps, bytewise, frames) for stream, stamps in shares]
        for (stream, stamps), end in zip(shares, ends, strict=True):
            stream.take_all(stamps, end)
            self._streams[stream.kind] = stream
        self._newest = self._streams[kinds[-1]]
        return True

    def _shares(self, frames: LogFrames) -> list[tuple[OneStream, Sequence[int]]]:
        """The stamps of each stream."""
        if frames.streams.count(frames.streams[0]) == len(frames):
            return [(self._of(frames.streams[0]), frames.stamps)]
        kinds = bytes(frames.streams)
        streams = [self._of(kind) for kind in sorted(set(kinds))]
        return [(stream, stream.mine(kinds, frames.stamps)) for stream in streams]

    def _end(
        self, stream: OneStream, stamps: Sequence[int], kinds: bytes, frames: LogFrames
    ) -> list[tuple[int, int]]:
        """(Hash, newest stamp beside it) of this stream's frames that share its newest stamp."""
        end: list[tuple[int, int]] = []
        at = len(kinds)
        for _ in range(len(stamps) - bisect_left(stamps, stamps[-1])):
            at = kinds.rindex(stream.kind, 0, at)
            before = max((kinds.rfind(kind, 0, at) for kind in {*kinds} - {stream.kind}), default=-1)
            beside = frames.stamps[before] if before >= 0 else self._beside(stream)
            end.append((hash(frames.payloads[at]), beside))
        return end[::-1]

    def _beside(self, stream: OneStream) -> int:
        """The newest stamp of the other stream."""
        return max((other.last for other in self._streams.values() if other is not stream), default=NEVER)

    # The slow path: frame by frame.

    def _sift(self, frames: LogFrames, now: float) -> Taken:
        taken = Taken()
        for stamp, kind, payload in zip(frames.stamps, frames.streams, frames.payloads, strict=True):
            stream = self._of(kind)
            if not stream.group and not self._live:
                taken.repeats += 1  # of a stream nothing was taken of: it is older than all that was
                continue
            forward = stamp > stream.recent.high
            verdict = stream.judge(stamp, payload, self._live)
            if verdict is not Verdict.NEW:
                for known in self._streams.values():
                    known.be_at(stamp, stream, not self._again)
            self._again = verdict is not Verdict.NEW
            if verdict is Verdict.DOUBT and not self._finite:
                if stream.put_aside(stamp, payload, now):
                    self._believe(stream, taken)
                continue
            if forward:
                self._live = True
                self._forward_at = now
            if verdict is Verdict.REPEAT:
                taken.repeats += 1
                # Only what stands after the newest frame taken, over both streams, can be new.
                self._live = self._live or (stream is self._newest and stream.at_end())
            elif self._live:
                self._accept(stream, stamp, payload, taken)
            else:
                stream.stray(stamp, payload, taken.lines)
            if stream.doubt and (forward or (self._live and verdict is Verdict.REPEAT)):
                taken.repeats += stream.discard()
        return taken

    def _accept(self, stream: OneStream, stamp: int, payload: bytes, taken: Taken) -> None:
        if stream.group:
            taken.back_ns = max(taken.back_ns, stream.last - stamp)
        stream.accept(stamp, payload, self._beside(stream), taken.lines)
        self._newest = self._streams[stream.kind] = stream

    def _believe(self, stream: OneStream, taken: Taken) -> None:
        """Take what was doubtful as real."""
        for stamp, payload in stream.drain():
            if stream.judge(stamp, payload, True) is Verdict.REPEAT:
                taken.repeats += 1
            else:
                self._accept(stream, stamp, payload, taken)
