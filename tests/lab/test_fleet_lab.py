"""A supervised fleet on real hosts: its tables equal the engines' own, through everything."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from console.model.containers import Container, ContainerState
from console.model.hosts import HostState
from console.model.problems import ProblemKind, find
from console.model.snapshot import HostSnapshot
from console.service.feed import Feed
from console.service.fleet import Fleet
from console.service.remember import Forgetful
from console.transport.clock import SystemClock
from console.transport.live import LiveTransport
from tests.lab.aids import engine_of
from tests.lab.containers import SLEEP, recipe, start, start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab

CLOCK = SystemClock()


class Supervised:
    """Hosts under supervision; the newest snapshot of each by name."""

    def __init__(self, fleet: Fleet, feed: Feed) -> None:
        self.fleet = fleet
        self.feed = feed

    def __getitem__(self, host: str) -> HostSnapshot:
        return next(snapshot for snapshot in self.feed.latest() if snapshot.name == host)

    async def until(self, condition: Callable[[], object], what: str, limit: float = 30) -> None:
        """Wait until `condition()` is true."""
        try:
            async with asyncio.timeout(limit):
                while not condition():  # noqa: ASYNC110  snapshots set no event
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"waited {limit:.0f} s in vain for: {what}; {self.feed.latest()}") from None

    async def reaches(self, host: str, state: HostState, limit: float = 30) -> HostSnapshot:
        """Wait until a host is in a state."""
        await self.until(lambda: self[host].status.state is state, f"{host} to be {state}", limit)
        return self[host]


@asynccontextmanager
async def supervised(*hosts: LabHost) -> AsyncIterator[Supervised]:
    """A fleet of these hosts at work."""
    feed = Feed()
    fleet = Fleet([host.spec() for host in hosts], CLOCK, Forgetful(), feed)
    fleet.start(LiveTransport())
    try:
        yield Supervised(fleet, feed)
    finally:
        await fleet.aclose()


async def truth(transport: LiveTransport, host: LabHost) -> dict[str, Container]:
    """Every container as a list and an inspect together have it, asked for on a connection of its own."""
    engine = await engine_of(transport, host)
    found = {}
    for row in await engine.containers():
        inspected = (await engine.inspect(row.id)).container
        found[row.id] = replace(
            row,
            detailed=True,
            exit_code=inspected.exit_code if row.exit_code is None else row.exit_code,
            oom=inspected.oom,
            started=inspected.started,
            finished=inspected.finished,
            restarts=inspected.restarts,
            restart_policy=inspected.restart_policy,
        )
    return found


def operate(host: LabHost, dice: random.Random, serial: int) -> None:
    """One thing an operator does to a container chosen by chance; where it cannot be done, nothing."""
    names = sorted(host.ps_a())
    if len(names) < 4:
        policy = dice.choice(("no", "unless-stopped", "on-failure:2"))
        start_plain(host, f"c{serial}", f"--restart={policy}")
        return
    deeds: list[tuple[str, ...]] = [
        ("stop", "-t", "5"),
        ("kill",),
        ("start",),
        ("restart", "-t", "5"),
        ("rm", "-f"),
        ("kill", "-s", "HUP"),
        ("update", "--restart=no"),
        ("rename",),
        ("network", "disconnect", "bridge"),
        ("network", "connect", "bridge"),
    ]
    deed = dice.choice(deeds)
    name = dice.choice(names)
    host.docker(*deed, name, *([f"r{serial}"] if deed == ("rename",) else []), check=False)


async def test_the_table_equals_the_engines_own_through_lost_connections(
    transport: LiveTransport, h1: LabHost
) -> None:
    dice = random.Random(20)
    async with supervised(h1) as fleet:
        await fleet.reaches("h1", HostState.UP)
        for serial in range(60):
            await asyncio.to_thread(operate, h1, dice, serial)
            if serial % 15 == 7:
                await fleet.reaches("h1", HostState.UP)
                await asyncio.to_thread(h1.kill_sshd_children)
        await fleet.reaches("h1", HostState.UP)
        expected = await truth(transport, h1)
        await fleet.until(lambda: dict(fleet["h1"].containers) == expected, f"{expected}")
        assert fleet["h1"].epoch > 3


async def test_an_engine_that_is_restarted_costs_no_connection(transport: LiveTransport, h1: LabHost) -> None:
    await asyncio.to_thread(start_plain, h1, "kept", "--restart=always")
    await asyncio.to_thread(start_plain, h1, "gone")
    async with supervised(h1) as fleet:
        await fleet.reaches("h1", HostState.UP)
        await asyncio.to_thread(h1.stop_dockerd)
        snapshot = await fleet.reaches("h1", HostState.ENGINE_DOWN)
        assert len(snapshot.containers) == 2
        assert not snapshot.fresh
        await asyncio.to_thread(h1.start_dockerd)
        fleet.fleet.retry("h1")
        await fleet.reaches("h1", HostState.UP)
        await asyncio.to_thread(h1.wait_for, "kept", "running")
        expected = await truth(transport, h1)
        await fleet.until(lambda: dict(fleet["h1"].containers) == expected, f"{expected}")
        assert fleet["h1"].epoch == 1


async def test_a_host_whose_cable_is_pulled_is_quiet_then_lost_and_the_others_do_not_notice(
    lab: Lab,
) -> None:
    h1, h2 = lab["h1"], lab["h2"]
    await asyncio.to_thread(start_plain, h1, "one")
    async with supervised(h1, h2) as fleet:
        await fleet.reaches("h1", HostState.UP)
        await fleet.reaches("h2", HostState.UP)
        await asyncio.to_thread(h2.link_down)
        await fleet.reaches("h2", HostState.QUIET, 9)
        container = await asyncio.to_thread(start_plain, h1, "two")
        await fleet.until(lambda: container in fleet["h1"].containers, "the new row", 2)
        await fleet.reaches("h2", HostState.LOST, 20)
        assert fleet["h2"].status.retry_at is not None
        assert fleet["h1"].fresh
        await asyncio.to_thread(h2.link_up)
        fleet.fleet.retry("h2")
        await fleet.reaches("h2", HostState.UP)
        assert fleet["h1"].epoch == 1


async def test_evidence_and_problems_of_real_containers(h1: LabHost) -> None:
    def furnish() -> dict[str, str]:
        ids = {name: start(h1, recipe(name), wait=False) for name in ("looping", "sick", "oom", "failed")}
        ids["stopped"] = start_plain(h1, "stopped", "--restart=on-failure:3", script="sleep 100000")
        h1.docker("stop", "-t", "1", "stopped")
        return ids

    ids = await asyncio.to_thread(furnish)
    expected = {
        "looping": ProblemKind.RESTARTING,
        "sick": ProblemKind.UNHEALTHY,
        "oom": ProblemKind.OOM,
        "failed": ProblemKind.EXITED,
    }
    async with supervised(h1) as fleet:

        def kinds() -> dict[str, ProblemKind]:
            return {str(p.name): p.kind for p in find(fleet.feed.latest(), CLOCK.now()) if p.container}

        await fleet.reaches("h1", HostState.UP)
        await fleet.until(lambda: kinds() == expected, f"{expected}, not {kinds()}")
        assert ids["stopped"] in fleet["h1"].stopped
        assert len(fleet["h1"].starts[ids["looping"]]) >= 2
        await asyncio.to_thread(h1.docker, "stop", "looping")
        await fleet.until(
            lambda: "looping" not in kinds() or ids["looping"] in fleet["h1"].stopped, "the stop"
        )


async def test_figures_come_through_the_hosts_shell(h1: LabHost) -> None:
    busy = "trap 'exit 0' TERM; while :; do i=$((i+1)); done"
    container = await asyncio.to_thread(start_plain, h1, "busy", "--cpus", "0.3", script=busy)
    idle = await asyncio.to_thread(start_plain, h1, "idle", script=SLEEP)
    async with supervised(h1) as fleet:
        await fleet.reaches("h1", HostState.UP)
        fleet.fleet.in_view([("h1", container)])
        await fleet.until(
            lambda: container in fleet["h1"].usage and fleet["h1"].usage[container].cpu_percent is not None,
            "per cent",
        )
        await asyncio.sleep(4)
        usage = fleet["h1"].usage
        # A machine busy with other things gives it less than the 30 it may have.
        assert (usage[idle].cpu_percent or 0) < (usage[container].cpu_percent or 0) < 45
        assert usage[idle].memory_bytes > 0
        assert fleet["h1"].load is not None
        assert abs(fleet["h1"].load.skew or 0) < 2
        assert all(fleet["h1"].containers[c].state is ContainerState.RUNNING for c in (container, idle))
