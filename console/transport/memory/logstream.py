"""How the answer to a question for logs gets over a memory link: bit by bit, as fast as it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Protocol

from console.errors import HostError
from console.model.clock import Clock
from console.model.logs.lines import LogFrames
from console.transport.memory.logfile import MOST_FRAMES
from console.transport.memory.logs import LogTail

BREATH = 0.005
"""Seconds to wait at least for a line that is due, so that a few lines close together come as one."""


class Wire(Protocol):
    """What is asked of a link."""

    on_cut: set[Callable[[HostError], None]]

    async def flow(self) -> None: ...


async def frames_of(tail: LogTail, wire: Wire, clock: Clock) -> AsyncGenerator[LogFrames, None]:
    """What there is when it is asked for. Between two takes nothing is kept: the file is read on from where
    it was left, however it has changed by then.
    """
    wire.on_cut.add(tail.cut)
    try:
        while True:
            _stop_where_cut(tail)
            await wire.flow()
            # A long past is given in parts; others of this loop get their turn in between.
            await asyncio.sleep(0)
            _stop_where_cut(tail)
            tail.log.catch_up()
            tail.wake.clear()
            if not tail.deaf:
                frames = tail.reading.take(tail.spare if tail.error is not None else MOST_FRAMES)
                if frames:
                    tail.spare -= len(frames)
                    yield frames
                    continue
                if tail.error is not None:
                    raise tail.error
                if tail.reading.finished:
                    return
            await _something_new(tail, clock)
    finally:
        wire.on_cut.discard(tail.cut)


def _stop_where_cut(tail: LogTail) -> None:
    if tail.error is not None and tail.spare <= 0:
        raise tail.error


async def _something_new(tail: LogTail, clock: Clock) -> None:
    due = None if tail.deaf else tail.log.due()
    if due is None:
        await tail.wake.wait()
    else:
        await _either(tail.wake.wait(), clock.sleep(max(due, BREATH)))


async def _either(*works: Coroutine[object, object, object]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
