"""Every state a host can be in, how it gets there, and that no host waits for another."""

from __future__ import annotations

import asyncio
import logging

import pytest

from console.errors import (
    EngineForbidden,
    HostError,
    HostKeyRefused,
    HostUnreachable,
    LoginRefused,
    NotFound,
)
from console.model.containers import Inspection
from console.model.hosts import HostSpec, HostState
from console.service.remember import Forgetful
from console.service.waits import Backoff
from console.transport.base import Prompter
from console.transport.memory import Asked, MemoryContainer, MemoryFleet, MemoryHost, MemoryTransport
from console.transport.memory.link import MemoryEngine, MemoryLink
from tests.service.fleets import Running, plain_fleet, question, running, settled
from tests.service.loops import LoopClock, until, virtual


@virtual
async def test_a_good_host_comes_up_and_says_so_once() -> None:
    hosts = plain_fleet("a")
    memory = Forgetful()
    async with Running(hosts, memory) as fleet:
        assert fleet.state("a") is HostState.CONNECTING
        snapshot = await fleet.reaches("a", HostState.UP)
        assert snapshot.fresh
        assert snapshot.epoch == 1
        assert snapshot.facts is not None
        assert len(snapshot.containers) == 3
        assert memory.carrier("a") == "memory"
        await asyncio.sleep(120)
        assert fleet.history["a"] == [HostState.CONNECTING, HostState.UP]


@virtual
async def test_a_host_that_falls_silent_is_quiet_and_then_up_again() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        loop = asyncio.get_running_loop()
        began = loop.time()
        hosts["a"].go_quiet()
        snapshot = await fleet.reaches("a", HostState.QUIET, 10)
        assert 6 <= loop.time() - began <= 7.5
        assert not snapshot.fresh
        assert snapshot.heard == pytest.approx(hosts.clock.now() - (loop.time() - began), abs=1)
        hosts["a"].daemon.remove(hosts["a"].daemon.find("c0"))
        hosts["a"].speak()
        await fleet.reaches("a", HostState.UP, 5)
        await until(lambda: settled(fleet["a"], hosts["a"]), 5)
        assert fleet["a"].epoch == 1


@virtual
async def test_a_silent_host_is_not_taken_for_one_whose_engine_hangs() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        hosts["a"].go_quiet()
        await asyncio.sleep(120)
        assert fleet.history["a"] == [HostState.CONNECTING, HostState.UP, HostState.QUIET]


@virtual
async def test_an_engine_that_stops_is_pinged_and_not_redialled() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        hosts["a"].engine_stops()
        snapshot = await fleet.reaches("a", HostState.ENGINE_DOWN, 5)
        assert "does not answer" in snapshot.status.reason
        assert snapshot.status.next_step
        assert snapshot.status.retry_at is not None
        assert not snapshot.fresh
        assert len(snapshot.containers) == 3
        await asyncio.sleep(100)
        since = fleet["a"].status.since
        assert hosts.clock.now() - since > 99
        hosts["a"].daemon.remove(hosts["a"].daemon.find("c0"))
        hosts["a"].engine_starts()
        await fleet.reaches("a", HostState.UP, 40)
        assert len(fleet["a"].containers) == 2
        assert hosts["a"].connects == 1
        assert fleet["a"].epoch == 1


@virtual
async def test_an_engine_that_hangs_is_noticed_by_its_heartbeat() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(3)
        hosts["a"].faults.lost_answers = 1
        await fleet.reaches("a", HostState.ENGINE_DOWN, 20)
        await fleet.reaches("a", HostState.UP, 5)


@virtual
async def test_an_engine_that_is_down_at_first_sight() -> None:
    hosts = plain_fleet("a")
    hosts["a"].engine_stops()
    async with Running(hosts) as fleet:
        await fleet.reaches("a", HostState.ENGINE_DOWN)
        hosts["a"].engine_starts()
        fleet.fleet.retry("a")
        await fleet.reaches("a", HostState.UP, 0.3)


@virtual
async def test_a_lost_host_keeps_its_rows_and_is_tried_for_ever() -> None:
    hosts = plain_fleet("a")
    host = hosts["a"]
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(45)
        host.faults.refuse = HostUnreachable("a", "no route to host", next_step="is it switched on?")
        host.cut("connection reset by peer")
        snapshot = await fleet.reaches("a", HostState.LOST, 1)
        assert snapshot.heard == pytest.approx(hosts.clock.now(), abs=0.2)
        assert snapshot.status.reason == "connection reset by peer"
        assert snapshot.status.retry_at == pytest.approx(hosts.clock.now() + 1, abs=0.2)
        assert len(snapshot.containers) == 3
        assert not snapshot.fresh
        lost_at = snapshot.status.since
        await asyncio.sleep(3600)
        assert fleet.history["a"][-1] is HostState.LOST, "trying again does not make it less lost"
        assert fleet["a"].status.since == lost_at
        assert fleet["a"].status.reason == "no route to host"
        assert 3600 / 31 < host.connects < 3600 / 25
        host.faults.refuse = None
        snapshot = await fleet.reaches("a", HostState.UP, 31)
        assert snapshot.epoch == 2
        assert snapshot.fresh


