"""The transport against real sshd and real engines: carriers, lists, the SDK, the probe."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from docker import APIClient

from console.errors import (
    CapabilityMissing,
    EngineDown,
    EngineForbidden,
    HostUnreachable,
    NotFound,
    OutcomeUnknown,
)
from console.model.containers import ContainerState, Health
from console.model.hosts import HostSpec
from console.transport.engine import HttpEngine
from console.transport.live import LiveLink, LiveTransport
from tests.lab.containers import SLEEP, TALK, recipe, start, start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab


@asynccontextmanager
async def linked(spec: HostSpec) -> AsyncIterator[LiveLink]:
    transport = LiveTransport()
    try:
        yield await transport.connect(spec, None)
    finally:
        await transport.aclose()


@asynccontextmanager
async def reached(spec: HostSpec, carrier: str = "") -> AsyncIterator[HttpEngine]:
    async with linked(spec) as link:
        yield await link.engine(carrier)


# ---- carriers


@pytest.mark.parametrize(
    ("options", "engine", "carrier"),
    [
        ({}, "unix", "streamlocal:{socket}"),
        ({}, "auto", "streamlocal:{socket}"),
        ({"MaxSessions": "0"}, "unix", "streamlocal:{socket}"),
        ({"AllowStreamLocalForwarding": "no"}, "auto", "dial-stdio"),
        ({"DisableForwarding": "yes"}, "unix", "dial-stdio:{socket}"),
        ({"ForceCommand": "docker system dial-stdio"}, "dial-stdio", "dial-stdio"),
        (
            {"ForceCommand": "docker system dial-stdio", "DisableForwarding": "yes"},
            "auto",
            "dial-stdio",
        ),
    ],
)
async def test_the_carrier_that_sshd_leaves(
    h1: LabHost, options: dict[str, str], engine: str, carrier: str
) -> None:
    made = await asyncio.to_thread(start_plain, h1, "web")
    with h1.extra_sshd(**options) as sshd:
        async with reached(h1.spec(engine=engine, port=sshd.port)) as one:
            assert one.facts.carrier == carrier.format(socket=h1.engine.socket)
            assert [c.id for c in await one.containers()] == [made]
        async with reached(h1.spec(engine=engine, port=sshd.port), str(one.facts.carrier)) as again:
            assert again.facts.carrier == one.facts.carrier


async def test_a_user_who_may_not_open_the_socket(lab: Lab, h1: LabHost) -> None:
    user = await asyncio.to_thread(lab.user, "plain", docker=False)
    async with linked(h1.spec(user=user)) as link:
        with pytest.raises(EngineForbidden, match=f"{user} may not open {h1.engine.socket}") as caught:
            await link.engine()
    assert f"add {user} to the group docker on h1" in caught.value.next_step


async def test_an_engine_that_does_not_run(h1: LabHost) -> None:
    await asyncio.to_thread(h1.stop_dockerd)
    async with linked(h1.spec()) as link:
        with pytest.raises(EngineDown, match=r"not running|no engine") as caught:
            await link.engine()
        assert caught.value.next_step
        await asyncio.to_thread(h1.start_dockerd)
        assert await (await link.engine()).ping() > 0


async def test_sessions_are_never_exhausted_by_dial_stdio(h1: LabHost) -> None:
    """MaxSessions is 10: event stream, statistics, requests, calls and the shell fit in it together."""
    ids = [await asyncio.to_thread(start_plain, h1, f"c{n}") for n in range(4)]
    async with linked(h1.spec(engine="dial-stdio")) as link:
        one = await link.engine()
        probe = await link.probe()
        async with one.events():
            feeds = []
            while True:
                feed = one.stats(ids[len(feeds) % 4])
                try:
                    frames = await feed.__aenter__()
                except CapabilityMissing:
                    break
                feeds.append((feed, frames))
            work: list[Any] = [one.containers() for _ in range(20)]
            work += [one.call(lambda api: api.version()) for _ in range(20)]
            work += [one.call(lambda api: exec_run(api, "c1", "echo hi")) for _ in range(10)]
            work += [probe.sample(ids) for _ in range(3)]
            await asyncio.gather(*work)
            for feed, frames in feeds:
                assert (await anext(frames)).memory_bytes > 0
                await feed.__aexit__(None, None, None)


# ---- what is read


async def test_lists_and_inspections_are_what_the_engine_says(h1: LabHost) -> None:
    kinds = ["web", "sick", "done", "killed", "oom", "paused", "failed", "limited"]
    made = {name: await asyncio.to_thread(start, h1, recipe(name)) for name in kinds}
    async with reached(h1.spec()) as one:
        rows = {c.name: c for c in await one.containers()}
        full = {name: (await one.inspect(made[name])).container for name in kinds}
    assert {name: rows[name].id for name in kinds} == made
    for name in kinds:
        truth = h1.engine.inspect(made[name])
        state: Any = truth["State"]
        for got in (rows[name], full[name]):
            assert got.state.value == state["Status"]
            assert got.health.value == state.get("Health", {}).get("Status", "none")
            if got.state is ContainerState.EXITED:
                assert got.exit_code == state["ExitCode"]
                assert got.finished is not None
            else:
                assert got.started is not None
        assert full[name].oom is state["OOMKilled"]
        assert full[name].restarts == truth["RestartCount"]
        begun = rows[name].started
        assert begun is None or abs(begun - (full[name].started or 0)) < 61
    assert rows["web"].health is Health.HEALTHY
    assert (rows["web"].project, rows["web"].service) == ("shop", "web")
    assert [(p.private, p.public) for p in rows["web"].ports if p.ip == "0.0.0.0"] == [(80, 8080)]
    assert full["failed"].restart_policy == "on-failure:1"


async def test_hostile_text_of_a_real_engine(h1: LabHost) -> None:
    made = await asyncio.to_thread(start, h1, recipe("hostile"))
    async with reached(h1.spec()) as one:
        (row,) = await one.containers()
        full = (await one.inspect(made)).container
    for got in (row, full):
        assert all(text.isprintable() for text in got.labels.values())
        assert len(got.labels["long"]) == 4096


async def test_events_tell_what_happens(h1: LabHost) -> None:
    async with reached(h1.spec()) as one:
        async with one.events() as events:
            made = await asyncio.to_thread(start_plain, h1, "web")
            await asyncio.to_thread(h1.docker, "rm", "-f", "web")
            seen = []
            async for event in events:
                seen.append((event.type, event.action, event.container_id == made))
                if event.action == "destroy":
                    break
            first = event.time_ns
        assert [s[1] for s in seen if s[0] == "container"] == ["create", "start", "kill", "die", "destroy"]
        assert {s[1] for s in seen if s[0] == "network"} == {"connect", "disconnect"}
        assert all(s[2] for s in seen)
        async with one.events(since_ns=first) as again:
            assert (await anext(again)).action == "destroy"


def remove(host: LabHost, name: str) -> None:
    """Podman may refuse to remove a container that ends in this very moment."""
    for last in (False, False, True):
        host.docker("rm", "-f", name, check=last)
        if name not in host.docker("ps", "-a", "--format", "{{.Names}}").split():
            return


async def test_podman(podman_host: LabHost) -> None:
    made = await asyncio.to_thread(start_plain, podman_host, "web")
    await asyncio.to_thread(start, podman_host, recipe("done"))
    async with linked(podman_host.spec()) as link:
        one = await link.engine()
        assert one.facts.engine == "podman"
        rows = {c.name: c for c in await one.containers()}
        assert rows["web"].id == made
        assert (rows["web"].state, rows["done"].state) == (ContainerState.RUNNING, ContainerState.EXITED)
        assert rows["done"].exit_code == 0
        assert [c.name for c in await one.containers([made])] == ["web"]
        assert (await one.inspect(made)).container.started is not None
        sample = await (await link.probe()).sample([made])
        assert sample.usage[made].memory_bytes > 0
        async with one.events() as events:
            await asyncio.to_thread(remove, podman_host, "web")
            actions = []
            async for event in events:
                actions.append((event.action, event.container_id == made))
                if event.action == "destroy":
                    break
        assert ("die", True) in actions


# ---- faults


async def test_a_killed_connection_is_not_an_end(h1: LabHost) -> None:
    made = await asyncio.to_thread(start_plain, h1, "web")
    async with linked(h1.spec()) as link:
        one = await link.engine()
        probe = await link.probe()
        await probe.sample([made])
        waiting = asyncio.create_task(one.call(lambda api: api.wait(made)))
        async with one.events() as events, one.stats(made) as frames:
            await anext(frames)
            await asyncio.to_thread(h1.kill_sshd_children)
            with pytest.raises(HostUnreachable):
                await anext(events)
            with pytest.raises(HostUnreachable):
                async for _ in frames:
                    pass
        with pytest.raises(OutcomeUnknown):
            await waiting
        for attempt in (one.containers, one.ping, lambda: probe.sample([made])):
            with pytest.raises(HostUnreachable):
                await attempt()
        with pytest.raises(HostUnreachable):
            await one.call(lambda api: api.version())
        assert isinstance(await link.lost(), HostUnreachable)


async def test_a_cut_cable_holds_nothing_up(lab: Lab, h1: LabHost) -> None:
    """Requests end by their own deadline, other hosts go on, and leaving does not wait for the dead one."""
    async with linked(lab["h2"].spec()) as other, linked(h1.spec()) as link:
        one, two = await link.engine(), await other.engine()
        probe = await link.probe()
        await one.call(lambda api: api.version())
        await asyncio.to_thread(h1.link_down)
        asked = time.monotonic()
        work = [
            asyncio.create_task(one.containers()),
            asyncio.create_task(one.call(lambda api: api.version())),
            asyncio.create_task(probe.sample([])),
        ]
        assert await two.ping() < 5
        for done in await asyncio.gather(*work, return_exceptions=True):
            assert isinstance(done, EngineDown | HostUnreachable | CapabilityMissing)
        assert time.monotonic() - asked < 12
        leaving = time.monotonic()
    assert time.monotonic() - leaving < 5
    await asyncio.to_thread(h1.link_up)


async def test_a_restarted_engine_is_pinged_and_not_redialled(h1: LabHost) -> None:
    async with linked(h1.spec()) as link:
        one = await link.engine()
        async with one.events() as events:
            await asyncio.to_thread(h1.stop_dockerd)
            with pytest.raises(EngineDown):
                await anext(events)
        with pytest.raises(EngineDown):
            await one.ping()
        with pytest.raises(EngineDown):
            await one.call(lambda api: api.version())
        await asyncio.to_thread(h1.start_dockerd)
        assert await one.ping() > 0
        assert await one.call(lambda api: api.ping()) is True


# ---- the SDK


def exec_run(api: APIClient, name: str, script: str, *, tty: bool = False) -> bytes:
    made = api.exec_create(name, ["sh", "-c", script], tty=tty)
    said: bytes = api.exec_start(made["Id"], tty=tty)
    assert api.exec_inspect(made["Id"])["ExitCode"] == 0
    return said


@pytest.mark.parametrize("engine", ["unix", "dial-stdio"])
@pytest.mark.parametrize("runs", [30, pytest.param(300, marks=pytest.mark.soak)])
async def test_no_exec_loses_its_output(h1: LabHost, engine: str, runs: int) -> None:
    await asyncio.to_thread(start_plain, h1, "web")
    async with reached(h1.spec(engine=engine)) as one:
        said = await asyncio.gather(
            *(one.call(lambda api, n=n: exec_run(api, "web", f"echo {n}")) for n in range(runs))
        )
    assert said == [f"{n}\n".encode() for n in range(runs)]


async def test_what_the_sdk_does_besides(h1: LabHost) -> None:
    made = await asyncio.to_thread(start_plain, h1, "web", script=TALK)

    def stdin(api: APIClient) -> bytes:
        ident = api.exec_create("web", ["wc", "-c"], stdin=True)["Id"]
        sock = api.exec_start(ident, socket=True)
        sock._sock.sendall(b"x" * 5_000_000)
        sock._sock.shutdown(1)
        said = b"".join(iter(lambda: sock.read(4096), b""))
        sock._response.close()
        return said

    async with reached(h1.spec()) as one:
        assert (await one.call(stdin))[8:].strip() == b"5000000"
        assert await one.call(lambda api: exec_run(api, "web", "tty", tty=True)) == b"/dev/pts/0\r\n"
        assert await one.call(lambda api: exec_run(api, "web", "echo é >&2")) == "é\n".encode()
        assert b"line 1" in await one.call(lambda api: api.logs(made))
        await one.call(lambda api: api.restart(made, timeout=0))
        await one.call(lambda api: api.rename(made, "other"))
        assert (await one.inspect(made)).container.name == "other"
        with pytest.raises(NotFound):
            await one.call(lambda api: api.restart("web"))


def threads() -> set[str]:
    """Without those of `asyncio.to_thread`, which the lab's own work needs."""
    return {t.name for t in threading.enumerate() if not t.name.startswith("asyncio_")}


