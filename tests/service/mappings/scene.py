"""A consumer on one host, databases on two others, and a console with a book in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from console.config.schema import Repair
from console.model.actions import Consent
from console.model.containers import Port
from console.model.hosts import Guard, HostSpec
from console.model.mappings.mapping import Endpoint, Mapping, Party
from console.model.mappings.steps import MapPlan
from console.service.audit import MemoryAudit
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.mappings.desk import MapJob, Store
from console.service.mappings.making import MapSetup
from console.service.mappings.room import MapRules
from console.service.mappings.store import MemoryStore
from console.service.mappings.work import Mappings
from console.service.remember import Forgetful
from console.transport.memory import MemoryFleet, MemoryTransport
from tests.service.fleets import running
from tests.service.loops import LoopClock, until

YES = Consent(yes=True)
ADDRESSES = {"app-1": "10.0.0.11", "db-1": "10.0.0.21", "db-2": "10.0.0.22"}


def mapping(*to: Endpoint, name: str = "db", consumers: Sequence[Party] = (), **fields: Any) -> Mapping:
    """`db:5432` for web@app-1."""
    return Mapping(
        id=name,
        name=name,
        ports=(5432,),
        to=to,
        consumers=tuple(consumers) or (Party(host="app-1", container="web"),),
        **fields,
    )


def end(host: str, container: str = "postgres", port: int = 5432) -> Endpoint:
    return Endpoint(host=host, container=container, ports=(port,))


class Scene:
    """What stands in memory."""

    def __init__(self, guards: dict[str, Guard] | None = None) -> None:
        self.clock = LoopClock()
        guards = guards or {}
        specs = [
            HostSpec(name=name, address=address, user="root", guard=guards.get(name, Guard.CONFIRM))
            for name, address in ADDRESSES.items()
        ]
        self.fleet = MemoryFleet(self.clock, specs)
        running(self.fleet["app-1"], "web", networks={"shop": "172.20.0.2"})
        for name in ("db-1", "db-2"):
            self.database(name)
        self.store: Store = MemoryStore(self.clock)
        self.audit = MemoryAudit()

    def database(self, host: str, published: int = 5432) -> Any:
        ports = (Port(5432, published, "0.0.0.0"),)
        return running(self.fleet[host], "postgres", networks={"bridge": "172.17.0.2"}, ports=ports)

    def container(self, host: str, name: str) -> Any:
        """As the engine has it, or None."""
        found = self.fleet[host].daemon.containers.values()
        return next((one for one in found if one.name == name), None)

    def names(self, host: str) -> list[str]:
        return sorted(one.name for one in self.fleet[host].daemon.containers.values())

    def image(self, *hosts: str) -> None:
        """The ambassadors' image is there."""
        for host in hosts or ADDRESSES:
            self.fleet[host].daemon.deliver("haproxy:lts")

    @asynccontextmanager
    async def console(
        self, *, repair: Repair = Repair.ASK, read_only: bool = False, keep: bool = False
    ) -> AsyncIterator[Console]:
        """A console of its own over the same hosts and book. `keep`: as with a screen."""
        feed = Feed()
        rules = MapRules(fleet="test", image="haproxy:lts", repair=repair)
        fleet = Fleet(
            self.fleet.specs,
            self.clock,
            Forgetful(),
            feed,
            jitter=lambda: 0.5,
            figures=False,
            audit=self.audit,
            read_only=read_only,
            mappings=lambda: MapSetup(store=lambda: self.store, rules=rules, who="me"),
        )
        fleet.start(MemoryTransport(self.fleet), keep_mappings=keep)
        try:
            await until(lambda: all(s.listed is not None for s in feed.latest()))
            yield Console(fleet, feed)
        finally:
            await fleet.aclose()


class Console:
    """Mappings as a front end uses them."""

    def __init__(self, fleet: Fleet, feed: Feed) -> None:
        self.fleet, self.feed = fleet, feed

    @property
    def mappings(self) -> Mappings:
        return self.fleet.mappings

    async def plan(self, after: Mapping | None, ident: str = "db") -> MapPlan:
        return await self.mappings.plan(ident, after)

    def begin(self, plan: MapPlan, consent: Consent = YES) -> int:
        number = self.fleet.map_place.number()
        self.mappings.begin(number, plan, consent)
        return number

    async def apply(self, plan: MapPlan, consent: Consent = YES) -> MapJob:
        number = self.begin(plan, consent)
        await until(lambda: self.mappings.job(number).over, 120)
        return self.mappings.job(number)

    async def set(self, after: Mapping | None, ident: str = "db", consent: Consent = YES) -> MapJob:
        return await self.apply(await self.plan(after, ident), consent)

    def standing(self, ident: str = "db") -> Any:
        """As it was last published."""
        found = self.feed.latest_mappings()
        return next((s for s in found.standings if s.mapping.id == ident), None) if found else None
