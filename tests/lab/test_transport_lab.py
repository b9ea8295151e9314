"""The live transport against real sshds and engines; the truth is the engine's own command line."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

import pytest

from console.errors import (
    CapabilityMissing,
    EngineForbidden,
    NotFound,
)
from console.model.containers import Container, ContainerState, Health
from console.model.events import EngineEvent
from console.model.text import sanitise
from console.transport.live import LiveTransport
from tests.lab.aids import collect, engine_of, until
from tests.lab.containers import HOSTILE, LONG, RECIPES, start, start_believable, start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab


def truth(host: LabHost) -> dict[str, tuple[object, ...]]:
    """What dockcon should say of every container, by `docker inspect`."""
    table: dict[str, tuple[object, ...]] = {}
    for container in host.ps_a():
        document: Any = host.engine.inspect(container)
        state = document["State"]
        health = state.get("Health", {}).get("Status", "none")
        code = state["ExitCode"] if state["Status"] in ("exited", "dead") else None
        table[container] = (document["Name"].lstrip("/"), state["Status"], health, code)
    return table


def told(containers: tuple[Container, ...]) -> dict[str, tuple[object, ...]]:
    """The same of dockcon's own table."""
    table: dict[str, tuple[object, ...]] = {}
    for c in containers:
        code = c.exit_code if c.state in (ContainerState.EXITED, ContainerState.DEAD) else None
        table[c.id] = (str(c.name), c.state.value, c.health.value, code)
    return table


# ---- lists


async def test_the_table_of_three_hosts_is_what_the_engines_say(transport: LiveTransport, lab: Lab) -> None:
    hosts = [lab[name] for name in lab.names]
    await asyncio.to_thread(start_believable, hosts, len(RECIPES))
    engines = await asyncio.gather(*(engine_of(transport, host) for host in hosts))
    for host, engine in zip(hosts, engines, strict=True):
        # One of them restarts for ever and some are becoming healthy: both sides must be of one moment.
        for _ in range(30):
            before = await asyncio.to_thread(truth, host)
            mine = told(await engine.containers())
            if mine == before:
                break
        assert mine == before
        assert len(mine) == len(RECIPES)


async def test_some_containers_by_id_and_one_that_is_gone(transport: LiveTransport, h1: LabHost) -> None:
    wanted = await asyncio.to_thread(start_plain, h1, "wanted")
    await asyncio.to_thread(start_plain, h1, "other")
    engine = await engine_of(transport, h1)
    assert [c.id for c in await engine.containers([wanted, "f" * 64])] == [wanted]
    with pytest.raises(NotFound):
        await engine.inspect("f" * 64)


async def test_inspect_knows_why_a_container_ended(transport: LiveTransport, h1: LabHost) -> None:
    by_name = {r.name: r for r in RECIPES}
    engine = await engine_of(transport, h1)
    for name, oom, code in (("oom", True, 137), ("killed", False, 137), ("failed", False, 3)):
        container = await asyncio.to_thread(start, h1, by_name[name])
        found = (await engine.inspect(container)).container
        assert (found.oom, found.exit_code, found.detailed) == (oom, code, True), name


async def test_text_of_an_enemy_arrives_harmless(transport: LiveTransport, h1: LabHost) -> None:
    container = await asyncio.to_thread(start, h1, next(r for r in RECIPES if r.name == "hostile"))
    engine = await engine_of(transport, h1)
    (found,) = await engine.containers([container])
    assert found.labels["note"] == sanitise(HOSTILE)
    assert "\x1b" not in found.labels["note"]
    assert len(found.labels["long"]) < len(LONG)
    assert (await engine.inspect(container)).container.labels == found.labels


# ---- events


def true_events(host: LabHost, since: float, container: str) -> list[tuple[int, str]]:
    """(nanoseconds, action) of one container, without the health checks' own processes."""
    lines = host.docker(
        *("events", "--since", f"{since:.3f}", "--until", f"{time.time():.3f}"),
        *("--filter", f"container={container}", "--filter", "type=container", "--format", "{{json .}}"),
    ).splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["timeNano"], row["Action"]) for row in rows if not row["Action"].startswith("exec_")]


async def test_events_are_those_of_the_engine_one_for_one(transport: LiveTransport, h1: LabHost) -> None:
    engine = await engine_of(transport, h1)
    seen: list[EngineEvent] = []
    ready = asyncio.Event()
    began = time.time() - 1
    task = asyncio.create_task(collect(engine, seen, ready))
    await asyncio.wait_for(ready.wait(), 10)
    sick = next(r for r in RECIPES if r.name == "sick")
    container = await asyncio.to_thread(start, h1, sick)
    for words in (
        ("rename", "sick", "sicker"),
        ("pause", "sicker"),
        ("unpause", "sicker"),
        ("rm", "-f", "sicker"),
    ):
        await asyncio.to_thread(h1.docker, *words)

    def mine() -> list[tuple[int, str]]:
        rows = [e for e in seen if e.type == "container" and e.id == container]
        return [(e.time_ns, str(e.action)) for e in rows if not e.action.startswith("exec_")]

    await until(lambda: any(action == "destroy" for _, action in mine()), "the container's end")
    task.cancel()
    assert mine() == await asyncio.to_thread(true_events, h1, began, container)
    actions = [action for _, action in mine()]
    for wanted in ("create", "start", "health_status: unhealthy", "rename", "pause", "unpause", "die"):
        assert wanted in actions


