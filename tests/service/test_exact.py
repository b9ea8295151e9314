"""The table equals the engine's own, whatever happens on it and to the way there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.model.containers import ContainerState, Health
from console.model.hosts import HostState
from console.transport.memory import MemoryContainer, MemoryHost
from console.transport.memory.daemon import MemoryDaemon
from tests.service.fleets import Running, plain_fleet, running, settled
from tests.service.loops import until, virtual

FAULTS = ("cut", "quiet", "speak", "engine-stops", "engine-starts", "drop", "forget", "lose", "slow")


def _stop_or_start(daemon: MemoryDaemon, container: MemoryContainer, pick: int) -> None:
    if not container.alive:
        daemon.start(container)
    elif pick % 2:
        daemon.stop(container)
    else:
        daemon.kill(container)


def _end(daemon: MemoryDaemon, container: MemoryContainer, pick: int) -> None:
    if container.state is ContainerState.RESTARTING:
        daemon.revive(container)
    elif container.state is ContainerState.RUNNING:
        daemon.exit(container, pick % 3, oom=pick % 5 == 0)


def _pause(daemon: MemoryDaemon, container: MemoryContainer, pick: int) -> None:
    if container.state is ContainerState.PAUSED:
        daemon.unpause(container)
    elif container.state is ContainerState.RUNNING:
        daemon.pause(container)


def _health(daemon: MemoryDaemon, container: MemoryContainer, pick: int) -> None:
    if container.alive and container.healthcheck:
        daemon.check_health(container, (Health.HEALTHY, Health.UNHEALTHY)[pick % 2])


def _network(daemon: MemoryDaemon, container: MemoryContainer, pick: int) -> None:
    if pick % 2 and len(container.networks) > 1:
        daemon.disconnect(container, next(iter(container.networks)))
    else:
        daemon.connect(container, f"net{pick % 3}", "172.30.0.2")


OPERATIONS: dict[str, Callable[[MemoryDaemon, MemoryContainer, int], object]] = {
    "stop or start": _stop_or_start,
    "end": _end,
    "pause": _pause,
    "health": _health,
    "network": _network,
    "restart": lambda daemon, container, pick: daemon.restart(container),
    "rename": lambda daemon, container, pick: daemon.rename(container, f"{container.name[:9]}{pick}"),
    "remove": lambda daemon, container, pick: daemon.remove(container),
    "reload": lambda daemon, container, pick: daemon.kill(container, "SIGHUP"),
    "update": lambda daemon, container, pick: daemon.update(container, ("no", "always")[pick % 2]),
}


def operate(host: MemoryHost, operation: str, pick: int) -> None:
    """One thing an operator or a process does to a container, where its state allows it."""
    daemon = host.daemon
    if operation == "create" or not daemon.containers:
        policy = ("no", "always", "unless-stopped", "on-failure:3")[pick % 4]
        daemon.create(f"new{pick}", "busybox:2", restart_policy=policy, healthcheck="true" * (pick % 3))
    else:
        OPERATIONS[operation](daemon, list(daemon.containers.values())[pick % len(daemon.containers)], pick)


def disturb(host: MemoryHost, fault: str, pick: int) -> None:
    """One thing that goes wrong, or is mended."""
    if fault == "drop":
        host.daemon.bus.drop += pick % 4
    elif fault == "forget":
        host.daemon.bus.forget += pick % 4
    elif fault == "lose":
        host.faults.lost_answers += 1
    elif fault == "slow":
        host.faults.delay = (pick % 4) * 0.02
    else:
        acts = {
            "cut": host.cut,
            "quiet": host.go_quiet,
            "speak": host.speak,
            "engine-stops": host.engine_stops,
            "engine-starts": host.engine_starts,
        }
        acts[fault]()


def mend(host: MemoryHost) -> None:
    """Everything works again. Nothing is cut: what waits for a lost answer has to help itself."""
    host.speak()
    host.engine_starts()
    host.faults.delay, host.faults.lost_answers = 0.0, 0
    host.daemon.bus.drop = host.daemon.bus.forget = 0


async def play(steps: list[tuple[str, int, int]]) -> None:
    """Run steps against a host under supervision, then compare the table with the engine's truth."""
    hosts = plain_fleet("a")
    host = hosts["a"]
    async with Running(hosts) as fleet:
        await fleet.all_up()
        for what, pick, gap in steps:
            if what in FAULTS:
                disturb(host, what, pick)
            else:
                operate(host, what, pick)
            await asyncio.sleep((0, 0.001, 0.02, 0.2, 3.0)[gap])
        mend(host)
        await fleet.reaches("a", HostState.UP, 120)
        # Ten minutes, since the engine may have kept a restart to itself and details are doubted that often.
        await until(lambda: settled(fleet["a"], host), 700)
        assert fleet["a"].fresh


