"""`events` and `problems --watch`: what is printed, in which order, and through a loss."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.cli import events, problems
from console.cli.output import Output
from console.errors import EngineForbidden, HostUnreachable
from console.model.query import parse
from console.transport.memory import MemoryFleet
from tests.cli.conftest import Run, setup_of, until


class Lines:
    """What a stream has printed so far."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.output = Output(self.out, self.err, color=False)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@asynccontextmanager
async def following(fleet: MemoryFleet, lines: Lines, query: str = "") -> AsyncIterator[None]:
    """`dockcon events --since 1h --json` while the body runs."""
    printer = events._Printer(parse(query, [s.name for s in fleet.specs]), lines.output, as_json=True)
    task = asyncio.create_task(events._run(setup_of(fleet), printer, 3600, True))
    try:
        await until(lambda: all(host.links for host in fleet.hosts.values()))
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert not any(host.links for host in fleet.hosts.values())


def test_the_past_of_all_hosts_in_the_order_of_time(run: Run, fleet: MemoryFleet) -> None:
    done = run("events", "--since", "1h", "--no-follow", "--json")
    assert (done.code, done.err) == (0, "")
    assert all(" ".join(row) == "time host type action id name attributes" for row in done.stream)
    assert [row["time"] for row in done.stream] == sorted(row["time"] for row in done.stream)
    told = [(row["host"], row["name"], row["action"]) for row in done.stream if row["type"] == "container"]
    assert told == [
        ("a", "web", "create"),
        ("a", "web", "start"),
        ("a", "worker", "create"),
        ("b", "db", "create"),
        ("b", "db", "start"),
    ]
    assert "s3cr3t-value" not in done.out


def test_a_line_for_people(run: Run, fleet: MemoryFleet) -> None:
    fleet["a"].daemon.exit(fleet["a"].daemon.find("web"), 3)
    done = run("events", "--no-follow", "name:web")
    last = done.out.splitlines()[-1]
    assert "web@a" in last
    assert last.endswith("container die  (exitCode=3)")
    assert "db@b" not in done.out


@pytest.mark.parametrize(
    ("query", "names"), [("host:b", {"db"}), ("label:tier=web", {"web"}), ("!web", {"worker", "db"})]
)
def test_events_of_what_matches(run: Run, fleet: MemoryFleet, query: str, names: set[str]) -> None:
    done = run("events", "--no-follow", "--json", query)
    assert {row["name"] for row in done.stream if row["type"] == "container"} == names


def test_a_host_that_is_away_costs_exit_4(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.forbid = EngineForbidden("b", "permission denied", next_step="join the group docker")
    done = run("events", "--no-follow", "--json")
    assert done.code == 4
    assert done.err == "dockcon: b: permission denied; join the group docker\n"
    assert {row["host"] for row in done.stream} == {"a"}


async def test_no_event_is_lost_or_told_twice_when_a_host_goes_and_comes(fleet: MemoryFleet) -> None:
    lines = Lines()
    daemon = fleet["a"].daemon

    def starts() -> list[str]:
        return [row["name"] for row in lines.rows if row["action"] == "start" and row["host"] == "a"]

    async with following(fleet, lines):
        await until(lambda: starts() == ["web"])
        daemon.start(daemon.find("worker"))
        await until(lambda: starts() == ["web", "worker"])
        fleet["a"].faults.refuse = HostUnreachable("a", "no route to host")
        fleet["a"].cut("cable pulled")
        daemon.start(daemon.create("late", "x"))
        await until(lambda: "no route to host" in lines.err.getvalue())
        fleet["a"].faults.refuse = None
        await until(lambda: len(starts()) >= 3)
        daemon.start(daemon.create("later", "x"))
        await until(lambda: len(starts()) >= 4)
    assert starts() == ["web", "worker", "late", "later"]
    assert "cable pulled" in lines.err.getvalue()


async def test_a_problem_is_new_once_and_over_once(fleet: MemoryFleet) -> None:
    lines = Lines()
    query = parse("", [s.name for s in fleet.specs])
    task = asyncio.create_task(problems._watch(setup_of(fleet), query, lines.output, as_json=True))

    def told() -> list[tuple[str, str, str]]:
        return [(row["change"], row["host"], row["kind"]) for row in lines.rows]

    try:
        await until(lambda: all(host.links for host in fleet.hosts.values()))
        fleet["b"].engine_stops()
        await until(lambda: told() == [("new", "b", "host")])
        fleet["b"].engine_starts()
        await until(lambda: len(told()) == 2)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert told() == [("new", "b", "host"), ("over", "b", "host")]
    assert not any(host.links for host in fleet.hosts.values())
