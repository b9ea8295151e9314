"""One host, watched for ever: dialled, lost, dialled again; nothing here waits for another host."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from console.errors import AnswerNeeded, HostError, HostRefused, HostUnreachable
from console.model.containers import Inspection
from console.model.hosts import HostSpec, HostState, HostStatus
from console.model.questions import Question, QuestionKind
from console.model.snapshot import HostSnapshot
from console.model.text import NOTHING, safe, sanitise
from console.service.board import Board
from console.service.remember import Memory
from console.service.session import Session, Surroundings
from console.service.tasks import end
from console.service.waits import Backoff
from console.transport.base import Engine, HostLink, Prompter, Transport

log = logging.getLogger(__name__)

ASK_AGAIN = safe("connect again to be asked again")


class Publisher(Protocol):
    """Where snapshots go."""

    def snapshot(self, snapshot: HostSnapshot) -> None: ...


class Supervisor:
    """Owns one host: its connection, its table, its state. Also the `Prompter` of its connects."""

    def __init__(self, spec: HostSpec, memory: Memory, out: Publisher, around: Surroundings) -> None:
        self.spec = spec
        self.board = Board(spec, around.clock, out.snapshot)
        self._memory = memory
        self._around = around
        self._backoff = Backoff(around.random)
        self._off = spec.disabled or memory.is_off(spec.name)
        self._wake = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._answer: asyncio.Future[tuple[str, ...] | None] | None = None
        self._asking = asyncio.Lock()
        self._person_asked = False
        """Whether the last connect needed a secret from a person: then no reconnect asks by itself."""
        self._may_ask = True
        if self._off:
            self.board.status = self._off_status()

    async def run(self, transport: Transport) -> None:
        """For ever; cancel to stop."""
        try:
            while True:
                if self._off:
                    self.board.put_status(self._off_status())
                    await self._pause(None)
                    continue
                self._life = asyncio.create_task(self._live(transport), name=f"host {self.spec.name}")
                await asyncio.wait({self._life})
        finally:
            if self._life is not None:
                await end([self._life])
            self.board.close()

    def retry(self) -> None:
        """Connect now: ends a wait, or a link that has gone quiet; otherwise nothing."""
        self._may_ask = True
        self._backoff.reset()
        self._wake.set()
        if self.board.status.state is HostState.QUIET:
            self._restart_life()

    def switch(self, on: bool) -> None:
        """Take the host out of the fleet or back in. One that is disabled in hosts.yml stays out."""
        self._memory.keep_off(self.spec.name, not on)
        off = self.spec.disabled or not on
        if off == self._off:
            return
        self._off = off
        self._may_ask = True
        self._backoff.reset()
        self._wake.set()
        if off:
            self._restart_life()

    def answer(self, answers: tuple[str, ...] | None) -> None:
        """Answer the pending question, if there is one."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answers)

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        """Show the question in the host's status and wait for `answer`."""
        async with self._asking:
            if question.kind is not QuestionKind.HOST_KEY:
                self._person_asked = True
            self._answer = asyncio.get_running_loop().create_future()
            self.board.set_status(HostState.NEEDS_YOU, question.title, question=question)
            try:
                return await self._answer
            finally:
                self._answer = None
                self.board.set_status(HostState.CONNECTING)

    def fail(self, error: Exception) -> None:
        """Say that this host cannot even be dialled."""
        text = sanitise(f"internal error: {type(error).__name__}: {error}", 200)
        self.board.fail(text)

    def reached(self) -> tuple[Engine, int] | None:
        """The engine and the epoch of the connection it is reached by, while it answers."""
        engine = self._session.engine if self._session else None
        return (engine, self.board.epoch) if engine is not None else None

    @property
    def route(self) -> str:
        """The way there as an operator would say it; empty while there is no connection."""
        return self._session.route if self._session else ""

    def unreachable(self) -> HostUnreachable:
        """Why nothing can be asked of this host."""
        state = self.board.status
        reason = f"{state.state}: {state.reason}" if state.reason else str(state.state)
        return HostUnreachable(self.spec.name, reason, next_step=state.next_step)

    async def inspect(self, container_id: str) -> Inspection:
        """Ask the engine now. Raises NotFound, EngineDown or HostUnreachable."""
        epoch = self.board.epoch
        engine = self._session.engine if self._session else None
        if engine is None:
            raise self.unreachable()
        inspection = await engine.inspect(container_id)
        if epoch != self.board.epoch:
            raise HostUnreachable(self.spec.name, "the connection was lost while asking")
        return inspection

    async def _live(self, transport: Transport) -> None:
        while True:
            try:
                await self._connect_and_stay(transport)
            except AnswerNeeded as error:
                await self._wait_for_person(HostState.NEEDS_YOU, error)
            except HostRefused as error:
                await self._wait_for_person(HostState.REFUSED, error)
            except HostError as error:
                await self._wait_and_retry(error.message, error.next_step)
            except Exception as error:  # a defect of ours on one host must not end the others
                log.exception("%s: defect", self.spec.name)
                text = sanitise(f"internal error: {type(error).__name__}: {error}", 200)
                await self._wait_and_retry(text, "please report it, with the log")

    async def _connect_and_stay(self, transport: Transport) -> None:
        if self.board.status.state is not HostState.LOST:
            self.board.set_status(HostState.CONNECTING)
        else:
            self.board.set_status(HostState.LOST, self.board.status.reason, next_step=safe("trying now"))
        prompter: Prompter | None = self if self._may_ask or not self._person_asked else None
        if prompter is not None:
            self._person_asked = False
        self._may_ask = False
        link = await transport.connect(self.spec, prompter)
        began = self._around.clock.monotonic()
        try:
            await self._stay(link)
        finally:
            self._backoff.survived(self._around.clock.monotonic() - began)
            self.board.unlinked()
            await link.aclose()

    async def _stay(self, link: HostLink) -> None:
        name = self.spec.name
        self.board.linked(link.idle)
        self._session = Session(
            link,
            self.board,
            self._around,
            carrier=self._memory.carrier(name),
            carried=lambda carrier: self._memory.keep_carrier(name, carrier),
            pause=self._pause,
        )
        try:
            await self._session.run()
        finally:
            self._session = None

    async def _wait_for_person(self, state: HostState, error: HostError) -> None:
        next_step = safe(error.next_step) or (ASK_AGAIN if state is HostState.NEEDS_YOU else NOTHING)
        self.board.set_status(state, safe(error.message), next_step=next_step)
        await self._pause(None)

    async def _wait_and_retry(self, reason: str, next_step: str) -> None:
        wait = self._backoff.next()
        self.board.set_status(
            HostState.LOST,
            safe(reason),
            next_step=safe(next_step),
            retry_at=self._around.clock.now() + wait,
        )
        await self._pause(wait)

    async def _pause(self, seconds: float | None) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _restart_life(self) -> None:
        if self._life is not None:
            self._life.cancel()

    def _off_status(self) -> HostStatus:
        disabled = self.spec.disabled
        return HostStatus(
            state=HostState.OFF,
            since=self._around.clock.now(),
            reason=safe("disabled in hosts.yml" if disabled else "switched off"),
            next_step=safe("remove `disabled: true` from hosts.yml" if disabled else ""),
        )
