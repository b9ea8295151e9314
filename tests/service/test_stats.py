"""Figures: what they are, when they are taken, and of whom."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

import pytest

from console.model.containers import Usage
from console.model.hosts import HostLoad, HostState
from console.service.fleet import SHELLS
from console.service.history import KEPT, History, Ring
from console.service.stats import Rates, Skew
from console.transport.base import CgroupUsage, ProbeSample
from console.transport.memory import Figures
from console.transport.memory.link import MemoryProbe
from tests.service.fleets import Running, plain_fleet, running
from tests.service.loops import EPOCH, until, virtual

LOAD = HostLoad(at=0, load1=0.5, cpus=2, memory_total=100, memory_used=40)


def sample(at: float, usage: dict[str, CgroupUsage]) -> ProbeSample:
    return ProbeSample(at=at, monotonic=at + 1000, rtt=0.01, load=LOAD, usage=usage)


def test_per_cent_is_cpu_seconds_by_seconds() -> None:
    rates = Rates()
    first = rates.usage(sample(0, {"a": CgroupUsage(10, 100, 200)}))
    assert first == {"a": Usage(0, None, 100, 200)}
    second = rates.usage(sample(2, {"a": CgroupUsage(13, 110, 200), "b": CgroupUsage(1, 5)}))
    assert second == {"a": Usage(2, 150.0, 110, 200), "b": Usage(2, None, 5, 0)}


def test_counters_that_went_back_belong_to_a_new_start() -> None:
    rates = Rates()
    rates.usage(sample(0, {"a": CgroupUsage(10, 1)}))
    assert rates.usage(sample(2, {"a": CgroupUsage(0.5, 1)}))["a"].cpu_percent is None
    assert rates.usage(sample(4, {"a": CgroupUsage(1.5, 1)}))["a"].cpu_percent == 50.0


def test_a_machine_booted_anew_gives_no_figure_before_the_second_sample() -> None:
    rates = Rates()
    rates.usage(sample(500, {"a": CgroupUsage(1, 1)}))
    assert rates.usage(sample(3, {"a": CgroupUsage(2, 1)}))["a"].cpu_percent is None


def test_skew_is_taken_from_the_quickest_round_trip() -> None:
    skew = Skew()
    loads = [replace(LOAD, skew=reading) for reading in (0.3, 0.01, -0.2)]
    assert [skew.settle(load, rtt).skew for load, rtt in zip(loads, (0.5, 0.02, 0.4), strict=True)] == [
        0.3,
        0.01,
        0.01,
    ]
    assert skew.settle(LOAD, 0.0).skew is None


def test_a_ring_keeps_ten_minutes_and_the_newest() -> None:
    ring = Ring(EPOCH)
    for tick in range(1000):
        ring.add(Usage(EPOCH + 2 * tick, None if tick % 2 else float(tick), tick << 20, 7))
    samples = ring.samples(0)
    assert len(samples) <= KEPT
    assert samples[-1] == Usage(EPOCH + 1998, None, 999 << 20, 7)
    gaps = [later.at - earlier.at for earlier, later in pairwise(samples)]
    assert min(gaps[:-1]) >= 5
    assert 590 <= samples[-1].at - samples[0].at <= 730
    assert all(s.at >= EPOCH + 1900 for s in ring.samples(EPOCH + 1900))


def test_history_forgets_containers_that_are_gone() -> None:
    history = History(EPOCH)
    history.add("h", {"a": Usage(EPOCH, 1.0, 1), "b": Usage(EPOCH, 1.0, 1)})
    history.keep_only("h", {"a"})
    assert len(history.usage(("h", "a"), EPOCH)) == 1
    assert history.usage(("h", "b"), EPOCH) == ()
    assert history.usage(("x", "a"), EPOCH) == ()
    assert history.load("h", EPOCH) == ()


@virtual
async def test_figures_come_every_two_seconds_while_somebody_looks_and_seldom_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: dict[str, list[float]] = {"a": [], "b": []}
    real = MemoryProbe.sample

    async def counted(probe: MemoryProbe, ids: Collection[str]) -> ProbeSample:
        taken[probe._link.host.name].append(asyncio.get_running_loop().time())
        return await real(probe, ids)

    monkeypatch.setattr(MemoryProbe, "sample", counted)
    hosts = plain_fleet("a", "b")
    one = hosts["a"].daemon.find("c0").id
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(95)
        assert len(taken["a"]) == 4
        fleet.fleet.in_view([("a", one)])
        await asyncio.sleep(0.1)
        assert len(taken["a"]) == 5, "at once, and not when the long pause is over"
        await asyncio.sleep(20)
        assert 14 <= len(taken["a"]) <= 16
        assert 14 <= len(taken["b"]) <= 16, "all hosts, since all may be sorted by"
        fleet.fleet.in_view([])
        await asyncio.sleep(60)
        assert len(taken["a"]) <= 18


@virtual
async def test_figures_are_those_of_the_containers() -> None:
    hosts = plain_fleet("a", containers=0)
    busy = running(hosts["a"], "busy", figures=Figures(cpu=0.5, memory=100 << 20), memory_limit=1 << 30)
    async with Running(hosts) as fleet:
        fleet.fleet.in_view([("a", busy.id)])
        await until(lambda: fleet["a"].usage.get(busy.id) and fleet["a"].usage[busy.id].cpu_percent)
        await asyncio.sleep(100)
        usage = fleet["a"].usage[busy.id]
        assert usage.cpu_percent is not None
        assert 15 < usage.cpu_percent < 85
        assert usage.memory_limit == 1 << 30
        history = fleet.fleet.history.usage(("a", busy.id), hosts.clock.now())
        average = sum(u.cpu_percent or 0 for u in history[1:]) / (len(history) - 1)
        assert 40 < average < 60
        assert len(fleet.fleet.history.load("a", hosts.clock.now())) == pytest.approx(len(history), abs=1)
        assert fleet["a"].capabilities == {"shell": "", "probe": ""}
        assert fleet["a"].rtt == hosts["a"].machine.rtt
        hosts["a"].daemon.stop(busy)
        await until(lambda: busy.id not in fleet["a"].usage, 0.2)
        hosts["a"].daemon.remove(busy)
        await asyncio.sleep(35)
        assert not fleet.fleet.history.usage(("a", busy.id), hosts.clock.now())


@virtual
async def test_without_a_shell_eight_rows_in_view_are_followed_in_turn() -> None:
    hosts = plain_fleet("a", containers=30)
    host = hosts["a"]
    host.faults.no_shell = "shells are refused on this host"
    shown = [c.id for c in list(host.daemon.containers.values())[:20]]
    async with Running(hosts) as fleet:
        await fleet.all_up()
        await asyncio.sleep(5)
        assert fleet["a"].capabilities["probe"] == "shells are refused on this host"
        assert not fleet["a"].usage
        fleet.fleet.in_view([("a", container) for container in shown])
        await asyncio.sleep(2.5)
        assert len(fleet["a"].usage) == 8
        assert fleet["a"].rtt is not None, "from the engine's ping"
        await until(lambda: len(fleet["a"].usage) == 20, 30)
        assert set(fleet["a"].usage) == set(shown)
        assert any(u.cpu_percent is not None for u in fleet["a"].usage.values())
        assert fleet.fleet.history.usage(("a", shown[0]), hosts.clock.now())
        host.faults.no_shell = ""
        await until(lambda: fleet["a"].capabilities["probe"] == "", 61)
        await until(lambda: len(fleet["a"].usage) == 30)


@virtual
async def test_a_shell_that_stops_answering_is_said_and_tried_again() -> None:
    hosts = plain_fleet("a")
    async with Running(hosts) as fleet:
        fleet.fleet.in_view([("a", hosts["a"].daemon.find("c0").id)])
        await until(lambda: fleet["a"].usage)
        hosts["a"].faults.no_shell = "no answer within 3 s"
        await until(lambda: fleet["a"].capabilities["probe"] == "no answer within 3 s", 5)
        assert fleet.state("a") is HostState.UP
        hosts["a"].faults.no_shell = ""
        await until(lambda: fleet["a"].capabilities["probe"] == "", 5)


@virtual
async def test_a_crowd_of_hosts_is_sampled_less_often_but_those_in_view_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: dict[str, int] = {}
    real = MemoryProbe.sample

    async def counted(probe: MemoryProbe, ids: Collection[str]) -> ProbeSample:
        taken[probe._link.host.name] = taken.get(probe._link.host.name, 0) + 1
        return await real(probe, ids)

    monkeypatch.setattr(MemoryProbe, "sample", counted)
    hosts = plain_fleet(*(f"h{number}" for number in range(100)), containers=1)
    async with Running(hosts) as fleet:
        await fleet.all_up()
        fleet.fleet.in_view([("h7", hosts["h7"].daemon.find("c0").id)])
        await asyncio.sleep(100 / SHELLS)
        assert len(taken) == 100
        taken.clear()
        await asyncio.sleep(20)
        assert 9 <= taken["h7"] <= 12
        assert 4 <= taken["h8"] <= 6
