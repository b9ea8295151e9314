"""Afterwards: whether the running world is as stated, asked of it and not of what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator

from console.errors import CapabilityMissing, HostError
from console.model.containers import ContainerState
from console.model.hosts import Guard
from console.model.mappings.mapping import Mapping
from console.model.mappings.steps import Proof
from console.model.mappings.world import AmbassadorView, ContainerView, ServerView, World
from console.model.text import NOTHING, SafeText, safe
from console.transport.base import Engine

_WORDS = {
    "L4CON": "refuses connections",
    "L4TOUT": "does not answer",
    "L7TOUT": "accepts connections and does not answer the check",
    "L7STS": "answers the check with an error",
    "L7RSP": "does not speak the protocol of the check",
}


def of_proxies(mapping: Mapping, world: World) -> tuple[Proof, ...]:
    """What the ambassadors of a mapping say: the revision that runs, and their servers."""
    return tuple(proof for one in world.ambassadors(mapping.id) for proof in _of_one(one))


def _of_one(one: AmbassadorView) -> Iterator[Proof]:
    what = f"{one.container.target.ref} runs the configuration it was given"
    if one.running is None:
        stopped = one.container.state is not ContainerState.RUNNING
        yield Proof(text=safe(what), ok=False if stopped else None, detail=one.unread)
        return
    wanted = one.header.revision if one.header is not None else ""
    same = bool(wanted) and one.running.revision == wanted
    other = f"{one.running.revision or 'none of ours'} runs, the file says {wanted or 'nothing of ours'}"
    yield Proof(text=safe(what), ok=same, detail=NOTHING if same else safe(other))
    backends: dict[str, list[ServerView]] = {}
    for server in one.running.servers:
        backends.setdefault(server.backend, []).append(server)
    for servers in backends.values():
        # Places of a server-template that no address has come for are in maintenance: no harm beside others.
        filled = [server for server in servers if not server.status.startswith("MAINT")]
        for server in filled or servers[:1]:
            yield _of_server(one, server)


def _of_server(one: AmbassadorView, server: ServerView) -> Proof:
    where = server.address or server.server
    text = safe(f"{one.container.target.ref} reaches {where}")
    if server.status.startswith("UP"):
        return Proof(text=text, ok=True, detail=safe(server.check))
    if server.status.startswith("DOWN"):
        return Proof(text=text, ok=False, detail=said(server))
    if server.status.startswith("MAINT"):
        return Proof(text=text, ok=False, detail=safe("its name is not found"))
    return Proof(text=text, ok=None, detail=safe(server.status or "not checked"))


def said(server: ServerView) -> SafeText:
    """What HAProxy's word for a failed check means."""
    return safe(_WORDS.get(server.check.lstrip("* "), server.check or "is down"))


async def by_name(
    mapping: Mapping,
    world: World,
    reach: Callable[[str], Awaitable[Engine]],
    *,
    ask: Collection[str] | None = None,
    read_only: bool = False,
) -> tuple[Proof, ...]:
    """Every consumer dials the name on every port, in its own namespaces. `ask`: ids; None: all of them."""
    found = [
        _dial(mapping, one, port, world, reach, read_only=read_only)
        for one in consumers(mapping, world)
        if ask is None or one.id in ask
        for port in mapping.ports
    ]
    absent = [
        Proof(text=safe(f"{party.text} is there"), ok=None, detail=safe(_absent(world, party.host)))
        for party in mapping.consumers
        if not world.containers(party)
    ]
    return (*await asyncio.gather(*found), *absent)


def consumers(mapping: Mapping, world: World) -> Iterable[ContainerView]:
    """The containers that are meant by it, each once."""
    found = {one.id: one for party in mapping.consumers for one in world.containers(party)}
    return found.values()


def _absent(world: World, host: str) -> str:
    view = world.hosts.get(host)
    return str(view.missing) if view is not None and view.missing else "no such container now"


async def _dial(
    mapping: Mapping,
    one: ContainerView,
    port: int,
    world: World,
    reach: Callable[[str], Awaitable[Engine]],
    *,
    read_only: bool,
) -> Proof:
    text = safe(f"{one.target.ref} resolves {mapping.name} and reaches port {port}")
    if one.state is not ContainerState.RUNNING:
        return Proof(text=text, ok=None, detail=safe(f"it is {one.state}"))
    host = world.hosts[one.host]
    if not host.root and (read_only or host.guard is Guard.OBSERVE):
        # Without root the question is put by a process in the container.
        why = "this console is read-only" if read_only else f"{one.host} may only be observed"
        return Proof(text=text, ok=None, detail=safe(why))
    try:
        answer = await (await reach(one.host)).wiring.reach_from(one.id, mapping.name, port)
    except CapabilityMissing as missing:
        return Proof(text=text, ok=None, detail=SafeText(missing.message))
    except HostError as error:
        return Proof(text=text, ok=None, detail=SafeText(error.message))
    return Proof(text=text, ok=answer.ok, detail=answer.how)


def holds(mapping: Mapping, world: World, names: Iterable[Proof]) -> bool:
    """Whether an apply has done what it should. One of several endpoints may be down: the others answer."""
    ambassadors = world.ambassadors(mapping.id)
    return not any(proof.ok is False for proof in names) and all(map(_carries, ambassadors))


def mute(mapping: Mapping, world: World) -> bool:
    """Whether an ambassador that runs could not be asked."""
    return any(
        one.running is None and one.container.state is ContainerState.RUNNING
        for one in world.ambassadors(mapping.id)
    )


def _carries(one: AmbassadorView) -> bool:
    if one.running is None:
        return one.container.state is ContainerState.RUNNING
    if one.header is None or one.running.revision != one.header.revision:
        return False
    down: dict[str, bool] = {}
    for server in one.running.servers:
        down[server.backend] = down.get(server.backend, True) and server.status.startswith("DOWN")
    return not any(down.values())
