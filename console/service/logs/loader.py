"""Reads the part of a container's past that is wanted, with as little work for its engine as can be."""

from __future__ import annotations

from console.model.clock import Clock
from console.model.logs.lines import LogFrames, NoteKind
from console.model.logs.setup import LogSetup
from console.service.logs import notes
from console.service.logs.history import ANCHORS, Step, Window, covers, last_of, newest, steps
from console.service.logs.host import Reached
from console.service.logs.lag import FirstReading
from console.service.logs.reader import Reader

HEAP = 8 << 20
"""Bytes of an answer that are kept to look at before any of it is taken."""


class Loader:
    """Of one container; what it finds goes by way of its `Reader`, which goes on from there."""

    def __init__(
        self, reader: Reader, window: Window, clock: Clock, *, most: int | None, follow: bool
    ) -> None:
        """`most`: frames that are of use at most, None: all; `follow`: whether it will be read on."""
        self._reader = reader
        self._window = window
        self._clock = clock
        self._most = most
        self._follow = follow
        self._first_reading: FirstReading | None = None

    async def load(self, reached: Reached, setup: LogSetup) -> None:
        """Read the past that is wanted, once; then the reader is `loaded`. `setup`: how the log is kept."""
        born = self._window.born_ns
        self._first_reading = None if born is None else FirstReading(setup, born)
        if self._window.tail != 0:
            await self._read(reached)
        since = self._window.since_ns
        while self._follow and self._reader.resume.last_ns is None:
            # The window is empty, the log need not be: know its end, to go on from there.
            end = await self._end(reached)
            if since is not None and len(end) and max(end.stamps) >= since:
                # Written since.
                await self._read(reached)
                continue
            if since is not None or self._window.tail == 0:
                self._reader.resume.begin(finite=True)
                self._reader.resume.take(end, self._clock.monotonic())
            break
        self._reader.loaded = True
        if self._first_reading is not None:
            self._reader.doubt(self._first_reading.doubt())

    async def _read(self, reached: Reached) -> None:
        for step in steps(self._window, self._most):
            if await self._load_step(reached, step):
                break

    async def _end(self, reached: Reached) -> LogFrames:
        """The newest line of each stream, not handed on."""
        for tail in ANCHORS:
            frames = await self._reader.asker.newest(reached, tail)
            if (known := newest(frames, tail)) is not None:
                return known
        return frames

    async def _load_step(self, reached: Reached, step: Step) -> bool:
        """Carry out one ask for the past; returns whether it was enough."""
        ask = step.ask
        kept: list[LogFrames] = []
        tail = self._window.tail if self._window.until_ns is not None else None
        count = heap = oldest = 0
        async with self._reader.asker.asked(reached, ask, through=not step.last) as stream:
            self._reader.resume.begin(finite=True)
            async for frames in stream:
                count += len(frames)
                if step.last and tail is None:
                    oldest = oldest or frames.stamps[0]
                    if self._first_reading is not None:
                        self._first_reading.saw(frames)
                    self._reader.loaded = True
                    await self._reader.take(frames)
                    continue
                kept.append(frames)
                if tail is not None:
                    kept = last_of(kept, tail)
                    continue
                heap += sum(map(len, frames.payloads))
                if heap > HEAP:
                    return False
        if not step.last and not covers(step, count):
            return False
        if oldest and ask.tail not in (None, self._window.tail) and not covers(step, count):
            text = f"the newest {count:,} lines were read; older ones are left out"
            self._reader.say(notes.plain(NoteKind.DROPPED, self._reader.index, oldest - 1, text))
        for frames in kept:
            self._reader.loaded = True
            await self._reader.take(frames)
        return True
