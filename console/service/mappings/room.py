"""What everything about mappings needs: the book, the world, the hosts, and how plans are made of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from console.config.schema import Repair
from console.errors import AuditFailed, DockconError, UsageError
from console.model.actions import Consent, Target
from console.model.clock import Clock
from console.model.guards import check, forbid
from console.model.hosts import Guard, HostSpec
from console.model.mappings.check import cautions, objections
from console.model.mappings.mapping import Book, Revision
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.realise.choose import plan as choose
from console.model.mappings.realise.outline import Outline, RealiseRules
from console.model.mappings.steps import MapPlan, Step
from console.model.mappings.world import World
from console.model.text import SafeText, safe, sanitise
from console.service.deeds import Audit
from console.service.mappings.desk import Store
from console.service.mappings.gather import Gatherer, concerned, consumers, of_book
from console.transport.base import Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRules:
    """What hosts.yml says about mappings."""

    fleet: str
    image: str = "haproxy:lts"
    bundle: str = ""
    repair: Repair = Repair.ASK


@dataclass(frozen=True, slots=True)
class Wording:
    """Which wording of a mapping is planned."""

    id: str
    number: int
    parent: str


@dataclass(slots=True)
class MapRoom:
    """Belongs to the network loop."""

    specs: Mapping[str, HostSpec]
    clock: Clock
    audit: Audit | None
    store: Store
    gatherer: Gatherer
    rules: MapRules
    reach: Callable[[str], Awaitable[Engine]]
    """The engine of a host that is up and was heard of lately, or why it is not."""
    who: str
    read_only: bool = False

    # The world

    async def look(self, *mappings: Stated | None, book: Book | None = None, fresh: bool = True) -> World:
        """The hosts that these mappings speak of, and those with an ambassador of this fleet."""
        every = (*mappings, *(of_book(book) if book is not None else ()))
        hosts = concerned(*every) | self.gatherer.carrying()
        return await self.gatherer.look(hosts, consumers(*every), fresh=fresh)

    # Plans

    async def plan(self, ident: str, after: Stated | None) -> MapPlan:
        """What it would take. Raises ConfigError where the book cannot be read."""
        book = await self.store.read()
        before = book.mappings.get(ident)
        history = await self.store.history(ident)
        world = await self.look(before, after)
        refusals: list[SafeText] = []
        warnings: tuple[SafeText, ...] = ()
        if after is not None and after != before:
            refusals += objections(after, book, world, tuple(self.specs))
            warnings = cautions(after, book, world)
        outline = Outline() if refusals else self.outline(ident, after, before, history, world)
        refusals += outline.refusals
        if before is None and after is None and not outline.steps:
            refusals.append(safe(f"there is no mapping {sanitise(ident, 64)}"))
        refusals += self.forbidden(outline.steps)
        return MapPlan(
            id=ident,
            before=before,
            after=after,
            version=book.version,
            steps=outline.steps,
            candidates=outline.candidates,
            warnings=tuple(dict.fromkeys((*warnings, *outline.warnings))),
            refusals=tuple(dict.fromkeys(refusals)),
        )

    def outline(
        self,
        ident: str,
        after: Stated | None,
        before: Stated | None,
        history: Collection[Revision],
        world: World,
    ) -> Outline:
        """The difference, over a world that was looked at."""
        wording = _wording(ident, after, history)
        return choose(after, before, wording, world, self._rules(after, history))

    def _rules(self, after: Stated | None, history: Collection[Revision]) -> RealiseRules:
        known = {one.digest for one in history if one.digest}
        if after is not None:
            known.add(after.digest)
        return replace(self.realising, known=frozenset(known))

    @property
    def realising(self) -> RealiseRules:
        """How this fleet has its mappings made."""
        return RealiseRules(fleet=self.rules.fleet, image=self.rules.image, bundle=self.rules.bundle)

    # Guards and the record

    def spec(self, host: str) -> HostSpec:
        """Raises UsageError for a host that is not of this fleet."""
        try:
            return self.specs[host]
        except KeyError:
            raise UsageError(f"no host is called {host}") from None

    def forbidden(self, steps: Collection[Step]) -> list[SafeText]:
        """Why steps may not be taken at all, whatever is agreed to."""
        found = []
        for host in dict.fromkeys(step.host for step in steps):
            try:
                forbid(self.spec(host), read_only=self.read_only)
            except DockconError as error:
                found.append(SafeText(str(error)))
        return found

    def agreed(self, mapping_id: str, steps: Collection[Step], consent: Consent) -> None:
        """Raise GuardRefused unless every host that is touched allows it. A host that wants a name typed
        wants the mapping's.
        """
        name = sanitise(mapping_id, 200)
        for host in dict.fromkeys(step.host for step in steps):
            check(self.spec(host), Target(host=host, id="", name=name), consent, read_only=self.read_only)

    @asynccontextmanager
    async def on_record(self, operation: str, what: str, target: Target) -> AsyncIterator[None]:
        """Put it on record before and after. Raises AuditFailed on entering."""
        if self.audit is None:
            raise UsageError("nothing can be changed here: there is no audit file to put it on record")
        await self.audit.before(operation, what, target)
        result, text = "unknown", "the console was closed meanwhile"
        try:
            yield
            result, text = "done", ""
        except DockconError as error:
            result, text = "failed", error.message
            raise
        finally:
            try:
                await asyncio.shield(self.audit.after(operation, what, target, result, text))
            except AuditFailed as error:
                log.error("%s %s is over but not on record: %s", what, target.ref, error)


def _wording(ident: str, after: Stated | None, history: Collection[Revision]) -> Wording:
    """The revision in force where nothing is reworded, else the one that it will be."""
    newest = next(iter(history), None)
    if newest is None:
        return Wording(ident, 1, "")
    if after is not None and newest.mapping == after:
        return Wording(ident, newest.number, newest.parent)
    return Wording(ident, newest.number + 1, newest.digest)


def typed_hosts(plan: MapPlan, specs: Mapping[str, HostSpec]) -> tuple[str, ...]:
    """Hosts that a plan touches and that want the mapping's id typed."""
    hosts = dict.fromkeys(step.host for step in plan.steps)
    return tuple(host for host in hosts if host in specs and specs[host].guard is Guard.TYPED)


def away(world: World, *mappings: Stated | None) -> frozenset[str]:
    """Hosts that some mappings speak of and that cannot be read now."""
    hosts = concerned(*mappings)
    return frozenset(name for name, view in world.hosts.items() if name in hosts and view.missing)
