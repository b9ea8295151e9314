"""Orders from another thread to whatever does them on the network loop."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from console.service.fleet import Fleet

if TYPE_CHECKING:
    from console.model.actions import Action, Consent, Job, Target
    from console.model.redeploy.changes import Changes
    from console.model.redeploy.course import Found, Goal
    from console.model.redeploy.plan import Plan, RedeployJob, Rules
    from console.service.inside.orders import InsideOrders
    from console.transport.base import PullProgress

T = TypeVar("T")


class Ask(Protocol):
    """Runs a coroutine on the network loop and waits for it on the caller's."""

    async def __call__(self, host: str, asking: Coroutine[Any, Any, T]) -> T: ...


class Orders:
    """`ActionDesk` over a fleet that lives on another thread."""

    def __init__(
        self, fleet: Fleet, call: Callable[..., None], ask: Ask, rules: Callable[[], Rules] | None
    ) -> None:
        """`call` runs a function on the network loop, without waiting; `rules`: those of hosts.yml."""
        self._rules = rules
        self._fleet = fleet
        self._call = call
        self._ask = ask
        self._numbers = itertools.count(1)

    @property
    def rules(self) -> Rules:
        """How redeploys of this fleet decide."""
        if self._rules is not None:
            return self._rules()
        # Imported when something is to be changed: nobody waits for it before.
        from console.model.redeploy.plan import Rules

        return Rules()

    @property
    def inside(self) -> InsideOrders:
        """Shells, commands and files."""
        from console.service.inside.orders import InsideOrders

        return InsideOrders(lambda: self._fleet.works.inside, self._ask)

    def act(self, action: Action, targets: Sequence[Target], consent: Consent) -> int:
        """Begin. Raises GuardRefused where nothing can be changed at all."""
        deeds, number = self._fleet.works.deeds, next(self._numbers)
        self._call(deeds.act, number, action, tuple(targets), consent)
        return number

    def jobs(self) -> tuple[Job, ...]:
        """The last hundred, oldest first."""
        return self._fleet.works.deeds.jobs()

    async def plan(
        self, target: Target, changes: Changes, rules: Rules, progress: Callable[[PullProgress], None]
    ) -> Plan:
        """Read, check, pull and plan."""
        planning = self._fleet.works.redeploys.plan(target, changes, rules, progress)
        return await self._ask(target.host, planning)

    def redeploy(self, plans: Sequence[Plan], rules: Rules, consent: Consent) -> int:
        """Walk plans one after the other."""
        redeploys, number = self._fleet.works.redeploys, next(self._numbers)
        self._call(redeploys.begin, number, tuple(plans), rules, consent)
        return number

    async def interrupted(self, host: str) -> list[Found]:
        """What redeploys left on a host."""
        return await self._ask(host, self._fleet.works.redeploys.interrupted(host))

    def recover(self, host: str, found: Found, goal: Goal, rules: Rules, consent: Consent) -> int:
        """Finish or take back what was left half done."""
        redeploys, number = self._fleet.works.redeploys, next(self._numbers)
        self._call(redeploys.recover, number, host, found, goal, rules, consent)
        return number

    def redeploys(self) -> tuple[RedeployJob, ...]:
        """The last hundred, oldest first."""
        return self._fleet.works.redeploys.jobs()
