"""A desk of mappings that does what a test says, on a fleet that does, too."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import replace

from console.errors import DockconError
from console.model.actions import Consent
from console.model.containers import ContainerKey, Port
from console.model.mappings.check import objections
from console.model.mappings.mapping import Book, Endpoint, Mapping, Party, Revision, Via
from console.model.mappings.offers import Proposal
from console.model.mappings.standing import Standing, State
from console.model.mappings.steps import Candidate, MapPlan, Proof, Step
from console.model.mappings.world import Attachment, ContainerView, HostView, NetworkView, ServerView, World
from console.model.text import SafeText, safe
from console.service.handle import Batch
from console.service.mappings.desk import (
    MapEnding,
    MapJob,
    MappingList,
    MapTold,
    Offers,
    Phase,
)
from tests.ui.fleet import NOON, FakeFleet, container, snapshot


class FakeMapDesk:
    """Plans over the fleet as it is; an apply ends when a test says so."""

    def __init__(self, fleet: MapFleet, *standings: Standing) -> None:
        self._fleet = fleet
        self.listed = MappingList(
            book=Book({one.mapping.id: one.mapping for one in standings if not one.orphan}, "1"),
            standings=standings,
            looked=NOON,
        )
        self.asked: list[tuple[object, ...]] = []
        self.made: dict[int, MapJob] = {}
        self.steps: tuple[Step, ...] = (
            Step(host="app-1", text=safe("creates dockcon-db, the ambassador that carries db:5432")),
            Step(host="app-1", text=safe("connects dockcon-db to shop_default as db")),
        )
        self.proposals: Lookup[str, tuple[Proposal, ...]] = {}
        self.proofs: tuple[Proof, ...] = (
            Proof(text=safe("web@app-1 resolves db"), ok=True),
            Proof(text=safe("web@app-1 reaches db:5432"), ok=True, detail=safe("connected in 0.4 ms")),
        )
        self.wordings: tuple[Revision, ...] = ()
        self.trouble: DockconError | None = None
        self.old = 3

    def mappings(self) -> MappingList:
        return self.listed

    def watch(self, on: bool) -> None:
        self.asked.append(("watch", on))

    async def look(self) -> MappingList:
        return self.listed

    async def world(self, hosts: Sequence[str] = ()) -> World:
        return self._fleet.as_world()

    async def offers(self, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> Offers:
        self.asked.append(("offers", consumer, endpoint))
        table = {key: found for key, found in self.proposals.items()}
        return Offers(
            consumer=table.get(self._fleet.name_of(consumer), ()),
            endpoint=table.get(self._fleet.name_of(endpoint), ()),
        )

    async def plan(self, mapping_id: str, mapping: Mapping | None) -> MapPlan:
        self.asked.append(("plan", mapping_id, mapping))
        if self.trouble is not None:
            raise self.trouble
        before = self.listed.book.mappings.get(mapping_id)
        world = self._fleet.as_world()
        refusals = objections(mapping, self.listed.book, world) if mapping is not None else ()
        candidates = tuple(
            Candidate(host="app-1", ambassador=None, address="10.0.0.21:5432", endpoint=safe(end.text))
            for end in (mapping.to if mapping is not None else ())
        )
        return MapPlan(
            id=mapping_id,
            before=before,
            after=mapping,
            version=self.listed.book.version,
            steps=() if refusals else self.steps,
            candidates=candidates,
            warnings=(safe("the image haproxy:lts is not on app-1 yet"),) if not refusals else (),
            refusals=refusals,
        )

    def apply(self, plan: MapPlan, consent: Consent) -> int:
        number = len(self.made) + 1
        self.asked.append(("apply", plan, consent))
        told = (MapTold(at=NOON, phase=Phase.PREFLIGHT, text=safe("postgres@db-1:5432 answers")),)
        self.made[number] = MapJob(number=number, plan=plan, began=NOON, told=told)
        self._fleet.work(self.made[number])
        return number

    def end(self, number: int, ending: MapEnding, text: str = "", next_step: str = "") -> None:
        """An apply ends."""
        job = self.made[number]
        told = (*job.told, MapTold(at=NOON + 1, phase=Phase.VERIFY, text=safe("asks web@app-1")))
        proofs = self.proofs if ending is MapEnding.DONE else ()
        self.made[number] = replace(
            job, told=told, ending=ending, text=safe(text), next_step=safe(next_step), proofs=proofs
        )
        self._fleet.work(self.made[number])

    def jobs(self) -> tuple[MapJob, ...]:
        return tuple(self.made.values())

    async def verify(self, mapping_id: str) -> tuple[Proof, ...]:
        self.asked.append(("verify", mapping_id))
        if self.trouble is not None:
            raise self.trouble
        return self.proofs

    async def history(self, mapping_id: str) -> tuple[Revision, ...]:
        return self.wordings

    async def adopt(self, mapping_id: str) -> MapPlan:
        self.asked.append(("adopt", mapping_id))
        found = next(one.mapping for one in self.listed.standings if one.mapping.id == mapping_id)
        return await self.plan(mapping_id, found)

    async def cut(self, mapping_id: str, consent: Consent) -> int:
        self.asked.append(("cut", mapping_id, consent))
        return self.old


class MapFleet(FakeFleet):
    """A fleet with mappings."""

    def __init__(self, *snapshots: object, **more: object) -> None:
        super().__init__(*snapshots, **more)  # type: ignore[arg-type]  # as there
        self.mappings = FakeMapDesk(self)
        self._map_jobs: tuple[MapJob, ...] = ()
        self._list: MappingList | None = None

    def work(self, job: MapJob) -> None:
        """The next `take` brings an apply."""
        self._map_jobs += (job,)

    def stand(self, *standings: Standing, error: str = "") -> None:
        """The next `take` brings these mappings."""
        book = Book({one.mapping.id: one.mapping for one in standings if not one.orphan}, "1")
        listed = MappingList(book=book, standings=standings, looked=NOON, error=SafeText(error))
        self.mappings.listed = self._list = listed

    def take(self) -> Batch | None:
        batch = super().take()
        if not self._map_jobs and self._list is None:
            return batch
        batch = replace(batch or Batch(), map_jobs=self._map_jobs, mappings=self._list)
        self._map_jobs, self._list = (), None
        return batch

    def name_of(self, key: ContainerKey | None) -> str:
        """`web@app-1`, or empty."""
        return self.newest(key[0]).containers[key[1]].ref if key else ""

    def as_world(self) -> World:
        """As planning sees it: everything on one network of its host."""
        hosts = {}
        for spec in self.hosts:
            views = tuple(
                ContainerView(
                    host=one.host,
                    id=one.id,
                    name=one.name,
                    ports=one.ports,
                    labels=one.labels,
                    state=one.state,
                    mode="shop",
                    attachments=(Attachment(network="shop", aliases=(str(one.name),)),),
                )
                for one in self.newest(spec.name).containers.values()
            )
            hosts[spec.name] = HostView(
                name=spec.name, containers=views, networks=(NetworkView(id="n", name="shop"),)
            )
        return World(fleet=self.fleet, at=NOON, hosts=hosts)


DB = Mapping(
    id="db",
    name="db",
    ports=(5432,),
    to=(Endpoint(host="db-1", container="postgres", ports=(5432,)),),
    consumers=(Party(host="app-1", container="web"), Party(host="app-1", container="worker")),
)
MQ = Mapping(
    id="mq",
    name="mq",
    ports=(5672, 15672),
    to=(Endpoint(host="app-2", container="rabbit", ports=(5672, 15672)),),
    consumers=(Party(host="app-1", container="worker"),),
    via=Via.AMBASSADOR,
)
CACHE = Mapping(
    id="cache",
    name="cache",
    ports=(6379,),
    to=(
        Endpoint(host="app-2", container="redis-1", ports=(6379,), weight=2),
        Endpoint(host="db-1", container="redis-2", ports=(6380,)),
    ),
    consumers=(Party(host="app-1", project="shop", service="api"),),
)


def standing(mapping: Mapping, state: State = State.OK, **more: object) -> Standing:
    """A mapping that stands so for twelve seconds."""
    facts: dict[str, object] = {"via": Via.AMBASSADOR, "since": NOON - 12, "checked": NOON, **more}
    return Standing(mapping=mapping, state=state, **facts)  # type: ignore[arg-type]


def map_fleet(*standings: Standing, **more: object) -> MapFleet:
    """web and worker on app-1, rabbit on app-2, postgres on db-1."""
    web = container("app-1", "web", ports=(Port(80, 8080),))
    worker = container("app-1", "worker")
    rabbit = container("app-2", "rabbit", ports=(Port(5672), Port(15672)))
    postgres = container("db-1", "postgres", ports=(Port(5432, 5432),))
    exporter = container("db-1", "postgres-exporter", ports=(Port(9187),))
    fleet = MapFleet(
        snapshot("app-1", (web, worker)),
        snapshot("app-2", (rabbit,)),
        snapshot("db-1", (postgres, exporter)),
        **more,
    )
    fleet.mappings = FakeMapDesk(fleet, *standings)
    source = safe("variable DATABASE_URL")
    fleet.mappings.proposals = {
        "web@app-1": (Proposal(name="db", port=5432, source=source),),
        "postgres@db-1": (Proposal(name="postgres", port=5432, source=safe("published as 5432")),),
    }
    return fleet


def three_mappings() -> MapFleet:
    """One is well, one is broken, one has steps left."""
    down = ServerView(
        backend="b", server="redis-2.db-1", address="10.0.0.21:6380", status="DOWN", check="L4CON"
    )
    up = ServerView(backend="b", server="redis-1.app-2", address="10.0.0.12:6379", status="UP", check="L4OK")
    return map_fleet(
        standing(DB, sessions=12, old_sessions=2, since=NOON - 86400),
        standing(
            MQ,
            State.BROKEN,
            reason=safe("rabbit@app-2 refuses connections"),
            next_step=safe("look why nothing listens on 5672 there"),
        ),
        standing(
            CACHE,
            State.PENDING,
            reason=safe("2 steps left: redis-2@db-1 answers on 6381 now, not 6380"),
            next_step=safe("a applies what is left"),
            steps=2,
            servers=(up, down),
        ),
    )
