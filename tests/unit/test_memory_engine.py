"""The memory engine tells of each operation what a Docker Engine tells, in its order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from console.model.containers import ContainerState, Health
from console.model.events import EngineEvent
from console.transport.memory.bus import RING, EventBus
from console.transport.memory.containers import Figures, MemoryContainer, rounded_time
from console.transport.memory.daemon import MemoryDaemon

NOW = 1_750_000_000.0


class Still:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def daemon() -> MemoryDaemon:
    return MemoryDaemon(EventBus("h", Still()))


def told(engine: MemoryDaemon) -> list[EngineEvent]:
    """All that the ring still has."""
    return list(engine.bus.subscribe(0)._queue)


def running(engine: MemoryDaemon) -> MemoryContainer:
    container = engine.create("web", "i:1", restart_policy="always", healthcheck="true")
    engine.start(container)
    engine.bus._ring.clear()
    return container


SICK = "health_status: unhealthy"
STOPPED = ["kill", "die", "disconnect", "stop"]


@pytest.mark.parametrize(
    ("deed", "expected", "state"),
    [
        (lambda d, c: d.stop(c), STOPPED, ContainerState.EXITED),
        (lambda d, c: d.kill(c), STOPPED[:3], ContainerState.EXITED),
        (lambda d, c: d.kill(c, "SIGHUP"), ["kill"], ContainerState.RUNNING),
        (lambda d, c: d.exit(c, 1), ["die", "disconnect"], ContainerState.RESTARTING),
        (lambda d, c: d.exit(c, 137, oom=True), ["oom", "die", "disconnect"], ContainerState.RESTARTING),
        (
            lambda d, c: d.restart(c),
            [*STOPPED, "connect", "start", "restart"],
            ContainerState.RUNNING,
        ),
        (lambda d, c: d.pause(c), ["pause"], ContainerState.PAUSED),
        (lambda d, c: d.rename(c, "x"), ["rename"], ContainerState.RUNNING),
        (lambda d, c: d.update(c, "no"), ["update"], ContainerState.RUNNING),
        (lambda d, c: d.connect(c, "n", "10.1.0.2"), ["connect"], ContainerState.RUNNING),
        (lambda d, c: d.remove(c), ["kill", "die", "disconnect", "destroy"], None),
        (
            lambda d, c: d.check_health(c, Health.UNHEALTHY, "no"),
            [*(f"exec_{word}: /bin/sh -c true" for word in ("create", "start")), "exec_die", SICK],
            ContainerState.RUNNING,
        ),
    ],
)
def test_events_of_an_operation(
    deed: Callable[[MemoryDaemon, MemoryContainer], None], expected: list[str], state: ContainerState | None
) -> None:
    engine = daemon()
    container = running(engine)
    deed(engine, container)
    events = told(engine)
    assert [event.action for event in events] == expected
    assert all(event.container_id == container.id for event in events)
    assert [event.time_ns for event in events] == sorted({event.time_ns for event in events})
    assert (engine.truth()[container.id].state if state else None) is state


def test_a_restart_policy_brings_it_back() -> None:
    engine = daemon()
    container = running(engine)
    engine.exit(container, 1)
    engine.revive(container)
    assert container.restarts == 1
    assert [event.action for event in told(engine)][-2:] == ["connect", "start"]


def test_the_ring_keeps_256_events() -> None:
    engine = daemon()
    container = running(engine)
    for number in range(300):
        engine.rename(container, f"n{number}")
    events = told(engine)
    assert len(events) == RING
    assert events[-1].name == "n299"


def test_names_are_made_harmless_where_they_enter() -> None:
    engine = daemon()
    engine.create("evil\x1b]52;c;eA==\x07", "i\x1b[2J", labels={"a": "b\x1b[31m"})
    (row,) = engine.rows()
    assert (row.name, row.image, dict(row.labels)) == ("evil", "i", {"a": "b"})


@pytest.mark.parametrize(
    ("age", "told_age"),
    [(0.4, 0), (59.9, 59), (119, 60), (3599, 3540), (5300, 3600), (5500, 7200), (86400 * 2.9, 86400 * 2)],
)
def test_times_of_a_list_are_as_rough_as_dockers_words(age: float, told_age: float) -> None:
    rough = rounded_time(NOW - age, NOW)
    assert rough is not None
    assert NOW - rough == pytest.approx(told_age, abs=1e-3)


def test_cpu_seconds_never_go_back_and_match_the_load() -> None:
    figures = Figures(cpu=0.5, memory=100 << 20, phase=2.0)
    counted = [figures.cpu_integral(NOW + tick) for tick in range(2000)]
    steps = [later - earlier for earlier, later in pairwise(counted)]
    assert min(steps) > 0
    assert sum(steps) / len(steps) == pytest.approx(0.5, rel=0.05)
    assert all(90 << 20 < figures.memory_at(NOW + tick) < 110 << 20 for tick in range(2000))
