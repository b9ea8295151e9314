"""Aids of the tests on real hosts: a scripted operator, waiting without blocking the loop, subscribing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from console.model.events import EngineEvent
from console.model.questions import Question
from console.transport.base import Engine, Transport
from tests.lab.host import LabHost


class Scripted:
    """Answers questions in order and keeps them; None is no. An unexpected question fails the test."""

    def __init__(self, *answers: tuple[str, ...] | None) -> None:
        self._answers = list(answers)
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> tuple[str, ...] | None:
        self.asked.append(question)
        assert self._answers, f"nobody expected to be asked: {question}"
        return self._answers.pop(0)


async def until(condition: Callable[[], object], what: str, limit: float = 30) -> None:
    """Wait until `condition()` is true; it may block (it runs in a thread)."""
    end = time.monotonic() + limit
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, f"waited {limit:.0f} s in vain for: {what}"
        await asyncio.sleep(0.05)


async def engine_of(transport: Transport, host: LabHost, **spec: Any) -> Engine:
    link = await transport.connect(host.spec(**spec), None)
    return await link.engine()


async def collect(
    engine: Engine, seen: list[EngineEvent], ready: asyncio.Event, since: int | None = None
) -> None:
    async with engine.events(since) as events:
        ready.set()
        async for event in events:
            seen.append(event)
