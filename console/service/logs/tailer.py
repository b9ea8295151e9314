"""One container's log from joining to its removal: loaded, followed or polled, through every interruption."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from console.errors import CapabilityMissing, Conflict, EngineError, HostError, NotFound
from console.model.clock import Clock
from console.model.containers import Container, ContainerState
from console.model.logs.lines import LogSource, NoteKind
from console.model.logs.setup import LogSetup
from console.model.text import NOTHING, SafeText, safe, sanitise
from console.service.logs import notes
from console.service.logs.chronicle import Chronicle
from console.service.logs.follows import POLL_EVERY
from console.service.logs.history import Window
from console.service.logs.host import HostSide, Reached
from console.service.logs.life import Life
from console.service.logs.loader import Loader
from console.service.logs.reader import Into, Reader
from console.service.tap import SourceState, SourceView

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.2, 5.0
"""Seconds before an ask that ended or broke is repeated; doubled each time that it was of no use."""

STEADY = 10.0
"""Seconds after which a follow that ends was of use."""

MISSING = 6
"""Times that an engine says a container is not there before it is believed without a list that says so."""

SELDOM = 60.0
"""Seconds at most before a log that an engine could not read is asked for again."""

DEADLINE = 10.0
"""Seconds for an inspect."""


class Tailer:
    """Owns one source. `run` may be cancelled and run again: it goes on where it was."""

    def __init__(
        self,
        source: LogSource,
        container: Container,
        window: Window,
        host: HostSide,
        into: Into,
        clock: Clock,
        *,
        most: int | None,
        follow: bool,
        changed: Callable[[int], None],
    ) -> None:
        """`most`: frames of the past of use at most; `changed` is told when `view` is another one."""
        self.life = Life(container)
        self.host = host
        self.reader = Reader(source, window, host, into, clock, most)
        self._loader = Loader(self.reader, window, clock, most=most, follow=follow)
        self._chronicle = Chronicle(self.life, self.reader, host)
        self.state = SourceState.LOADING
        self.why = NOTHING
        self.setup: LogSetup | None = None
        self.over = False
        """Whether nothing more will come of it."""
        self._clock = clock
        self._follow = follow
        self._changed = changed
        self._ended_run = self._drained_run = -1
        """When the run was started whose follow came to its end; and that after whose end all was read."""
        self._inspected: Reached | None = None
        """The connection by which it was last inspected."""
        self._pause = SHORTEST
        self._missed = 0

    @property
    def source(self) -> LogSource:
        return self.reader.source

    @property
    def view(self) -> SourceView:
        """How it is doing."""
        return SourceView(source=self.source, state=self.state, why=self.why, lines=self.reader.resume.lines)

    @property
    def loading(self) -> bool:
        return self.state is SourceState.LOADING

    @property
    def may_miss(self) -> bool:
        """Whether it could write while its host is not reached."""
        return not self.over and self.life.running and self.state is not SourceState.NOTHING

    def renamed(self, name: SafeText) -> None:
        """Its container has another name now."""
        self.reader.source = replace(self.source, name=name)
        self._changed(self.source.index)

    async def run(self) -> None:
        """Until it is over."""
        try:
            while not self.over:
                if not self.host.up:
                    self._set(SourceState.WAITING, safe(self.host.reason()))
                await self._try(await self.host.reached())
        except Exception as error:  # a defect of ours on one source must not end the others
            log.exception("%s: defect", self.source.ref)
            self._nothing(sanitise(f"internal error: {type(error).__name__}: {error}", 200))
            self.over = True

    async def _try(self, reached: Reached) -> None:
        try:
            await self._step(reached)
            self._missed = 0
        except (NotFound, Conflict):
            await self._missing()
        except CapabilityMissing:
            self.host.follows.refused()
            await self._rest()
        except EngineError as error:
            await self._unreadable(error)
        except HostError as error:
            self.host.lost(self.source.index, error.message)
            self._set(SourceState.WAITING, safe(error.message))
            await self._rest()

    async def _step(self, reached: Reached) -> None:
        """The next thing to do."""
        reader = self.reader
        if self.life.removed_ns is not None:
            self._gone(self.life.removed_ns)
        elif self._inspected != reached:
            await self._inspect(reached)
        elif not reader.loaded:
            await self._load(reached)
        elif not self._follow:
            await self._complete(reached)
        elif self.life.running or self._drained_run != self.life.started_ns:
            await self._read_on(reached)
        else:
            self._set(SourceState.STOPPED)
            await self.life.change()

    async def _inspect(self, reached: Reached) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                inspection = await reached.engine.inspect(self.source.id)
        except TimeoutError:
            raise HostError(self.host.name, "the engine does not answer an inspect") from None
        # On each connection: what went on without us is not told by events alone.
        self.life.inspected(inspection.container)
        self._inspected = reached
        self.setup = inspection.logs
        self.reader.asker.tty = inspection.logs.tty
        if reached.engine.facts.engine == "podman":
            self.reader.resume.share_stamps()

    async def _load(self, reached: Reached) -> None:
        running, run = self.life.running, self.life.started_ns
        self._chronicle.begins()
        if self.state is not SourceState.NOTHING:
            self._set(SourceState.LOADING)
        await self._loader.load(reached, self.setup or LogSetup())
        self.host.proven(self.source.index)
        if not self._follow:
            self._done()
        elif not running and not self.life.running:
            self._drained_run = run
            self.reader.finish()

    async def _complete(self, reached: Reached) -> None:
        """A past that was begun and broke: the rest of it."""
        await self.reader.poll(reached)
        self._done()

    def _done(self) -> None:
        self.reader.finish()
        self._set(SourceState.READ)
        self.over = True

    async def _read_on(self, reached: Reached) -> None:
        """Follow until it ends, or ask once and wait."""
        running, began = self.life.running, self._clock.monotonic()
        run = self.life.started_ns
        self._chronicle.started()
        before = self.reader.resume.lines
        follow = self.host.follows.take(reached.epoch, self.reader.interrupt) if running else None
        if running:
            self._drained_run = -1
        if follow is not None:
            self._set(SourceState.FOLLOWING)
            try:
                ended = await self.reader.follow(reached, self.setup.max_size if self.setup else None)
            finally:
                self.host.follows.release(follow)
            if ended:
                self._ended_run = run
                self.reader.finish()
                useful = self._clock.monotonic() - began > STEADY or self.reader.resume.lines > before
                await self._rest(reset=useful)
        elif running:
            self._set(SourceState.POLLED)
            await self.reader.poll(reached)
            await self.life.change(POLL_EVERY)
        else:
            await self.reader.poll(reached)
            if not self.life.running:
                self._drained_run = run
                self.reader.finish()
                self._chronicle.ended()

    def _gone(self, ns: int) -> None:
        whole = not self._follow or self.life.started_ns in (self._ended_run, self._drained_run)
        self._chronicle.removed(ns, whole=whole)
        self._set(SourceState.GONE)
        self.over = True
        self.host.proven(self.source.index)

    async def _missing(self) -> None:
        """The engine says that it is not there, or not for long; its list should say so too."""
        self._missed += 1
        if self._missed >= MISSING:
            self.life.gone(self.host.now_ns())
        else:
            await self.life.change(SHORTEST * self._missed)

    async def _unreadable(self, error: EngineError) -> None:
        self.host.proven(self.source.index)
        if self.life.container.state is ContainerState.CREATED:
            # It has no log yet.
            self._drained_run, self.reader.loaded = self.life.started_ns, True
            if not self._follow:
                self._done()
                return
            self._set(SourceState.STOPPED)
            await self.life.change()
            return
        driver = self.setup.driver if self.setup is not None else ""
        self._nothing(notes.nothing_why(driver, error.message))
        if not self._follow:
            self.over = True
        await self._rest(SELDOM if driver not in notes.LOCAL_DRIVERS else LONGEST)

    def _nothing(self, why: SafeText) -> None:
        if self.state is not SourceState.NOTHING or why != self.why:
            self._chronicle.note(NoteKind.NOTHING, 0, why)
        self._set(SourceState.NOTHING, why)

    async def _rest(self, at_least: float = 0.0, *, reset: bool = False) -> None:
        """Wait before the next try, longer each time; something new about the container ends it."""
        if reset:
            self._pause = SHORTEST
        wait, self._pause = max(at_least, self._pause), min(LONGEST, self._pause * 2)
        await self.life.change(wait)

    def _set(self, state: SourceState, why: SafeText = NOTHING) -> None:
        if (state, why) != (self.state, self.why):
            self.state, self.why = state, why
            self._changed(self.source.index)
