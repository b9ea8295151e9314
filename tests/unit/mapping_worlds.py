"""Small worlds for mappings: hosts with a few containers and networks."""

from __future__ import annotations

from typing import Any

from console.model.containers import ContainerState, Port
from console.model.mappings.world import Attachment, ContainerView, HostView, NetworkView, World
from console.model.text import safe

AT = 1_750_000_000.0


def a_container(name: str, host: str, *networks: str, **more: Any) -> ContainerView:
    """A running container; its names on each network are its own and those of `aliases`."""
    ports = tuple(Port(port) if isinstance(port, int) else port for port in more.pop("ports", ()))
    aliases = tuple(more.pop("aliases", ()))
    labels = {key: safe(value) for key, value in more.pop("labels", {}).items()}
    return ContainerView(
        host=host,
        id=f"{name}-{host}".encode().hex().ljust(64, "0")[:64],
        name=safe(name),
        ports=ports,
        labels=labels,
        mode=more.pop("mode", networks[0] if networks else "bridge"),
        attachments=tuple(
            Attachment(network=network, ip="172.18.0.9", aliases=(name, *aliases)) for network in networks
        ),
        state=more.pop("state", ContainerState.RUNNING),
        **more,
    )


def a_host(name: str, *containers: ContainerView, **more: Any) -> HostView:
    """A host that is up, with the networks that its containers are on."""
    networks = {place.network for one in containers for place in one.attachments} | {"bridge"}
    return HostView(
        name=name,
        reach=more.pop("reach", f"10.0.0.{len(name)}"),
        containers=containers,
        networks=tuple(NetworkView(id=f"id-{network}", name=network) for network in sorted(networks)),
        **more,
    )


def a_world(*hosts: HostView) -> World:
    return World(fleet="prod", at=AT, hosts={host.name: host for host in hosts})


def shop(**of_app: Any) -> World:
    """web and worker on app-1, postgres on db-1."""
    web = a_container("web", "app-1", "shop_default", ports=[8080], **of_app)
    worker = a_container(
        "shop-worker-1",
        "app-1",
        "shop_default",
        labels={"com.docker.compose.project": "shop", "com.docker.compose.service": "worker"},
        aliases=["worker"],
    )
    cron = a_container("cron", "app-1", "cron_net")
    postgres = a_container("postgres", "db-1", "data", ports=[Port(5432, 15432, "0.0.0.0")])
    node = a_container("node", "db-1", mode="host")
    return a_world(
        a_host("app-1", web, worker, cron), a_host("db-1", postgres, node, listening=frozenset({9100}))
    )
