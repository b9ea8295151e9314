"""One host as mappings meet it: read side by side, remembered between events, never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from console.errors import CapabilityMissing, DockconError, HostError, NotFound
from console.model.containers import ContainerState
from console.model.events import EngineEvent
from console.model.hosts import HostSpec
from console.model.mappings.haproxy import CONFIG, parse_header
from console.model.mappings.mapping import Party
from console.model.mappings.views import ambassador_view, container_view, with_gateways
from console.model.mappings.world import AmbassadorView, ContainerView, HostView, NetworkView
from console.model.text import SafeText, safe, sanitise
from console.service.supervisor import Supervisor
from console.transport.base import Engine
from console.transport.wiring import Wiring

T = TypeVar("T")

LOOK_DEADLINE = 6.0
"""Seconds that a host has for one look."""


@dataclass(slots=True)
class _Known:
    """What was read on one connection and is true until an event says otherwise."""

    epoch: int
    views: dict[str, ContainerView]
    networks: tuple[NetworkView, ...] | None = None
    image: str | None = None


class HostLooker:
    """Looks at one host. Belongs to the network loop."""

    def __init__(self, spec: HostSpec, supervisor: Callable[[], Supervisor], fleet: str, image: str) -> None:
        """`image`: reference of the ambassadors' image."""
        self._spec = spec
        self._supervisor = supervisor
        self._fleet = fleet
        self._image = image
        self._known: _Known | None = None
        self._lock = asyncio.Lock()

    def event(self, event: EngineEvent) -> None:
        """Forget what an event has made doubtful."""
        known = self._known
        if known is None:
            return
        if event.container_id:
            known.views.pop(event.container_id, None)
        if event.type == "network":
            known.networks = None
        elif event.type == "image":
            known.image = None

    async def look(self, parties: Collection[Party], *, fresh: bool) -> HostView:
        """The host now; why not, in `missing`. With `fresh` nothing that is remembered is believed.

        `parties`: whose /etc/hosts is read.
        """
        supervisor = self._supervisor()
        reached = supervisor.reached()
        if reached is None or supervisor.board.listed is None:
            return self._missing(SafeText(supervisor.unreachable().message))
        if supervisor.board.silent():
            return self._missing(safe("nothing was heard of it for some seconds"))
        engine, epoch = reached
        try:
            async with asyncio.timeout(LOOK_DEADLINE), self._lock:
                if fresh or self._known is None or self._known.epoch != epoch:
                    self._known = _Known(epoch, {})
                return await self._read(engine, self._known, parties, fresh=fresh)
        except TimeoutError:
            return self._missing(safe(f"not everything was answered within {LOOK_DEADLINE:.0f} s"))
        except HostError as error:
            return self._missing(SafeText(error.message))

    def _missing(self, why: SafeText) -> HostView:
        return HostView(name=self._spec.name, reach=self.reach, guard=self._spec.guard, missing=why)

    @property
    def reach(self) -> str:
        """The address other hosts use; what SSH dials is the best that is known."""
        if self._spec.local:
            return self._spec.reach
        return self._spec.reach or self._spec.address or address_of(self._supervisor().route)

    async def _read(
        self, engine: Engine, known: _Known, parties: Collection[Party], *, fresh: bool
    ) -> HostView:
        wiring, board = engine.wiring, self._supervisor().board
        rows = await engine.containers() if fresh else tuple(board.table.containers.values())
        ids = [row.id for row in rows]
        missing = [ident for ident in ids if ident not in known.views]
        inspected, networks, image, ground = await asyncio.gather(
            wiring.inspect_all(missing) if missing else _none(),
            wiring.networks() if known.networks is None else _kept(known.networks),
            wiring.image_id(self._image) if known.image is None else _kept(known.image),
            wiring.ground(),
        )
        known.networks = networks = tuple(map(with_gateways, networks))
        known.image = image
        known.views |= {one.container.id: container_view(one) for one in inspected}
        views = [known.views[ident] for ident in ids if ident in known.views]
        views = list(await asyncio.gather(*(self._with_lines(wiring, view, parties) for view in views)))
        carried = [found for view in views if (found := ambassador_view(view)) is not None]
        ambassadors = await asyncio.gather(*(self._asked(wiring, one) for one in carried))
        return HostView(
            name=self._spec.name,
            reach=self.reach,
            guard=self._spec.guard,
            root=ground.root,
            shell=board.capabilities.get("shell", "?") == "" or ground.root,
            engine=str(engine.facts.engine),
            containers=tuple(views),
            networks=networks,
            ambassadors=tuple(ambassadors),
            listening=ground.listening,
            image=image,
        )

    async def _with_lines(
        self, wiring: Wiring, view: ContainerView, parties: Collection[Party]
    ) -> ContainerView:
        asked = view.mode == "host" or any(view.is_of(party) for party in parties)
        if not asked or view.state is not ContainerState.RUNNING:
            return view
        try:
            lines = await wiring.hosts_lines(view.id)
        except CapabilityMissing:
            return replace(view, hosts_lines=None)
        except NotFound:
            return view
        return replace(view, hosts_lines=lines)

    async def _asked(self, wiring: Wiring, one: AmbassadorView) -> AmbassadorView:
        """The same with its file and what its process says; those of other fleets are left alone."""
        if one.fleet != self._fleet:
            return one
        try:
            raw = await wiring.read_file(one.container.id, CONFIG)
        except DockconError as error:
            return replace(one, unread=SafeText(error.message))
        if raw is not None:
            text = raw.decode("utf-8", "replace")
            one = replace(one, config=text, header=parse_header(text))
        if one.container.state is not ContainerState.RUNNING:
            return replace(one, unread=safe(f"it is {one.container.state}"))
        try:
            return replace(one, running=await wiring.proxy(one.container.id))
        except DockconError as error:
            return replace(one, unread=SafeText(error.message))


async def _kept(value: T) -> T:
    return value


async def _none() -> tuple[()]:
    return ()


def address_of(route: str) -> str:
    """The host in `ops@10.0.0.12:22 via bastion`, `[::1]:22`, `app`."""
    where = sanitise(route).partition(" ")[0].rpartition("@")[2]
    if where.startswith("["):
        return where[1:].partition("]")[0]
    host, colon, port = where.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else where