DEEDS = (*OPERATIONS, "create", "create")

STEPS = st.lists(
    st.tuples(st.sampled_from([*DEEDS, *DEEDS, *FAULTS]), st.integers(0, 11), st.integers(0, 4)), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_history_ends_in_the_engines_own_table(steps: list[tuple[str, int, int]]) -> None:
    virtual(play)(steps)


@pytest.mark.parametrize("seed", range(6))
def test_long_histories_end_in_the_engines_own_table(seed: int) -> None:
    dice = random.Random(seed)
    names = [*DEEDS * 20, *FAULTS, *("speak", "engine-starts") * 4]
    virtual(play)(
        [(dice.choice(names), dice.randrange(40), dice.choice((1, 1, 2, 2, 3))) for _ in range(900)]
    )


@virtual
async def test_without_a_fault_the_table_is_right_within_a_moment() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        dice = random.Random(7)
        for _ in range(200):
            operate(hosts["a"], dice.choice(DEEDS), dice.randrange(40))
            await asyncio.sleep(0.001)
        await until(lambda: settled(fleet["a"], hosts["a"]), 2)
        assert fleet["a"].dropped == 0


@virtual
async def test_an_event_is_on_the_board_within_a_tenth_of_a_second() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(5)
        container = hosts["a"].daemon.find("c1")
        hosts["a"].daemon.stop(container)
        await until(lambda: fleet["a"].containers[container.id].state is ContainerState.EXITED, 0.1)


@virtual
async def test_what_the_engine_forgot_to_say_is_found_within_a_minute_or_so() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    async with Running(hosts) as fleet:
        await fleet.all_up()
        daemon.bus.forget = 100
        daemon.remove(daemon.find("c0"))
        daemon.stop(daemon.find("c1"))
        running(hosts["a"], "c9")
        daemon.bus.forget = 0
        await until(lambda: settled(fleet["a"], hosts["a"]), 65)


@virtual
async def test_a_container_restarted_in_a_gap_does_not_keep_its_old_start() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await until(lambda: settled(fleet["a"], hosts["a"]))
        container = daemon.find("c0")
        daemon.bus.forget = 100
        daemon.restart(container)
        daemon.bus.forget = 0
        await until(lambda: fleet["a"].containers[container.id].started == container.started, 65)


@virtual
async def test_a_restart_that_nothing_tells_of_is_found_when_details_are_doubted() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    young = daemon.create("young", "busybox:1")
    daemon.start(young)
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await until(lambda: settled(fleet["a"], hosts["a"]))
        daemon.bus.forget = 100
        await asyncio.sleep(5)
        daemon.restart(young)
        daemon.bus.forget = 0
        await until(lambda: fleet["a"].containers[young.id].started == young.started, 700)


@virtual
async def test_an_inspect_without_an_answer_is_tried_again() -> None:
    hosts = plain_fleet("a", containers=1)
    async with Running(hosts) as fleet:
        await until(lambda: fleet["a"].fresh)
        hosts["a"].faults.lost_answers = 1
        await until(lambda: settled(fleet["a"], hosts["a"]), 130)
        assert fleet.history["a"] == [HostState.CONNECTING, HostState.UP]


@virtual
async def test_a_stream_that_ends_alone_is_a_gap_and_not_a_loss() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    async with Running(hosts) as fleet:
        await fleet.all_up()
        daemon.bus.drop = 1000
        daemon.remove(daemon.find("c0"))
        daemon.bus.drop = 0
        daemon.bus.end_all(hosts["a"].engine_error())
        await until(lambda: settled(fleet["a"], hosts["a"]), 5)
        assert fleet["a"].dropped == 1
        assert fleet["a"].epoch == 1
        assert HostState.LOST not in fleet.history["a"]


@virtual
async def test_health_checks_cost_no_list() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    checked = running(hosts["a"], "checked", healthcheck="true")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(1)
        revision, asked = fleet["a"].revision, fleet["a"].listed
        for _ in range(20):
            daemon.check_health(checked, Health.HEALTHY)
            await asyncio.sleep(0.01)
        assert fleet["a"].listed == asked
        assert fleet["a"].revision == revision
        daemon.check_health(checked, Health.UNHEALTHY)
        await until(lambda: fleet["a"].containers[checked.id].health is Health.UNHEALTHY, 0.2)


@virtual
async def test_a_storm_of_events_is_published_twenty_times_a_second_at_most() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(3)
        before = fleet["a"].revision
        for _ in range(500):
            daemon.rename(daemon.find("c0"), "x")
            daemon.rename(daemon.find("x"), "c0")
            await asyncio.sleep(0.002)
        assert fleet["a"].revision - before <= 22


@virtual
async def test_starts_and_stops_are_kept_as_evidence() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    stopped, killed, crashed, reloaded = (running(hosts["a"], name) for name in ("s", "k", "x", "h"))
    async with Running(hosts) as fleet:
        await fleet.all_up()
        daemon.stop(stopped)
        daemon.kill(killed)
        daemon.kill(reloaded, "SIGHUP")
        await asyncio.sleep(30)
        daemon.exit(crashed, 1)
        daemon.exit(reloaded, 1)
        await asyncio.sleep(1)
        assert fleet["a"].stopped == {stopped.id, killed.id}
        daemon.start(stopped)
        await asyncio.sleep(1)
        daemon.exit(stopped, 1)
        await asyncio.sleep(1)
        assert fleet["a"].stopped == {killed.id}
        assert len(fleet["a"].starts[stopped.id]) == 2
        await asyncio.sleep(700)
        assert not fleet["a"].starts


@virtual
async def test_evidence_survives_a_gap_that_the_engine_remembers() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    async with Running(hosts) as fleet:
        await fleet.all_up()
        hosts["a"].cut()
        await fleet.reaches("a", HostState.LOST)
        container = daemon.find("c1")
        daemon.stop(container)
        await fleet.reaches("a", HostState.UP)
        await until(lambda: container.id in fleet["a"].stopped, 1)


@virtual
async def test_a_memory_kill_is_known_for_an_hour_also_when_it_runs_again() -> None:
    hosts = plain_fleet("a")
    daemon = hosts["a"].daemon
    container = running(hosts["a"], "hungry", restart_policy="always")
    async with Running(hosts) as fleet:
        await fleet.all_up()
        daemon.exit(container, 137, oom=True)
        await asyncio.sleep(1)
        daemon.revive(container)
        await asyncio.sleep(1)
        assert container.id in fleet["a"].ooms
        assert fleet["a"].containers[container.id].oom is False
        await asyncio.sleep(3700)
        assert not fleet["a"].ooms


@virtual
async def test_the_sick_are_inspected_first() -> None:
    hosts = plain_fleet("a", containers=60)
    daemon = hosts["a"].daemon
    for container in daemon.containers.values():
        container.restart_policy = "always"
    sick = daemon.find("c59")
    daemon.exit(sick, 3)
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await until(lambda: fleet["a"].containers[sick.id].detailed, 0.2)
        assert sum(c.detailed for c in fleet["a"].containers.values()) < 30
        await until(lambda: all(c.detailed for c in fleet["a"].containers.values()), 5)
