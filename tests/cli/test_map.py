"""`dockcon map`: what is stated, planned, done, proved and taken back, and the codes it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import HostUnreachable
from console.model.containers import Port
from console.transport.memory import MemoryFleet
from tests.service.fleets import running

from .conftest import HOSTS, Run

SET = ("map", "set", "shopdb", "--port", "5432", "--to", "b/postgres:5432", "--for", "a/app")


@pytest.fixture(autouse=True)
def databases(fleet: MemoryFleet) -> None:
    """A consumer on `a`, and two databases on `b`."""
    Path("hosts.yml").write_text(HOSTS, encoding="utf-8")
    running(fleet["a"], "app", networks={"shop": "172.20.0.2"})
    for number, name in enumerate(("postgres", "standby")):
        ports = (Port(5432, 5432 + number, "0.0.0.0"),)
        running(fleet["b"], name, networks={"bridge": f"172.17.0.{number + 2}"}, ports=ports)


def ambassadors(fleet: MemoryFleet, host: str = "a") -> list[str]:
    return [one.name for one in fleet[host].daemon.containers.values() if one.name.startswith("dockcon-")]


def test_a_mapping_is_stated_shown_moved_and_removed(run: Run, fleet: MemoryFleet) -> None:
    assert run("map", "list").out == "no mappings are stated yet: dockcon map set --help\n"
    done = run(*SET, "--yes")
    assert done.code == 0, done
    assert "shopdb (shopdb:5432 -> postgres@b:5432): 3 steps\n" in done.out
    assert "shopdb: done" in done.out
    assert ambassadors(fleet) == ["dockcon-shopdb"]
    assert "shopdb:" in Path("mappings.yml").read_text(encoding="utf-8")
    listed = run("map", "list")
    assert listed.out.splitlines()[0].split() == ["ID", "ADDRESS", "STATE", "VIA", "TO", "FOR", "WHY"]
    assert listed.out.splitlines()[1].split() == [
        "shopdb",
        "shopdb:5432",
        "ok",
        "ambassador",
        "postgres@b:5432",
        "app@a",
    ]
    moved = run("map", "set", "shopdb", "--to", "b/standby:5432", "--yes")
    assert moved.code == 0, moved
    assert "re-points the ambassador on a from 10.0.0.2:5432 to 10.0.0.2:5433" in moved.out
    assert run("map", "list", "--json").rows[0]["to"][0]["container"] == "standby"
    gone = run("map", "remove", "shopdb", "--yes")
    assert gone.code == 0, gone
    assert ambassadors(fleet) == []
    assert run("map", "list", "--json").rows == []


def test_nothing_to_do_is_said_and_is_no_change(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    again = run(*SET)
    assert (again.code, again.out) == (0, "shopdb (shopdb:5432 -> postgres@b:5432): nothing to do\n")
    assert run(*SET, "--json").stream == [{"mapping": "shopdb", "result": "nothing"}]
    assert run("map", "apply").code == 0
    plan = run("map", "plan", "--json")
    assert (plan.code, plan.rows) == (0, [])


def test_a_plan_of_the_whole_book_ends_with_3_while_something_is_left(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    file = Path("mappings.yml")
    file.write_text(file.read_text(encoding="utf-8").replace("postgres", "standby"), encoding="utf-8")
    plan = run("map", "plan", "--json")
    assert plan.code == 3
    (row,) = plan.rows
    assert (row["mapping"], row["host"], row["step"], row["disruptive"]) == (
        "shopdb",
        "a",
        "configure",
        False,
    )
    assert "10.0.0.2:5433" in row["text"]
    assert run("map", "plan").out.startswith("shopdb (shopdb:5432 -> standby@b:5432): 1 step\n  - re-points")
    assert run("map", "apply").code == 6
    assert run("map", "apply", "--yes").code == 0
    assert run("map", "plan").code == 0


def test_what_cannot_be_done_says_all_reasons_and_changes_nothing(run: Run, fleet: MemoryFleet) -> None:
    done = run(*SET[:-3], "b/nothing:5432", "--for", "a/nobody", "--yes")
    assert done.code == 1
    assert "b has no container nothing" in done.out
    assert "nobody" in done.out
    assert not Path("mappings.yml").exists()
    planned = run(*SET, "--name", "app", "--json", "--yes")
    assert planned.code == 1
    assert "app" in planned.err
    assert ambassadors(fleet) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("map", "set", "db", "--yes"), "a new one needs --port, --to, --for"),
        ((*SET, "--to", "b"), "HOST/CONTAINER"),
        ((*SET, "--to", "b/c:0"), "no port"),
        ((*SET, "--to", "b/c:1=0"), "from 1 to 256"),
        ((*SET, "--to", "b/c:1,2"), "1 ports are dialled, and 2 stand here"),
        ((*SET, "--via", "magic"), "one of auto"),
        ((*SET, "--check", "pgsql"), "name a user"),
        ((*SET, "--check", "tcp:me"), "name a user"),
        ((*SET, "--check", "smtp"), "one of tcp"),
        ((*SET, "--name", "1.2.3.4"), "--name 1.2.3.4"),
        (("map", "set", "-x", "--yes"), ""),
        (("map", "show", "nothing"), "there is no mapping nothing"),
        (("map", "plan", "nothing"), "there is no mapping nothing"),
        (("map", "remove", "nothing", "--yes"), "there is no mapping nothing"),
        (("map", "undo", "nothing", "--yes"), "no earlier wording"),
        (("map", "history", "nothing"), "nothing is known of"),
        (("map",), "WHAT"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_dialled_with_it(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    done = run(*words)
    assert done.code == 2
    assert said in done.err
    assert not Path("mappings.yml").exists()


def test_guards_are_asked(run: Run, fleet: MemoryFleet) -> None:
    done = run(*SET)
    assert done.code == 6
    assert "--yes says that you mean it" in done.err
    Path("hosts.yml").write_text(HOSTS.replace("10.0.0.1,", "10.0.0.1, guard: typed,"), encoding="utf-8")
    assert run(*SET, "--yes").code == 6
    assert ambassadors(fleet) == []
    assert run(*SET, "--yes", "--confirm", "shopdb").code == 0
    refused = run("--read-only", "map", "remove", "shopdb", "--confirm", "shopdb")
    assert refused.code in (1, 6)
    assert ambassadors(fleet) == ["dockcon-shopdb"]


def test_a_wording_before_is_gone_back_to(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    run("map", "set", "shopdb", "--to", "b/standby", "--to", "b/postgres=3", "--yes")
    shown = run("map", "show", "shopdb")
    assert "to     standby@b:5432, postgres@b:5432=3" in shown.out
    history = run("map", "history", "shopdb", "--json")
    assert [row["number"] for row in history.rows] == [2, 1]
    assert run("map", "undo", "shopdb", "--yes").code == 0
    assert [end["container"] for end in run("map", "show", "shopdb", "--json").rows[0]["to"]] == ["postgres"]
    lines = run("map", "history", "shopdb").out.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[0] == "3"
    assert "shopdb:5432 -> postgres@b:5432 for app@a via auto" in lines[0]


def test_it_is_proved_by_name(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    proved = run("map", "verify")
    assert proved.code == 0
    assert "app@a resolves shopdb and reaches port 5432" in proved.out
    fleet["b"].daemon.stop(fleet["b"].daemon.find("postgres"))
    broken = run("map", "verify", "shopdb", "--json")
    assert broken.code == 3
    assert any(row["ok"] is False for row in broken.rows)
    (row,) = run("map", "list", "--json").rows
    assert (row["state"], row["reason"]) == ("broken", "postgres@b is stopped")


def test_old_sessions_are_ended(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    assert run("map", "cut", "shopdb").code == 6
    done = run("map", "cut", "shopdb", "--yes", "--json")
    assert (done.code, done.rows) == (0, [{"mapping": "shopdb", "ended": 0}])


def test_an_ambassador_without_its_mapping_is_shown_and_adopted(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    Path("mappings.yml").unlink()
    for file in Path().glob("mappings.history*"):
        file.unlink()
    (row,) = run("map", "list", "--json").rows
    assert (row["id"], row["orphan"]) == ("shopdb", True)
    assert "adopt" in run("map", "plan").err
    done = run("map", "adopt", "shopdb", "--yes")
    assert done.code == 0, done
    (row,) = run("map", "list", "--json").rows
    assert (row["state"], row["orphan"]) == ("ok", False)


def test_a_host_that_is_away_is_4(run: Run, fleet: MemoryFleet) -> None:
    run(*SET, "--yes")
    fleet["b"].faults.refuse = HostUnreachable("b", "no route")
    done = run("map", "list")
    assert done.code == 4
    assert "postgres@b does not answer in time" in done.out
    assert "b: lost" in done.err
