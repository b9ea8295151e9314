"""Mappings of a fleet, put together from what the fleet has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.config.schema import FleetConfig
from console.errors import EngineError
from console.model.clock import Clock
from console.model.hosts import HostSpec
from console.model.mappings.mapping import Book
from console.model.mappings.steps import ChangeEnvironment
from console.model.redeploy.changes import Changes
from console.model.redeploy.plan import Ending, Rules
from console.model.text import safe
from console.service.deeds import Audit
from console.service.mappings.desk import MapJob, MappingList, Store
from console.service.mappings.gather import Gatherer
from console.service.mappings.images import Images
from console.service.mappings.room import MapRoom, MapRules
from console.service.mappings.store import FILE, FileStore, MemoryStore
from console.service.mappings.take import Taker, Tell
from console.service.mappings.work import Mappings
from console.service.redeploy.errands import errand_of
from console.service.redeploy.planning import make_plan
from console.service.redeploy.walk import Walk
from console.service.supervisor import Supervisor
from console.transport.base import Engine

if TYPE_CHECKING:
    from console.model.redeploy.course import StepKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSetup:
    """What a fleet is told about its mappings."""

    store: Callable[[], Store]
    rules: MapRules
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a fleet gives its mappings."""

    specs: Mapping[str, HostSpec]
    clock: Clock
    audit: Audit | None
    supervisor: Callable[[str], Supervisor]
    reach: Callable[[str], Awaitable[Engine]]
    read_only: bool
    changed: Callable[[MapJob], None]
    publish: Callable[[MappingList], None]


def file_setup(config: FleetConfig, clock: Clock, who: str) -> MapSetup:
    """Mappings of a fleet that stands in a file are kept beside it."""
    assert config.file is not None
    path, ambassador = config.file.parent / FILE, config.ambassador
    rules = MapRules(
        fleet=config.fleet,
        image=ambassador.image,
        bundle=str(ambassador.bundle or ""),
        repair=config.repair,
    )
    return MapSetup(store=lambda: FileStore(path, clock, lambda: who), rules=rules, who=who)


def memory_setup(fleet: str, clock: Clock, who: str, book: Book | None = None) -> MapSetup:
    """Mappings that are forgotten at the end."""
    return MapSetup(store=lambda: MemoryStore(clock, book), rules=MapRules(fleet=fleet), who=who)


def make(setup: MapSetup, parts: Parts, number: Callable[[], int]) -> Mappings:
    """Put them together, on the network loop. `number`: of a new job."""
    rules = setup.rules
    room = MapRoom(
        specs=parts.specs,
        clock=parts.clock,
        audit=parts.audit,
        store=setup.store(),
        gatherer=Gatherer(parts.specs, parts.clock, parts.supervisor, rules.fleet, rules.image),
        rules=rules,
        reach=parts.reach,
        who=setup.who,
        read_only=parts.read_only,
    )
    hands = _Hands(parts.clock, parts.reach)
    images = Images(tuple(parts.specs), parts.reach)
    taker = Taker(parts.reach, parts.clock, images.bring, hands.rebuild)
    return Mappings(room, taker, changed=parts.changed, publish=parts.publish, number=number)


@dataclass(frozen=True, slots=True)
class _Hands:
    """The step that is a redeploy."""

    clock: Clock
    reach: Callable[[str], Awaitable[Engine]]

    async def rebuild(self, step: ChangeEnvironment, engine: Engine, tell: Tell) -> None:
        """Redeploy a consumer with other variables, from the image that it has."""
        rules = Rules(pull=False)
        changes = Changes(env=dict(step.env))
        plan = await make_plan(engine, step.container, changes, rules, lambda told: None)
        if plan.refusal:
            raise EngineError(step.host, str(plan.refusal), status=409)

        async def record(kind: StepKind) -> None:
            tell(safe(f"redeploying {step.container.ref}: {kind}"))

        async def reach() -> Engine:
            return await self.reach(step.host)

        errand = errand_of(plan, rules)
        report = await Walk(errand, reach, self.clock, lambda told: None, record).run()
        if report.ending is not Ending.DONE:
            raise EngineError(step.host, str(report.text), status=500)
