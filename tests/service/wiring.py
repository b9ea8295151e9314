"""Two hosts in memory with a consumer, an endpoint, and an ambassador between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from console.model.actions import Action, ActionKind
from console.model.containers import Port
from console.model.hosts import HostSpec
from console.model.mappings.body import create_body
from console.model.mappings.haproxy import CONFIG, Carried, Proxy, Server, render
from console.model.mappings.mapping import Endpoint, Mapping, Party
from console.model.mappings.world import ProxyView, Side
from console.model.text import safe
from console.transport.base import Engine
from console.transport.memory import MemoryContainer, MemoryFleet, MemoryHost, MemoryTransport
from console.transport.wiring import Wiring
from tests.service.fleets import running
from tests.service.loops import LoopClock

APP, DB = "10.0.0.11", "10.0.0.21"

DATABASE = Mapping(
    id="db",
    name="db",
    ports=(5432,),
    to=(Endpoint(host="db-1", container="postgres", ports=(5432,)),),
    consumers=(Party(host="app-1", container="web"),),
)


def config(
    *servers: Server, number: int = 1, mapping: Mapping = DATABASE, sources: tuple[str, ...] = ()
) -> str:
    """A configuration of ours on port 5432; `sources` make it one beside an endpoint."""
    proxy = Proxy(
        fleet="test",
        mapping=DATABASE,
        number=number,
        parent="",
        side=Side.PROVIDER if sources else Side.CONSUMER,
        carried=(Carried(port=5432, servers=servers),),
        gateways=("172.17.0.1",),
        refused=("172.17.0.0/16",),
        sources=sources,
    )
    return render(proxy)


POSTGRES = Server(name="postgres.db-1", host=DB, port=15432)


@dataclass(slots=True)
class Site:
    """What a test has to do with."""

    app: MemoryHost
    db: MemoryHost
    engine: Engine
    web: MemoryContainer
    postgres: MemoryContainer

    @property
    def wiring(self) -> Wiring:
        return self.engine.wiring

    async def ambassador(self, text: str, *, alias: str = "db", network: str = "shop_default") -> str:
        """Made as a plan makes one; return its id."""
        body = create_body(fleet="test", mapping="db", side=Side.CONSUMER, image="haproxy:lts")
        self.app.daemon.images.add("haproxy:lts")
        ident = await self.engine.deeds.create("dockcon-db", body)
        await self.wiring.put_file(ident, CONFIG, text.encode())
        await self.wiring.connect(network, ident, (alias,))
        await self.engine.deeds.act(ident, Action(kind=ActionKind.START))
        return ident

    async def configure(self, ident: str, text: str) -> None:
        """Put and reload."""
        await self.wiring.put_file(ident, CONFIG, text.encode())
        await self.engine.deeds.act(ident, Action(kind=ActionKind.KILL, signal=safe("SIGHUP")))

    async def checked(self, ident: str) -> tuple[str, ...]:
        """`postgres.db-1 UP L4OK` of each server."""
        view: ProxyView = await self.wiring.proxy(ident)
        return tuple(f"{s.server} {s.status} {s.check}".strip() for s in view.servers)


@asynccontextmanager
async def site(*, user: str = "root") -> AsyncIterator[Site]:
    """app-1 with web on shop_default, db-1 with postgres published on 15432."""
    specs = [HostSpec(name=name, address=at, user=user) for name, at in (("app-1", APP), ("db-1", DB))]
    fleet = MemoryFleet(LoopClock(), specs)
    app, db = fleet["app-1"], fleet["db-1"]
    web = running(app, "web", networks={"shop_default": "172.20.0.2"}, ports=(Port(8080),))
    postgres = running(
        db, "postgres", networks={"db_default": "172.20.0.2"}, ports=(Port(5432, 15432, "0.0.0.0"),)
    )
    transport = MemoryTransport(fleet)
    link = await transport.connect(app.spec, None)
    try:
        yield Site(app, db, await link.engine(), web, postgres)
    finally:
        await transport.aclose()
