"""What a front end on another thread may ask to be done, and the record that is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.model.actions import Action, Consent, Job, Target
    from console.model.redeploy.changes import Changes
    from console.model.redeploy.course import Found, Goal
    from console.model.redeploy.plan import Plan, RedeployJob, Rules
    from console.service.inside.orders import InsideOrders
    from console.transport.base import PullProgress


class ActionDesk(Protocol):
    """Takes orders. Plain methods return at once; a batch says when a job has changed."""

    @property
    def rules(self) -> Rules:
        """How redeploys of this fleet decide, as hosts.yml says."""
        ...

    @property
    def inside(self) -> InsideOrders:
        """Shells, commands and files in containers."""
        ...

    def act(self, action: Action, targets: Sequence[Target], consent: Consent) -> int:
        """Begin; return the job's number. Targets of different hosts are worked on side by side, those of
        one host one after the other; guards are checked again for each.
        """
        ...

    def jobs(self) -> tuple[Job, ...]:
        """The last hundred jobs as they stand, oldest first."""
        ...

    async def plan(
        self, target: Target, changes: Changes, rules: Rules, progress: Callable[[PullProgress], None]
    ) -> Plan:
        """Read and check everything a redeploy needs, and pull the image where the rules say so; nothing else
        is changed. `progress` is called on another thread.

        Raises NotFound, UsageError, GuardRefused, EngineError, EngineDown or HostUnreachable.
        """
        ...

    def redeploy(self, plans: Sequence[Plan], rules: Rules, consent: Consent) -> int:
        """Walk plans one after the other, stopping at the first that does not end well; return the number."""
        ...

    async def interrupted(self, host: str) -> list[Found]:
        """Every redeploy that left something on this host, finished or not. Raises HostUnreachable ..."""
        ...

    def recover(self, host: str, found: Found, goal: Goal, rules: Rules, consent: Consent) -> int:
        """Finish or take back what somebody left half done; return the number."""
        ...

    def redeploys(self) -> tuple[RedeployJob, ...]:
        """The last hundred, oldest first."""
        ...


class Audit(Protocol):
    """The audit file: one line before each action on each target, one after."""

    async def before(self, operation: str, action: str, target: Target, plan: Sequence[str] = ()) -> None:
        """Durably written when it returns. Raises AuditFailed: then nothing may be done."""
        ...

    async def after(self, operation: str, action: str, target: Target, result: str, text: str = "") -> None:
        """Write how it ended. A failure to write is raised as AuditFailed, though it is done."""
        ...

    async def aclose(self) -> None: ...
