"""Looking at the connections of real hosts, as root and as one who may only open the engine's socket.

The numbers in the names are those of the list of failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from console.model.hosts import ObserveMode
from console.model.links.sight import FlowState, HostSight, SocketState
from console.transport.base import Engine
from console.transport.live import LiveTransport
from console.transport.sight import SightAsk
from tests.lab.aids import engine_of
from tests.lab.containers import SLEEP
from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.lab import Lab

PORT = 15441


@pytest.fixture
def pair(lab: Lab) -> Iterator[Lab]:
    """`web` on h1, and `db` on h2, which answers at its published port."""
    serve = "exec socat TCP-LISTEN:5432,fork,reuseaddr,backlog=500 EXEC:cat"
    lab["h2"].docker("run", "-d", "--name", "sight-db", "-p", f"{PORT}:5432", IMAGE, "sh", "-c", serve)
    lab["h1"].docker("run", "-d", "--name", "sight-web", IMAGE, "sh", "-c", SLEEP)
    yield lab
    for name in ("h1", "h2"):
        lab[name].engine.clear()


def pids(host: LabHost) -> dict[str, int]:
    found = {}
    for ident in host.docker("ps", "-q", "--no-trunc").split():
        found[ident] = int(host.docker("inspect", "-f", "{{.State.Pid}}", ident))
    return found


def dial(lab: Lab, port: int = PORT, count: int = 1) -> None:
    """Connections of `sight-web`, which hold."""
    for _ in range(count):
        words = f"sleep 60 | exec socat - TCP:{lab['h2'].address}:{port}"
        lab["h1"].docker("exec", "-d", "sight-web", "sh", "-c", words)


async def seen(
    engine: Engine, ask: SightAsk, condition: Callable[[HostSight], object], limit: float = 30.0
) -> HostSight:
    async with asyncio.timeout(limit):
        while True:
            found = await engine.sight.look(ask)
            if condition(found):
                return found
            await asyncio.sleep(0.1)


async def test_a_published_connection_has_rows_on_both_hosts_that_join(
    transport: LiveTransport, pair: Lab
) -> None:
    one, two = await engine_of(transport, pair["h1"]), await engine_of(transport, pair["h2"])
    running = await asyncio.to_thread(pids, pair["h1"])
    (web,) = running
    await asyncio.to_thread(dial, pair, PORT, 3)
    at = (pair["h2"].address, PORT)
    ask = SightAsk(pids=running, sockets=(web,))
    here = await seen(
        one, ask, lambda s: sum(f.dst == at and f.state is FlowState.OPEN for f in s.flows or ()) == 3
    )
    there = await two.sight.look(SightAsk())
    assert here.flows is not None
    assert there.flows is not None
    mine = {(f.reply_dst, f.reply_src) for f in here.flows if f.dst == at}
    assert mine == {(f.src, f.dst) for f in there.flows if f.dst == at}
    assert {f.reply_src.port for f in there.flows if f.dst == at} == {5432}
    assert here.counters[web].established == 3
    held = [s for s in here.sockets[web] if s.remote == at and s.state is SocketState.OPEN]
    assert len(held) == 3
    assert all(s.rtt is not None and 0 < s.rtt < 1 for s in held)
    assert pair["h1"].address in here.addresses


async def test_refused_attempts_are_counted_and_leave_no_open_flow(
    transport: LiveTransport, pair: Lab
) -> None:
    engine = await engine_of(transport, pair["h1"])
    running = await asyncio.to_thread(pids, pair["h1"])
    (web,) = running
    ask = SightAsk(pids=running)
    before = (await engine.sight.look(ask)).counters[web].failed
    await asyncio.to_thread(dial, pair, 9, 4)
    after = await seen(engine, ask, lambda s: s.counters[web].failed >= before + 4)
    assert not any(f.dst.port == 9 and f.state is FlowState.OPEN for f in after.flows or ())


async def test_33_without_root_there_are_counters_and_sockets_and_the_reason(
    transport: LiveTransport, pair: Lab
) -> None:
    user = await asyncio.to_thread(pair.user, "member", docker=True)
    engine = await engine_of(transport, pair["h1"], user=user)
    running = await asyncio.to_thread(pids, pair["h1"])
    (web,) = running
    await asyncio.to_thread(dial, pair)
    ask = SightAsk(pids=running, sockets=(web,), host_sockets=True)
    found = await seen(engine, ask, lambda s: s.counters[web].established == 1)
    assert (found.flows, found.blind) == (None, "no root")
    assert any(s.remote == (pair["h2"].address, PORT) for s in found.sockets[web])
    assert any(s.local.port == 22 and s.state is SocketState.LISTENING for s in found.sockets[""])
    refused = await engine.sight.look(SightAsk(mode=ObserveMode.SUDO))
    assert refused.flows is None
    assert "sudo" in refused.blind
    off = await engine.sight.look(SightAsk(mode=ObserveMode.OFF))
    assert (off.flows, off.blind) == (None, "observe: off")


async def test_34_rows_of_a_consumer_that_is_gone_linger(transport: LiveTransport, pair: Lab) -> None:
    engine = await engine_of(transport, pair["h1"])
    await asyncio.to_thread(dial, pair)
    at = (pair["h2"].address, PORT)
    await seen(engine, SightAsk(), lambda s: any(f.dst == at for f in s.flows or ()))
    await asyncio.to_thread(pair["h1"].docker, "network", "disconnect", "bridge", "sight-web")
    running = await asyncio.to_thread(pids, pair["h1"])
    left = await engine.sight.look(SightAsk(pids=running))
    assert any(f.dst == at for f in left.flows or ()), "the kernel keeps it: counters decide"


async def test_35_a_container_on_the_hosts_network_owns_its_mapped_socket(
    transport: LiveTransport, pair: Lab
) -> None:
    host = pair["h1"]
    serve = "exec socat TCP6-LISTEN:18181,fork,reuseaddr,ipv6only=0 EXEC:cat"
    words = ("run", "-d", "--name", "sight-host", "--net", "host", IMAGE, "sh", "-c", serve)
    ident = await asyncio.to_thread(host.docker, *words)
    engine = await engine_of(transport, host)
    ask = SightAsk(host_sockets=True)

    def listens(found: HostSight) -> bool:
        return any(s.local.port == 18181 and s.owner == ident for s in found.sockets[""])

    await seen(engine, ask, listens)
    await asyncio.to_thread(dial_host, pair)

    def mapped(found: HostSight) -> bool:
        mine = [s for s in found.sockets[""] if s.local == (host.address, 18181)]
        return any(s.state is SocketState.OPEN and s.owner == ident for s in mine)

    await seen(engine, ask, mapped)


def dial_host(lab: Lab) -> None:
    words = f"sleep 60 | exec socat - TCP:{lab['h1'].address}:18181"
    lab["h1"].docker("exec", "-d", "sight-web", "sh", "-c", words)
