"""What a front end on another thread may ask to be done, and the record that is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from console.model.actions import Action, Consent, Job, Outcome, Target


class ActionDesk(Protocol):
    """Takes orders."""

    def act(self, action: Action, targets: Sequence[Target], consent: Consent) -> int:
        """Begin; return the job's number at once. Targets of different hosts are worked on side by side,
        those of one host one after the other; guards are checked again for each.
        """
        ...

    def jobs(self) -> tuple[Job, ...]:
        """The last hundred jobs as they stand, oldest first. A batch says when one of them changed."""
        ...


class Audit(Protocol):
    """The audit file: one line before each action on each target, one after."""

    async def before(self, operation: str, action: Action, target: Target) -> None:
        """Durably written when it returns. Raises AuditFailed: then nothing may be done."""
        ...

    async def after(self, operation: str, action: Action, outcome: Outcome) -> None:
        """Write how it ended. A failure to write is logged and raised as AuditFailed, though it is done."""
        ...

    async def aclose(self) -> None: ...