async def test_events_since_a_moment_are_fetched_again(transport: LiveTransport, h1: LabHost) -> None:
    engine = await engine_of(transport, h1)
    container = await asyncio.to_thread(start_plain, h1, "early")
    before = await asyncio.to_thread(true_events, h1, time.time() - 20, container)
    seen: list[EngineEvent] = []
    ready = asyncio.Event()
    task = asyncio.create_task(collect(engine, seen, ready, before[0][0]))
    await until(lambda: any(e.id == container and e.action == "start" for e in seen), "the start of before")
    task.cancel()
    # The first one may come again or not: the subscription is from that moment on.
    times = [e.time_ns for e in seen if e.id == container and e.type == "container"]
    assert set(times) >= {at for at, _ in before[1:]}
    assert times == sorted(set(times))


async def test_a_list_after_the_subscription_misses_nothing(transport: LiveTransport, h1: LabHost) -> None:
    """Containers come and go while we subscribe and list: list and events together know every one."""
    engine = await engine_of(transport, h1)
    stop = asyncio.Event()
    made: list[str] = []

    async def churn() -> None:
        while not stop.is_set():
            name = f"churn-{len(made)}"
            made.append(await asyncio.to_thread(h1.docker, "create", "--name", name, "dockcon-lab:1", "true"))

    seen: list[EngineEvent] = []
    ready = asyncio.Event()
    churning = asyncio.create_task(churn())
    await until(lambda: len(made) > 3, "some containers")
    task = asyncio.create_task(collect(engine, seen, ready))
    await asyncio.wait_for(ready.wait(), 10)
    listed = {c.id for c in await engine.containers()}
    await until(lambda: len(made) > 12, "more containers")
    stop.set()
    await churning
    await until(lambda: listed | {e.id for e in seen if e.action == "create"} >= set(made), "every container")
    task.cancel()


# ---- ways to the engine


async def test_where_forwarding_is_forbidden_a_command_carries_it(
    transport: LiveTransport, h1: LabHost
) -> None:
    with h1.extra_sshd(AllowStreamLocalForwarding="no") as sshd:
        engine = await engine_of(transport, h1, engine="auto", port=sshd.port)
        assert engine.facts.carrier == "dial-stdio"
        container = await asyncio.to_thread(start_plain, h1, "plain")
        assert [c.id for c in await engine.containers()] == [container]


@pytest.mark.parametrize("kind", ["auto", "unix"])
async def test_the_socket_is_found_and_reached_without_a_process(
    transport: LiveTransport, h1: LabHost, kind: str
) -> None:
    engine = await engine_of(transport, h1, engine=kind)
    assert engine.facts.carrier == f"streamlocal:{h1.engine.socket}"
    assert engine.facts.engine == "docker"
    assert engine.facts.version == h1.docker("version", "-f", "{{.Server.Version}}")
    assert engine.facts.api == "1.41"


async def test_a_user_without_the_socket_is_told_what_to_do(transport: LiveTransport, lab: Lab) -> None:
    guest = lab.user("guest", docker=False)
    for kind in ("auto", "unix"):
        link = await transport.connect(lab["h1"].spec(user=guest, engine=kind), None)
        with pytest.raises(EngineForbidden) as caught:
            await link.engine()
        assert "docker" in caught.value.next_step


async def test_a_user_of_the_docker_group_needs_nothing_more(transport: LiveTransport, lab: Lab) -> None:
    ops = lab.user("ops", docker=True)
    engine = await engine_of(transport, lab["h1"], user=ops)
    container = await asyncio.to_thread(start_plain, lab["h1"], "plain")
    assert [c.id for c in await engine.containers()] == [container]
    probe = await (await transport.connect(lab["h1"].spec(user=ops), None)).probe()
    assert container in (await probe.sample([container])).usage


@pytest.mark.parametrize("sessions", ["0", "1"])
async def test_few_sessions_cost_the_shell_at_most(
    transport: LiveTransport, h1: LabHost, sessions: str
) -> None:
    with h1.extra_sshd(MaxSessions=sessions) as sshd:
        link = await transport.connect(h1.spec(port=sshd.port), None)
        engine = await link.engine()
        seen: list[EngineEvent] = []
        ready = asyncio.Event()
        task = asyncio.create_task(collect(engine, seen, ready))
        await asyncio.wait_for(ready.wait(), 10)
        await asyncio.gather(*(engine.containers() for _ in range(12)))
        if sessions == "0":
            with pytest.raises(CapabilityMissing):
                await link.probe()
        else:
            assert (await (await link.probe()).sample([])).load.cpus > 0
        task.cancel()


