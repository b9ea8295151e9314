"""The network thread as a front end sees it, in real time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from console.errors import HostUnreachable, NotFound
from console.model.hosts import HostSpec, HostState
from console.model.problems import ProblemKind
from console.model.questions import Question, QuestionKind
from console.model.snapshot import HostSnapshot
from console.model.text import safe
from console.service.network import NetworkThread
from console.service.remember import Forgetful
from console.transport.base import Transport
from console.transport.clock import SystemClock
from console.transport.memory import Asked, DemoTransport, MemoryFleet, MemoryTransport, demo_fleet


class Front:
    """A front end that looks a hundred times a second."""

    def __init__(self, handle: NetworkThread) -> None:
        self.handle = handle
        self.snapshots: dict[str, HostSnapshot] = {}

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds, 30 seconds at most."""
        give_up = time.monotonic() + 30
        while True:
            if batch := self.handle.take():
                self.snapshots.update(batch.snapshots)
            if condition():
                return
            assert time.monotonic() < give_up, self.snapshots
            await asyncio.sleep(0.01)

    def state(self, host: str) -> HostState | None:
        return self.snapshots[host].status.state if host in self.snapshots else None


@asynccontextmanager
async def front(
    fleet: MemoryFleet, transport: Callable[[MemoryFleet], Transport] = MemoryTransport
) -> AsyncIterator[Front]:
    """A running network thread; nothing of it is left at the end."""
    threads = threading.active_count()
    handle = NetworkThread(
        fleet.name, fleet.specs, lambda: transport(fleet), clock=fleet.clock, memory=Forgetful()
    )
    handle.start()
    try:
        yield Front(handle)
    finally:
        await handle.aclose()
        await handle.aclose()
    assert threading.active_count() == threads


def two_hosts() -> MemoryFleet:
    fleet = MemoryFleet(SystemClock(), [HostSpec(name="a", address="x"), HostSpec(name="b", address="y")])
    for host in fleet.hosts.values():
        host.daemon.start(host.daemon.create("web", "busybox:1"))
    return fleet


async def test_the_demo_comes_up_on_its_own_thread() -> None:
    fleet = demo_fleet(SystemClock())
    async with front(fleet, DemoTransport) as seen:
        assert seen.handle.fleet == "demo"
        assert [spec.name for spec in seen.handle.hosts] == ["app-1", "app-2", "db-1"]
        await seen.until(lambda: all(seen.state(spec.name) is HostState.UP for spec in fleet.specs))
        there = sum(len(host.daemon.containers) for host in fleet.hosts.values())
        assert sum(len(s.containers) for s in seen.snapshots.values()) == there > 20
        kinds = {problem.kind for problem in seen.handle.problems()}
        assert ProblemKind.UNHEALTHY in kinds


async def test_every_host_has_a_snapshot_before_anything_is_dialled() -> None:
    fleet = two_hosts()
    handle = NetworkThread(
        "f", fleet.specs, lambda: MemoryTransport(fleet), clock=fleet.clock, memory=Forgetful()
    )
    batch = handle.take()
    assert batch is not None
    assert {s.status.state for s in batch.snapshots.values()} == {HostState.CONNECTING}
    await handle.aclose()


async def test_commands_and_questions_cross_the_threads() -> None:
    fleet = two_hosts()
    question = Question(kind=QuestionKind.CODE, host="b", hop="b", title=safe("Code"), text=safe("Code?"))
    fleet["b"].faults.questions.append(Asked(question, ("7",)))
    async with front(fleet) as seen:
        await seen.until(lambda: seen.state("b") is HostState.NEEDS_YOU)
        seen.handle.answer("b", ("7",))
        await seen.until(lambda: seen.state("b") is HostState.UP)
        seen.handle.switch("a", False)
        await seen.until(lambda: seen.state("a") is HostState.OFF)
        seen.handle.switch("a", True)
        await seen.until(lambda: seen.state("a") is HostState.UP)
        seen.handle.retry("a")
        key = ("a", fleet["a"].daemon.find("web").id)
        seen.handle.in_view([key])
        await seen.until(lambda: seen.snapshots["a"].usage)
        assert seen.handle.usage_history(key)
        assert seen.handle.load_history("a")


async def test_an_inspect_crosses_the_threads_with_its_errors() -> None:
    fleet = two_hosts()
    async with front(fleet) as seen:
        await seen.until(lambda: seen.state("a") is HostState.UP)
        container = fleet["a"].daemon.find("web")
        assert (await seen.handle.inspect(("a", container.id))).container == container.detail("a")
        with pytest.raises(NotFound):
            await seen.handle.inspect(("a", "f" * 64))
        handle = seen.handle
    with pytest.raises(HostUnreachable, match="closing"):
        await handle.inspect(("a", container.id))
    handle.retry("a")  # too late, and no reason to fail


async def test_an_inspect_under_way_when_the_console_closes_ends() -> None:
    fleet = two_hosts()
    async with front(fleet) as seen:
        await seen.until(lambda: seen.state("a") is HostState.UP)
        fleet["a"].faults.delay = 60
        asking = asyncio.create_task(seen.handle.inspect(("a", fleet["a"].daemon.find("web").id)))
        await asyncio.sleep(0.05)
    with pytest.raises((HostUnreachable, asyncio.CancelledError)):
        await asking


async def test_a_transport_that_cannot_be_made_is_said_at_every_host(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def none(fleet: MemoryFleet) -> Transport:
        raise ImportError("no module named \x1b[1masyncssh")

    async with front(two_hosts(), none) as seen:
        await seen.until(lambda: seen.state("a") is seen.state("b") is HostState.REFUSED)
        assert seen.snapshots["a"].status.reason == "internal error: ImportError: no module named asyncssh"
        assert {problem.kind for problem in seen.handle.problems()} == {ProblemKind.HOST}
    assert "ImportError" in caplog.text


async def test_events_arrive_in_order() -> None:
    fleet = two_hosts()
    async with front(fleet) as seen:
        await seen.until(lambda: seen.state("a") is HostState.UP)
        daemon = fleet["a"].daemon
        got: list[str] = []
        done = threading.Event()

        def act() -> None:
            daemon.stop(daemon.find("web"))
            done.set()

        # The memory engine belongs to the network loop, as a real one's connection does.
        seen.handle._loop.call_soon_threadsafe(act)
        give_up = time.monotonic() + 30
        while "stop" not in got and time.monotonic() < give_up:
            if batch := seen.handle.take():
                got += [str(event.action) for event in batch.events if event.host == "a"]
            await asyncio.sleep(0.01)
        assert got[-4:] == ["kill", "die", "disconnect", "stop"]
