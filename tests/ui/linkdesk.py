"""A desk of links that tells what a test says, on a fleet with mappings."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from console.errors import UsageError
from console.model.containers import ContainerKey
from console.model.links.link import End, EndKind, Evidence, Fault, Hop, Known, Link, LinkList, LinkState
from console.model.mappings.mapping import Endpoint, Mapping, Party
from console.model.text import safe, sanitise
from console.service.handle import Batch
from console.service.links.desk import Probed
from tests.ui.fleet import NOON, container
from tests.ui.mapdesk import CACHE, DB, MapFleet, map_fleet, standing


def end(ref: str, port: int = 0) -> End:
    """`web@app-1`: a container that is there; `10.0.0.9`: an address outside."""
    name, at, host = ref.partition("@")
    if not at:
        return End(kind=EndKind.OUTSIDE, name=sanitise(ref), port=port)
    ident = container(host, name).id
    return End(kind=EndKind.CONTAINER, host=host, id=ident, name=sanitise(name), port=port)


def link(
    consumer: str, endpoint: str, port: int, dials: str, state: LinkState = LinkState.OK, **more: object
) -> Link:
    """A link that is so for twelve seconds."""
    facts: dict[str, object] = {
        "known": frozenset({Known.OBSERVED}),
        "since": NOON - 12,
        "checked": NOON - 1,
        **more,
    }
    one, other = end(consumer), end(endpoint, port)
    facts.setdefault("path", (Hop(end=one), Hop(end=other, how=safe("on the same bridge"))))
    return Link(consumer=one, endpoint=other, dials=sanitise(dials), state=state, **facts)  # type: ignore[arg-type]


REFUSED = link(
    "web@app-1",
    "postgres@db-1",
    5432,
    "db:5432",
    LinkState.BROKEN,
    fault=Fault.REFUSED,
    mapping="db",
    via=safe("ambassador"),
    known=frozenset({Known.DECLARED, Known.OBSERVED}),
    reason=safe("postgres@db-1 refuses connections on 5432"),
    next_step=safe("look why nothing listens there: l reads its log"),
    sessions=0,
    failing=9,
    path=(
        Hop(
            end=end("web@app-1"),
            evidence=(
                Evidence(text=safe("9 attempts failed"), ok=False, source=safe("counters"), at=NOON - 1),
            ),
        ),
        Hop(
            end=end("dockcon-db@app-1"),
            how=safe("as db:5432 on network dockcon-net-app"),
            evidence=(
                Evidence(text=safe("runs"), ok=True, source=safe("engine of app-1"), at=NOON - 3),
                Evidence(
                    text=safe("check: refused"), ok=False, source=safe("HAProxy of dockcon-db"), at=NOON - 1
                ),
            ),
        ),
        Hop(end=end("postgres@db-1", 5432), how=safe("published on 10.0.0.21:15432")),
    ),
)
WORKER = link(
    "worker@app-1",
    "postgres@db-1",
    5432,
    "db:5432",
    mapping="db",
    via=safe("ambassador"),
    known=frozenset({Known.DECLARED, Known.OBSERVED}),
    sessions=12,
    latency=0.0004,
    since=NOON - 86400,
)
QUEUE = link(
    "worker@app-1", "rabbit@app-2", 5672, "10.0.0.12:5672", LinkState.IDLE, via=safe("published"), sessions=0
)
EXPORTER = link(
    "postgres-exporter@db-1", "postgres@db-1", 5432, "postgres:5432", via=safe("bridge"), sessions=1
)
OUTSIDE = link("web@app-1", "203.0.113.9", 443, "203.0.113.9:443", LinkState.UNDECLARED, sessions=2)
MOVED = link(
    "worker@app-1",
    "redis-2@db-1",
    6380,
    "cache:6379",
    LinkState.STALE,
    mapping="cache",
    via=safe("hosts"),
    reason=safe("redis-2@db-1 is gone"),
    since=NOON - 240,
)


class FakeLinkDesk:
    """Remembers what it was asked; answers with what it was given."""

    def __init__(self, *links: Link, **more: object) -> None:
        self.listed = LinkList(links=links, looked=NOON, **more)  # type: ignore[arg-type]  # its own fields
        self.asked: list[tuple[object, ...]] = []
        self.answers: list[Probed] = []
        self.gate = asyncio.Event()
        """Until it is set nobody is told who depends on anything."""
        self.gate.set()

    def links(self) -> LinkList:
        return self.listed

    def watch(self, on: bool) -> None:
        self.asked.append(("watch", on))

    def select(self, link: Link | None) -> None:
        self.asked.append(("select", str(link.consumer.text) if link else None))

    async def look(self) -> LinkList:
        return self.listed

    async def probe(self, link: Link) -> Probed:
        self.asked.append(("probe", link.identity))
        if self.answers:
            return self.answers.pop(0)
        text = safe("db resolved to 172.20.0.3 and connected")
        return Probed(link=link, ok=True, text=text, at=NOON, seconds=0.0004)

    async def breaks(self, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        self.asked.append(("breaks", tuple(containers)))
        await self.gate.wait()
        return tuple(one for one in self.listed.links if one.endpoint.key in containers)

    async def adopt(self, link: Link) -> Mapping:
        self.asked.append(("adopt", link.identity))
        if link.endpoint.kind is not EndKind.CONTAINER:
            raise UsageError("an end is outside the fleet: no mapping can state it")
        name = str(link.dials).partition(":")[0]
        to = Endpoint(host=link.endpoint.host, container=str(link.endpoint.name), ports=(link.endpoint.port,))
        consumer = Party(host=link.consumer.host, container=str(link.consumer.name))
        return Mapping(id=name, name=name, ports=(link.endpoint.port,), to=(to,), consumers=(consumer,))


class LinkFleet(MapFleet):
    """A fleet with links."""

    links: FakeLinkDesk
    _link_list: LinkList | None = None

    def see(self, *links: Link) -> None:
        """The next `take` brings these."""
        self.links.listed = self._link_list = replace(self.links.listed, links=links)

    def take(self) -> Batch | None:
        batch = super().take()
        if self._link_list is None:
            return batch
        batch = replace(batch or Batch(), links=self._link_list)
        self._link_list = None
        return batch


def link_fleet(*links: Link, **more: object) -> LinkFleet:
    """The fleet of mappings, and who depends on whom in it."""
    made = map_fleet(standing(DB, sessions=12), standing(CACHE))
    fleet = LinkFleet(*(made.newest(spec.name) for spec in made.hosts))
    fleet.mappings = made.mappings
    fleet.mappings._fleet = fleet
    fleet.links = FakeLinkDesk(*links, **more)
    return fleet


def six_links() -> LinkFleet:
    """One of each kind that matters; two hosts tell not everything."""
    partly = {"app-2": safe("no root"), "db-1": safe("no root")}
    return link_fleet(REFUSED, MOVED, OUTSIDE, QUEUE, EXPORTER, WORKER, partly=partly, cost={"app-1": 0.0096})
