"""The bridge: what is published, what freezing holds back, and which problems are new."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from textual.app import App

from console.model.hosts import HostState
from console.model.problems import Problem, ProblemKind
from console.ui.bridge import LULL, Bridge
from console.ui.recorder import FIRST, PAGES
from tests.ui.fleet import NOON, FakeFleet, happening, problem, small_fleet, snapshot
from tests.ui.waiting import until


class Hearer(App[None]):
    """Writes down what the bridge publishes."""

    def __init__(self, fleet: FakeFleet, now: Callable[[], float]) -> None:
        super().__init__()
        self.bridge = Bridge(self, fleet, now)
        self.changed: list[frozenset[str]] = []
        self.ticks: list[float] = []
        self.troubles: list[tuple[Problem, ...]] = []

    def on_mount(self) -> None:
        self.bridge.changed.subscribe(self, self.changed.append)
        self.bridge.ticked.subscribe(self, self.ticks.append)
        self.bridge.troubled.subscribe(self, self.troubles.append)


class Moment:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
async def hearer(moment: Moment) -> AsyncIterator[Hearer]:
    app = Hearer(small_fleet(), moment)
    async with app.run_test():
        yield app


async def test_a_batch_is_published_once_and_quiet_is_quiet(hearer: Hearer) -> None:
    hearer.bridge.poll()
    hearer.bridge.poll()
    await until(lambda: hearer.changed == [frozenset({"app-1", "app-2", "db-1"})])
    assert hearer.bridge.world.state("db-1") is HostState.LOST
    assert hearer.ticks == [NOON]


async def test_frozen_holds_the_world_and_then_catches_up(hearer: Hearer, moment: Moment) -> None:
    bridge, fleet = hearer.bridge, hearer.bridge.handle
    assert isinstance(fleet, FakeFleet)
    bridge.poll()
    bridge.freeze(True)
    moment.at += 5
    fleet.show(snapshot("app-1", revision=2))
    fleet.show(snapshot("app-2", revision=2))
    bridge.poll()
    assert bridge.world.snapshots["app-1"].revision == 1
    assert bridge.live.snapshots["app-1"].revision == 2
    assert bridge.shown_now == NOON
    bridge.freeze(False)
    await until(lambda: hearer.changed[1:] == [frozenset({"app-1", "app-2"})])
    assert bridge.world.snapshots["app-1"].revision == 2
    assert bridge.shown_now == NOON + 5


async def test_a_problem_is_new_once_and_never_at_the_start(hearer: Hearer, moment: Moment) -> None:
    bridge, fleet = hearer.bridge, hearer.bridge.handle
    assert isinstance(fleet, FakeFleet)
    bridge.poll()
    assert hearer.troubles == []
    old, new = fleet.given, problem(*_dead(fleet), NOON + 1)
    told_late = problem(
        fleet.newest("app-1").containers[next(iter(fleet.newest("app-1").containers))],
        ProblemKind.EXITED,
        NOON - 99,
    )
    fleet.show(problems=(*old, new, told_late))
    bridge.poll()
    fleet.show(problems=old)
    bridge.poll()
    moment.at += 1
    fleet.show(problems=(*old, replace(new, since=moment.at)))
    bridge.poll()
    await until(lambda: hearer.troubles == [(new,)])
    fleet.show(problems=old)
    bridge.poll()
    moment.at += LULL + 1
    fleet.show(problems=(*old, replace(new, since=moment.at)))
    bridge.poll()
    await until(lambda: len(hearer.troubles) == 2)


def _dead(fleet: FakeFleet):
    web = next(iter(fleet.newest("app-1").containers.values()))
    return web, ProblemKind.DEAD


async def test_what_happens_first_is_written_down_later_in_its_order(hearer: Hearer, moment: Moment) -> None:
    bridge, fleet = hearer.bridge, hearer.bridge.handle
    assert isinstance(fleet, FakeFleet)
    web = next(iter(fleet.newest("app-1").containers.values()))
    told: list[int] = []
    bridge.recorded.subscribe(hearer, told.append)
    for at, action in enumerate(("pause", "unpause")):
        fleet.happen(happening(web, action, at))
        bridge.poll()
    assert told == []
    moment.at += FIRST + 1
    fleet.happen(happening(web, "update", 3))
    bridge.poll()
    await until(lambda: told)
    assert [m.what for m in bridge.timeline.moments()] == ["lost", "paused", "resumed", "changed"]


async def test_who_asks_for_the_timeline_has_all_of_it_at_once(hearer: Hearer) -> None:
    bridge, fleet = hearer.bridge, hearer.bridge.handle
    assert isinstance(fleet, FakeFleet)
    web = next(iter(fleet.newest("app-1").containers.values()))
    fleet.happen(happening(web, "pause", 1))
    bridge.poll()
    assert [m.what for m in bridge.timeline.moments()] == ["lost", "paused"]


async def test_a_storm_at_the_start_is_not_kept_for_long(hearer: Hearer) -> None:
    bridge, fleet = hearer.bridge, hearer.bridge.handle
    assert isinstance(fleet, FakeFleet)
    web = next(iter(fleet.newest("app-1").containers.values()))
    told: list[int] = []
    bridge.recorded.subscribe(hearer, told.append)
    for n in range(PAGES + 1):
        fleet.happen(happening(web, "update", n))
        bridge.poll()
    await until(lambda: told)