async def test_a_forced_command_leaves_the_engine_and_takes_the_shell(
    transport: LiveTransport, h1: LabHost
) -> None:
    with h1.extra_sshd(ForceCommand="echo no shells here") as sshd:
        link = await transport.connect(h1.spec(port=sshd.port), None)
        assert await (await link.engine()).containers() == ()
        with pytest.raises(CapabilityMissing):
            await (await link.probe()).sample([])


async def test_podman_is_an_engine_too(transport: LiveTransport, podman_host: LabHost) -> None:
    container = await asyncio.to_thread(start_plain, podman_host, "plain")
    engine = await engine_of(transport, podman_host)
    assert engine.facts.engine == "podman"
    (found,) = await engine.containers()
    assert (found.id, found.name, found.state) == (container, "plain", ContainerState.RUNNING)
    assert found.health is Health.NONE
    seen: list[EngineEvent] = []
    ready = asyncio.Event()
    task = asyncio.create_task(collect(engine, seen, ready))
    await asyncio.wait_for(ready.wait(), 10)
    await asyncio.to_thread(podman_host.docker, "kill", "plain")
    await until(lambda: any(e.id == container and e.action in ("died", "die") for e in seen), "its end")
    task.cancel()


# ---- the machine


async def test_figures_are_near_those_of_docker_stats(transport: LiveTransport, h1: LabHost) -> None:
    limited = await asyncio.to_thread(start_plain, h1, "limited", "-m", "64m")
    # Page cache, which must not count; memory, which must; and all the processor it can get.
    cache, memory = "head -c 20000000 /dev/zero > /tmp/f", "x=$(head -c 8000000 /dev/zero | tr '\\0' x)"
    hungry = f"{cache}; {memory}; touch /tmp/ready; while :; do :; done"
    busy = await asyncio.to_thread(start_plain, h1, "busy", "--cpus", "0.5", script=hungry)
    link = await transport.connect(h1.spec(), None)
    probe = await link.probe()
    await until(lambda: h1.docker("exec", "busy", "ls", "/tmp/ready", check=False), "its memory to be full")

    def spent() -> float:
        """Seconds of processor by the engine's own count, taken after the call."""
        stats: Any = h1.engine.get(f"/containers/{busy}/stats?stream=false&one-shot=true")
        return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9

    before = await asyncio.to_thread(spent)
    first = await probe.sample([limited, busy])
    between = await asyncio.to_thread(spent)
    second = await probe.sample([limited, busy])
    after = await asyncio.to_thread(spent)
    # Its share of the processor may be used up for the moment: then the counter stands still.
    one, two = first.usage[busy].cpu_seconds, second.usage[busy].cpu_seconds
    assert before <= one <= between <= two <= after
    assert one < two
    assert 0.5 < second.monotonic - first.monotonic < 30
    assert second.usage[limited].memory_limit == 64 * 2**20
    shown = await asyncio.to_thread(h1.docker, "stats", "--no-stream", "--format", "{{.MemUsage}}", "busy")
    value, unit = float(shown.split("MiB")[0]), 2**20
    assert second.usage[busy].memory_bytes == pytest.approx(value * unit, abs=2 * unit)
    assert 7 < value < 18


async def test_load_disk_and_clock_of_the_machine(transport: LiveTransport, h1: LabHost) -> None:
    link = await transport.connect(h1.spec(), None)
    sample = await (await link.probe(f"{h1.folder}/data")).sample([])
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert sample.load.memory_total == total
    assert 0 < sample.load.memory_used < total
    assert sample.load.disk_total > sample.load.disk_used > 0
    assert sample.load.skew is not None
    assert abs(sample.load.skew) < 0.5  # the very same clock
    assert abs(sample.at - time.time()) < 5
    assert sample.rtt < 3


async def test_a_container_that_is_gone_is_absent(transport: LiveTransport, h1: LabHost) -> None:
    container = await asyncio.to_thread(start_plain, h1, "plain")
    probe = await (await transport.connect(h1.spec(), None)).probe()
    assert set((await probe.sample([container, "e" * 64])).usage) == {container}


async def test_the_engines_own_figures_follow_a_container_to_its_end(
    transport: LiveTransport, h1: LabHost
) -> None:
    container = await asyncio.to_thread(start_plain, h1, "plain", "-m", "64m")
    engine = await engine_of(transport, h1)
    frames = []
    async with engine.stats(container) as stats:
        async for frame in stats:
            frames.append(frame)
            if len(frames) == 2:
                await asyncio.to_thread(h1.docker, "kill", "plain")
    assert frames[1].memory_limit == 64 * 2**20
    assert frames[1].memory_bytes > 0
