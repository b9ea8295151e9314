"""One look at every host, without a supervisor."""

from __future__ import annotations

import asyncio

from console.errors import HostKeyRefused, HostUnreachable
from console.model.containers import ContainerState
from console.model.hosts import HostSpec, HostState
from console.model.questions import Question, QuestionKind
from console.model.text import safe
from console.service.collect import collect
from console.service.remember import Forgetful
from console.transport.memory import Asked, MemoryHost, MemoryTransport
from tests.service.fleets import plain_fleet, running
from tests.service.loops import LoopClock, virtual


@virtual
async def test_every_host_is_listed_once_and_no_more_is_asked_than_was_wanted() -> None:
    fleet = plain_fleet("a", "b")
    transport = MemoryTransport(fleet)
    found = await collect(transport, fleet.specs, clock=fleet.clock)
    await transport.aclose()
    assert [s.name for s in found] == ["a", "b"]
    for snapshot in found:
        assert snapshot.fresh
        assert snapshot.facts is not None
        assert {c.name for c in snapshot.containers.values()} == {"c0", "c1", "c2"}
        assert not any(c.detailed for c in snapshot.containers.values())
        assert not snapshot.usage
        assert snapshot.heard == snapshot.listed == fleet.clock.now()


@virtual
async def test_details_and_usage_are_added_where_asked_for() -> None:
    fleet = plain_fleet("a")
    transport = MemoryTransport(fleet)
    (snapshot,) = await collect(transport, fleet.specs, clock=fleet.clock, usage=True, details=True)
    await transport.aclose()
    assert dict(snapshot.containers) == fleet["a"].daemon.truth()
    assert all(u.cpu_percent is not None and u.memory_bytes for u in snapshot.usage.values())
    assert len(snapshot.usage) == 3
    assert snapshot.load is not None


@virtual
async def test_the_past_is_read_from_the_engine() -> None:
    fleet = plain_fleet("a")
    daemon = fleet["a"].daemon
    looping = running(fleet["a"], "loop", restart_policy="always")
    for _ in range(3):
        await asyncio.sleep(1)
        daemon.exit(looping, 1)
        daemon.revive(looping)
    daemon.stop(daemon.find("c1"))
    transport = MemoryTransport(fleet)
    (snapshot,) = await collect(transport, fleet.specs, clock=fleet.clock, past=True)
    await transport.aclose()
    assert len(snapshot.starts[looping.id]) == 4
    assert snapshot.stopped == {daemon.find("c1").id}


@virtual
async def test_a_host_that_fails_costs_the_others_nothing() -> None:
    fleet = plain_fleet("fine", "hole", "gone", "changed", "locked", "down", "off", "disabled")
    fleet.add(MemoryHost(HostSpec(name="disabled", address="x", disabled=True), LoopClock()))
    fleet["hole"].faults.black_hole = True
    fleet["gone"].faults.refuse = HostUnreachable("gone", "no route to host")
    fleet["changed"].faults.refuse = HostKeyRefused(
        "changed", "the host key has changed", next_step="ssh-keygen -R"
    )
    question = Question(
        kind=QuestionKind.CODE, host="locked", hop="locked", title=safe("Code"), text=safe("Code?")
    )
    fleet["locked"].faults.questions.append(Asked(question))
    fleet["down"].engine_stops()
    memory = Forgetful()
    memory.keep_off("off", True)
    transport = MemoryTransport(fleet)
    began = asyncio.get_running_loop().time()
    found = await collect(transport, fleet.specs, clock=fleet.clock, deadline=3, memory=memory)
    assert asyncio.get_running_loop().time() - began <= 3.1
    await transport.aclose()
    states = {s.name: s.status.state for s in found}
    assert states == {
        "fine": HostState.UP,
        "hole": HostState.LOST,
        "gone": HostState.LOST,
        "changed": HostState.REFUSED,
        "locked": HostState.NEEDS_YOU,
        "down": HostState.ENGINE_DOWN,
        "off": HostState.OFF,
        "disabled": HostState.OFF,
    }
    reasons = {s.name: s.status for s in found}
    assert reasons["hole"].reason == "no answer within 3 s"
    assert reasons["changed"].next_step == "ssh-keygen -R"
    assert fleet["off"].connects == fleet["disabled"].connects == 0


@virtual
async def test_what_was_listed_is_kept_when_the_rest_takes_too_long() -> None:
    fleet = plain_fleet("a")
    transport = MemoryTransport(fleet)

    async def choke() -> None:
        await asyncio.sleep(0.2)
        fleet["a"].go_quiet()

    choking = asyncio.create_task(choke())
    (snapshot,) = await collect(transport, fleet.specs, clock=fleet.clock, usage=True, deadline=2)
    await choking
    await transport.aclose()
    assert snapshot.status.state is HostState.LOST
    assert {c.state for c in snapshot.containers.values()} == {ContainerState.RUNNING}
