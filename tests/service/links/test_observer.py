"""Who is looked at, when, and what becomes of it: hosts that answer as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from console.errors import ConfigError, ConfigProblem
from console.model.containers import ContainerKey
from console.model.events import EngineEvent
from console.model.links.link import End, EndKind, Link, LinkList, LinkState
from console.model.links.seen import ProxySession
from console.model.links.sight import HostSight
from console.model.mappings.mapping import Mapping, Via
from console.model.mappings.world import HostView
from console.model.text import safe
from console.model.timeline.entries import Entry, remark
from console.service.links.desk import Probed
from console.service.links.observer import BREAKS_WITHIN, EVERY, FIRST_WITHIN, TWICE, Observer, Stand, told
from tests.service.loops import LoopClock, until, virtual


class FakeEye:
    """A host that takes as long as a test says."""

    def __init__(self, name: str, seconds: float = 0.01) -> None:
        self.name = name
        self.seconds = seconds
        self.view: HostView | None = None
        self.sight: HostSight | None = None
        self.sessions: dict[ContainerKey, tuple[ProxySession, ...]] = {}
        self.wake = asyncio.Event()
        self.selected = ""
        self.asked: list[float] = []
        self.clock = LoopClock()

    async def look(self, sockets: int = 4) -> None:
        self.asked.append(self.clock.monotonic())
        await asyncio.sleep(self.seconds)
        self.view = HostView(name=self.name)
        self.sight = HostSight(host=self.name, at=self.clock.now())


def link(consumer: str, state: LinkState = LinkState.OK, **more: Any) -> Link:
    ends = {
        "consumer": End(kind=EndKind.CONTAINER, host=consumer, id="1" * 64, name=safe("web")),
        "endpoint": End(kind=EndKind.CONTAINER, host="db-1", id="2" * 64, name=safe("postgres"), port=5432),
    }
    facts: dict[str, Any] = {"dials": safe("db:5432"), "since": 0.0, "state": state, **ends, **more}
    return Link(**facts)


class FakeFinding:
    """A link for every host that was seen; its age in seconds is how old the host's sight is."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.ages: dict[str, float] = {}
        self.trouble: ConfigError | None = None
        self.states: dict[str, LinkState] = {}
        self.watched: list[bool] = []
        self.finds = 0

    def find(self, stand: Stand, before: LinkList | None) -> LinkList:
        self.finds += 1
        now = self.clock.now()
        self.ages = {name: now - sight.at for name, sight in stand.sights.items()}
        links = tuple(link(name, self.states.get(name, LinkState.OK)) for name in stand.sights)
        return LinkList(links=links, looked=now)

    def changes(self, before: LinkList, after: LinkList) -> Iterable[Entry]:
        states = {one.identity: one.state for one in before.links}
        for one in after.links:
            if states.get(one.identity, one.state) is not one.state:
                yield remark(0, one.consumer.host, safe("link"), safe(one.word))

    async def look(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def watch(self, on: bool) -> None:
        self.watched.append(on)

    def breaks(self, found: LinkList, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        return tuple(one for one in found.links if one.endpoint.key in containers)

    async def adopt(self, link: Link) -> Mapping:
        return Mapping(id="x", name="x", ports=(1,), to=(), consumers=(), via=Via.AUTO)

    async def probe(self, link: Link) -> Probed:
        return Probed(link=link, ok=None, text=safe("not tried"), at=0.0)


class Bench:
    """An observer over fakes."""

    def __init__(self, *names: str) -> None:
        self.eyes = {name: FakeEye(name) for name in names}
        self.finding = FakeFinding()
        self.published: list[tuple[LinkList, bool, tuple[Entry, ...]]] = []
        self.observer = Observer(LoopClock(), self.eyes, self.finding, self._publish)

    def _publish(self, found: LinkList, changed: bool, entries: tuple[Entry, ...]) -> None:
        self.published.append((found, changed, entries))

    @property
    def asks(self) -> int:
        return sum(len(eye.asked) for eye in self.eyes.values())

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.observer.watch(True)
        try:
            yield
        finally:
            self.observer.watch(False)


def happened(host: str, action: str = "die") -> EngineEvent:
    return EngineEvent(
        host=host,
        time_ns=0,
        type=safe("container"),
        action=safe(action),
        id="1" * 64,
        name=safe("web"),
        attributes={},
        container_id="1" * 64,
    )


@virtual
async def test_nothing_is_asked_of_any_host_while_nobody_watches() -> None:
    bench = Bench("a", "b")
    await asyncio.sleep(60)
    bench.observer.event(happened("a"))
    await asyncio.sleep(60)
    assert (bench.asks, bench.finding.finds) == (0, 0)
    with bench.watching():
        await until(lambda: bench.asks >= 4)
    # What is under way is given up, and nothing new begins.
    asked = bench.asks
    bench.observer.event(happened("a"))
    await asyncio.sleep(60)
    assert bench.asks == asked
    assert bench.finding.watched == [True, False]
    await bench.observer.aclose()


@virtual
async def test_every_host_is_looked_at_every_two_seconds() -> None:
    bench = Bench("a", "b")
    with bench.watching():
        await asyncio.sleep(20.5)
    for eye in bench.eyes.values():
        gaps = [after - before for before, after in zip(eye.asked, eye.asked[1:], strict=False)]
        assert len(gaps) >= 9
        assert all(EVERY <= gap < EVERY + 0.1 for gap in gaps)
    await bench.observer.aclose()


@virtual
async def test_a_host_that_hangs_delays_no_other_and_its_sight_grows_old() -> None:
    bench = Bench("a", "b")
    with bench.watching():
        await until(lambda: bench.observer.list.links and len(bench.observer.list.links) == 2)
        bench.eyes["b"].seconds = 10_000.0
        await asyncio.sleep(30)
        assert len(bench.eyes["a"].asked) >= 14
        assert bench.finding.ages["a"] < EVERY + 1
        assert bench.finding.ages["b"] > 20
    await bench.observer.aclose()


@virtual
async def test_the_first_list_waits_for_all_hosts_but_not_for_one_that_hangs() -> None:
    for seconds, hosts in ((1.0, 2), (10_000.0, 1)):
        bench = Bench("a", "b")
        bench.eyes["b"].seconds = seconds
        with bench.watching():
            began = LoopClock().monotonic()
            await until(lambda bench=bench: bench.published)  # type: ignore[misc]  # of this round
            assert len(bench.published[0][0].links) == hosts
            assert LoopClock().monotonic() - began < FIRST_WITHIN + 0.5
        await bench.observer.aclose()


@virtual
async def test_an_event_is_looked_into_soon_and_a_burst_of_them_once() -> None:
    bench = Bench("a", "b")
    with bench.watching():
        await until(lambda: bench.asks == 2)
        await asyncio.sleep(0.5)
        for _ in range(50):
            bench.observer.event(happened("a"))
        bench.observer.event(happened("b", "health_status: healthy"))
        await asyncio.sleep(0.5)
        assert (len(bench.eyes["a"].asked), len(bench.eyes["b"].asked)) == (2, 1)
    await bench.observer.aclose()


@virtual
async def test_a_list_is_published_as_changed_only_where_something_is_new() -> None:
    bench = Bench("a")
    with bench.watching():
        await until(lambda: len(bench.published) > 5)
        assert [changed for _, changed, _ in bench.published].count(True) == 1
        bench.finding.states["a"] = LinkState.BROKEN
        seen = len(bench.published)
        await until(lambda: len(bench.published) > seen + 2)
        after = bench.published[seen:]
        assert [changed for _, changed, _ in after].count(True) == 1
        told_of = [str(entry.detail) for _, _, entries in after for entry in entries]
        assert told_of == ["broken"]
    await bench.observer.aclose()


def test_what_jitters_is_no_news() -> None:
    def listed(**more: Any) -> LinkList:
        return LinkList(links=(link("a", **more),), looked=1.0)

    quiet = listed(latency=0.000_41, checked=1.0, sessions=3)
    assert told(quiet) == told(listed(latency=0.000_42, checked=9.0, sessions=3))
    assert told(quiet) != told(listed(latency=0.004, checked=1.0, sessions=3))
    assert told(quiet) != told(listed(latency=0.000_41, checked=1.0, sessions=4))
    assert told(quiet) != told(listed(latency=0.000_41, checked=1.0, sessions=3, reason=safe("x")))


@virtual
async def test_a_single_look_looks_twice_where_nobody_watches() -> None:
    bench = Bench("a", "b")
    began = LoopClock().monotonic()
    found = await bench.observer.look()
    assert len(found.links) == 2
    assert bench.asks == 4
    assert TWICE <= LoopClock().monotonic() - began < TWICE + 0.5
    with bench.watching():
        await until(lambda: bench.asks == 6)
        await bench.observer.look()
        assert bench.asks == 8
    await bench.observer.aclose()


@virtual
async def test_a_book_that_cannot_be_read_costs_the_mappings_only() -> None:
    bench = Bench("a")
    bench.finding.trouble = ConfigError([ConfigProblem("mappings.yml", 1, "", "not readable")])
    assert len((await bench.observer.look()).links) == 1


@virtual
async def test_who_would_be_harmed_is_told_from_what_is_known_or_soon() -> None:
    bench = Bench("a", "b")
    bench.eyes["b"].seconds = 10_000.0
    began = LoopClock().monotonic()
    found = await bench.observer.breaks([("db-1", "2" * 64)])
    assert [one.consumer.host for one in found] == ["a"]
    assert LoopClock().monotonic() - began < BREAKS_WITHIN + 0.5
    asked = bench.asks
    assert await bench.observer.breaks([("db-1", "3" * 64)]) == ()
    assert bench.asks == asked, "what was seen just now is good enough"


@virtual
async def test_the_selected_consumer_is_told_to_its_own_host_only() -> None:
    bench = Bench("a", "b")
    bench.observer.select(link("a"))
    assert (bench.eyes["a"].selected, bench.eyes["b"].selected) == ("1" * 64, "")
    bench.observer.select(None)
    assert bench.eyes["a"].selected == ""


@virtual
async def test_closing_leaves_nothing_behind_also_in_the_middle_of_a_look() -> None:
    bench = Bench("a", "b")
    bench.eyes["a"].seconds = 10_000.0
    bench.observer.watch(True)
    await asyncio.sleep(0.5)
    bench.observer.watch(False)
    bench.observer.watch(True)
    await bench.observer.aclose()
    await bench.observer.aclose()
    assert not bench.observer.watched
