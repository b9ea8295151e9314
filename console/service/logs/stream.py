"""One merged stream: its members' tailers, their lines in order, and what is said of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from console.model.clock import Clock
from console.model.containers import Container
from console.model.logs.lines import LogBlock, LogSource, Note
from console.model.logs.wish import LogWish
from console.service.logs.braid import Braid
from console.service.logs.caretaker import Caretaker
from console.service.logs.funnel import Funnel
from console.service.logs.history import Window
from console.service.logs.host import PATIENCE, HostAccess, HostSide, known
from console.service.logs.jobs import Jobs
from console.service.logs.members import Members
from console.service.logs.ordering import Ordering
from console.service.logs.outbox import StreamState
from console.service.logs.tailer import Tailer
from console.service.tap import SourceView

HELD, HELD_BYTES = 50_000, 16 << 20
"""Lines and bytes that are held for order's sake while the past is read, about."""

SETTLE = 0.5
"""Seconds between two looks at lines in doubt."""


class Out(Protocol):
    """Where a stream goes."""

    @property
    def most(self) -> int | None:
        """Frames of one container's past that are of use at most; None: all."""
        ...

    @property
    def patience(self) -> float:
        """Seconds for which the past of others waits for a source that gives nothing."""
        ...

    @property
    def frozen_full(self) -> bool:
        """Whether as much waits as a reader is kept who said that he will not take."""
        ...

    def put(self, blocks: list[LogBlock]) -> None: ...

    def show(self, state: StreamState) -> None: ...

    async def room(self) -> None:
        """Wait until more may come."""
        ...


class LogStream:
    """Belongs to the network loop. `start` it, tell `members` of snapshots and events, `aclose` it."""

    def __init__(
        self,
        wish: LogWish,
        out: Out,
        clock: Clock,
        jitter: Callable[[], float],
        access: Callable[[str], HostAccess],
    ) -> None:
        self.wish = wish
        self.members = Members(wish, self._note, self._side, self._tailer, self._listed)
        self.suspended = False
        """Whether nothing is read, because nobody takes."""
        self._out = out
        self._clock = clock
        self._jitter = jitter
        self._access = access
        self._braid = Braid(out.patience, HELD, HELD_BYTES, strict=out.most is None)
        self._funnel = Funnel(clock, self._emit, out.room, lambda: self._ordering.timeless, self._braid)
        self._ordering = Ordering(self.members, self._funnel, clock)
        self._frozen = False
        self._views: list[SourceView] = []
        self._opened = clock.monotonic()
        self._soon: asyncio.Handle | None = None
        self._jobs = Jobs()

    def start(self) -> None:
        """Begin."""
        self._jobs.start("log merge", self._funnel.run)
        self._jobs.start("log keeping", self._keep)
        self._show()

    async def aclose(self) -> None:
        """End everything and wait for it. Idempotent."""
        await self._jobs.aclose()
        for side in self.members.hosts.values():
            side.close()
        if self._soon is not None:
            self._soon.cancel()

    def freeze(self, on: bool) -> None:
        """Nobody takes for a while, or somebody does again."""
        self._frozen = on
        if on:
            self._suspend_if_full()
        elif self.suspended:
            self.suspended = False
            for name in self.members.hosts:
                self._care(name)
            for tailer in self.members.tailers:
                tailer.reader.away = "while the stream was frozen"
                self._run(tailer)
            self._show()

    def flush(self) -> None:
        """Give on everything there is."""
        self._funnel.flush()
        self._show()

    # Made for `members`.

    def _note(self, note: Note) -> None:
        self._funnel.note(note)

    def _side(self, name: str) -> HostSide:
        side = HostSide(self._access(name), self._clock, self._note)
        self._care(name, side)
        self._join(name)
        return side

    def _listed(self, host: str) -> None:
        self._braid.through(host)

    def _join(self, name: str | int) -> None:
        """Wait for the past of this host or source, where the past of all is what is being read."""
        now = self._clock.monotonic()
        if now - self._opened < self._out.patience or not self._braid.over:
            self._braid.join(name, now)

    def _tailer(self, source: LogSource, container: Container, window: Window, side: HostSide) -> Tailer:
        tailer = Tailer(
            source,
            container,
            window,
            side,
            self._funnel,
            self._clock,
            most=self._out.most,
            follow=self.wish.follow and self.wish.until_ns is None,
            changed=self._changed,
        )
        self._views.append(tailer.view)
        self._funnel.sources = len(self._views)
        self._ordering.joined(source)
        self._join(source.index)
        if not self.suspended:
            self._run(tailer)
        return tailer

    # Tasks.

    def _run(self, tailer: Tailer) -> None:
        if not tailer.over:
            self._jobs.begin(tailer.source.index, f"log {tailer.source.ref}", tailer.run)

    def _care(self, name: str, side: HostSide | None = None) -> None:
        caretaker = Caretaker(
            side or self.members.hosts[name],
            lambda: self.members.of_host(name),
            self._clock,
            self._jitter,
            wants_clock=lambda: self._ordering.wants_clock(name),
            read=self._clock_read,
        )
        self._jobs.begin(name, f"log care {name}", caretaker.run)

    def _suspend_if_full(self) -> None:
        if self._frozen and not self.suspended and self._out.frozen_full:
            self.suspended = True
            self._jobs.halt()
            self._funnel.flush()

    async def _keep(self) -> None:
        """What has to be looked at again and again."""
        await self._clock.sleep(PATIENCE)
        for side in self.members.hosts.values():
            side.never_reached()
        while True:
            await self._clock.sleep(SETTLE)
            if not self.suspended:
                for tailer in self.members.tailers:
                    tailer.reader.settle()

    # What is shown.

    def _clock_read(self) -> None:
        self._ordering.read()
        self._show()

    def _loading(self) -> bool:
        return any(tailer.loading for tailer in self.members.tailers)

    def _changed(self, source: int) -> None:
        self._funnel.touched.add(source)
        if source < len(self.members.tailers) and not self.members.tailers[source].loading:
            self._braid.through(source)
        if self._soon is None and not self._funnel.waiting:
            # Many change at once: they are shown at once.
            self._soon = asyncio.get_running_loop().call_soon(self._show)

    def _emit(self, blocks: list[LogBlock]) -> None:
        self._out.put(blocks)
        self._suspend_if_full()
        self._show()

    def _show(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        for index in self._funnel.touched:
            self._views[index] = self.members.tailers[index].view
        self._funnel.touched.clear()
        self._out.show(
            StreamState(
                sources=tuple(self._views),
                loading=self._loading(),
                clocks=known(self.members.hosts.values()),
                corrected=self._ordering.corrected,
                suspended=self.suspended,
            )
        )
