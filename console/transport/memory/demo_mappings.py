"""The demo's mappings: one that works, and one whose endpoint has moved to another port meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from console.model.containers import ContainerState
from console.model.mappings.body import ambassador_name, create_body
from console.model.mappings.haproxy import CONFIG, Carried, Proxy, Server, render, server_name
from console.model.mappings.mapping import Book, Endpoint, Mapping, Party
from console.model.mappings.world import Side
from console.transport.memory.containers import Figures, MemoryContainer, stable_hex
from console.transport.memory.disk import Node
from console.transport.memory.flows import Talk
from console.transport.memory.host import MemoryHost
from console.transport.memory.link import MemoryFleet

IMAGE = "haproxy:lts"

LOKI = Mapping(
    id="loki",
    name="loki",
    ports=(3100,),
    to=(Endpoint(host="app-2", container="loki", ports=(3100,)),),
    consumers=(Party(host="app-1", container="promtail"),),
)
MQ = Mapping(
    id="mq",
    name="mq",
    ports=(5672,),
    to=(Endpoint(host="app-2", container="rabbit", ports=(5672,)),),
    consumers=(Party(host="app-1", container="worker"),),
)

TALKS: dict[str, dict[str, tuple[Talk, ...]]] = {
    "app-1": {
        "nginx": (Talk("web", 8080, 6),),
        # Its database is where it was before it moved: nobody answers.
        "web": (Talk("redis", 6379, 5), Talk("db", 5432, 2)),
        "worker": (
            Talk("db", 5432, 4),
            Talk("mq", 5672, 2),
            Talk("203.0.113.40", 443, outside=True),
        ),
        "promtail": (Talk("loki", 3100, 3),),
    },
    "app-2": {
        "nginx": (Talk("web", 8080, 4),),
        "grafana": (Talk("prometheus", 9090, 2), Talk("loki", 3100)),
    },
    "db-1": {"pgbouncer": (Talk("postgres", 5432, 8),)},
}
"""What keeps connections to what: by mappings, on the same bridge, past every mapping, and outside."""

DAY = 86400.0
POOL = 3
"""Connections that promtail keeps."""
TURN = 4.0
"""Seconds after which it gives up one that is older than the present configuration."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One ambassador as it stands when the demo begins."""

    mapping: Mapping
    host: str
    network: str
    port: int
    """Where the endpoint was published when it was configured."""
    age: float


# The broker was published on 5673 until last night.
STANDING = (
    _Standing(LOKI, "app-1", "monitoring_default", 3100, 12 * DAY),
    _Standing(MQ, "app-1", "shop_default", 5673, 5 * DAY),
)


def demo_book() -> Book:
    """What the demo's mappings.yml says."""
    return Book({mapping.id: mapping for mapping in (LOKI, MQ)}, version="demo")


def furnish(fleet: MemoryFleet) -> list[tuple[MemoryHost, MemoryContainer]]:
    """Put the ambassadors there as if they had always been; return them."""
    for host in fleet.hosts.values():
        host.daemon.images.add(IMAGE)
        host.talks.update(TALKS.get(host.name, {}))
    return [(fleet[standing.host], _stand(fleet, standing)) for standing in STANDING]


def _stand(fleet: MemoryFleet, standing: _Standing) -> MemoryContainer:
    host, mapping = fleet[standing.host], standing.mapping
    daemon, now = host.daemon, host.daemon.bus.now()
    body = create_body(fleet=fleet.name, mapping=mapping.id, side=Side.CONSUMER, image=IMAGE)
    name = ambassador_name(mapping.id, Side.CONSUMER)
    container = MemoryContainer(
        id=stable_hex(f"demo/{host.name}/{name}"),
        name=name,
        image=IMAGE,
        created=now - standing.age,
        command=(*body["Entrypoint"], *body["Cmd"]),
        labels=body["Labels"],
        networks={at: daemon.nets.free_address(at) for at in ("bridge", standing.network)},
        aliases={standing.network: (mapping.name,)},
        restart_policy="unless-stopped",
        memory_limit=body["HostConfig"]["Memory"],
        figures=Figures(cpu=0.002, memory=9 << 20, phase=standing.age),
        state=ContainerState.RUNNING,
        started=now - standing.age,
        pid=2900 + len(daemon.containers),
    )
    daemon.add(container)
    daemon.disk(container).nodes[CONFIG] = Node(_config(fleet, standing).encode(), mtime=now - standing.age)
    daemon.run_proxy(container)
    return container


def _config(fleet: MemoryFleet, standing: _Standing) -> str:
    mapping = standing.mapping
    (end,) = mapping.to
    bridge = fleet[standing.host].daemon.nets.find("bridge")
    assert bridge is not None
    address = fleet[end.host].spec.address
    server = Server(name=server_name(end.container, end.host), host=address, port=standing.port)
    return render(
        Proxy(
            fleet=fleet.name,
            mapping=mapping,
            number=1,
            parent="",
            side=Side.CONSUMER,
            carried=(Carried(port=mapping.ports[0], servers=(server,)),),
            gateways=(bridge.gateway,),
            refused=(bridge.subnet,),
        )
    )


async def traffic(host: MemoryHost) -> None:
    """Consumers keep connections through ambassadors that lead somewhere, and renew old ones by and by."""
    while True:
        for proxy in list(host.daemon.proxies.values()):
            view = proxy.view(host)
            if any(server.status in ("UP", "no check") for server in view.servers):
                proxy.release(old=True)
                proxy.hold(max(0, POOL - proxy.held))
            else:
                proxy.release(proxy.held)
        await host.clock.sleep(TURN)