@virtual
async def test_a_host_that_keeps_falling_over_is_tried_less_often_than_one_that_was_steady() -> None:
    hosts = plain_fleet("a")
    waits = []
    async with Running(hosts) as fleet:
        for steady in (2, 2, 2, 2, 40, 2):
            await fleet.reaches("a", HostState.UP)
            await asyncio.sleep(steady)
            hosts["a"].cut()
            snapshot = await fleet.reaches("a", HostState.LOST)
            assert snapshot.status.retry_at is not None
            waits.append(snapshot.status.retry_at - hosts.clock.now())
    assert waits == pytest.approx([1, 2, 4, 8, 1, 2], abs=0.2)


@virtual
async def test_the_link_says_best_why_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly(link: MemoryLink) -> HostError:
        await link._cut.wait()
        await asyncio.sleep(0.1)
        return link.error()

    def vaguely(link: MemoryLink) -> None:
        if link._cut.is_set():
            raise HostUnreachable("a", "a channel was closed")

    monkeypatch.setattr(MemoryLink, "lost", slowly)
    monkeypatch.setattr(MemoryLink, "check", vaguely)
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        hosts["a"].cut("no answer to two keep-alive messages")
        snapshot = await fleet.reaches("a", HostState.LOST)
        assert snapshot.status.reason == "no answer to two keep-alive messages"


@virtual
async def test_an_answer_of_an_old_connection_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    real = MemoryEngine.inspect

    async def late(engine: MemoryEngine, container_id: str) -> Inspection:
        inspection = await real(engine, container_id)
        await asyncio.sleep(10)
        return inspection

    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await until(lambda: settled(fleet["a"], hosts["a"]))
        monkeypatch.setattr(MemoryEngine, "inspect", late)
        asking = asyncio.create_task(fleet.fleet.inspect(("a", hosts["a"].daemon.find("c0").id)))
        await asyncio.sleep(1)
        hosts["a"].cut()
        await fleet.reaches("a", HostState.LOST)
        await fleet.reaches("a", HostState.UP)
        with pytest.raises(HostUnreachable, match="lost while asking"):
            await asking


@virtual
async def test_a_key_ends_the_wait() -> None:
    hosts = plain_fleet("a")
    host = hosts["a"]
    host.faults.refuse = HostUnreachable("a", "no route to host")
    async with Running(hosts) as fleet:
        await asyncio.sleep(200)
        host.faults.refuse = None
        before = host.connects
        fleet.fleet.retry("a")
        await fleet.reaches("a", HostState.UP, 0.3)
        assert host.connects == before + 1
        fleet.fleet.retry("a")
        await asyncio.sleep(5)
        assert host.connects == before + 1, "a host that is up is left alone"


@virtual
async def test_a_key_redials_a_quiet_host() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        hosts["a"].go_quiet()
        await fleet.reaches("a", HostState.QUIET)
        fleet.fleet.retry("a")
        hosts["a"].speak()
        snapshot = await fleet.reaches("a", HostState.UP, 2)
        assert snapshot.epoch == 2


@pytest.mark.parametrize(
    "error",
    [
        HostKeyRefused("a", "the host key has changed", next_step="ssh-keygen -R a"),
        LoginRefused("a", "permission denied"),
    ],
)
def test_a_refusal_waits_for_a_key(error: HostKeyRefused) -> None:
    async def run() -> None:
        hosts = plain_fleet("a")
        hosts["a"].faults.refuse = error
        async with Running(hosts) as fleet:
            snapshot = await fleet.reaches("a", HostState.REFUSED)
            assert snapshot.status.reason == error.message
            assert snapshot.status.next_step == error.next_step
            assert snapshot.status.retry_at is None
            await asyncio.sleep(3600)
            assert hosts["a"].connects == 1
            hosts["a"].faults.refuse = None
            fleet.fleet.retry("a")
            await fleet.reaches("a", HostState.UP, 0.3)

    virtual(run)()


@virtual
async def test_an_engine_that_may_not_be_opened_is_a_refusal_and_holds_no_connection() -> None:
    hosts = plain_fleet("a")
    hosts["a"].faults.forbid = EngineForbidden("a", "permission denied", next_step="usermod -aG docker ops")
    async with Running(hosts) as fleet:
        await fleet.reaches("a", HostState.REFUSED)
        assert hosts["a"].links == 0
        await asyncio.sleep(600)
        assert hosts["a"].connects == 1


