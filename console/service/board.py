"""What is known of one host, and the frozen snapshots made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from console.model.clock import Clock
from console.model.containers import Container, ContainerState, Usage
from console.model.hosts import EngineFacts, HostLoad, HostSpec, HostState, HostStatus
from console.model.questions import Question
from console.model.snapshot import HostSnapshot
from console.model.stock.things import Stock
from console.model.text import NOTHING, SafeText
from console.service.table import Table

PUBLISH_EVERY = 0.05
"""Seconds between two snapshots of one host at least."""

QUIET_AFTER = 6.0
"""Seconds without a byte; an SSH keep-alive is due every five."""

ALIVE = frozenset({ContainerState.RUNNING, ContainerState.PAUSED})


class Board:
    """The mutable side of `HostSnapshot`. Belongs to the network loop; change a field, then `touch`."""

    def __init__(self, spec: HostSpec, clock: Clock, publish: Callable[[HostSnapshot], None]) -> None:
        self.spec = spec
        self.clock = clock
        self.table = Table()
        self.status = HostStatus(state=HostState.CONNECTING, since=clock.now())
        self.epoch = 0
        self.facts: EngineFacts | None = None
        self.load: HostLoad | None = None
        self.capabilities: dict[str, SafeText] = {}
        self.usage: dict[str, Usage] = {}
        self.listed: float | None = None
        self.rtt: float | None = None
        self.dropped = 0
        self.stock: Stock | None = None
        self.idle: Callable[[], float] | None = None
        """Seconds since the link sent a byte; None without a link."""
        self._publish = publish
        self._revision = 0
        self._heard: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._published_at = float("-inf")
        self._seen = -1
        self._containers: Mapping[str, Container] = {}
        self._starts: Mapping[str, tuple[float, ...]] = {}
        self._ooms: Mapping[str, float] = {}
        self._stopped: frozenset[str] = frozenset()

    def set_status(
        self,
        state: HostState,
        reason: SafeText = NOTHING,
        *,
        next_step: SafeText = NOTHING,
        retry_at: float | None = None,
        question: Question | None = None,
    ) -> None:
        """`put_status`, field by field."""
        self.put_status(
            HostStatus(
                state=state,
                since=self.clock.now(),
                reason=reason,
                next_step=next_step,
                retry_at=retry_at,
                question=question,
            )
        )

    def put_status(self, status: HostStatus) -> None:
        """Enter or stay in a state; the `since` of before is kept while the state stays."""
        if status.state is self.status.state:
            status = replace(status, since=self.status.since)
        if status != self.status:
            self.status = status
            self.touch()

    def linked(self, idle: Callable[[], float]) -> None:
        """A connection stands: from here on a new epoch."""
        self.epoch += 1
        self.idle = idle
        self.touch()

    def unlinked(self) -> None:
        """The connection is gone; what it said stays, with the time it was last heard."""
        self._hear()
        self.idle = None
        self.rtt = None
        self.touch()

    def silent(self) -> bool:
        """Whether the link has brought nothing for so long that nothing can be held against the engine."""
        return self.idle is not None and self.idle() > QUIET_AFTER

    def settled(self) -> bool:
        """Whether there is nothing to wait for: it is listed, or will not be soon."""
        return self.listed is not None or self.status.state is not HostState.CONNECTING

    def touch(self) -> None:
        """Publish soon: at once after a pause, else as often as `PUBLISH_EVERY` allows."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._published_at + PUBLISH_EVERY - loop.time())
            self._timer = loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Publish now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._published_at = asyncio.get_running_loop().time()
        self._publish(self.snapshot())

    def fail(self, reason: SafeText) -> None:
        """Say at once, also without a running loop, that nothing can be done for this host."""
        self.status = HostStatus(state=HostState.REFUSED, since=self.clock.now(), reason=reason)
        self._publish(self.snapshot())

    def close(self) -> None:
        """Publish no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def running(self) -> list[str]:
        """Ids whose processes exist, as far as is known."""
        return [key for key, container in self.table.containers.items() if container.state in ALIVE]

    def snapshot(self) -> HostSnapshot:
        """Freeze what is known. Cheap: what did not change is shared with the snapshot before."""
        self._hear()
        self.table.forget_old(self.clock.now())
        if self._seen != self.table.changes:
            self._seen = self.table.changes
            self._containers = MappingProxyType(dict(self.table.containers))
            self._starts = MappingProxyType(dict(self.table.starts))
            self._ooms = MappingProxyType(dict(self.table.ooms))
            self._stopped = frozenset(self.table.stopped)
            known = self._containers
            self.usage = {k: u for k, u in self.usage.items() if k in known and known[k].state in ALIVE}
        self._revision += 1
        return HostSnapshot(
            spec=self.spec,
            revision=self._revision,
            epoch=self.epoch,
            status=self.status,
            facts=self.facts,
            load=self.load,
            capabilities=dict(self.capabilities),
            containers=self._containers,
            usage=self.usage,
            starts=self._starts,
            ooms=self._ooms,
            stopped=self._stopped,
            heard=self._heard,
            listed=self.listed,
            rtt=self.rtt,
            dropped=self.dropped,
            stock=self.stock,
        )

    def _hear(self) -> None:
        if self.idle is not None:
            self._heard = self.clock.now() - self.idle()
