"""The logs of one memory engine: each container's, who reads them, and what can go wrong with that."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from console.errors import CapabilityMissing, EngineError, HostError, HostUnreachable
from console.model.logs.lines import LogFrames, Stream
from console.transport.base import LogAsk
from console.transport.memory.authors import FIRST_STEP, SECOND, Manuscript
from console.transport.memory.bus import EventBus
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.logcopy import Copier
from console.transport.memory.logfile import LogFile, Reading

ASKS = 10_000
"""How many of the newest questions are remembered."""


class MemoryLog:
    """The log of one container."""

    def __init__(self, container: MemoryContainer, bus: EventBus) -> None:
        self.container = container
        self.file = LogFile(container.log)
        self.tails: set[LogTail] = set()
        """Answers that are being read."""
        self.manuscript: Manuscript | None = None
        self._bus = bus
        self._copier = Copier(tty=container.log.tty)
        self._held: list[tuple[bytes, Stream]] | None = None

    def write(self, data: bytes, stream: Stream = Stream.OUT, ago: float = 0.0) -> None:
        """The container writes. `ago`: it did so that many seconds before now, which may be before what its
        other stream has in the log already, as it happens where two copiers run side by side.
        """
        if self._held is not None:
            self._held.append((data, stream))
            return
        self.catch_up()
        now = int((self._bus.now() - ago) * SECOND)
        if not ago:
            now = max(now, self._copier.newest + 1)
        self._append(self._copier.write(data, stream, now))

    def started(self) -> None:
        """Its process was started."""
        if self.manuscript is not None:
            self.manuscript.started(self._now())
            self._wake()

    def paused(self, on: bool) -> None:
        """Its process was stopped for now, or goes on."""
        if self.manuscript is None:
            return
        if on:
            self.manuscript.stopped(self._now())
        else:
            self.manuscript.resumed(self._now())
        self._wake()

    def ended(self) -> None:
        """Its process has ended: what it wrote without a newline is logged, and follows end."""
        if self.manuscript is not None:
            self.manuscript.stopped(self._now())
        if self.tails or self._copier.pending:
            self.catch_up()
        held = self._held is not None
        self.hold(False)
        now = max(int(self._bus.now() * SECOND), self._copier.newest + 1)
        self._append(self._copier.flush(now))
        if held:
            self.hold(True)
        for tail in self.tails:
            tail.reading.ends()
        self._wake()

    def catch_up(self) -> None:
        """Put what its author has written by now into the file."""
        if self.manuscript is not None:
            self._append(self._copier.lines(self._by_host(self.manuscript.forward(self._now()))))

    def reach(self, ask: LogAsk) -> None:
        """Put as much of its author's past into the file as an answer needs."""
        self.catch_up()
        if self.manuscript is None or self.file.lost:
            return
        since = 0 if ask.since_ns is None else ask.since_ns - self._ahead()
        step = FIRST_STEP
        while ask.tail is None or len(self.file) < ask.tail:
            begin = self.manuscript.before(step) if ask.tail is not None else since
            if begin is None:
                break
            frames = self.manuscript.backward(max(begin, since))
            self.file.prepend(self._copier.shape(self._by_host(frames)))
            if begin <= since:
                break
            step *= 2

    def due(self) -> float | None:
        """Seconds until the next line of its author; None: only a change tells."""
        at = self.manuscript.due() if self.manuscript is not None else None
        return None if at is None else max(0.0, (at - self._now()) / SECOND)

    def truncate(self) -> None:
        """Somebody empties the file."""
        self.catch_up()
        self.file.truncate()

    def rotate(self) -> None:
        """The file is rotated, full or not."""
        self.catch_up()
        self.file.rotate()

    def hush(self) -> None:
        """Answers that are being read stay open and give nothing any more, not even their end."""
        for tail in self.tails:
            tail.deaf = True

    def hold(self, on: bool) -> None:
        """The engine is away: what is written waits in the pipe and is stamped when it is back."""
        if on:
            self._held = self._held or []
            return
        held, self._held = self._held or [], None
        for data, stream in held:
            self.write(data, stream)

    def clock_set_back(self) -> None:
        """The host's clock shows an earlier time than before."""
        written = [LogFrames(s.stamps, s.streams, s.payloads) for s in self.file.segments]
        self._copier.clock_set_back(written)

    def _append(self, frames: LogFrames) -> None:
        if frames:
            self.file.append(frames)
            self._wake()

    def _wake(self) -> None:
        for tail in self.tails:
            tail.wake.set()

    def _now(self) -> int:
        """By the fleet's clock."""
        return int((self._bus.now() - self._bus.skew) * SECOND)

    def _ahead(self) -> int:
        return round(self._bus.skew * SECOND)

    def _by_host(self, frames: LogFrames) -> LogFrames:
        ahead = self._ahead()
        return LogFrames([stamp + ahead for stamp in frames.stamps], frames.streams, frames.payloads)


