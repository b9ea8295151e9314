"""Asks for one container's log, goes on where it was left, and proves that nothing is missing."""

from __future__ import annotations

import asyncio
from typing import Protocol

from console.model.clock import Clock
from console.model.logs.lines import LogFrames, LogSource, Note
from console.model.logs.resume import DOUBT_SECONDS, Resume, Taken
from console.service.logs import notes
from console.service.logs.asking import Asker
from console.service.logs.history import Window, before, proofs
from console.service.logs.host import HostSide, Reached
from console.service.logs.lag import Doubt, Lag
from console.service.logs.proof import Proof, Verdict
from console.transport.base import LogAsk

CAUGHT_UP = 2.0
"""Seconds without a line after which a follow that was behind has come to the end of its log."""

UNDECIDED = 10.0
"""Seconds for which frames of a log that is rotated stay doubtful at most, should its engine not answer which
they are: after a rotation it may send many seconds' worth of lines twice."""

UNPROVEN = 5.0
"""Seconds after which a follow that brought nothing known has lost what was known: the log is empty."""


class Into(Protocol):
    """Where lines go."""

    def lines(self, source: int, lines: LogFrames) -> None: ...

    def note(self, note: Note) -> None: ...

    async def room(self, source: int) -> None:
        """Wait until more of this source may come."""
        ...


