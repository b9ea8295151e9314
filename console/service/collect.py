"""One look at every host, for the verbs without a screen: connect, list, and go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress

from console.errors import (
    AnswerNeeded,
    CapabilityMissing,
    EngineDown,
    EngineError,
    HostError,
    HostRefused,
)
from console.model.clock import Clock
from console.model.hosts import HostSpec, HostState, HostStatus
from console.model.snapshot import HostSnapshot
from console.model.text import NOTHING, SafeText, safe
from console.service.board import Board
from console.service.remember import Forgetful, Memory
from console.service.stats import Rates, data_root
from console.service.tasks import end
from console.transport.base import Engine, HostLink, Transport

log = logging.getLogger(__name__)

CPU_GAP = 0.5
"""Seconds between the two samples that CPU per cent needs."""

INSPECTS_AT_ONCE = 8

LOOK_BACK = 600.0
"""Seconds of events read where the past is asked for."""

DRAINED = 0.15
"""Seconds without an event after which the engine is taken to have sent all of its past."""


async def collect(
    transport: Transport,
    specs: Sequence[HostSpec],
    *,
    clock: Clock,
    usage: bool = False,
    details: bool = False,
    past: bool = False,
    deadline: float = 20.0,
    memory: Memory | None = None,
) -> list[HostSnapshot]:
    """A snapshot of each of `specs`, in their order, all hosts at once; never raises for a host's sake.

    `usage` adds CPU and memory (and half a second), `details` an inspect of every container, `past` what
    the engine still knows of the last ten minutes (starts, stops, memory kills). A host that fails, or
    takes longer than `deadline` seconds, has the state and reason of that; what it said before is kept.
    Nothing is asked of a person. The links are left open for `transport.aclose()`, so that what was found
    can be shown before anything is said goodbye to.
    """
    memory = memory or Forgetful()
    looks = [_Look(spec, clock, usage=usage, details=details, past=past) for spec in specs]
    tasks = [asyncio.create_task(look.run(transport, memory, deadline)) for look in looks]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await end(tasks)


class _Look:
    """One host, looked at once."""

    def __init__(self, spec: HostSpec, clock: Clock, *, usage: bool, details: bool, past: bool) -> None:
        self._board = Board(spec, clock, _nowhere)
        self._clock = clock
        self._usage = usage
        self._details = details
        self._past = past

    async def run(self, transport: Transport, memory: Memory, deadline: float) -> HostSnapshot:
        spec = self._board.spec
        if spec.disabled or memory.is_off(spec.name):
            self._status(HostState.OFF, "disabled in hosts.yml" if spec.disabled else "switched off")
            return self._board.snapshot()
        try:
            async with asyncio.timeout(deadline):
                await self._look(await transport.connect(spec, None), memory)
        except TimeoutError:
            self._status(HostState.LOST, f"no answer within {deadline:.0f} s")
        except HostError as error:
            self._status(state_of(error), error.message, error.next_step)
        return self._board.snapshot()

    async def _look(self, link: HostLink, memory: Memory) -> None:
        board, name = self._board, self._board.spec.name
        board.epoch = 1
        board.idle = link.idle
        engine = await link.engine(memory.carrier(name))
        board.facts = engine.facts
        memory.keep_carrier(name, str(engine.facts.carrier))
        await self._list(engine)
        await self._more(link, engine)
        self._status(HostState.UP)

    async def _list(self, engine: Engine) -> None:
        table, clock = self._board.table, self._clock
        if not self._past:
            table.replace_all(await engine.containers(), clock.now(), gap=False)
        else:
            async with engine.events(int((clock.now() - LOOK_BACK) * 1e9)) as events:
                table.replace_all(await engine.containers(), clock.now(), gap=False)
                with suppress(TimeoutError, StopAsyncIteration):
                    while True:
                        async with asyncio.timeout(DRAINED):
                            table.note(await anext(events))
        self._board.listed = clock.now()

    async def _more(self, link: HostLink, engine: Engine) -> None:
        works = []
        if self._usage:
            works.append(asyncio.create_task(self._sample(link, engine)))
        if self._details:
            ids = iter(tuple(self._board.table.containers))
            works += [asyncio.create_task(self._inspect(engine, ids)) for _ in range(INSPECTS_AT_ONCE)]
        try:
            await asyncio.gather(*works)
        finally:
            await end(works)

    async def _sample(self, link: HostLink, engine: Engine) -> None:
        board, rates = self._board, Rates()
        try:
            probe = await link.probe(data_root(await engine.info()))
            rates.usage(await probe.sample(board.running()))
            await self._clock.sleep(CPU_GAP)
            sample = await probe.sample(board.running())
        except CapabilityMissing as error:
            board.capabilities["probe"] = safe(error.message)
            return
        board.capabilities["probe"] = NOTHING
        board.usage = rates.usage(sample)
        board.load = sample.load
        board.rtt = sample.rtt

    async def _inspect(self, engine: Engine, ids: Iterable[str]) -> None:
        table = self._board.table
        for container_id in ids:
            version = table.version(container_id)
            try:
                inspection = await engine.inspect(container_id)
            except EngineError as error:
                log.info("%s: %s", self._board.spec.name, error)
            else:
                table.inspected(inspection.container, version)

    def _status(self, state: HostState, reason: str = "", next_step: str = "") -> None:
        self._board.status = HostStatus(
            state=state, since=self._clock.now(), reason=SafeText(reason), next_step=SafeText(next_step)
        )


def state_of(error: HostError) -> HostState:
    """The state a host is in after this error."""
    if isinstance(error, AnswerNeeded):
        return HostState.NEEDS_YOU
    if isinstance(error, HostRefused):
        return HostState.REFUSED
    if isinstance(error, EngineDown | EngineError):
        return HostState.ENGINE_DOWN
    return HostState.LOST


def _nowhere(snapshot: HostSnapshot) -> None:
    """Snapshots of one look are asked for, not published."""
