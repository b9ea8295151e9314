"""Everything that changes something on the hosts of one fleet: actions, redeploys, and their one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.errors import HostUnreachable
from console.model.actions import Job
from console.model.clock import Clock
from console.model.hosts import HostSpec
from console.model.redeploy.plan import RedeployJob
from console.service.acting import Deeds
from console.service.deeds import Audit
from console.service.inside.desk import InsideDesk
from console.service.redeploy.desk import Redeploys
from console.service.supervisor import Supervisor
from console.transport.base import Acting, Engine

AnyJob = Job | RedeployJob


class Works:
    """Belongs to the network loop."""

    def __init__(
        self,
        specs: Mapping[str, HostSpec],
        clock: Clock,
        audit: Audit,
        supervisor: Callable[[str], Supervisor],
        changed: Callable[[AnyJob], None],
        *,
        read_only: bool,
    ) -> None:
        self._supervisor = supervisor
        self.deeds = Deeds(
            specs, clock, audit, self._acting, self._heard, changed=changed, read_only=read_only
        )
        self.inside = InsideDesk(specs, audit, self._reach, read_only=read_only)
        self.redeploys = Redeploys(specs, clock, audit, self._reach, changed=changed, read_only=read_only)

    async def aclose(self) -> None:
        """Stop, and put on record what was under way. The record is closed by its owner."""
        await self.inside.aclose()
        await self.redeploys.aclose()
        await self.deeds.aclose()

    def _engine(self, host: str) -> Engine:
        supervisor = self._supervisor(host)
        reached = supervisor.reached()
        if reached is None:
            raise supervisor.unreachable()
        return reached[0]

    def _acting(self, host: str) -> Acting:
        return self._engine(host).deeds

    def _heard(self, host: str) -> None:
        """A link that has been silent may be dead: what is sent into it may or may not arrive."""
        if self._supervisor(host).board.silent():
            raise HostUnreachable(
                host, "nothing was heard of it for some seconds", next_step="try again when it is up"
            )

    async def _reach(self, host: str) -> Engine:
        engine = self._engine(host)
        self._heard(host)
        return engine
