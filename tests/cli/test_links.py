"""`dockcon links`: what is listed, what is drawn, what is said as it changes, and the codes it ends with."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import arguments, links, setup
from console.cli.link_rows import HEADS
from console.cli.output import Output
from console.cli.setup import Setup
from console.config.paths import Homes
from console.errors import HostUnreachable
from console.model.containers import Port
from console.model.query import parse
from console.transport.memory import MemoryFleet
from tests.cli.conftest import HOSTS, Run, until
from tests.service.fleets import running

ROOT = Path(__file__).parents[2]
FIELDS = {"consumer", "mapping", "endpoint", "via", "state", "reason", "sessions", "latency_ms", "since"}


@pytest.fixture
def mapped(run: Run, fleet: MemoryFleet) -> MemoryFleet:
    """`app@a` reaches `postgres@b` by a mapping."""
    Path("hosts.yml").write_text(HOSTS, encoding="utf-8")
    running(fleet["a"], "app", networks={"shop": "172.20.0.2"})
    ports = (Port(5432, 5432, "0.0.0.0"),)
    running(fleet["b"], "postgres", networks={"bridge": "172.17.0.2"}, ports=ports)
    done = run(
        *("map", "set", "shopdb", "--port", "5432", "--to", "b/postgres:5432", "--for", "a/app", "--yes")
    )
    assert done.code == 0, done
    return fleet


def test_a_link_that_is_well_and_one_that_is_broken(run: Run, mapped: MemoryFleet) -> None:
    done = run("links", "--json")
    assert done.code == 0, done
    (row,) = [one for one in done.rows if one["mapping"] == "shopdb"]
    assert set(row) >= FIELDS | {"evidence"}
    assert (row["consumer"]["host"], row["consumer"]["container"]) == ("a", "app")
    end = row["endpoint"]
    assert (end["host"], end["container"], end["port"]) == ("b", "postgres", 5432)
    assert (row["state"], row["via"]) == ("idle", "ambassador")
    assert run("links", "--problems", "--json").rows == []
    daemon = mapped["b"].daemon
    daemon.kill(daemon.find("postgres"))
    broken = run("links", "--problems", "--json")
    assert broken.code == 3, broken
    (row,) = broken.rows
    assert (row["state"], row["fault"]) == ("broken", "stopped")
    assert run("links").code == 3


def test_a_table_for_people(run: Run, mapped: MemoryFleet) -> None:
    done = run("links")
    head, *lines = done.out.splitlines()
    assert set(head.split()) <= set(HEADS)
    assert any("app@a" in line and "postgres@b:5432" in line and "idle" in line for line in lines)


@pytest.mark.parametrize(
    ("query", "found"), [("app@a", True), ("name:postgres", True), ("host:b", True), ("worker", False)]
)
def test_links_of_which_an_end_matches(run: Run, mapped: MemoryFleet, query: str, found: bool) -> None:
    rows = run("links", "--json", query).rows
    assert any(row["mapping"] == "shopdb" for row in rows) is found


def test_a_host_that_is_away_costs_exit_4_and_makes_nothing_green(run: Run, mapped: MemoryFleet) -> None:
    mapped["b"].faults.refuse = HostUnreachable("b", "no route to it")
    done = run("links", "--json")
    assert done.code == 4, done
    assert "no route to it" in done.err
    (row,) = [one for one in done.rows if one["mapping"] == "shopdb"]
    assert row["state"] not in ("ok", "idle")


def test_a_drawing_for_graphviz(run: Run, mapped: MemoryFleet) -> None:
    done = run("links", "--dot")
    assert done.code == 0, done
    assert done.out.startswith("digraph")
    assert done.out.count("{") == done.out.count("}")
    assert "postgres" in done.out
    assert run("links", "--dot", "--watch").code == 2


class Closed(io.StringIO):
    """A pipe whose reader has seen enough after one line."""

    def write(self, text: str) -> int:
        if "\n" in self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def real_setup() -> Setup:
    """As the command line makes it, over what lies in the working directory."""
    return setup.set_up(arguments.parse(["links"]), Homes.of())


async def changed(fleet: MemoryFleet, out: io.StringIO) -> None:
    """Watch; the endpoint is stopped once its link is told."""
    output = Output(out, io.StringIO(), color=False)
    query = parse("app", ["a", "b"])
    task = asyncio.create_task(links.watch(real_setup(), query, output, as_json=True, only_bad=False))
    try:
        await until(lambda: "\n" in out.getvalue() or task.done())
        daemon = fleet["b"].daemon
        daemon.kill(daemon.find("postgres"))
        await until(lambda: "stopped" in out.getvalue() or task.done())
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not any(host.links for host in fleet.hosts.values())


def test_every_change_is_one_object(mapped: MemoryFleet) -> None:
    out = io.StringIO()
    asyncio.run(changed(mapped, out))
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    mine = [(row["change"], row["state"], row["fault"]) for row in rows if row["mapping"] == "shopdb"]
    assert mine[0][0] == "new"
    assert mine[-1] == ("changed", "broken", "stopped")


def test_a_reader_who_has_seen_enough_ends_it(mapped: MemoryFleet) -> None:
    with pytest.raises(BrokenPipeError):
        asyncio.run(changed(mapped, Closed()))


def test_ctrl_c_ends_watching_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "--demo", "links", "--watch", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        assert json.loads(process.stdout.readline())["change"] == "new"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Task was destroyed" not in said
