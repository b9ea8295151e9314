"""One connection's life, from the moment the link stands until it is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from console.errors import EngineDown, HostError, HostUnreachable
from console.model.clock import Clock
from console.model.events import EngineEvent
from console.model.hosts import HostState
from console.model.text import safe
from console.service.board import Board
from console.service.details import Inspector
from console.service.history import History
from console.service.stats import Sampler, data_root
from console.service.tasks import first
from console.service.view import View
from console.service.waits import Backoff
from console.service.watch import DEADLINE, Watch, answered, ping
from console.transport.base import Engine, HostLink

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between looks at how long the link has been idle."""

EXPLAIN = 0.2
"""Seconds the link is given to say why it is gone."""

HEARTBEAT = 5.0
"""Seconds between pings of the engine, which may hang while SSH is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all sessions of a fleet share."""

    clock: Clock
    view: View
    history: History
    emit: Callable[[EngineEvent], None]
    random: Callable[[], float]
    """0 to 1, for the jitter of back-offs."""
    figures: bool = True
    """Whether load, statistics and details are wanted at all."""
    inspects_per_second: float
    sample_every: float
    """Seconds between samples of hosts none of whose rows is in view."""
    first_sample_within: float
    """Seconds over which the first samples are spread, by chance, from when a host is up."""


class Session:
    """Everything that is done over one link."""

    def __init__(
        self,
        link: HostLink,
        board: Board,
        around: Surroundings,
        *,
        carrier: str,
        carried: Callable[[str], None],
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        """`carrier`: the one that worked last time; `carried` is told which one works now; `pause` waits
        that many seconds or until the operator is impatient.
        """
        self.engine: Engine | None = None
        """The engine, while it answers."""
        self._link = link
        self._board = board
        self._around = around
        self._carrier = carrier
        self._carried = carried
        self._pause = pause
        self._ready = asyncio.Event()
        self._watch = Watch(board, around.emit, self._applied)
        self._inspector = Inspector(board, self._watch.suspect, around.inspects_per_second)

    @property
    def route(self) -> str:
        """The way there as an operator would say it."""
        return self._link.route

    async def run(self) -> None:
        """Until the link is gone or of no use; raises why."""
        try:
            figures = [self._sample()] if self._around.figures else []
            await first(self._lost(), self._live_with_engine(), self._look_for_quiet(), *figures)
        except HostUnreachable as error:
            # Whoever uses the link may notice first, but the link knows best why.
            try:
                async with asyncio.timeout(EXPLAIN):
                    reason = await self._link.lost()
            except TimeoutError:
                raise error from None
            raise reason from error

    async def _lost(self) -> None:
        raise await self._link.lost()

    async def _live_with_engine(self) -> None:
        clock = self._around.clock
        backoff = Backoff(self._around.random)
        while True:
            began = clock.monotonic()
            try:
                await self._use_engine()
            except EngineDown as error:
                self._ready.clear()
                backoff.survived(clock.monotonic() - began)
                if self._board.silent():
                    # Requests time out before the link is given up: not the engine's fault.
                    await self._heard_again()
                    continue
                wait = backoff.next()
                self._board.set_status(
                    HostState.ENGINE_DOWN,
                    safe(error.message),
                    next_step=safe(error.next_step),
                    retry_at=clock.now() + wait,
                )
                await self._pause(wait)
                await self._heard_again()
                self._board.set_status(
                    HostState.ENGINE_DOWN, safe(error.message), next_step=safe("trying now")
                )

    async def _use_engine(self) -> None:
        engine = await answered(self._link.engine(self._carrier), DEADLINE, self._board, "at all")
        try:
            self._board.facts = engine.facts
            self._carrier = str(engine.facts.carrier)
            self._carried(self._carrier)
            self.engine = engine
            details = [self._inspector.run(engine)] if self._around.figures else []
            await first(self._watch.run(engine), self._heartbeat(engine), *details)
        finally:
            self.engine = None
            await engine.aclose()

    def _applied(self) -> None:
        """A list was taken in: the table is right, so the host is up."""
        self._inspector.nudge()
        if not self._ready.is_set():
            self._ready.set()
            self._board.set_status(HostState.UP)

    async def _heartbeat(self, engine: Engine) -> None:
        while True:
            await self._around.clock.sleep(HEARTBEAT)
            rtt = await ping(engine, self._board)
            if self._board.capabilities.get("probe", "?"):
                self._board.rtt = rtt
                self._board.touch()

    async def _look_for_quiet(self) -> None:
        while True:
            await self._around.clock.sleep(LOOK_EVERY)
            state = self._board.status.state
            if state in (HostState.UP, HostState.ENGINE_DOWN) and self._board.silent():
                self._board.set_status(HostState.QUIET, safe("nothing heard any more"))
            elif state is HostState.QUIET and not self._board.silent():
                self._board.set_status(HostState.UP if self._ready.is_set() else HostState.CONNECTING)

    async def _heard_again(self) -> None:
        while self._board.silent():
            await self._around.clock.sleep(LOOK_EVERY)

    async def _sample(self) -> None:
        around = self._around
        await self._ready.wait()
        # A shell runs the login's start-up files and `/info` is dear: a crowd does not do that all at once.
        await around.clock.sleep(around.random() * around.first_sample_within)
        root = await self._data_root()
        sampler = Sampler(self._board, around.view, around.history, around.sample_every)
        await sampler.run(self._link, root, lambda: self.engine)

    async def _data_root(self) -> str:
        if self.engine is None:
            return ""
        try:
            info = await answered(self.engine.info(), DEADLINE, self._board, "what it is")
        except HostError as error:
            log.info("%s: the data root is not known: %s", self._board.spec.name, error)
            return ""
        return data_root(info)
