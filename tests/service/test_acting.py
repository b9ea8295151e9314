"""Actions: guards, order, what is put on record, and what becomes of an answer that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from console.errors import (
    AuditFailed,
    Conflict,
    DockconError,
    EngineDown,
    HostUnreachable,
    NotFound,
    OutcomeUnknown,
)
from console.model.actions import Action, ActionKind, Consent, Job, Outcome, Result, Target
from console.model.hosts import Guard, HostSpec
from console.model.text import safe
from console.service.acting import JOBS_KEPT, Deeds
from tests.service.loops import LoopClock, until, virtual

RESTART = Action(kind=ActionKind.RESTART)
YES = Consent(yes=True)


def target(host: str, name: str) -> Target:
    return Target(host=host, id=(name * 64)[:64], name=safe(name))


@dataclass
class World:
    """Engines that write down what they are asked, an audit that writes down what it is told."""

    said: list[str] = field(default_factory=list)
    faults: dict[str, DockconError] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    same: bool = False

    async def act(self, container_id: str, action: Action) -> bool:
        name = container_id[0]
        self.said.append(f"{action.kind} {name}")
        if name in self.gates:
            await self.gates[name].wait()
        if name in self.faults:
            raise self.faults[name]
        return not self.same

    async def before(self, operation: str, action: str, target: Target, plan: object = ()) -> None:
        if "audit" in self.faults:
            raise self.faults["audit"]
        self.said.append(f"before {target.name}")

    async def after(self, operation: str, action: str, target: Target, result: str, text: str = "") -> None:
        self.said.append(f"after {target.name} {result}")
        if "after" in self.faults:
            raise self.faults["after"]

    async def aclose(self) -> None:
        self.closed = True

    def deeds(
        self, *specs: HostSpec, ready: Callable[[str], object] = lambda host: None, read_only: bool = False
    ) -> Deeds:
        hosts = {spec.name: spec for spec in specs or (HostSpec(name="a", address="x"),)}

        def engine(host: str) -> World:
            ready(host)
            return self

        return Deeds(
            hosts, LoopClock(), self, engine, lambda host: None, changed=self.jobs.append, read_only=read_only
        )

    def outcome(self, name: str) -> Outcome:
        return next(o for o in self.jobs[-1].outcomes.values() if o.target.name == name)


@virtual
async def test_on_record_before_and_after() -> None:
    world = World()
    deeds = world.deeds()
    deeds.act(7, RESTART, [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.said == ["before w", "restart w", "after w done"]
    assert [job.number for job in deeds.jobs()] == [7]
    assert world.outcome("w").result is Result.DONE
    await deeds.aclose()


@virtual
async def test_what_was_so_already_is_told_from_what_was_done() -> None:
    world = World(same=True)
    deeds = world.deeds()
    deeds.act(2001, Action(kind=ActionKind.STOP), [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").result is Result.NOTHING
    await deeds.aclose()


@virtual
async def test_hosts_side_by_side_and_targets_of_one_host_in_turn() -> None:
    world = World(gates={"w": asyncio.Event()})
    deeds = world.deeds(HostSpec(name="a", address="x"), HostSpec(name="b", address="y"))
    deeds.act(2002, RESTART, [target("a", "w"), target("a", "v"), target("b", "u")], YES)
    await until(lambda: len(world.jobs[-1].outcomes) == 1)
    assert world.outcome("u").result is Result.DONE
    assert "restart v" not in world.said
    # Another job on the same host waits its turn, too.
    deeds.act(2003, Action(kind=ActionKind.STOP), [target("a", "w")], YES)
    await asyncio.sleep(1)
    assert "stop w" not in world.said
    world.gates["w"].set()
    await until(lambda: all(job.over for job in deeds.jobs()))
    assert world.said.index("after w done") < world.said.index("restart v") < world.said.index("after v done")
    await deeds.aclose()


@virtual
async def test_guards_are_asked_where_it_is_done() -> None:
    world = World()
    deeds = world.deeds(
        HostSpec(name="a", address="x", guard=Guard.OBSERVE),
        HostSpec(name="b", address="y", guard=Guard.TYPED),
        HostSpec(name="c", address="z"),
    )
    deeds.act(2004, RESTART, [target("a", "w"), target("b", "v"), target("c", "u")], YES)
    await until(lambda: world.jobs[-1].over)
    assert [world.outcome(n).result for n in "wvu"] == [Result.REFUSED, Result.REFUSED, Result.DONE]
    assert "observed" in world.outcome("w").text
    assert world.said == ["before u", "restart u", "after u done"]
    await deeds.aclose()


@virtual
async def test_read_only_refuses_everything() -> None:
    world = World()
    deeds = world.deeds(read_only=True)
    deeds.act(2005, RESTART, [target("a", "w")], Consent(True, frozenset({"w"})))
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").result is Result.REFUSED
    assert world.said == []
    await deeds.aclose()


@virtual
async def test_nothing_is_done_that_cannot_be_put_on_record() -> None:
    world = World(faults={"audit": AuditFailed("disk full")})
    deeds = world.deeds()
    deeds.act(2006, RESTART, [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").result is Result.FAILED
    assert "disk full" in world.outcome("w").text
    assert world.said == []
    await deeds.aclose()


@virtual
async def test_what_is_done_and_could_not_be_recorded_is_done() -> None:
    world = World(faults={"after": AuditFailed("disk full")})
    deeds = world.deeds()
    deeds.act(2007, RESTART, [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").result is Result.DONE
    await deeds.aclose()


@virtual
async def test_every_target_has_its_own_outcome() -> None:
    world = World(
        faults={
            "w": NotFound("a", "no such container", status=404),
            "v": OutcomeUnknown("a", "the answer was lost"),
            "u": Conflict("a", "removal is in progress", status=409),
            "t": EngineDown("a", "the engine does not answer", next_step="look at dockerd"),
        }
    )
    deeds = world.deeds()
    deeds.act(2008, RESTART, [target("a", name) for name in "wvuts"], YES)
    await until(lambda: world.jobs[-1].over)
    results = [world.outcome(name).result for name in "wvuts"]
    assert results == [Result.FAILED, Result.UNKNOWN, Result.FAILED, Result.FAILED, Result.DONE]
    assert "gone" in world.outcome("w").text
    assert world.outcome("t").next_step == "look at dockerd"
    assert "after v unknown" in world.said
    await deeds.aclose()


@virtual
async def test_a_host_that_is_not_up_is_not_asked() -> None:
    world = World()

    def ready(host: str) -> None:
        raise HostUnreachable(host, "lost: no route")

    deeds = world.deeds(ready=ready)
    deeds.act(2009, RESTART, [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").text == "lost: no route"
    assert world.said == []
    await deeds.aclose()


@virtual
async def test_closing_in_the_middle_is_on_record_as_unknown() -> None:
    world = World(gates={"w": asyncio.Event()})
    deeds = world.deeds()
    deeds.act(2010, RESTART, [target("a", "w"), target("a", "v")], YES)
    await until(lambda: "restart w" in world.said)
    await deeds.aclose()
    assert world.said == ["before w", "restart w", "after w unknown"]


@virtual
async def test_old_jobs_are_forgotten_but_never_one_under_way() -> None:
    world = World(gates={"w": asyncio.Event()})
    deeds = world.deeds(HostSpec(name="a", address="x"), HostSpec(name="b", address="y"))
    deeds.act(1000, RESTART, [target("a", "w")], YES)
    for number in range(JOBS_KEPT + 20):
        deeds.act(number, RESTART, [target("b", "v")], YES)
    await until(lambda: sum(not job.over for job in deeds.jobs()) == 1)
    deeds.act(2011, RESTART, [target("b", "v")], YES)
    assert len(deeds.jobs()) == JOBS_KEPT
    assert 1000 in [job.number for job in deeds.jobs()]
    await deeds.aclose()


@virtual
async def test_an_engine_that_speaks_of_ids_is_understood() -> None:
    world = World(faults={"w": Conflict("a", safe(f"Container {'w' * 64} is already paused"), status=409)})
    deeds = world.deeds()
    deeds.act(2003, RESTART, [target("a", "w")], YES)
    await until(lambda: world.jobs[-1].over)
    assert world.outcome("w").text == "Container w is already paused"
    await deeds.aclose()
