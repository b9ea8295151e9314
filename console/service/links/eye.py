"""One host as links see it: its containers, its connections, its ambassadors' sessions, at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace

from console.errors import CapabilityMissing, DockconError, HostError
from console.model.clock import Clock
from console.model.containers import ContainerKey, ContainerState
from console.model.hosts import HostSpec
from console.model.links.seen import ProxySession
from console.model.links.sessions import parse_sessions
from console.model.links.sight import Counters, HostSight, Socket
from console.model.mappings.mapping import Party
from console.model.mappings.world import AmbassadorView, ContainerView, HostView
from console.model.text import NOTHING, SafeText, safe
from console.service.mappings.gather import Gatherer
from console.transport.base import Engine
from console.transport.sight import Sight, SightAsk

LOOK_DEADLINE = 6.0
"""Seconds that a host has for one look at its connections."""

TURN = 4
"""Containers whose sockets are read with one look where connection tracking cannot be: each can cost 3 ms of
CPU there."""

AT_ONCE = 24
"""The same for a single look, which has no later one."""

_ALIVE = frozenset({ContainerState.RUNNING, ContainerState.PAUSED})


class Eye:
    """Looks at one host when it is told to. Belongs to the network loop."""

    def __init__(
        self,
        spec: HostSpec,
        clock: Clock,
        gatherer: Gatherer,
        reach: Callable[[str], Awaitable[Engine]],
        parties: Callable[[], Collection[Party]],
        sight_of: Callable[[Engine], Sight],
    ) -> None:
        """`parties`: whose /etc/hosts matters; `reach`: the engine of a host that was heard of lately."""
        self.spec = spec
        self.view: HostView | None = None
        """None: not looked at yet."""
        self.sight: HostSight | None = None
        """The last one that was had, however old."""
        self.unseen: SafeText = NOTHING
        """Why the last look at connections came to nothing."""
        self.sessions: dict[ContainerKey, tuple[ProxySession, ...]] = {}
        self.wake = asyncio.Event()
        """Set where something has happened there."""
        self.selected = ""
        """Full id of the container whose sockets are read with each look."""
        self._clock = clock
        self._gatherer = gatherer
        self._reach = reach
        self._parties = parties
        self._sight_of = sight_of
        self._sockets: dict[str, tuple[Socket, ...]] = {}
        self._turn: list[str] = []
        self._looking = asyncio.Lock()

    async def look(self, sockets: int = TURN) -> None:
        """Look once. Never raises for what a host did: the view and `unseen` say it.

        `sockets`: of how many containers they are read at most, where connection tracking cannot be.
        """
        async with self._looking:
            name = self.spec.name
            world = await self._gatherer.look([name], self._parties())
            self.view = view = world.hosts[name]
            if view.missing:
                self.unseen = view.missing
                return
            try:
                async with asyncio.timeout(LOOK_DEADLINE):
                    engine = await self._reach(name)
                    seen = await self._sight_of(engine).look(self._ask(view, sockets))
                    self.sight = self._merged(seen, view)
                    self.sessions = await _sessions(engine, view)
                self.unseen = NOTHING
            except TimeoutError:
                self.unseen = safe(f"its connections were not told within {LOOK_DEADLINE:.0f} s")
            except HostError as error:
                self.unseen = SafeText(error.message)
            if self.sight is None:
                # So that whoever judges knows that there is nothing, and why.
                self.sight = HostSight(host=name, at=self._clock.now(), blind=self.unseen)

    def _ask(self, view: HostView, sockets: int) -> SightAsk:
        alive = [one for one in view.containers if one.state in _ALIVE and one.pid > 0]
        pids = {one.id: one.pid for one in alive if _has_own_namespace(one)}
        return SightAsk(
            mode=self.spec.observe,
            pids=pids,
            sockets=self._chosen(pids, sockets),
            host_sockets=any(one.mode == "host" for one in alive),
        )

    def _chosen(self, pids: Mapping[str, int], most: int) -> tuple[str, ...]:
        """The selected one, and in turn those that have connections but are in no connection tracking."""
        chosen = [self.selected] if self.selected in pids else []
        before = self.sight
        if before is None or before.flows is not None:
            return tuple(chosen)
        busy = {ident for ident, found in before.counters.items() if found.established and ident in pids}
        busy |= {ident for ident in self._sockets if ident in pids and ident not in before.counters}
        self._turn = [ident for ident in self._turn if ident in busy]
        self._turn += sorted(busy.difference(self._turn))
        taken, self._turn = self._turn[:most], self._turn[most:] + self._turn[:most]
        return tuple(dict.fromkeys([*chosen, *taken]))

    def _merged(self, sight: HostSight, view: HostView) -> HostSight:
        """With the sockets that earlier looks have read in turn, as long as they can be true."""
        there = {one.id for one in view.containers if one.state in _ALIVE} | {""}
        kept = {
            ident: found
            for ident, found in self._sockets.items()
            if ident in there and _connected(sight.counters.get(ident))
        }
        self._sockets = kept | dict(sight.sockets)
        if sight.flows is not None:
            return sight
        return replace(sight, sockets=self._sockets)


def _has_own_namespace(one: ContainerView) -> bool:
    return one.mode != "host" and not one.mode.startswith("container:")


def _connected(found: Counters | None) -> bool:
    return found is None or found.established > 0


async def _sessions(engine: Engine, view: HostView) -> dict[ContainerKey, tuple[ProxySession, ...]]:
    """Which client is served from which endpoint, where an ambassador has several to choose from."""
    if not view.root:
        return {}
    several = [one for one in view.ambassadors if _balances(one)]
    found = await asyncio.gather(*(_of_one(engine, one) for one in several))
    return {(one.container.host, one.container.id): rows for one, rows in zip(several, found, strict=True)}


def _balances(one: AmbassadorView) -> bool:
    if one.running is None:
        return False
    backends = [server.backend for server in one.running.servers if server.address]
    return len(backends) > len(set(backends))


async def _of_one(engine: Engine, one: AmbassadorView) -> tuple[ProxySession, ...]:
    assert one.running is not None
    addresses = {(server.backend, server.server): server.address for server in one.running.servers}
    try:
        return parse_sessions(await engine.wiring.admin(one.container.id, "show sess"), addresses)
    except CapabilityMissing:
        return ()
    except DockconError as error:
        if isinstance(error, HostError):
            raise
        return ()
