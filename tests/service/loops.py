"""A loop on which waiting takes no time: its clock jumps to the next timer when nothing is left to do.

Only for code that talks to nothing real: the memory transport.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

EPOCH = 1_750_000_000.0
"""Seconds of the Unix epoch at which virtual time begins."""


class _Selector:
    """Never waits; tells the loop how long it would have."""

    def __init__(self, skip: Callable[[float], None]) -> None:
        self._real = selectors.DefaultSelector()
        self._skip = skip

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits for something that will never happen")
        self._skip(timeout)
        return ready

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time is a number."""

    def __init__(self) -> None:
        self._virtual = 0.0
        super().__init__(_Selector(self._advance))  # type: ignore[arg-type]  # has what the loop uses

    def time(self) -> float:
        return self._virtual

    def _advance(self, seconds: float) -> None:
        # A little more, so that rounding never leaves a timer a hair short of its time.
        self._virtual += max(seconds, 1e-6)


class LoopClock:
    """`Clock` by the running loop."""

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a coroutine test in virtual time, and see that it leaves no task behind."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(_checked(test(*args, **kwargs)))

    return run


async def _checked(test: Awaitable[None]) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(repr(context)))
    await test
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks left behind: {left}"
    gc.collect()
    assert not complaints, f"the loop complained: {complaints}"


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until `condition` holds; fail after `seconds` of virtual time. Looks ever less often, by a
    twentieth of the time that has passed.
    """
    waited, step = 0.0, 0.0
    while not condition():
        assert waited < seconds, f"not so after {seconds} s"
        step = max(0.005, waited / 20)
        await asyncio.sleep(step)
        waited += step