class LogTail:
    """One answer that is being read, as the engine sees it."""

    def __init__(self, log: MemoryLog, ask: LogAsk) -> None:
        self.log, self.ask = log, ask
        follow = ask.follow and log.container.alive
        self.reading = Reading(log.file, ask, follow=follow)
        self.wake = asyncio.Event()
        """Set when there may be something new."""
        self.deaf = False
        self.error: HostError | None = None
        """Why it was cut."""
        self.spare = 0
        """How many frames still come through although it was cut."""

    def cut(self, error: HostError, spare: int = 0) -> None:
        """It ends with `error` instead of its proper end, after so many more frames. The first cut counts."""
        if self.error is None:
            self.error, self.spare = error, spare
        self.wake.set()


class LogShelf:
    """All logs of one engine."""

    def __init__(self, bus: EventBus) -> None:
        self.limit: int | None = None
        """How many answers the carrier lets through at a time; None: any number."""
        self.following = 0
        """Follows open now."""
        self.most_following = 0
        """The most that were open at a time."""
        self.followed = 0
        """Follows asked for so far."""
        self.finite = 0
        """Answers without follow asked for so far."""
        self.asks: deque[tuple[str, LogAsk]] = deque(maxlen=ASKS)
        """Container id and question, refused ones too."""
        self._bus = bus
        self._logs: dict[str, MemoryLog] = {}
        self._held = False

    def of(self, container: MemoryContainer) -> MemoryLog:
        """A container's log."""
        log = self._logs.get(container.id)
        if log is None:
            log = self._logs[container.id] = MemoryLog(container, self._bus)
            if self._held:
                log.hold(True)
        return log

    def find(self, container: MemoryContainer) -> MemoryLog | None:
        """A container's log where anything was ever done with it."""
        return self._logs.get(container.id)

    def forget(self, container: MemoryContainer) -> None:
        """The container was removed, and its log with it."""
        self._logs.pop(container.id, None)

    @contextmanager
    def opened(self, container: MemoryContainer, ask: LogAsk) -> Iterator[LogTail]:
        """Answer a question. Raises EngineError where the log driver keeps nothing that could be read, and
        CapabilityMissing where the carrier lets no more answers through.
        """
        self.asks.append((container.id, ask))
        if ask.follow:
            self.followed += 1
        else:
            self.finite += 1
        if self.limit is not None and len(self._tails()) >= self.limit:
            raise CapabilityMissing(self._bus.host, f"no more than {self.limit} streams at a time")
        if not container.log_readable:
            message = "configured logging driver does not support reading"
            raise EngineError(self._bus.host, message, status=501)
        log = self.of(container)
        log.reach(ask)
        tail = LogTail(log, ask)
        log.tails.add(tail)
        self.following += ask.follow
        self.most_following = max(self.most_following, self.following)
        try:
            yield tail
        finally:
            log.tails.discard(tail)
            self.following -= ask.follow

    def cut(self, reason: str = "the stream was cut", *, after: int = 0) -> None:
        """Cut every answer that is being read, each after so many more frames; a link and an engine that
        are there stay. A long line has several frames: it can be cut in the middle.
        """
        self.fail(HostUnreachable(self._bus.host, reason, next_step="it is tried again by itself"), after)

    def fail(self, error: HostError, after: int = 0) -> None:
        """As `cut`, with another error."""
        for tail in self._tails():
            tail.cut(error, after)

    def hold(self, on: bool) -> None:
        """The engine goes away, or is back: what is written meanwhile waits."""
        self._held = on
        for log in self._logs.values():
            log.hold(on)

    def set_clock(self, ahead: float) -> None:
        """Set the host's clock."""
        for log in self._logs.values():
            log.catch_up()
        back = ahead < self._bus.skew
        self._bus.skew = ahead
        if back:
            for log in self._logs.values():
                log.clock_set_back()

    def _tails(self) -> list[LogTail]:
        return [tail for log in self._logs.values() for tail in log.tails]
