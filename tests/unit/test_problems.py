"""What is a problem, and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.containers import Container, ContainerState, Health
from console.model.hosts import HostLoad, HostSpec, HostState, HostStatus
from console.model.problems import ProblemKind, find
from console.model.snapshot import HostSnapshot
from console.model.text import safe

NOW = 1_750_000_000.0


def container(name: str = "web", **fields: object) -> Container:
    plain = Container(
        host="h",
        id=name.ljust(64, "0"),
        name=safe(name),
        image=safe("i"),
        state=ContainerState.RUNNING,
        started=NOW - 9000,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of Container


def exited(code: int, policy: str, **fields: object) -> Container:
    return container(
        state=ContainerState.EXITED,
        exit_code=code,
        finished=NOW - 30,
        restart_policy=safe(policy),
        detailed=True,
        oom=False,
        **fields,
    )


def host(*containers: Container, state: HostState = HostState.UP, **fields: object) -> HostSnapshot:
    plain = HostSnapshot(
        spec=HostSpec(name="h", address="x"),
        revision=1,
        epoch=1,
        status=HostStatus(state=state, since=NOW - 60, reason=safe("because")),
        containers={c.id: c for c in containers},
        listed=NOW,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of HostSnapshot


def kinds(snapshot: HostSnapshot, now: float = NOW) -> list[ProblemKind]:
    return [problem.kind for problem in find([snapshot], now)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (container(), []),
        (container(health=Health.STARTING), []),
        (container(health=Health.UNHEALTHY), [ProblemKind.UNHEALTHY]),
        (container(state=ContainerState.PAUSED), []),
        (container(state=ContainerState.CREATED), []),
        (container(state=ContainerState.REMOVING), []),
        (container(state=ContainerState.DEAD), [ProblemKind.DEAD]),
        (container(state=ContainerState.RESTARTING, exit_code=1), [ProblemKind.RESTARTING]),
        (exited(0, "no"), []),
        (exited(0, "always"), []),
        (exited(0, "on-failure:3"), []),
        (exited(1, "no"), []),
        (exited(1, "on-failure:3"), [ProblemKind.EXITED]),
        (exited(1, "on-failure"), [ProblemKind.EXITED]),
        (exited(137, "on-failure:3"), []),
        (exited(143, "always"), []),
        (exited(1, "unless-stopped"), []),
        (exited(127, "unless-stopped"), [ProblemKind.EXITED]),
        (exited(127, "no"), []),
        (exited(1, "on-failure", health=Health.UNHEALTHY), [ProblemKind.EXITED]),
        (exited(143, "no", health=Health.UNHEALTHY), []),
        (replace(exited(137, "no"), oom=True), [ProblemKind.OOM]),
        (replace(exited(137, "no"), oom=True, finished=NOW - 3601), []),
        (replace(exited(1, "x"), restart_policy=None, detailed=False), []),
    ],
)
def test_a_container_by_itself(one: Container, expected: list[ProblemKind]) -> None:
    assert kinds(host(one)) == expected


def test_an_operators_stop_is_no_problem() -> None:
    one = exited(1, "on-failure")
    assert kinds(host(one)) == [ProblemKind.EXITED]
    assert kinds(host(one, stopped=frozenset({one.id}))) == []
    unstartable = exited(127, "always")
    assert kinds(host(unstartable, stopped=frozenset({unstartable.id}))) == []


def test_three_starts_in_ten_minutes_are_a_restart_loop() -> None:
    one = container()
    starts = {one.id: (NOW - 599, NOW - 300, NOW - 1)}
    assert kinds(host(one, starts=starts)) == [ProblemKind.RESTARTING]
    assert kinds(host(one, starts=starts), NOW + 2) == [], "the first is too long ago by then"
    assert kinds(host(one, starts={one.id: (NOW - 300, NOW - 1)})) == []
    crashed = exited(1, "no")
    assert kinds(host(crashed, starts={crashed.id: starts[one.id]})) == [ProblemKind.RESTARTING]
    assert kinds(host(crashed, starts={crashed.id: starts[one.id]}, stopped=frozenset({crashed.id}))) == []


def test_a_memory_kill_counts_for_an_hour_whatever_came_after() -> None:
    one = container()
    (problem,) = find([host(one, ooms={one.id: NOW - 3599})], NOW)
    assert problem.kind is ProblemKind.OOM
    assert problem.since == NOW - 3599
    assert problem.text == "killed: out of memory and runs again"
    assert kinds(host(one, ooms={one.id: NOW - 3601})) == []


def test_times_are_taken_by_the_hosts_own_clock() -> None:
    load = HostLoad(at=NOW, load1=0, cpus=1, memory_total=1, memory_used=0, skew=-7200.0)
    one = replace(exited(137, "no"), oom=True, finished=NOW - 7200 - 60)
    assert kinds(host(one)) == []
    assert kinds(host(one, load=load)) == [ProblemKind.OOM]


def test_a_container_has_one_problem_its_worst() -> None:
    one = container(health=Health.UNHEALTHY, oom=True, finished=NOW - 10)
    starts = {one.id: (NOW - 30, NOW - 20, NOW - 10)}
    assert kinds(host(one, starts=starts)) == [ProblemKind.RESTARTING]
    assert kinds(host(one)) == [ProblemKind.OOM]


@pytest.mark.parametrize("state", [s for s in HostState if s not in (HostState.UP, HostState.OFF)])
def test_a_host_that_is_not_up_is_the_one_problem_reported_of_it(state: HostState) -> None:
    sick = container(health=Health.UNHEALTHY)
    (problem,) = find([host(sick, state=state)], NOW)
    assert problem.identity == ("h", "", ProblemKind.HOST)
    assert problem.text == f"{state}: because (had 1 container problem when last heard)"
    assert problem.since == NOW - 60


def test_a_host_that_is_off_or_has_just_begun_is_none() -> None:
    sick = container(health=Health.UNHEALTHY)
    assert kinds(host(sick, state=HostState.OFF)) == []
    connecting = HostStatus(state=HostState.CONNECTING, since=NOW - 9)
    assert kinds(host(status=connecting)) == []
    assert kinds(host(status=connecting), NOW + 1) == [ProblemKind.HOST]


@pytest.mark.parametrize(("used", "expected"), [(90, []), (91, [ProblemKind.DISK])])
def test_a_full_disk(used: int, expected: list[ProblemKind]) -> None:
    load = HostLoad(at=NOW, load1=0, cpus=1, memory_total=1, memory_used=0, disk_total=100, disk_used=used)
    assert kinds(host(load=load)) == expected


def test_worst_first_then_by_host_and_name() -> None:
    def named(name: str, *containers: Container, state: HostState = HostState.UP) -> HostSnapshot:
        return replace(host(*containers, state=state), spec=HostSpec(name=name, address="x"))

    sick = container("b", health=Health.UNHEALTHY)
    found = find(
        [
            named(
                "z", sick, container("a", health=Health.UNHEALTHY), container("c", state=ContainerState.DEAD)
            ),
            named("y", sick),
            named("x", state=HostState.LOST),
        ],
        NOW,
    )
    assert [(p.kind, p.host, p.name) for p in found] == [
        (ProblemKind.HOST, "x", ""),
        (ProblemKind.DEAD, "z", "c"),
        (ProblemKind.UNHEALTHY, "y", "b"),
        (ProblemKind.UNHEALTHY, "z", "a"),
        (ProblemKind.UNHEALTHY, "z", "b"),
    ]


CREATED = container("web.dockcon-next", state=ContainerState.CREATED, started=None)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (replace(CREATED, created=NOW - 600), [ProblemKind.HALF]),
        (replace(CREATED, created=NOW - 30), []),
        (exited(0, "no", name=safe("web.dockcon-old")), []),
        (replace(exited(0, "no", name=safe("web.dockcon-old")), finished=NOW - 600), [ProblemKind.HALF]),
        (replace(exited(0, "no", name=safe("web.dockcon-prev")), finished=NOW - 600), []),
        (container("dockcon-next"), []),
    ],
)
def test_a_redeploy_that_stays_half_done_is_one(one: Container, expected: list[ProblemKind]) -> None:
    assert kinds(host(one)) == expected
    if expected:
        (problem,) = find([host(one)], NOW)
        assert problem.text == "the redeploy of web is half done: U takes it back, F finishes it"
