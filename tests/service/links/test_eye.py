"""What one look at a host asks for, and what is kept between looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from console.errors import CapabilityMissing, HostUnreachable
from console.model.containers import ContainerState
from console.model.hosts import HostSpec, ObserveMode
from console.model.links.sight import Address, Counters, HostSight, Socket, SocketState
from console.model.mappings.world import (
    AmbassadorView,
    ContainerView,
    HostView,
    ProxyView,
    ServerView,
    Side,
    World,
)
from console.model.text import safe
from console.service.links.eye import LOOK_DEADLINE, TURN, Eye
from console.transport.sight import SightAsk
from tests.service.loops import EPOCH, LoopClock, virtual


def container(number: int, **more: Any) -> ContainerView:
    facts = {"host": "a", "id": f"{number:064x}", "name": safe(f"c{number}"), "pid": 1000 + number, **more}
    return ContainerView(**facts)


def connection(number: int) -> Socket:
    return Socket(Address("172.17.0.2", 40000 + number), Address("10.0.0.21", 5432), SocketState.OPEN)


class FakeHost:
    """A gatherer, an engine and a sight in one."""

    def __init__(self, *containers: ContainerView, root: bool = True, blind: bool = False) -> None:
        self.view = HostView(name="a", root=root, containers=containers)
        self.blind = blind
        self.asks: list[SightAsk] = []
        self.trouble: Exception | None = None
        self.seconds = 0.0
        self.said = ""
        self.commands: list[str] = []
        self.established = {one.id: 1 for one in containers}

    async def gather(self, hosts: list[str], parties: object) -> World:
        return World(fleet="test", at=EPOCH, hosts={"a": self.view})

    async def look(self, ask: SightAsk) -> HostSight:
        self.asks.append(ask)
        await asyncio.sleep(self.seconds)
        if self.trouble is not None:
            raise self.trouble
        return HostSight(
            host="a",
            at=LoopClock().now(),
            flows=None if self.blind else (),
            counters={one: Counters(self.established[one], 0, 0, 0) for one in ask.pids},
            sockets={one: (connection(len(self.asks)),) for one in ask.sockets},
        )

    async def admin(self, container_id: str, command: str) -> str:
        self.commands.append(command)
        return self.said

    @property
    def wiring(self) -> FakeHost:
        return self

    def eye(self, mode: ObserveMode = ObserveMode.AUTO) -> Eye:
        async def reach(host: str) -> Any:
            return self

        gatherer = cast(Any, type("Gatherer", (), {"look": staticmethod(self.gather)}))
        spec = HostSpec(name="a", address="10.0.0.1", observe=mode)
        sight_of: Callable[[Any], Any] = lambda engine: engine  # noqa: E731 - it is the sight itself
        return Eye(spec, LoopClock(), gatherer, reach, lambda: (), sight_of)


@virtual
async def test_namespaces_of_their_own_are_counted_and_the_hosts_only_where_it_is_used() -> None:
    shared = container(3, mode="container:" + "1" * 64)
    host = FakeHost(
        container(1),
        container(2, state=ContainerState.EXITED, pid=0),
        shared,
        container(4, state=ContainerState.PAUSED),
    )
    await host.eye(ObserveMode.SUDO).look()
    (ask,) = host.asks
    assert set(ask.pids.values()) == {1001, 1004}
    assert (ask.mode, ask.host_sockets, ask.sockets) == (ObserveMode.SUDO, False, ())
    other = FakeHost(container(1), container(2, mode="host"))
    await other.eye().look()
    assert (set(other.asks[0].pids.values()), other.asks[0].host_sockets) == ({1001}, True)


@virtual
async def test_without_connection_tracking_sockets_are_read_in_turn_and_kept() -> None:
    host = FakeHost(*(container(number) for number in range(10)), blind=True)
    host.established[container(0).id] = 0
    eye = host.eye()
    for _ in range(5):
        await eye.look()
    asked = [ask.sockets for ask in host.asks]
    assert asked[0] == (), "nothing is known of their connections yet"
    assert all(len(one) == TURN for one in asked[1:])
    assert {ident for one in asked[1:4] for ident in one} == {container(n).id for n in range(1, 10)}
    assert eye.sight is not None
    assert len(eye.sight.sockets) == 9
    # One that has hung up is not believed to be connected any longer.
    host.established[container(1).id] = 0
    await eye.look()
    await eye.look()
    assert container(1).id not in eye.sight.sockets


@virtual
async def test_the_selected_consumers_sockets_are_read_with_each_look() -> None:
    host = FakeHost(container(1), container(2))
    eye = host.eye()
    eye.selected = container(2).id
    await eye.look()
    await eye.look()
    assert [ask.sockets for ask in host.asks] == [(container(2).id,)] * 2
    eye.selected = "f" * 64
    await eye.look()
    assert host.asks[-1].sockets == ()


@virtual
async def test_a_look_that_fails_leaves_the_last_one_to_grow_old() -> None:
    host = FakeHost(container(1))
    eye = host.eye()
    await eye.look()
    first = eye.sight
    assert first is not None
    host.trouble = HostUnreachable("a", "gone")
    await eye.look()
    assert (eye.sight, eye.unseen) == (first, "gone")
    host.trouble, host.seconds = None, 3600.0
    began = LoopClock().monotonic()
    await eye.look()
    assert LoopClock().monotonic() - began < LOOK_DEADLINE + 0.1
    assert eye.sight is first
    assert "within" in eye.unseen


@virtual
async def test_a_host_that_never_could_be_looked_at_says_why() -> None:
    host = FakeHost(container(1))
    host.trouble = CapabilityMissing("a", "shells are refused")
    eye = host.eye()
    await eye.look()
    assert eye.sight is not None
    assert (eye.sight.flows, eye.sight.blind) == (None, "shells are refused")


@virtual
async def test_sessions_are_asked_for_only_where_an_ambassador_has_a_choice() -> None:
    def ambassador(number: int, *servers: str) -> AmbassadorView:
        rows = tuple(
            ServerView(backend="to_5432", server=f"s{n}", address=at) for n, at in enumerate(servers)
        )
        return AmbassadorView(
            container=container(number),
            fleet="test",
            mapping="db",
            side=Side.CONSUMER,
            spec="",
            running=ProxyView(servers=rows),
        )

    host = FakeHost(container(1), container(2))
    one, two = ambassador(1, "10.0.0.21:5432"), ambassador(2, "10.0.0.21:5432", "10.0.0.22:5432")
    host.view = HostView(name="a", root=True, containers=host.view.containers, ambassadors=(one, two))
    host.said = (
        "0x55: proto=tcpv4 src=172.18.0.5:52348 fe=in_5432 be=to_5432 srv=s1 ts=00 age=1s "
        "0x56: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00"
    )
    eye = host.eye()
    await eye.look()
    ((key, (session,)),) = eye.sessions.items()
    assert key == ("a", container(2).id)
    assert (session.client, session.server) == (Address("172.18.0.5", 52348), Address("10.0.0.22", 5432))
    host.view = HostView(name="a", root=False, ambassadors=(two,))
    await eye.look()
    assert (eye.sessions, host.commands) == ({}, ["show sess"])
