"""Whether an answer goes on from what is known, so that nothing between is missing. Pure."""

from __future__ import annotations

from enum import Enum

from console.model.logs.lines import LogFrames
from console.model.logs.resume import Resume


class Verdict(Enum):
    """What the first frames of an answer show."""

    PROVEN = 1
    """The newest line known is among them: what follows is all there is."""
    OPEN = 2
    """They are known and older than the newest; it has to come."""
    SHORT = 3
    """They are newer than all that is known: more frames have to be asked for."""
    GAP = 4
    """As SHORT, and no more can be asked for; or the newest that is known is not where it was."""


class Proof:
    """Of one answer. A log loses its oldest part by rotation, and any part when it is truncated."""

    def __init__(self, resume: Resume, *, cut: bool, largest: bool) -> None:
        """`cut`: the answer is limited to some of the newest frames; `largest`: no larger ask makes sense."""
        self.verdict = Verdict.PROVEN if resume.last_ns is None else Verdict.OPEN
        self.begun = False
        """Whether it began with what is known."""
        self._resume = resume
        self._cut = cut
        self._largest = largest

    def look(self, frames: LogFrames) -> Verdict:
        """The next frames of the answer, before they are taken. The verdict on the whole so far."""
        if self.verdict is Verdict.OPEN:
            self.verdict = self._judge(frames)
        return self.verdict

    def _judge(self, frames: LogFrames) -> Verdict:
        if not self.begun and not self._resume.knows(frames, cut=self._cut):
            return Verdict.GAP if self._largest else Verdict.SHORT
        self.begun = True
        newest = self._resume.last_ns
        if newest is None or newest in frames.stamps:
            return Verdict.PROVEN
        return Verdict.OPEN if max(frames.stamps) < newest else Verdict.GAP
