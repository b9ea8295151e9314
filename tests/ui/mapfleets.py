"""Fleets with links, for drawn maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from console.model.containers import ContainerState
from console.model.hosts import HostSpec, HostState
from console.model.links.link import End, EndKind, Fault, Link, LinkList, LinkState
from console.model.text import safe, sanitise
from console.ui.world import World
from tests.ui.fleet import NOON, container, snapshot

SHOP: Mapping[str, Sequence[str]] = {
    "app-1": ("web", "worker", "cron", "mailer"),
    "app-2": ("web", "search", "images"),
    "db-1": ("postgres", "pgbouncer", "backup"),
    "mq-1": ("rabbit", "redis"),
}


def world_of(
    hosts: Mapping[str, Sequence[str]], lost: Sequence[str] = (), stopped: Sequence[str] = ()
) -> World:
    """Hosts with these containers."""
    snapshots = {}
    for host, names in hosts.items():
        made = [
            container(host, name, state=ContainerState.EXITED if name in stopped else ContainerState.RUNNING)
            for name in names
        ]
        snapshots[host] = snapshot(host, made, state=HostState.LOST if host in lost else HostState.UP)
    return World(
        fleet="shop", hosts=tuple(HostSpec(name=host, address=host) for host in hosts), snapshots=snapshots
    )


def end(ref: str, port: int = 0) -> End:
    """`web@app-1` is a container, `@app-1` the host itself, anything else an address outside."""
    name, at, host = ref.partition("@")
    if not at:
        return End(kind=EndKind.OUTSIDE, name=sanitise(ref), port=port)
    if not name:
        return End(kind=EndKind.MACHINE, host=host, port=port)
    return End(kind=EndKind.CONTAINER, host=host, id=container(host, name).id, name=sanitise(name), port=port)


def link(consumer: str, endpoint: str, port: int, dials: str, state: LinkState, **more: object) -> Link:
    """A link that is so for twelve seconds."""
    facts: dict[str, object] = {"since": NOON - 12, **more}
    return Link(
        consumer=end(consumer), endpoint=end(endpoint, port), dials=sanitise(dials), state=state, **facts
    )  # type: ignore[arg-type]


def listed(*links: Link) -> LinkList:
    """Worst first."""
    order = list(LinkState)
    return LinkList(links=tuple(sorted(links, key=lambda one: order.index(one.state))), looked=NOON)


SHOP_LINKS = listed(
    link(
        "web@app-1", "pgbouncer@db-1", 6432, "db:5432", LinkState.BROKEN, fault=Fault.REFUSED,
        reason=safe("pgbouncer@db-1 refuses connections on 6432"), sessions=0,
    ),
    link("web@app-1", "redis@mq-1", 6379, "cache:6379", LinkState.OK, sessions=12, latency=0.0004),
    link("web@app-2", "pgbouncer@db-1", 6432, "db:5432", LinkState.OK, sessions=8, latency=0.0006),
    link("worker@app-1", "rabbit@mq-1", 5672, "mq:5672", LinkState.OK, sessions=4, latency=0.0011),
    link("search@app-2", "postgres@db-1", 5432, "db-ro:5432", LinkState.IDLE),
    link("pgbouncer@db-1", "postgres@db-1", 5432, "postgres:5432", LinkState.OK, sessions=20, latency=0.0001),
    link("backup@db-1", "10.0.0.9", 443, "10.0.0.9:443", LinkState.UNDECLARED, sessions=1),
    link("mailer@app-1", "smtp.example.com", 25, "smtp.example.com:25", LinkState.CONFIGURED),
    link("images@app-2", "redis@mq-1", 6379, "cache:6379", LinkState.STALE),
    link("10.0.0.77", "web@app-1", 8080, "10.0.0.11:8080", LinkState.UNDECLARED, sessions=2),
)  # fmt: skip


def shop() -> tuple[LinkList, World]:
    """Four hosts, ten links of all kinds."""
    return SHOP_LINKS, world_of(SHOP)


def with_state(found: LinkList, number: int, state: LinkState) -> LinkList:
    """The same links, one of them in another state."""
    links = list(found.links)
    links[number] = replace(links[number], state=state, fault=Fault.NONE)
    return listed(*links)