async def test_nothing_is_left_when_all_is_closed(lab: Lab) -> None:
    await asyncio.to_thread(start_plain, lab["h1"], "web", script=SLEEP)
    gc.collect()
    before = threads() | {str(len(os.listdir("/proc/self/fd")))}
    for _ in range(3):
        transport = LiveTransport()
        for name in lab.names:
            link = await transport.connect(lab[name].spec(), None)
            one = await link.engine()
            await link.probe()
            await asyncio.gather(*(one.call(lambda api: api.version()) for _ in range(8)))
            await one.containers()
        await transport.aclose()
        gc.collect()
    assert threads() | {str(len(os.listdir("/proc/self/fd")))} == before
    assert len(asyncio.all_tasks()) == 1


# ---- the probe


async def test_the_probe_agrees_with_the_engine(lab: Lab, h1: LabHost) -> None:
    """As an ordinary user: cgroup files are readable by all."""
    user = await asyncio.to_thread(lab.user, "member", docker=True)
    ids = [await asyncio.to_thread(start, h1, recipe("limited"))]
    ids.append(await asyncio.to_thread(start_plain, h1, "web"))
    async with linked(h1.spec(user=user)) as link:
        one = await link.engine()
        root = str((await one.info())["DockerRootDir"])
        sample = await (await link.probe(root)).sample(ids)
        assert sample.load.disk_total > 0
        assert sample.usage[ids[0]].memory_limit == 64 << 20
        for ident in ids:
            async with one.stats(ident) as frames:
                frame = await anext(frames)
            assert abs(frame.memory_bytes - sample.usage[ident].memory_bytes) < 1 << 20
            assert sample.usage[ident].cpu_seconds > 0
