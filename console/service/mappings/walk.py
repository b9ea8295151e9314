"""Walking the difference between what is stated and what is, until none is left.

Each round looks at the world, plans, and takes the steps; nothing is remembered in between. A step whose
answer is lost is therefore neither repeated nor believed: the next look shows what became of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.errors import (
    Conflict,
    DockconError,
    EngineDown,
    HostUnreachable,
    NotFound,
    OutcomeUnknown,
)
from console.model.clock import Clock
from console.model.mappings.steps import Step
from console.model.text import SafeText, safe
from console.service.mappings.take import Taker

if TYPE_CHECKING:
    from console.model.mappings.world import World

ROUNDS = 6
"""Looks that find something left to do, before it is said that this does not end."""

PATIENCE = 30.0
"""Seconds that a host may be away in the middle; then what is left is said."""

AGAIN_AFTER = 0.5

_LOST = (HostUnreachable, EngineDown, OutcomeUnknown)
_RACE = (Conflict, NotFound)
"""What another console that does the same makes of a step: the next look shows that it is done."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is left to do, and the world that says so."""

    steps: tuple[Step, ...]
    refusals: tuple[SafeText, ...]
    world: World


class NotAgreed(DockconError):
    """The world has changed so that something would be disturbed or opened that nobody has agreed to."""


@dataclass(slots=True)
class MapWalk:
    """One walk. `ahead` looks at the world afresh and plans."""

    ahead: Callable[[], Awaitable[Ahead]]
    taker: Taker
    clock: Clock
    on_record: Callable[[Step], AbstractAsyncContextManager[None]]
    """Puts a step on record before and after. Raises AuditFailed on entering: then it is not taken."""
    tell: Callable[[SafeText, bool], None]
    allowed: frozenset[tuple[str, str]]
    """Host and text of the disruptive steps that were agreed to."""
    taken: list[Step] = field(default_factory=list)
    """Steps that were begun; a failed one may have been half done."""
    _away: float | None = None
    _races: int = 0

    async def run(self) -> World:
        """Walk until nothing is left; return the world as it is then. Raises what stopped it."""
        for _ in range(ROUNDS):
            ahead = await self._look()
            if ahead.refusals:
                raise NotAgreed("; ".join(ahead.refusals))
            if not ahead.steps:
                return ahead.world
            self._agreed(ahead)
            await self._round(ahead.steps)
        raise DockconError(f"something was left to do after each of {ROUNDS} rounds: {ahead.steps[0].text}")

    def _agreed(self, ahead: Ahead) -> None:
        for step in ahead.steps:
            if step.disruptive and (step.host, str(step.text)) not in self.allowed:
                raise NotAgreed(f"it would take a step that was not in the plan: {step.text}")

    async def _look(self) -> Ahead:
        while True:
            try:
                ahead = await self.ahead()
            except _LOST as error:
                await self._wait(error)
            else:
                self._away = None
                return ahead

    async def _round(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            try:
                async with self.on_record(step):
                    self.taken.append(step)
                    self.tell(step.text, False)
                    await self.taker.take(step, lambda text: self.tell(text, False))
            except _LOST as error:
                await self._wait(error)
                return
            except _RACE as error:
                self._races += 1
                if self._races > ROUNDS // 2:
                    raise
                self.tell(safe(f"{error.message}; looking again"), True)
                await self.clock.sleep(AGAIN_AFTER)
                return

    async def _wait(self, error: DockconError) -> None:
        now = self.clock.monotonic()
        if self._away is None:
            self._away = now
            self.tell(safe(f"{error.message}; looking again"), True)
        elif now - self._away > PATIENCE:
            raise error
        await self.clock.sleep(AGAIN_AFTER)
