"""What is seen of memory hosts: flows follow what their containers can reach, and end with them."""

from __future__ import annotations

from collections.abc import Mapping

from console.model.actions import Action, ActionKind
from console.model.containers import Port
from console.model.hosts import HostSpec, ObserveMode
from console.model.links.sight import Address, Flow, FlowState, HostSight, SocketState
from console.transport.base import Engine
from console.transport.clock import SystemClock
from console.transport.memory.demo import demo_fleet
from console.transport.memory.flows import Talk
from console.transport.memory.host import MemoryHost
from console.transport.memory.link import MemoryFleet, MemoryTransport
from console.transport.sight import SightAsk

from .wiring import running

SUDO = ObserveMode.SUDO


async def look(fleet: MemoryFleet, mode: ObserveMode = SUDO) -> Mapping[str, HostSight]:
    transport = MemoryTransport(fleet)
    found = {}
    for host in fleet.hosts.values():
        engine: Engine = await (await transport.connect(host.spec, None)).engine()
        pids = {c.id: c.pid for c in host.daemon.containers.values() if c.alive}
        ask = SightAsk(mode=mode, pids=pids, sockets=tuple(pids), host_sockets=True)
        found[host.name] = await engine.sight.look(ask)
    await transport.aclose()
    return found


def two() -> tuple[MemoryFleet, MemoryHost, MemoryHost]:
    specs = [
        HostSpec(name=name, address=at, user="ops") for name, at in (("a", "10.0.0.1"), ("b", "10.0.0.2"))
    ]
    fleet = MemoryFleet(SystemClock(), specs)
    a, b = fleet["a"], fleet["b"]
    running(a, "web", networks={"shop": "172.20.0.2"}, ports=())
    running(b, "db", networks={"data": "172.20.0.2"}, ports=(Port(5432, 15432, "0.0.0.0"),))
    a.talks = {"web": (Talk("10.0.0.2", 15432, 2),)}
    return fleet, a, b


async def test_a_connection_between_hosts_has_a_row_on_both_that_join() -> None:
    fleet, a, b = two()
    seen = await look(fleet)
    here, there = seen["a"].flows, seen["b"].flows
    assert here is not None
    assert there is not None
    assert {row.src.ip for row in here} == {"172.20.0.2"}
    assert {(r.reply_dst, r.reply_src) for r in here} == {(r.src, r.dst) for r in there}
    assert {row.reply_src for row in there} == {Address("172.20.0.2", 5432)}
    web, db = a.daemon.find("web").id, b.daemon.find("db").id
    assert seen["a"].counters[web].established == seen["b"].counters[db].accepted == 2
    assert sum(s.state is SocketState.LISTENING for s in seen["b"].sockets[db]) == 1
    assert "10.0.0.1" in seen["a"].addresses


async def test_a_target_that_stops_takes_its_flows_along_and_attempts_fail() -> None:
    fleet, a, b = two()
    await look(fleet)
    transport = MemoryTransport(fleet)
    engine = await (await transport.connect(b.spec, None)).engine()
    await engine.deeds.act(b.daemon.find("db").id, Action(kind=ActionKind.STOP))
    await transport.aclose()
    assert a.tally is not None
    a.tally.at -= 5
    seen = await look(fleet)
    assert seen["a"].flows == seen["b"].flows == ()
    counters = seen["a"].counters[a.daemon.find("web").id]
    assert counters.established == 0
    assert counters.failed >= 5


async def test_who_may_not_read_flows_is_told_why_and_rows_can_be_added() -> None:
    fleet, a, _ = two()
    a.talks = {}
    row = Flow(
        Address("1.1.1.1", 1),
        Address("2.2.2.2", 2),
        Address("2.2.2.2", 2),
        Address("1.1.1.1", 1),
        FlowState.OPEN,
    )
    a.flows.append(row)
    assert (await look(fleet))["a"].flows == (row,)
    blind = (await look(fleet, ObserveMode.AUTO))["a"]
    assert (blind.flows, blind.blind) == (None, "no root")
    assert (await look(fleet, ObserveMode.OFF))["a"].blind == "observe: off"


async def test_the_demo_shows_flows_of_every_kind_and_none_of_what_is_broken() -> None:
    fleet = demo_fleet()
    seen = await look(fleet)
    here = seen["app-1"].flows
    assert here is not None
    app, db = fleet["app-1"].daemon, fleet["db-1"].daemon

    def of(name: str) -> set[str]:
        owns = set(app.find(name).networks.values())
        return {f"{row.dst.ip}:{row.dst.port} {row.state}" for row in here if row.src.ip in owns}

    loki = app.find("dockcon-loki").networks["monitoring_default"]
    assert f"{loki}:3100 open" in of("promtail")
    assert "10.0.0.12:3100 open" in of("dockcon-loki")
    assert of("dockcon-mq") == set()
    assert "10.0.0.21:5432 open" in of("worker")
    assert "10.0.0.29:5432 opening" in of("web")
    assert any(row.dst.ip.startswith("203.0.113.") for row in here)
    assert any(row.dst == Address(app.find("web").networks["shop_default"], 8080) for row in here)
    postgres = db.find("postgres").networks["db_default"]
    assert any(row.reply_src == Address(postgres, 5432) for row in seen["db-1"].flows or ())
    assert all(spec.observe is SUDO for spec in fleet.specs)
