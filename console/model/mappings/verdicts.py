"""Whether the endpoints of a mapping answer, and what is left to do, in words for a person.

A successful connection proves little: an ambassador takes it before its endpoint does, and the kernel for a
container that is paused. So both are heard: the checks of ambassadors, and the engine on the endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.model.containers import ContainerState
from console.model.mappings import haproxy
from console.model.mappings.mapping import Endpoint, Mapping
from console.model.mappings.realise.targets import label
from console.model.mappings.steps import (
    Configure,
    Connect,
    DropAmbassador,
    MakeAmbassador,
    StartAmbassador,
    Step,
)
from console.model.mappings.world import AmbassadorView, ServerView, Side, World

_STOPPED = frozenset(
    {ContainerState.CREATED, ContainerState.EXITED, ContainerState.DEAD, ContainerState.REMOVING}
)
_WORDS = {
    "L4CON": "refuses connections",
    "L4TOUT": "does not answer in time",
    "L4OK": "answers",
    "L6RSP": "does not speak what is expected",
    "L7STS": "answers, but fails its check",
    "L7RSP": "answers its check with something unexpected",
    "L7TOUT": "takes connections, but does not answer its check in time",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One endpoint; `well` None: it cannot be told."""

    endpoint: Endpoint
    well: bool | None
    why: str = ""
    next_step: str = ""
    partly: bool = False
    """It is not well, but not for all consumers."""


def verdicts(mapping: Mapping, world: World, ours: Sequence[AmbassadorView]) -> tuple[Verdict, ...]:
    """For each endpoint, in the order of the mapping."""
    return tuple(_verdict(end, world, ours) for end in mapping.to)


def _verdict(end: Endpoint, world: World, ours: Sequence[AmbassadorView]) -> Verdict:
    host = world.hosts.get(end.host)
    if host is not None and not host.missing:
        seen = _by_engine(end, world)
        if seen is not None:
            return seen
    beside = list(_servers_of(end, [one for one in ours if one.side is Side.PROVIDER]))
    servers = list(_servers_of(end, [one for one in ours if one.side is Side.CONSUMER]))
    for group in (beside, servers):
        if group and all(server.status.startswith("MAINT") for server in group):
            return Verdict(end, False, f"{end.text} is not found by its name", "look at its networks")
        group = [server for server in group if not server.status.startswith("MAINT")]
        down = [server for server in group if server.status.startswith("DOWN")]
        if down:
            return _down(end, down, partly=len(down) < len(group))
    if host is None or host.missing:
        return Verdict(end, True if servers else None, f"{end.host} cannot be read")
    return Verdict(end, True)


def _down(end: Endpoint, down: Sequence[ServerView], *, partly: bool) -> Verdict:
    if not partly:
        words = _WORDS.get(down[0].check.removeprefix("* "), f"is down ({down[0].check or down[0].status})")
        return Verdict(
            end, False, f"{end.text} {words}", f"look at its logs, and at port {_ports(end)} of it"
        )
    addresses = ", ".join(dict.fromkeys(server.address or server.server for server in down))
    return Verdict(end, False, f"{end.text} does not answer at {addresses}", "look at its logs", partly=True)


def _by_engine(end: Endpoint, world: World) -> Verdict | None:
    """What the engine says against an endpoint."""
    containers = world.containers(end)
    if not containers:
        return Verdict(end, False, f"{end.text} is gone", "start it again, or map to another")
    if all(one.state in _STOPPED for one in containers):
        return Verdict(end, False, f"{end.text} is stopped", f"dockcon start {end.host}/{containers[0].name}")
    if all(one.state is ContainerState.PAUSED for one in containers):
        return Verdict(
            end, False, f"{end.text} is paused", f"dockcon unpause {end.host}/{containers[0].name}"
        )
    if all(one.state is ContainerState.RESTARTING for one in containers):
        return Verdict(end, False, f"{end.text} restarts again and again", "look at its logs")
    return None


def _servers_of(end: Endpoint, ours: Sequence[AmbassadorView]) -> Iterator[ServerView]:
    """Its servers in all ambassadors, those beside it included: theirs is the word that counts."""
    stem, whole = label(end), haproxy.server_name(label(end), end.host)
    for one in ours:
        names = {name for _, name in haproxy.servers_of(one.config or "")}
        for server in one.running.servers if one.running is not None else ():
            name = haproxy.server_of(server.server, names) or server.server
            number = name.removeprefix(f"{stem}.").removesuffix(f".{end.host}")
            if name == whole or (name.startswith(f"{stem}.") and number.isdigit()):
                yield server


def _ports(end: Endpoint) -> str:
    return ", ".join(map(str, end.ports))


def reason_left(steps: Sequence[Step]) -> str:
    """Why there are steps: what has changed, as far as they tell."""
    again = {(step.host, step.container.name) for step in steps if isinstance(step, DropAmbassador)}
    for step in steps:
        if isinstance(step, Configure) and (moved := _moved(step)):
            return moved
        if isinstance(step, StartAmbassador):
            return f"{step.container.name} on {step.host} does not run"
        if isinstance(step, DropAmbassador | MakeAmbassador):
            if isinstance(step, MakeAmbassador) and (step.host, step.name) not in again:
                return f"{step.name} on {step.host} is not there"
            return str(step.text)
        if isinstance(step, Connect) and step.container is not None:
            return f"{step.container.name} on {step.host} is not on {step.network}"
    return str(steps[0].text)


def _moved(step: Configure) -> str:
    """An endpoint that answers elsewhere than the ambassador thinks."""
    old, new = haproxy.servers_of(step.before), haproxy.servers_of(step.config)
    stated = haproxy.mapping_of(step.config)
    names = {haproxy.server_name(label(end), end.host): end.text for end in stated.to} if stated else {}
    for key, server in new.items():
        before = old.get(key)
        if before is None or (before.host, before.port) == (server.host, server.port):
            continue
        name = names.get(server.name, server.name)
        if before.host == server.host:
            return f"{name} answers on {server.port} now, not {before.port}"
        return f"{name} answers at {server.address} now, not {before.address}"
    return ""
