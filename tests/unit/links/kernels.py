"""What the kernels of a small fleet show of its connections, written from what Docker's rules do to packets.

The truth is kept beside the rows: `Kernels.truth` counts who is connected to whom, whatever can be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.model.containers import ContainerState, Port
from console.model.links.seen import Seen
from console.model.links.sight import Address, Counters, Flow, FlowState, HostSight, Socket, SocketState
from console.model.mappings.world import (
    AmbassadorView,
    Attachment,
    ContainerView,
    HostView,
    NetworkView,
    ProxyView,
    ServerView,
    Side,
    World,
)
from console.model.text import safe

AT = 1_750_000_000.0
GATEWAY = "172.18.0.1"


def at(text: str) -> Address:
    ip, _, port = text.rpartition(":")
    return Address(ip, int(port))


@dataclass
class Kernels:
    """Hosts `app-1`, `db-1` ... with one bridge each, 172.18.0.0/16 on all of them."""

    reach: dict[str, str]
    containers: dict[str, list[ContainerView]] = field(default_factory=dict)
    ambassadors: dict[str, list[AmbassadorView]] = field(default_factory=dict)
    rows: dict[str, list[Flow]] = field(default_factory=dict)
    sockets: dict[str, dict[str, list[Socket]]] = field(default_factory=dict)
    truth: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    ports: Counter[tuple[str, str]] = field(default_factory=Counter)
    rewritings: int = 50000

    def container(self, name: str, host: str, ip: str = "", **more: Any) -> ContainerView:
        """A running container on the bridge `shop` of its host."""
        place = Attachment(network="shop", network_id=f"{host}-shop", ip=ip, aliases=(name,))
        ports = tuple(Port(one) if isinstance(one, int) else one for one in more.pop("ports", ()))
        made = ContainerView(
            host=host,
            id=f"{name}@{host}".encode().hex().ljust(64, "0")[:64],
            name=safe(name),
            ports=ports,
            mode=more.pop("mode", "shop"),
            attachments=more.pop("attachments", (place,) if ip else ()),
            state=more.pop("state", ContainerState.RUNNING),
            **more,
        )
        self.containers.setdefault(host, []).append(made)
        return made

    def ambassador(
        self, mapping: str, host: str, ip: str, *servers: ServerView, side: Side = Side.CONSUMER, **more: Any
    ) -> ContainerView:
        name = f"dockcon-{mapping}" + ("-provider" if side is Side.PROVIDER else "")
        fleet = more.pop("fleet", "prod")
        running = ProxyView(revision="1-x", servers=servers) if servers else None
        made = self.container(name, host, ip, **more)
        view = AmbassadorView(
            container=made, fleet=fleet, mapping=mapping, side=side, spec="", running=running
        )
        self.ambassadors.setdefault(host, []).append(view)
        return made

    def row(
        self,
        host: str,
        src: Address,
        dst: Address,
        reply_src: Address | None = None,
        reply_dst: Address | None = None,
        state: FlowState = FlowState.OPEN,
        protocol: str = "tcp",
    ) -> Flow:
        """One row of connection tracking; the reply is the mirror where nothing is said."""
        flow = Flow(src, dst, reply_src or dst, reply_dst or src, state, protocol)
        self.rows.setdefault(host, []).append(flow)
        return flow

    def socket(self, host: str, ident: str, local: Address, remote: Address, **more: Any) -> None:
        found = self.sockets.setdefault(host, {}).setdefault(ident, [])
        found.append(Socket(local, remote, more.pop("state", SocketState.OPEN), **more))

    def listens(self, host: str, ident: str, local: Address, owner: str = "") -> None:
        self.socket(host, ident, local, Address("0.0.0.0", 0), state=SocketState.LISTENING, owner=owner)

    def source(self, host: str, ip: str) -> Address:
        """The next free port of a namespace: those of different ones are often the same."""
        self.ports[host, ip] += 1
        return Address(ip, 40000 + self.ports[host, ip])

    def masked(self, host: str, src: Address, dst: Address, *, rewritten: bool) -> Address:
        """What the host makes of a container's address; the port stays unless another one has it."""
        kept = Address(self.reach[host], src.port)
        if rewritten or any(row.reply_dst == kept and row.dst == dst for row in self.rows.get(host, ())):
            self.rewritings += 1
            return Address(kept.ip, self.rewritings)
        return kept

    def bridged(self, consumer: ContainerView, server: ContainerView, port: int) -> Address:
        """Over the bridge that both are on: nothing is translated."""
        src, dst = self.source(consumer.host, ip_of(consumer)), Address(ip_of(server), port)
        self.row(consumer.host, src, dst)
        self.note(consumer, server, port, src, dst, src, dst)
        return src

    def published(
        self, consumer: ContainerView, server: ContainerView, port: int, *, rewritten: bool = False
    ) -> Address:
        """From one host to another: masked by the host it leaves, led on where it is published."""
        public = next(one.public for one in server.ports if one.private == port and one.public)
        src, dst = self.source(consumer.host, ip_of(consumer)), Address(self.reach[server.host], public)
        masked = self.masked(consumer.host, src, dst, rewritten=rewritten)
        end = Address(ip_of(server), port)
        self.row(consumer.host, src, dst, dst, masked)
        self.row(server.host, masked, dst, end, masked)
        self.note(consumer, server, port, src, dst, masked, end)
        return src

    def own_host(self, consumer: ContainerView, server: ContainerView, port: int) -> Address:
        """To a port that the consumer's own host publishes, from another bridge."""
        public = next(one.public for one in server.ports if one.private == port and one.public)
        src, dst = self.source(consumer.host, ip_of(consumer)), Address(self.reach[server.host], public)
        end = Address(ip_of(server), port)
        self.row(consumer.host, src, dst, end, src)
        self.note(consumer, server, port, src, dst, src, end)
        return src

    def docker_proxy(self, consumer: ContainerView, server: ContainerView, port: int) -> Address:
        """To a port that the consumer's own host publishes, from the same bridge: docker-proxy takes it."""
        public = next(one.public for one in server.ports if one.private == port and one.public)
        src, dst = self.source(consumer.host, ip_of(consumer)), Address(self.reach[server.host], public)
        inner, end = self.source(consumer.host, GATEWAY), Address(ip_of(server), port)
        self.row(consumer.host, src, dst)
        self.row(consumer.host, inner, end)
        self.listens(consumer.host, "", Address("0.0.0.0", public))
        self.socket(consumer.host, "", dst, src)
        self.socket(consumer.host, "", inner, end)
        self.note(consumer, server, port, src, dst, inner, end)
        return inner

    def from_machine(self, consumer: ContainerView, server: ContainerView, port: int) -> None:
        """From a container on the network of its machine to a port that another one publishes."""
        public = next(one.public for one in server.ports if one.private == port and one.public)
        dst, end = Address(self.reach[server.host], public), Address(ip_of(server), port)
        own = self.source(consumer.host, self.reach[consumer.host])
        src = self.masked(consumer.host, own, dst, rewritten=False)
        self.row(consumer.host, src, dst)
        self.row(server.host, src, dst, end, src)
        self.socket(consumer.host, "", src, dst, owner=consumer.id)
        self.socket(server.host, server.id, end, src)
        self.truth[name_of(consumer), name_of(server), port] += 1

    def note(
        self,
        consumer: ContainerView,
        server: ContainerView,
        port: int,
        src: Address,
        dst: Address,
        seen: Address,
        end: Address,
    ) -> None:
        """Keep the truth, and both sockets."""
        self.truth[name_of(consumer), name_of(server), port] += 1
        self.socket(consumer.host, consumer.id, src, dst)
        self.socket(server.host, server.id, end, seen)

    def world(self, **more: Any) -> World:
        hosts = {}
        for host, reach in self.reach.items():
            bridge = NetworkView(
                id=f"{host}-shop", name="shop", subnets=("172.18.0.0/16",), gateways=(GATEWAY,)
            )
            hosts[host] = HostView(
                name=host,
                reach=reach,
                containers=tuple(self.containers.get(host, ())),
                networks=(bridge, *more.get("networks", ())),
                ambassadors=tuple(self.ambassadors.get(host, ())),
            )
        return World(fleet="prod", at=AT, hosts=hosts)

    def sights(
        self,
        blind: Collection[str] = (),
        sockets: bool = False,
        counters: Mapping[str, Mapping[str, Counters]] | None = None,
    ) -> dict[str, HostSight]:
        """What is read of every host; of `blind` ones the sockets in place of connection tracking."""
        found = {}
        for host, reach in self.reach.items():
            shown = self.sockets.get(host, {})
            if not (sockets or host in blind):
                shown = {"": shown.get("", [])}
            found[host] = HostSight(
                host=host,
                at=AT,
                flows=None if host in blind else tuple(self.rows.get(host, ())),
                sockets={ident: tuple(all_of) for ident, all_of in shown.items()},
                counters=(counters or {}).get(host, {}),
                addresses=frozenset({"127.0.0.1", GATEWAY, reach}),
            )
        return found


def ip_of(container: ContainerView) -> str:
    return container.attachments[0].ip


def name_of(container: ContainerView) -> str:
    return f"{container.name}@{container.host}"


def pairs(seen: Collection[Seen]) -> dict[tuple[str, str, int], int]:
    """Open connections by consumer, endpoint and its port, as `Kernels.truth` has them."""
    found: Counter[tuple[str, str, int]] = Counter()
    for one in seen:
        found[str(one.consumer.text), str(one.endpoint.text), one.endpoint.port] += one.open
    return dict(found)


def shop() -> tuple[Kernels, ContainerView, ContainerView]:
    """web on app-1; postgres on db-1, published; both have the same address on their own bridges."""
    kernels = Kernels({"app-1": "10.0.0.11", "db-1": "10.0.0.21"})
    web = kernels.container("web", "app-1", "172.18.0.2")
    postgres = kernels.container("postgres", "db-1", "172.18.0.2", ports=[Port(5432, 15432, "0.0.0.0")])
    return kernels, web, postgres
