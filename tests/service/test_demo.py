"""The demo fleet: believable, and the same every time."""

from __future__ import annotations

import asyncio
import json

from console.model.containers import ContainerState
from console.model.hosts import HostState
from console.model.problems import ProblemKind, find
from console.service.collect import collect
from console.transport.memory import DemoTransport, MemoryTransport, demo_fleet
from tests.service.fleets import Running
from tests.service.loops import LoopClock, until, virtual


async def figures() -> object:
    """All that one look at the demo shows."""
    fleet = demo_fleet(LoopClock())
    transport = MemoryTransport(fleet)
    found = await collect(transport, fleet.specs, clock=fleet.clock, usage=True, details=True)
    await transport.aclose()
    return [(s.name, dict(s.containers), s.usage, s.load, s.rtt) for s in found]


def test_it_is_the_same_every_time() -> None:
    seen: list[object] = []

    async def look() -> None:
        seen.append(await figures())

    virtual(look)()
    virtual(look)()
    assert seen[0] == seen[1]


@virtual
async def test_it_shows_something_of_everything() -> None:
    fleet = demo_fleet(LoopClock())
    async with Running(fleet, transport=DemoTransport(fleet)) as running:
        await running.all_up()
        everything = [c for s in running.feed.latest() for c in s.containers.values()]
        assert 25 <= len(everything) <= 34
        assert {c.project for c in everything} >= {"shop", "db", "monitoring"}
        await until(lambda: all(c.detailed for s in running.feed.latest() for c in s.containers.values()))
        found = find(running.feed.latest(), fleet.clock.now())
        assert {(p.host, p.name, p.kind) for p in found} == {
            ("app-2", "mailer", ProblemKind.RESTARTING),
            ("app-1", "report", ProblemKind.OOM),
            ("app-2", "cron", ProblemKind.EXITED),
            ("app-2", "rabbit", ProblemKind.UNHEALTHY),
            ("app-2", "", ProblemKind.DISK),
        }


@virtual
async def test_its_database_host_comes_and_goes_and_the_mailer_loops() -> None:
    fleet = demo_fleet(LoopClock())
    async with Running(fleet, transport=DemoTransport(fleet)) as running:
        mailer = fleet["app-2"].daemon.find("mailer").id
        await running.all_up()
        await running.reaches("db-1", HostState.QUIET, 60)
        await running.reaches("db-1", HostState.LOST, 10)
        lost = asyncio.get_running_loop().time()
        await running.reaches("db-1", HostState.UP, 20)
        assert 12 <= asyncio.get_running_loop().time() - lost <= 17
        await running.reaches("db-1", HostState.LOST, 100)
        await until(lambda: len(running["app-2"].starts.get(mailer, ())) >= 3, 120)
        await until(lambda: running["app-2"].containers[mailer].state is ContainerState.RESTARTING, 60)
        assert running.history["app-1"] == [HostState.CONNECTING, HostState.UP]


@virtual
async def test_its_documents_look_like_an_engines_and_hold_what_has_to_be_masked() -> None:
    fleet = demo_fleet(LoopClock())
    transport = MemoryTransport(fleet)
    link = await transport.connect(fleet["app-1"].spec, None)
    engine = await link.engine()
    web = fleet["app-1"].daemon.find("web")
    document = (await engine.inspect(web.id)).document
    assert json.loads(json.dumps(document)) == document
    assert "postgres://shop:kM9-vq2Tz@db:5432/shop" in str(document["Config"])
    assert document["HostConfig"]["ExtraHosts"] == ["db:10.0.0.29"]  # type: ignore[index]  # a dict
    assert document["State"]["Health"]["Status"] == "healthy"  # type: ignore[index]  # a dict
    assert document["NetworkSettings"]["Ports"] == {  # type: ignore[index]  # a dict
        "8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]
    }
    await transport.aclose()
