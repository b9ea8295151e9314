"""`ps`, `hosts` and `problems`: fields, tables, filters, exit codes."""

from __future__ import annotations

import pytest

from console.errors import AnswerNeeded, EngineForbidden, HostUnreachable
from console.transport.memory import MemoryFleet
from tests.cli.conftest import Run

PS = (
    "host id name image state exit_code oom health ports project labels created started restarts cpu_percent "
    "memory_bytes problem"
)
HOSTS = (
    "host address state reason since rtt_ms engine version api carrier capabilities containers running "
    "disk_used_percent load memory_used_percent"
)


def test_ps_prints_aligned_columns(run: Run, fleet: MemoryFleet) -> None:
    done = run("ps")
    assert (done.code, done.err) == (0, "")
    head, *lines = done.out.splitlines()
    assert head.split() == ["HOST", "NAME", "STATE", "HEALTH", "PORTS", "UP", "IMAGE"]
    assert [line.split()[:3] for line in lines] == [
        ["a", "web", "running"],
        ["a", "worker", "created"],
        ["b", "db", "running"],
    ]
    at = head.index("IMAGE")
    assert [line[at:] for line in lines] == ["nginx:1.27", "registry:5000/worker:2", "postgres:16"]


def test_ps_json_has_exactly_the_fields_of_the_contract(run: Run, fleet: MemoryFleet) -> None:
    done = run("ps", "--json")
    assert (done.code, done.err) == (0, "")
    assert all(" ".join(row) == PS for row in done.rows)
    web, worker, _ = done.rows
    assert (web["host"], web["name"], web["state"]) == ("a", "web", "running")
    assert web["cpu_percent"] is not None
    assert web["restarts"] == 0
    assert web["started"].endswith("Z")
    assert worker["labels"] == {"password": "***"}
    assert (worker["exit_code"], worker["memory_bytes"], worker["started"]) == (None, None, None)


def test_ps_stats_marks_what_has_a_problem(run: Run) -> None:
    done = run("--demo", "ps", "--stats")
    head, *lines = done.out.splitlines()
    assert head.split()[4:6] == ["CPU", "MEM"]
    marked = [line.split()[2] for line in lines if line.startswith("!")]
    assert marked == ["report", "cron", "mailer", "rabbit"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (["state:running"], ["web", "db"]),
        (["host:a"], ["web", "worker"]),
        (["!host:a"], ["db"]),
        (["a/w*", "!web"], ["worker"]),
        (["registry:5000/worker"], None),
        (['"registry:5000/worker"'], ["worker"]),
        (["nothing"], []),
    ],
)
def test_ps_takes_a_query(run: Run, fleet: MemoryFleet, query: list[str], names: list[str] | None) -> None:
    done = run("ps", "--json", *query)
    if names is None:
        assert done.code == 2
        assert "no field `registry:`" in done.err
    else:
        assert (done.code, [row["name"] for row in done.rows]) == (0, names)


def test_hosts_that_cannot_match_are_not_dialled(run: Run, fleet: MemoryFleet) -> None:
    assert run("ps", "a/web").code == 0
    assert run("--host", "label:tier=web", "ps").code == 0
    assert (fleet["a"].connects, fleet["b"].connects) == (2, 0)


def test_a_host_that_is_away_costs_exit_4_and_the_rest_is_printed(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host", next_step="look at the cable")
    done = run("ps", "--json")
    assert done.code == 4
    assert [row["name"] for row in done.rows] == ["web", "worker"]
    assert done.err == "dockcon: b: lost: no route to host; look at the cable\n"


def test_a_host_that_wants_an_answer_names_the_command(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = AnswerNeeded("b", "the host key is not known")
    done = run("ps")
    assert done.code == 4
    assert done.err == "dockcon: b: needs-you: the host key is not known; run: dockcon --host b check\n"


def test_a_disabled_host_is_no_failure(run: Run, fleet: MemoryFleet) -> None:
    with open("hosts.yml", "a", encoding="utf-8") as file:
        file.write("  c: {address: 10.0.0.3, disabled: true}\n")
    assert run("ps").code == 0
    done = run("hosts", "--json")
    assert done.code == 0
    assert (done.rows[2]["state"], done.rows[2]["reason"]) == ("off", "disabled in hosts.yml")


def test_hosts_json_has_exactly_the_fields_of_the_contract(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.forbid = EngineForbidden("b", "permission denied")
    fleet["a"].faults.no_shell = "shells are refused"
    done = run("hosts", "--json")
    assert done.code == 4
    a, b = done.rows
    assert " ".join(a) == " ".join(b) == HOSTS
    assert (a["state"], a["containers"], a["running"], a["carrier"]) == ("up", 2, 1, "memory")
    assert a["capabilities"] == {"probe": "shells are refused"}
    assert (b["state"], b["reason"], b["containers"]) == ("refused", "permission denied", None)


def test_hosts_prints_a_table(run: Run, fleet: MemoryFleet) -> None:
    done = run("hosts")
    head, a, _ = done.out.splitlines()
    assert head.split()[:3] == ["HOST", "STATE", "ENGINE"]
    assert a.split()[:4] == ["a", "up", "docker", "27.3.1"]


def test_no_problem_is_exit_0(run: Run, fleet: MemoryFleet) -> None:
    assert (run("problems").out, run("problems").code) == ("", 0)
    assert run("problems", "--json").rows == []


def test_problems_are_exit_3(run: Run) -> None:
    done = run("--demo", "problems", "--json")
    assert done.code == 3
    assert all(" ".join(row) == "host container kind since text" for row in done.rows)
    assert {(row["host"], row["container"], row["kind"]) for row in done.rows} == {
        ("app-2", "mailer", "restarting"),
        ("app-1", "report", "oom"),
        ("app-2", "cron", "exited"),
        ("app-2", "rabbit", "unhealthy"),
        ("app-1", "mq", "mapping-pending"),
        ("app-2", None, "disk"),
    }


def test_problems_of_what_matches(run: Run) -> None:
    assert [r["container"] for r in run("--demo", "problems", "--json", "name:rabbit").rows] == ["rabbit"]
    assert run("--demo", "problems", "host:db-1").code == 0


def test_a_host_that_is_away_is_a_problem_but_exit_4(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host")
    done = run("problems", "--json")
    assert done.code == 4
    assert [(row["host"], row["kind"]) for row in done.rows] == [("b", "host")]


def test_hostile_text_stays_in_its_cell(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].daemon.create("x\x1b]52;c;aGk=\x07\u202eevil\n" + "y" * 10_000, "i\u3042\tmage")
    done = run("ps")
    lines = done.out.splitlines()
    assert len(lines) == 5
    assert all(c.isprintable() for line in lines for c in line)
    assert max(map(len, lines)) < 250
    assert len(run("ps", "--json").rows) == 4
