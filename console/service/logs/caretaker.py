"""What is asked of one host again and again for the sake of a log stream: its clock, and its silent logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from console.errors import HostError
from console.model.clock import Clock
from console.model.logs.lines import NoteKind
from console.service.logs import notes
from console.service.logs.host import HostSide, Reached
from console.service.logs.skew import AGAIN, RETRY
from console.service.logs.tailer import Tailer
from console.service.tap import SourceState

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks."""

SILENT, LONGEST = 20.0, 60.0
"""Seconds of silence after which a followed log is asked for its newest line: at first, and at most."""

DELIVERY = 2.0
"""Seconds in which a line that is in the log has to come by the follow."""

DEADLINE = 10.0
"""Seconds an answer may take."""


class Caretaker:
    """Of one host and one stream; `run` is a task of its own, so that no host waits for another."""

    def __init__(
        self,
        host: HostSide,
        tailers: Callable[[], Iterable[Tailer]],
        clock: Clock,
        jitter: Callable[[], float],
        *,
        wants_clock: Callable[[], bool],
        read: Callable[[], None],
    ) -> None:
        """`tailers`: those of this host; `read` is called when the clock was read."""
        self._host = host
        self._tailers = tailers
        self._clock = clock
        self._jitter = jitter
        self._wants_clock = wants_clock
        self._read = read
        self._ask_at = float("-inf")
        self._asked_on: Reached | None = None
        self._stopped: dict[int, float] = {}
        """By source: since when it does not run and is followed all the same."""
        self._doubts: dict[int, tuple[float, float]] = {}
        """By source: when it was last heard, and the silence after which it is asked for (again)."""

    async def run(self) -> None:
        """For ever."""
        while True:
            reached = await self._host.reached()
            try:
                await self._look(reached)
            except TimeoutError:
                log.info("%s: no answer about its clock or newest lines", self._host.name)
            except HostError as error:
                log.info("%s: %s", self._host.name, error)
            await self._clock.sleep(LOOK)

    async def _look(self, reached: Reached) -> None:
        now = self._clock.monotonic()
        if self._wants_clock() and (now >= self._ask_at or self._asked_on != reached):
            self._ask_at, self._asked_on = now + RETRY, reached
            async with asyncio.timeout(DEADLINE):
                self._host.reading = await reached.engine.clock()
            self._ask_at = now + AGAIN
            self._read()
        self._end_the_dead(now)
        for tailer in self._tailers():
            async with asyncio.timeout(DEADLINE):
                await tailer.reader.decide()
        for tailer in [t for t in self._tailers() if self._too_silent(t)]:
            async with asyncio.timeout(DEADLINE + DELIVERY):
                await self._ask(tailer, reached)

    def _end_the_dead(self, now: float) -> None:
        """A follow of a container that stopped has to end by itself; one that does not is left."""
        for tailer in self._tailers():
            index = tailer.source.index
            if tailer.state is not SourceState.FOLLOWING or tailer.life.running:
                self._stopped.pop(index, None)
            elif now - max(tailer.reader.heard, self._stopped.setdefault(index, now)) > DELIVERY:
                tailer.reader.interrupt()

    def _too_silent(self, tailer: Tailer) -> bool:
        if tailer.state is not SourceState.FOLLOWING:
            return False
        heard, now = tailer.reader.heard, self._clock.monotonic()
        last, patience = self._doubts.get(tailer.source.index, (heard, 0.0))
        if last != heard or not patience:
            patience = SILENT * (0.8 + 0.4 * self._jitter())
            self._doubts[tailer.source.index] = (heard, patience)
        return now - heard >= patience

    async def _ask(self, tailer: Tailer, reached: Reached) -> None:
        reader, index = tailer.reader, tailer.source.index
        heard, _ = self._doubts[index]
        wait = min(LONGEST, (self._clock.monotonic() - heard) * 2) * (0.8 + 0.4 * self._jitter())
        self._doubts[index] = (heard, self._clock.monotonic() - heard + wait)
        frames, last = await reader.asker.newest(reached, 1), reader.resume.last_ns
        if reader.resume.has_newest(frames) or (not len(frames) and (reader.gapped or last is None)):
            return
        await self._clock.sleep(DELIVERY)
        if reader.heard != heard or tailer.state is not SourceState.FOLLOWING:
            return
        if not len(frames):
            # It was emptied: what is known is not there, and nobody knows what was.
            reader.interrupt()
            return
        if frames.stamps[-1] < (last or 0):
            # The clock was set back so far that the engine leaves new lines out as too old.
            reader.forget_since()
        silent = notes.span(self._clock.monotonic() - heard)
        text = f"its stream was silent for {silent} while the log went on; opened anew"
        reader.say(notes.plain(NoteKind.SILENT, index, self._host.now_ns(), text))
        reader.interrupt()
