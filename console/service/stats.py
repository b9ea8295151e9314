"""Figures of a host and its containers: from cgroups through the host's shell, or else from the engine.

The shell's probe asks nothing of the engine and covers every running container, so it runs for all while
somebody looks, and slowly otherwise. Without a shell only the rows in view are followed, by streams of
the engine's own statistics, a few at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from console.errors import CapabilityMissing, HostError
from console.model.containers import Usage
from console.model.hosts import HostLoad
from console.model.text import NOTHING, safe
from console.service.board import Board
from console.service.history import History
from console.service.tasks import end, patient
from console.service.view import View
from console.service.waits import phase
from console.transport.base import CgroupUsage, Engine, HostLink, HostProbe, ProbeSample

T = TypeVar("T")

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between samples while somebody looks."""

SLOWLY = 30.0
"""Seconds between samples while nobody does: enough for the disk to be noticed."""

STREAMS = 8
"""Statistics streams of one host at the same time, where there is no shell."""

TURN = 6.0
"""Seconds a stream is followed before another row gets its place; the engine sends one frame a second."""

REOPEN = (2.0, 60.0)
"""Seconds until a shell that failed is tried again: the first time, and at most."""

PATIENCE = 10.0
"""Seconds for a shell to open or a sample to come, beyond what the transport itself allows."""

SKEW_SAMPLES = 10


def data_root(info: Mapping[str, object]) -> str:
    """Where an engine keeps its data, from its `GET /info`; empty when it does not say."""
    root = info.get("DockerRootDir", "")
    return root if isinstance(root, str) else ""


class Rates:
    """CPU per cent out of CPU seconds: pure arithmetic between two samples of one boot."""

    def __init__(self) -> None:
        self._before: Mapping[str, CgroupUsage] = {}
        self._monotonic = 0.0

    def usage(self, sample: ProbeSample) -> dict[str, Usage]:
        """What a sample means together with the one before; the first of a container has no per cent."""
        passed = sample.monotonic - self._monotonic if self._before else 0.0
        found = {}
        for container_id, now in sample.usage.items():
            before = self._before.get(container_id)
            percent = None
            # Counters that went back are those of a container that was started anew.
            if before is not None and passed > 0 and now.cpu_seconds >= before.cpu_seconds:
                percent = 100 * (now.cpu_seconds - before.cpu_seconds) / passed
            found[container_id] = Usage(sample.at, percent, now.memory_bytes, now.memory_limit)
        self._before, self._monotonic = sample.usage, sample.monotonic
        return found


class Skew:
    """A host's clock against ours: the reading with the shortest round trip of the last few is the best."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float]] = deque(maxlen=SKEW_SAMPLES)

    def settle(self, load: HostLoad, rtt: float) -> HostLoad:
        """`load` with the best estimate in place of its own."""
        if load.skew is None:
            return load
        self._readings.append((rtt, load.skew))
        return replace(load, skew=min(self._readings)[1])


class Sampler:
    """Takes the figures of one host over one link."""

    def __init__(self, board: Board, view: View, history: History, every: float) -> None:
        """`every`: seconds between samples of a host none of whose rows is in view."""
        self._board = board
        self._view = view
        self._history = history
        self._every = every
        self._rates = Rates()
        self._skew = Skew()

    async def run(self, link: HostLink, data_root: str, engine: Callable[[], Engine | None]) -> None:
        """For ever; raises when the link is gone. `engine` is the one of the moment."""
        probe: HostProbe | None = None
        pause, most = REOPEN
        while True:
            try:
                if probe is None:
                    probe = await self._patient(link.probe(data_root))
                    self._capability("shell", "")
                await self._sample_for_ever(probe)
            except CapabilityMissing as error:
                if probe is None:
                    self._capability("shell", error.message)
                self._capability("probe", error.message)
            await self._instead(engine, pause)
            pause = min(pause * 2, most)

    async def _sample_for_ever(self, probe: HostProbe) -> None:
        stretch = phase(self._board.spec.name)
        while True:
            sample = await self._patient(probe.sample(self._board.running()))
            self._capability("probe", "")
            self._take(sample)
            await self._pause(stretch)
            stretch = 1.0

    async def _patient(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await patient(work, PATIENCE, self._board.silent)
        except TimeoutError as error:
            raise CapabilityMissing(self._board.spec.name, "the host's shell does not answer") from error

    def _take(self, sample: ProbeSample) -> None:
        board, host = self._board, self._board.spec.name
        board.usage = self._rates.usage(sample)
        board.load = self._skew.settle(sample.load, sample.rtt)
        board.rtt = sample.rtt
        self._history.add(host, board.usage)
        self._history.add_load(host, board.load)
        self._history.keep_only(host, board.table.containers)
        board.touch()

    async def _pause(self, stretch: float) -> None:
        clock = self._board.clock
        began = clock.monotonic()
        while (left := began + self._interval() * stretch - clock.monotonic()) > 0.001:
            await self._view.changed(left)

    def _interval(self) -> float:
        if self._view.ids(self._board.spec.name):
            return EVERY
        return self._every if self._view.anybody else SLOWLY

    def _capability(self, name: str, missing: str) -> None:
        if self._board.capabilities.get(name) != missing:
            log.info("%s: %s: %s", self._board.spec.name, name, missing or "works")
            self._board.capabilities[name] = safe(missing) if missing else NOTHING
            self._board.touch()

    async def _instead(self, engine: Callable[[], Engine | None], seconds: float) -> None:
        """Follow the engine's statistics of rows in view until it is time to try the shell again."""
        clock = self._board.clock
        until = clock.monotonic() + seconds
        followed: dict[str, asyncio.Task[None]] = {}
        turn: deque[str] = deque()
        try:
            while (left := until - clock.monotonic()) > 0.001:
                current = engine()
                await self._rotate(followed, turn, current)
                await self._view.changed(min(left, TURN))
        finally:
            await end(followed.values())

    async def _rotate(
        self, followed: dict[str, asyncio.Task[None]], turn: deque[str], engine: Engine | None
    ) -> None:
        wanted = self._view.ids(self._board.spec.name) & set(self._board.running())
        turn.extend(sorted(wanted.difference(turn)))
        for gone in [known for known in turn if known not in wanted]:
            turn.remove(gone)
        chosen = [turn[index] for index in range(min(STREAMS, len(turn)))] if engine else []
        if len(turn) > STREAMS:
            turn.rotate(-STREAMS)
        leaving = [key for key, task in followed.items() if key not in chosen or task.done()]
        await end(followed.pop(key) for key in leaving)
        for container_id in chosen:
            if engine is not None and container_id not in followed:
                followed[container_id] = asyncio.create_task(self._follow(engine, container_id))

    async def _follow(self, engine: Engine, container_id: str) -> None:
        board = self._board
        with suppress(HostError):
            async with engine.stats(container_id) as frames:
                async for frame in frames:
                    usage = Usage(frame.at, frame.cpu_percent, frame.memory_bytes, frame.memory_limit)
                    board.usage = {**board.usage, container_id: usage}
                    self._history.add(board.spec.name, {container_id: usage})
                    board.touch()
