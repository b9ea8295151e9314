"""Hosts that wait for a person: questions, and hosts switched off."""

from __future__ import annotations

import asyncio

from console.errors import HostUnreachable, LoginRefused
from console.model.hosts import HostSpec, HostState
from console.model.questions import QuestionKind
from console.service.remember import Forgetful
from console.transport.memory import Asked, MemoryFleet
from tests.service.fleets import Running, plain_fleet, question
from tests.service.loops import LoopClock, until, virtual


@virtual
async def test_a_question_is_shown_and_its_answer_connects() -> None:
    hosts = plain_fleet("a")
    key, code = question(QuestionKind.HOST_KEY), question()
    hosts["a"].faults.questions = [Asked(key, ("yes",)), Asked(code, ("123456",))]
    async with Running(hosts) as fleet:
        await until(lambda: fleet["a"].status.question == key)
        assert fleet.state("a") is HostState.NEEDS_YOU
        await asyncio.sleep(500)
        fleet.fleet.answer("a", ("yes",))
        await until(lambda: fleet["a"].status.question == code, 1)
        fleet.fleet.answer("a", ("123456",))
        await fleet.reaches("a", HostState.UP, 1)


@virtual
async def test_a_declined_question_is_not_put_again_unasked() -> None:
    hosts = plain_fleet("a")
    hosts["a"].faults.questions = [Asked(question(), ("1",))]
    async with Running(hosts) as fleet:
        await until(lambda: fleet["a"].status.question)
        fleet.fleet.answer("a", None)
        await until(lambda: fleet["a"].status.question is None)
        snapshot = await fleet.reaches("a", HostState.NEEDS_YOU)
        assert snapshot.status.next_step
        await asyncio.sleep(3600)
        assert hosts["a"].connects == 1
        fleet.fleet.retry("a")
        await until(lambda: fleet["a"].status.question)
        fleet.fleet.answer("a", ("1",))
        await fleet.reaches("a", HostState.UP, 1)


@virtual
async def test_a_host_that_wants_a_code_does_not_ask_for_one_by_itself_after_a_loss() -> None:
    hosts = plain_fleet("a")
    hosts["a"].faults.questions = [Asked(question(), ("1",))]
    async with Running(hosts) as fleet:
        await until(lambda: fleet["a"].status.question)
        fleet.fleet.answer("a", ("1",))
        await fleet.reaches("a", HostState.UP)
        hosts["a"].cut()
        snapshot = await fleet.reaches("a", HostState.NEEDS_YOU)
        assert snapshot.status.question is None
        await asyncio.sleep(3600)
        assert fleet["a"].status.question is None
        assert hosts["a"].connects == 2
        fleet.fleet.retry("a")
        await until(lambda: fleet["a"].status.question)


@virtual
async def test_a_host_key_once_accepted_does_not_stop_reconnects() -> None:
    hosts = plain_fleet("a")
    hosts["a"].faults.questions = [Asked(question(QuestionKind.HOST_KEY))]
    async with Running(hosts) as fleet:
        await until(lambda: fleet["a"].status.question)
        fleet.fleet.answer("a", ("yes",))
        await fleet.reaches("a", HostState.UP)
        hosts["a"].cut()
        await fleet.reaches("a", HostState.LOST)
        await fleet.reaches("a", HostState.UP)
        # It is no secret, so a new one may be asked about without having been asked to.
        hosts["a"].faults.questions = [Asked(question(QuestionKind.HOST_KEY))]
        hosts["a"].cut()
        await until(lambda: fleet["a"].status.question)


@virtual
async def test_a_host_switched_off_stays_off_and_comes_back_when_asked() -> None:
    hosts = plain_fleet("a")
    memory = Forgetful()
    async with Running(hosts, memory) as fleet:
        await fleet.all_up()
        fleet.fleet.switch("a", False)
        await fleet.reaches("a", HostState.OFF, 1)
        assert hosts["a"].links == 0
        await asyncio.sleep(600)
        assert hosts["a"].connects == 1
    assert memory.is_off("a")
    async with Running(hosts, memory) as fleet:
        assert fleet.state("a") is HostState.OFF
        fleet.fleet.retry("a")
        await asyncio.sleep(60)
        assert hosts["a"].connects == 1
        fleet.fleet.switch("a", True)
        await fleet.reaches("a", HostState.UP, 1)
    assert not memory.is_off("a")


@virtual
async def test_a_host_can_be_switched_off_in_any_state() -> None:
    hosts = plain_fleet("hole", "asks", "lost", "refused", "down")
    hosts["hole"].faults.black_hole = True
    hosts["asks"].faults.questions = [Asked(question(host="asks"))]
    hosts["lost"].faults.refuse = HostUnreachable("lost", "no route")
    hosts["refused"].faults.refuse = LoginRefused("refused", "no")
    hosts["down"].engine_stops()
    async with Running(hosts) as fleet:
        await asyncio.sleep(2)
        for name in hosts.hosts:
            fleet.fleet.switch(name, False)
        await until(lambda: all(fleet.state(name) is HostState.OFF for name in hosts.hosts), 1)
        for host in hosts.hosts.values():
            host.faults.black_hole, host.faults.refuse, host.faults.questions = False, None, []
            host.engine_starts()
        for name in hosts.hosts:
            fleet.fleet.switch(name, True)
        await fleet.all_up()


@virtual
async def test_a_host_disabled_in_the_file_cannot_be_switched_on() -> None:
    hosts = MemoryFleet(LoopClock(), [HostSpec(name="a", address="x", disabled=True)])
    async with Running(hosts) as fleet:
        assert fleet.state("a") is HostState.OFF
        assert "hosts.yml" in fleet["a"].status.next_step
        fleet.fleet.switch("a", True)
        await asyncio.sleep(60)
        assert hosts["a"].connects == 0
