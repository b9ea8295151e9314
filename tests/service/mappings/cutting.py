"""A console that is gone at a step, as by SIGKILL: what it had sent was carried out, and nothing after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from console.model.mappings.steps import Step
from console.service.mappings.take import Taker, Tell
from console.service.mappings.work import Mappings


class CutTaker(Taker):
    """Takes so many steps, and then nothing is ever heard of it again."""

    def __init__(self, inner: Taker, steps: int) -> None:
        super().__init__(inner.reach, inner.clock, inner.bring, inner.rebuild)
        self.left = steps
        self.gone = asyncio.Event()

    async def take(self, step: Step, tell: Tell) -> None:
        if self.left == 0:
            self.gone.set()
            await asyncio.Event().wait()
        self.left -= 1
        await super().take(step, tell)


class StruckTaker(Taker):
    """Something happens in the moment the first step is taken."""

    def __init__(self, inner: Taker, strike: Callable[[], object]) -> None:
        super().__init__(inner.reach, inner.clock, inner.bring, inner.rebuild)
        self.strike: Callable[[], object] | None = strike

    async def take(self, step: Step, tell: Tell) -> None:
        if self.strike is not None:
            self.strike()
            self.strike = None
        await super().take(step, tell)


def struck(mappings: Mappings, strike: Callable[[], object]) -> None:
    """Let something happen as soon as the first step is to be taken."""
    mappings.taker = StruckTaker(mappings.taker, strike)


def cut_after(mappings: Mappings, steps: int) -> CutTaker:
    """From now on this console takes so many steps and no more."""
    taker = CutTaker(mappings.taker, steps)
    mappings.taker = taker
    return taker
