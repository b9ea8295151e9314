"""Trying a link as its consumer would: what one attempt proves, and what it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from console.errors import CapabilityMissing, DockconError
from console.model.clock import Clock
from console.model.containers import ContainerState
from console.model.hosts import Guard
from console.model.links.link import EndKind, Link
from console.model.mappings.haproxy import TARGETS_BACKEND, server_name, server_of
from console.model.mappings.world import ContainerView, ServerView, World
from console.model.text import SafeText
from console.service.links.desk import Probed
from console.service.mappings.verify import said
from console.transport.base import Engine
from console.transport.wiring import Reached


async def probe(
    link: Link,
    world: World,
    reach: Callable[[str], Awaitable[Engine]],
    clock: Clock,
    *,
    read_only: bool,
) -> Probed:
    """One attempt, from the consumer's own namespaces. Never raises for what a host did.

    A connection alone proves nothing where a proxy accepts it: the ambassador's own check must be well, too.
    """
    began = clock.monotonic()

    def probed(ok: bool | None, text: str) -> Probed:
        return Probed(
            link=link, ok=ok, text=SafeText(text), at=clock.now(), seconds=clock.monotonic() - began
        )

    name, port = dialled(link)
    if not name or not port:
        return probed(None, "which name and port it dials is not known")
    why, one = _prober(link, world, read_only)
    if why:
        return probed(None, why)
    try:
        wiring = (await reach(link.consumer.host)).wiring
        if one is None:
            answer: Reached = await wiring.reach(name, port)
        else:
            answer = await wiring.reach_from(one.id, name, port)
    except CapabilityMissing as missing:
        return probed(None, missing.message)
    except DockconError as error:
        return probed(None, error.message)
    if not answer.ok:
        return probed(False, answer.how)
    ok, but = _doubt(link, world, port)
    return probed(ok, f"{answer.how} {but}".strip())


def dialled(link: Link) -> tuple[str, int]:
    """`db`, 5432 of `db:5432`; the endpoint's own port where none is dialled."""
    host, colon, port = str(link.dials).rpartition(":")
    if colon and port.isascii() and port.isdigit():
        return host.strip("[]"), int(port)
    return str(link.dials).strip("[]"), link.endpoint.port


def _prober(link: Link, world: World, read_only: bool) -> tuple[str, ContainerView | None]:
    """From which container it is tried, None: from the machine; or why it cannot be."""
    end = link.consumer
    host = world.hosts.get(end.host)
    if end.kind not in (EndKind.CONTAINER, EndKind.MACHINE) or host is None:
        return "its consumer is not in this fleet", None
    if host.missing:
        return f"{end.host}: {host.missing}", None
    if end.kind is EndKind.MACHINE:
        return "", None
    found: Sequence[ContainerView] = [
        one for one in host.containers if one.id == end.id or (not end.id and one.name == end.name)
    ]
    if not found:
        return f"{end.text} is not there any more", None
    if found[0].state is not ContainerState.RUNNING:
        return f"{end.text} is {found[0].state}", None
    if not host.root and (read_only or host.guard is Guard.OBSERVE):
        # Without root the question is put by a process in the container.
        why = "this console is read-only" if read_only else f"{end.host} may only be observed"
        return why, None
    return "", found[0]


def _doubt(link: Link, world: World, port: int) -> tuple[bool | None, str]:
    """What an ambassador on the way says of the endpoint: True where nothing speaks against it."""
    on_the_way = {hop.end.key for hop in link.path}
    for one in world.hosts[link.consumer.host].ambassadors:
        if one.container.target.key not in on_the_way and (not link.mapping or one.mapping != link.mapping):
            continue
        if one.running is None:
            return None, f"but whether {one.container.name} has an endpoint to serve it is not known"
        servers = _concerned(link, one.running.servers, port)
        if servers and not any(_may_be_up(server) for server in servers):
            down = next((server for server in servers if server.status.startswith("DOWN")), servers[0])
            return False, f"to {one.container.name}, but {link.endpoint.text} {said(down)}"
    return True, ""


def _concerned(link: Link, servers: Sequence[ServerView], port: int) -> list[ServerView]:
    """The servers that stand for the endpoint, or for the port, or all: as far as names tell."""
    found = [server for server in servers if server.address]
    found = [server for server in found if server.backend == f"{TARGETS_BACKEND}{port}"] or found
    name = server_name(str(link.endpoint.name), link.endpoint.host)
    return [server for server in found if server_of(server.server, [name])] or found


def _may_be_up(server: ServerView) -> bool:
    return server.status.startswith(("UP", "no check", "DRAIN"))