@virtual
async def test_a_black_hole_delays_nobody() -> None:
    names = [f"h{number}" for number in range(20)]
    hosts = plain_fleet(*names)
    for name in names[::2]:
        hosts[name].faults.black_hole = True
    async with Running(hosts) as fleet:
        began = asyncio.get_running_loop().time()
        for name in names[1::2]:
            await fleet.reaches(name, HostState.UP, 1)
        assert asyncio.get_running_loop().time() - began < 0.2
        await asyncio.sleep(3600)
        for name in names[::2]:
            assert fleet.state(name) is HostState.LOST
        assert all(fleet.history[name] == [HostState.CONNECTING, HostState.UP] for name in names[1::2])


@virtual
async def test_closing_ends_everything_in_every_state() -> None:
    hosts = plain_fleet("up", "hole", "asks", "lost", "refused", "down", "quiet", "slow")
    async with Running(hosts) as fleet:
        hosts["hole"].faults.black_hole = True
        hosts["asks"].faults.questions = [Asked(question(host="asks"))]
        hosts["lost"].faults.refuse = HostUnreachable("lost", "no route")
        hosts["refused"].faults.refuse = LoginRefused("refused", "no")
        hosts["down"].engine_stops()
        hosts["slow"].faults.lost_answers = 5
        await fleet.reaches("quiet", HostState.UP)
        hosts["quiet"].go_quiet()
        await asyncio.sleep(7)
    # `virtual` fails when a task is left, `Running` when a link or an event stream is.


class Careless(MemoryTransport):
    """A transport with a defect."""

    async def connect(self, spec: HostSpec, prompter: Prompter | None) -> object:  # type: ignore[override]  # a defect
        if spec.name == "bad":
            raise ZeroDivisionError("oh \x1b[31mno")
        return await super().connect(spec, prompter)


@virtual
async def test_a_defect_on_one_host_is_said_and_does_not_end_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hosts = plain_fleet("bad", "good")
    async with Running(hosts, transport=Careless(hosts)) as fleet:
        await fleet.reaches("good", HostState.UP)
        snapshot = await fleet.reaches("bad", HostState.LOST)
        assert snapshot.status.reason == "internal error: ZeroDivisionError: oh no"
        assert snapshot.status.retry_at is not None
    assert "ZeroDivisionError" in caplog.text
    assert all(record.levelno >= logging.ERROR for record in caplog.records if record.exc_info)


@virtual
async def test_an_inspect_goes_to_the_engine_or_says_why_not() -> None:
    hosts = plain_fleet("a")
    host = hosts["a"]
    async with Running(hosts) as fleet:
        await fleet.all_up()
        container = host.daemon.find("c1")
        inspection = await fleet.fleet.inspect(("a", container.id))
        assert inspection.container == container.detail("a")
        assert inspection.document["Name"] == "/c1"
        with pytest.raises(NotFound):
            await fleet.fleet.inspect(("a", "f" * 64))
        host.faults.delay = 5
        asking = asyncio.create_task(fleet.fleet.inspect(("a", container.id)))
        await asyncio.sleep(1)
        host.cut("link down")
        with pytest.raises(HostUnreachable, match="link down"):
            await asking
        host.faults.refuse = HostUnreachable("a", "no route to host")
        await fleet.reaches("a", HostState.LOST)
        with pytest.raises(HostUnreachable, match="lost: link down"):
            await fleet.fleet.inspect(("a", container.id))


@virtual
async def test_a_hundred_hosts_of_fifty_containers() -> None:
    clock = LoopClock()
    specs = [HostSpec(name=f"h{number:02}", address="x") for number in range(100)]
    hosts = MemoryFleet(clock, specs)
    for host in hosts.hosts.values():
        for number in range(50):
            furnish(host, number)
    async with Running(hosts) as fleet:
        await fleet.all_up()
        assert asyncio.get_running_loop().time() < 0.2
        assert sum(len(s.containers) for s in fleet.feed.latest()) == 5000
        one = hosts["h42"].daemon
        one.stop(one.find("c7"))
        await until(lambda: one.find("c7").id in fleet["h42"].stopped, 0.2)


def furnish(host: MemoryHost, number: int) -> MemoryContainer:
    return running(host, f"c{number}")


def test_back_off_grows_to_half_a_minute_with_jitter() -> None:
    for jitter, factor in ((0.0, 0.8), (0.5, 1.0), (1.0, 1.2)):
        backoff = Backoff(lambda jitter=jitter: jitter)  # type: ignore[misc]  # bound now
        waits = [backoff.next() for _ in range(8)]
        assert waits == pytest.approx([min(30, max(1, w * factor)) for w in (1, 2, 4, 8, 16, 30, 30, 30)])
        backoff.survived(29)
        assert backoff.next() > 20
        backoff.survived(30)
        assert backoff.next() == pytest.approx(max(1.0, factor))
