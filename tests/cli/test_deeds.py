"""The verbs that change something: who is asked, what is done, what is said, and which code it ends with."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.exits import Exit
from console.cli.redeploy import exit_of
from console.errors import HostUnreachable
from console.model.containers import ContainerState
from console.model.redeploy.plan import Ending, Report
from console.model.text import safe
from console.transport.memory import MemoryFleet

from .conftest import HOSTS, Run

TYPED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: typed}")
OBSERVED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: observe}")
QUICK = "redeploy: {stable: 0.2s, timeout: 3s}\n"


@pytest.fixture(autouse=True)
def quick() -> None:
    Path("hosts.yml").write_text(HOSTS + QUICK, encoding="utf-8")


def hosts(text: str) -> None:
    Path("hosts.yml").write_text(text + QUICK, encoding="utf-8")


def state(fleet: MemoryFleet, host: str, name: str) -> ContainerState:
    return fleet[host].daemon.find(name).state


def test_a_container_is_stopped_and_started(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    done = run("stop", "a/web", "--yes")
    assert (done.code, done.out) == (0, "stop web@a: done\n")
    assert state(fleet, "a", "web") is ContainerState.EXITED
    assert run("stop", "a/web", "--yes").out == "stop web@a: already so\n"
    done = run("start", "web@a", "--yes", "--wait", "--json")
    assert done.code == 0
    assert [(row["host"], row["name"], row["action"], row["result"]) for row in done.rows] == [
        ("a", "web", "start", "done")
    ]
    assert "0.2 s" in done.rows[0]["text"]
    assert state(fleet, "a", "web") is ContainerState.RUNNING


def test_nothing_is_done_without_a_yes(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    done = run("restart", "a/web")
    assert done.code == 6
    assert "not confirmed" in done.out
    assert "--yes" in done.out
    assert fleet["a"].daemon.find("web").restarts == 0
    assert state(fleet, "a", "web") is ContainerState.RUNNING


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 6), ("no\n", 6), ("", 6)])
def test_on_a_terminal_somebody_is_asked(
    run: Run, fleet: MemoryFleet, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    hosts(HOSTS)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    done = run("pause", "a/web")
    assert done.code == code
    assert (state(fleet, "a", "web") is ContainerState.PAUSED) is (code == 0)


def test_a_host_may_want_the_name(run: Run, fleet: MemoryFleet) -> None:
    hosts(TYPED)
    done = run("stop", "b/db", "--yes")
    assert done.code == 6
    assert "--confirm db" in done.out
    assert state(fleet, "b", "db") is ContainerState.RUNNING
    assert run("stop", "b/db", "--confirm", "db").code == 0
    assert state(fleet, "b", "db") is ContainerState.EXITED


def test_an_observed_host_and_a_read_only_console_refuse(run: Run, fleet: MemoryFleet) -> None:
    hosts(OBSERVED)
    done = run("stop", "b/db", "--yes")
    assert done.code == 6
    assert "may only be observed" in done.err
    done = run("--read-only", "stop", "a/web", "--yes")
    assert done.code == 6
    assert "read-only" in done.err
    assert state(fleet, "a", "web") is ContainerState.RUNNING


def test_what_nobody_is_called_is_a_mistake(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    assert run("stop", "a/wbe", "--yes").code == 2
    assert run("stop", "--yes").code == 2
    fleet["b"].faults.refuse = HostUnreachable("b", "no route")
    done = run("stop", "db", "--yes")
    assert done.code == 4
    assert "it may be on b" in done.err


def test_the_rest_is_done_where_a_host_is_away(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    fleet["b"].faults.refuse = HostUnreachable("b", "no route")
    done = run("stop", "*/web", "--yes")
    assert done.code == 4
    assert "stop web@a: done" in done.out
    assert "b: lost" in done.err


def test_renaming_removing_and_what_the_engine_refuses(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    done = run("remove", "a/web", "--yes")
    assert done.code == 1
    assert "failed" in done.out
    assert run("rename", "a/web", "front", "--yes").code == 0
    assert state(fleet, "a", "front") is ContainerState.RUNNING
    assert run("rename", "a/*", "front", "--yes").code == 2
    assert run("remove", "a/front", "--yes", "--force").code == 0
    with pytest.raises(KeyError):
        fleet["a"].daemon.find("front")


def test_everything_is_on_record(run: Run, fleet: MemoryFleet, home: Path) -> None:
    hosts(HOSTS)
    run("stop", "a/web", "--yes")
    file = home / ".local/state/dockcon/audit.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["phase"], line["action"], line.get("result")) for line in lines] == [
        ("before", "stop", None),
        ("after", "stop", "done"),
    ]
    done = run("audit")
    assert "web@a" in done.out
    assert "done" in done.out
    assert len(run("audit", "--json").rows) == 2
    assert run("audit", "--json", "--since", "1h").rows != []


def test_a_record_that_cannot_be_written_stops_everything(run: Run, fleet: MemoryFleet, home: Path) -> None:
    hosts(HOSTS)
    (home / ".local/state/dockcon/audit.jsonl").mkdir(parents=True)
    done = run("stop", "a/web", "--yes")
    assert done.code == 1
    assert "cannot be written" in done.out
    assert state(fleet, "a", "web") is ContainerState.RUNNING


def test_a_plan_is_shown_and_nothing_is_done(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    done = run("redeploy", "a/web", "--image", "nginx:1.28", "--env", "TOKEN=new", "--env", "X-", "--dry-run")
    assert done.code == 0
    assert "image nginx:1.27 -> nginx:1.28" in done.out
    assert "variable TOKEN changed to ***" in done.out
    assert "s3cr3t" not in done.out
    assert fleet["a"].daemon.find("web").image == "nginx:1.27"


def test_a_redeploy_and_the_way_back(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    old = fleet["a"].daemon.find("web").id
    done = run("redeploy", "a/web", "--image", "nginx:1.28", "--yes", "--json")
    assert done.code == 0
    rows = done.stream
    assert "plan" in rows[0]
    assert [row["step"] for row in rows[1:] if row.get("step")][:2] == ["create", "stop old"]
    assert (rows[-1]["result"], rows[-1]["name"]) == ("done", "web")
    assert fleet["a"].daemon.find("web").image == "nginx:1.28"
    done = run("rollback", "a/web", "--yes")
    assert done.code == 0
    web = fleet["a"].daemon.find("web")
    assert (web.id, web.state) == (old, ContainerState.RUNNING)
    assert run("rollback", "a/web", "--yes").code == 2


def test_a_redeploy_that_fails_brings_the_old_one_back(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    old = fleet["a"].daemon.find("web").id
    done = run("redeploy", "a/web", "--image", "nginx:broken", "--yes")
    assert done.code == 1
    assert "restored: it ended with exit code 1" in done.out
    assert fleet["a"].daemon.find("web").id == old
    assert state(fleet, "a", "web") is ContainerState.RUNNING


def test_a_redeploy_that_is_refused(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    done = run("redeploy", "a/web", "--image", "nginx:missing", "--yes")
    assert done.code == 6
    assert "there is no image nginx:missing" in done.out
    assert run("redeploy", "a/web", "--env", "nonsense", "--yes").code == 2
    assert run("redeploy", "a/web", "--memory", "lots", "--yes").code == 2


def test_what_was_left_half_done_is_shown_finished_or_taken_back(run: Run, fleet: MemoryFleet) -> None:
    hosts(HOSTS)
    assert run("recover").out == "nothing was left half done\n"
    daemon = fleet["a"].daemon
    web = daemon.find("web")
    labels = {
        "dockcon.redeploy": "op", "dockcon.redeploy.of": web.id, "dockcon.redeploy.policy": "no",
        "dockcon.redeploy.ran": "1", "dockcon.redeploy.wanted": "no",
    }  # fmt: skip
    daemon.create("web.dockcon-next", "nginx:1.28", labels=labels)
    daemon.stop(web)
    done = run("recover")
    assert done.code == 5
    assert "web@a: a redeploy was interrupted" in done.out
    assert run("recover", "--undo", "b/web").code == 0
    done = run("recover", "--undo")
    assert done.code == 0
    assert (state(fleet, "a", "web"), daemon.find("web").id) == (ContainerState.RUNNING, web.id)
    assert run("recover").code == 0


def test_a_redeploy_that_is_not_quite_finished_does_not_end_with_0() -> None:
    well = Report(ending=Ending.DONE, text=safe("healthy"))
    assert exit_of(well) is Exit.DONE
    assert exit_of(replace(well, next_step=safe("dockcon recover --finish a/web"))) is Exit.UNKNOWN