class Reader:
    """Every frame of one container exactly once, through any number of connections."""

    def __init__(
        self, source: LogSource, window: Window, host: HostSide, into: Into, clock: Clock, most: int | None
    ) -> None:
        """`most`: frames of the past that are of use at most; None: all."""
        self.source = source
        self.resume = Resume()
        self.asker = Asker(source.id, host)
        self.loaded = False
        """Whether the past was read, or begun to be handed on: from here on reading goes on, with proof."""
        self.heard = 0.0
        """When it last brought something or was opened, monotonic."""
        self.away = ""
        """Why nothing was read for a while, where that was not the host's doing."""
        self._window = window
        self._host = host
        self._into = into
        self._clock = clock
        self._most = most
        self._gapped: int | None = None
        """After which frame a gap has been noted."""
        self._lag: Lag | None = None
        self._rotated: int | None = None
        self._reached: Reached | None = None
        """The engine of a follow."""
        self._deciding = asyncio.Lock()
        """Nothing is taken between a question for the newest line and what follows from the answer."""
        self._begun = 0.0
        self._scope: asyncio.Timeout | None = None
        self._whole = False
        """Ask without `since`: the engine's clock went back, and newer lines have older stamps."""

    @property
    def gapped(self) -> bool:
        """Whether a gap after the newest line was noted already."""
        return self._gapped is not None and self._gapped == self.resume.last_ns

    @property
    def index(self) -> int:
        return self.source.index

    async def follow(self, reached: Reached, rotated: int | None) -> bool:
        """Read on until the engine says that the log ends (True), or `interrupt` (False).

        `rotated`: bytes after which the engine rotates the log.
        """
        self._rotated, self._begun, self._reached = rotated, self._clock.monotonic(), reached
        try:
            async with asyncio.timeout(None) as scope:
                self._scope = scope
                await self._read_on(reached, follow=True)
        except TimeoutError:
            if not scope.expired():
                raise
            return False
        finally:
            self._scope = self._rotated = self._reached = None
            if self._lag is not None:
                self.doubt(self._lag.over(self.resume.last_ns or 0))
                self._lag = None
        return True

    async def poll(self, reached: Reached) -> None:
        """Read on to the end of what there is."""
        await self._read_on(reached, follow=False)

    def interrupt(self) -> None:
        """End `follow`; what it has not handed on comes again with the next ask."""
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())

    def finish(self) -> None:
        """The log has ended: hand on a line without its newline too."""
        self._hand_on(self.resume.finish())

    def settle(self) -> None:
        """Hand on, and say, what has been in doubt for long enough."""
        now = self._clock.monotonic()
        self._hand_on(self.resume.settle(now, DOUBT_SECONDS if self._rotated is None else UNDECIDED))
        if self._lag is not None and now - self.heard > CAUGHT_UP:
            self.doubt(self._lag.over(self.resume.last_ns or 0))

    def forget_since(self) -> None:
        """Ask for the newest lines whatever their stamps are, the next time."""
        self._whole = True

    def say(self, note: Note) -> None:
        """Say something between its lines."""
        self._into.note(note)

    async def _read_on(self, reached: Reached, *, follow: bool) -> None:
        sizes = proofs(self._most)
        for tail in sizes:
            if await self._read(reached, follow=follow, tail=tail, largest=tail == sizes[-1]):
                return

    async def _read(self, reached: Reached, *, follow: bool, tail: int | None, largest: bool) -> bool:
        """One ask from what is known on; False where it did not reach back so far, and nothing was taken."""
        resume, known = self.resume, self.resume.since_ns is not None
        since_ns = None if self._whole else resume.since_ns
        until_ns = None if follow or not largest else self._window.until_ns
        ask = LogAsk(
            follow=follow,
            since_ns=since_ns,
            until_ns=until_ns,
            tail=tail if known else None,
        )
        proof = Proof(resume, cut=ask.tail is not None, largest=largest)
        async with self.asker.asked(reached, ask, through=not follow) as stream:
            resume.begin(finite=not follow)
            self.heard = self._clock.monotonic()
            if not known:
                self._proven()
            timer = asyncio.get_running_loop().call_later(UNPROVEN, self._lost_end, proof)
            try:
                async for frames in stream:
                    if proof.verdict is Verdict.OPEN and not self._sees(proof, frames):
                        return False
                    await self.take(frames)
            finally:
                timer.cancel()
        self._lost_end(proof)
        return True

    def _sees(self, proof: Proof, frames: LogFrames) -> bool:
        """Look for the newest line that is known; False where more has to be asked for to find it."""
        verdict = proof.look(frames)
        if verdict is Verdict.GAP:
            newer = [stamp for stamp in frames.stamps if stamp > (self.resume.last_ns or 0)]
            self._gap(newer[0] if newer else frames.stamps[0])
        if verdict in (Verdict.GAP, Verdict.PROVEN):
            self._proven()
        return verdict is not Verdict.SHORT

    async def take(self, frames: LogFrames) -> None:
        """Hand on what is new of these, and wait until more may come."""
        now = self.heard = self._clock.monotonic()
        if self._rotated is not None and self._host.reading is not None:
            # How far behind it is, as a follow of a log that is rotated.
            now_ns = self._host.now_ns()
            self._lag = self._lag or Lag(self._rotated, now_ns - int((now - self._begun) * 1e9))
            self.doubt(self._lag.saw(frames, now_ns))
        if self._window.until_ns is not None:
            frames = before(frames, self._window.until_ns)
        async with self._deciding:
            self._hand_on(self.resume.take(frames, now))
        await self.decide()
        await self._into.room(self.index)
        # A log that always has more must not keep the others' loop for itself.
        await asyncio.sleep(0)

    async def decide(self) -> None:
        """Find out what doubtful frames of a log that is rotated are. Raises as `LogReader.logs`."""
        if self._rotated is None or self._reached is None:
            return
        async with self._deciding:
            now = self._clock.monotonic()
            if self.resume.undecided(now):
                newest = await self.asker.newest(self._reached, 1)
                self._hand_on(self.resume.settle(now, newest=newest))

    def _hand_on(self, taken: Taken) -> None:
        if len(taken.lines):
            self._into.lines(self.index, taken.lines)
        if taken.back_ns:
            self._host.went_back(self.index, taken.back_ns)

    def _proven(self) -> None:
        self._whole = False
        self.away = ""
        self._host.proven(self.index)

    def _lost_end(self, proof: Proof) -> None:
        """Nothing more comes of an answer, for now. Where nothing that is known came, it is gone."""
        if proof.verdict is Verdict.OPEN:
            if not proof.begun:
                self._gap(self._host.now_ns())
            self._proven()

    def doubt(self, doubt: Doubt | None) -> None:
        """Say that lines may be missing, where there is such a doubt."""
        if doubt is not None:
            self._host.gaps += 1
            self.say(notes.gap(self.index, doubt.from_ns, doubt.to_ns, doubt.why))

    def _gap(self, to_ns: int) -> None:
        """Lines after the last known one may be missing."""
        last = self.resume.last_ns or 0
        if self._gapped == last:
            return
        self._gapped = last
        self._host.gaps += 1
        why = "the log was rotated or truncated"
        if self._most is not None:
            why += f", or more than {self._most:,} lines were written"
        self._into.note(notes.gap(self.index, last, to_ns, f"{why} {self.away or 'meanwhile'}"))
