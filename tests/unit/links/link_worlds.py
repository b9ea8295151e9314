"""web on app-1 dials db:5432, which an ambassador leads to postgres on db-1, published as 15432."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.model.containers import ContainerState, Port
from console.model.links.judge import judge
from console.model.links.link import Link, LinkList
from console.model.links.seen import Seen
from console.model.links.sight import Address, Counters, HostSight
from console.model.mappings import haproxy
from console.model.mappings.haproxy import Carried, Proxy, Server
from console.model.mappings.mapping import Endpoint, Mapping, Party, Via
from console.model.mappings.standing import Standing, State
from console.model.mappings.world import AmbassadorView, ContainerView, ProxyView, ServerView, Side, World
from tests.unit.mapping_worlds import AT, a_container, a_host, a_world

WEB = Party(host="app-1", container="web")
DB = Endpoint(host="db-1", container="postgres", ports=(5432,))
MAPPING = Mapping(id="db", name="db", ports=(5432,), to=(DB,), consumers=(WEB,))
DB_1 = "10.0.0.21"


def standing(mapping: Mapping = MAPPING, state: State = State.OK, via: Via = Via.AMBASSADOR) -> Standing:
    return Standing(mapping=mapping, state=state, via=via, since=AT, checked=AT)


def ambassador(status: str = "UP", check: str = "L4OK", **more: Any) -> AmbassadorView:
    address = more.pop("address", f"{DB_1}:15432")
    mapping = more.pop("mapping", MAPPING)
    servers = tuple(
        Server(name=haproxy.server_name(end.container, end.host), host=DB_1, port=15432 + number)
        for number, end in enumerate(mapping.to)
    )
    config = haproxy.render(
        Proxy(
            fleet="prod",
            mapping=mapping,
            number=1,
            parent="",
            side=Side.CONSUMER,
            carried=(Carried(port=5432, servers=servers),),
            gateways=("172.18.0.1",),
        )
    )
    header = haproxy.parse_header(config)
    assert header is not None
    running = ProxyView(
        revision=header.revision,
        servers=tuple(
            ServerView(
                backend="to_5432",
                server=one.name,
                address=address if one is servers[0] else one.address,
                status=status if one is servers[0] else "UP",
                check=check,
            )
            for one in servers
        ),
    )
    state = more.pop("state", ContainerState.RUNNING)
    return AmbassadorView(
        container=a_container(
            "dockcon-db", "app-1", "shop", aliases=more.pop("aliases", ("db",)), state=state
        ),
        fleet="prod",
        mapping=mapping.id,
        side=Side.CONSUMER,
        spec="",
        config=config,
        header=header,
        running=more.pop("running", running if state is ContainerState.RUNNING else None),
        **more,
    )


def postgres(**more: Any) -> ContainerView:
    return a_container("postgres", "db-1", "data", ports=[Port(5432, more.pop("public", 15432), "")], **more)


def fleet(
    target: ContainerView | None = None,
    one: AmbassadorView | None = None,
    web: ContainerView | None = None,
    others: tuple[ContainerView, ...] = (),
    gone: bool = False,
) -> World:
    one = one or ambassador()
    web = web or a_container("web", "app-1", "shop")
    app = a_host("app-1", web, one.container, *others, reach="10.0.0.11", ambassadors=(one,))
    db = a_host("db-1", *(() if gone else (target or postgres(),)), reach=DB_1)
    return a_world(app, db, a_host("db-2", reach="10.0.0.22"))


def view(world: World, host: str, name: str) -> ContainerView:
    return next(one for one in world.hosts[host].containers if one.name == name)


def sights(world: World, at: float = AT, **failed: int) -> dict[str, HostSight]:
    return {
        name: HostSight(
            host=name,
            at=at,
            flows=(),
            counters={one.id: Counters(5, 5, 5, failed.get(str(one.name), 0)) for one in host.containers},
        )
        for name, host in world.hosts.items()
    }


def seen(world: World, client: tuple[str, str], server: tuple[str, str], port: int, **more: Any) -> Seen:
    from console.model.links.fleet import end_of

    return Seen(
        consumer=end_of(view(world, *client)),
        endpoint=end_of(view(world, *server), port),
        dialled=more.pop("dialled", Address(DB_1, 15432)),
        **{"open": 1, **more},
    )


def through(world: World, **more: Any) -> Seen:
    """web to postgres by the ambassador."""
    way = world.hosts["app-1"].ambassadors[0].container
    return seen(
        world,
        ("app-1", "web"),
        ("db-1", "postgres"),
        5432,
        dialled=Address("172.18.0.9", 5432),
        ambassador=("app-1", way.id),
        **more,
    )


def links(world: World, *flows: Seen, stated: tuple[Standing, ...] | None = None, **more: Any) -> LinkList:
    now = more.pop("now", AT)
    looks = more.pop("looks", None)
    return judge(
        world,
        (standing(),) if stated is None else stated,
        flows,
        sights(world) if looks is None else looks,
        more.pop("before", None),
        now,
        **more,
    )


def only(found: LinkList) -> Link:
    assert len(found.links) == 1, [link.word for link in found.links]
    return found.links[0]


def paused(one: ContainerView, state: ContainerState = ContainerState.PAUSED) -> ContainerView:
    return replace(one, state=state)
