"""`logs`: what is printed, in which order, through losses, and into pipes that nobody reads."""

from __future__ import annotations

import json
import re

import pytest

from console.errors import HostUnreachable
from console.model.logs.lines import LogFrames
from console.model.logs.setup import LogSetup
from console.transport.memory import MemoryContainer, MemoryFleet
from tests.cli.conftest import Run

NS = 1_714_979_289_000_000_000
HOUR = 3_600_000_000_000
S = 1_000_000_000


def told(fleet: MemoryFleet, host: str, name: str, *lines: tuple[int, int, bytes]) -> MemoryContainer:
    """A container whose log has these lines: nanoseconds after `NS`, stream, bytes."""
    daemon = fleet[host].daemon
    container = daemon.find(name)
    daemon.log(container).file.append(
        LogFrames(
            [NS + ns for ns, _, _ in lines],
            [stream for _, stream, _ in lines],
            [raw + b"\n" for _, _, raw in lines],
        )
    )
    return container


@pytest.fixture
def shop(fleet: MemoryFleet) -> MemoryFleet:
    """A web server and its database, on two hosts."""
    told(
        fleet,
        "a",
        "web",
        (0, 1, b"GET / 200"),
        (20, 2, b"ERROR:  db refused"),
        (30 * S, 1, "caf\u00e9\tau lait".encode()),
    )
    told(fleet, "b", "db", (10, 2, b"FATAL:  no room"), (40 * S, 1, b"\x1b[32mready\x1b[0m\r"))
    return fleet


GOLDEN = """\
2024-05-06T07:08:09.000000000Z web@a    | GET / 200
2024-05-06T07:08:09.000000010Z db@b     ! FATAL:  no room
2024-05-06T07:08:09.000000020Z web@a    ! ERROR:  db refused
2024-05-06T07:08:39.000000000Z web@a    | caf\u00e9\tau lait
2024-05-06T07:08:49.000000000Z db@b     | ready
"""


def test_all_logs_in_the_order_of_time(run: Run, shop: MemoryFleet) -> None:
    done = run("logs", "-t", "*")
    assert (done.code, done.err, done.out) == (0, "", GOLDEN)
    assert run("logs", "*").out == "".join(line[31:] for line in GOLDEN.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("argv", "lines"),
    [
        (["web"], [0, 2, 3]),
        (["web@a", "b/db"], [0, 1, 2, 3, 4]),
        (["d*"], [1, 4]),
        (["host:a"], [0, 2, 3]),
        (["*", "!host:a"], [1, 4]),
        (["label:tier=web"], [0, 2, 3]),
        (["-n", "1", "*"], [3, 4]),
        (["--tail", "0", "*"], []),
        (["-n", "all", "*"], [0, 1, 2, 3, 4]),
        (["--since", "2024-05-06T07:08:09.000000020Z", "*"], [2, 3, 4]),
        (["--until", "2024-05-06T07:08:09.00000001Z", "*"], [0, 1]),
        (["--since", "1714979300", "--until", "1714979325", "*"], [3]),
        (["--since", "1h", "*"], []),
        (["--grep", "ERROR|FATAL", "*"], [1, 2]),
        (["--grep", "error", "*"], []),
        (["--grep", "(?i)error", "*"], [2]),
        (["--grep", "^ready$", "*"], [4]),
        (["-v", "--grep", "[A-Z]{3}", "*"], [3, 4]),
    ],
)
def test_what_is_asked_for(run: Run, shop: MemoryFleet, argv: list[str], lines: list[int]) -> None:
    done = run("logs", "-t", *argv)
    # How wide labels are depends on who is asked for.
    golden = re.sub(" +([|!])", r" \1", GOLDEN).splitlines()
    assert re.sub(" +([|!])", r" \1", done.out).splitlines() == [golden[n] for n in lines]
    assert (done.code, done.err) == (0, "")


def test_json_is_of_the_elastic_common_schema(run: Run, shop: MemoryFleet) -> None:
    done = run("logs", "--json", "*")
    assert (done.code, done.err) == (0, "")
    assert [row["@timestamp"] for row in done.stream] == [line.split()[0] for line in GOLDEN.splitlines()]
    fatal = done.stream[1]
    assert fatal == {
        "@timestamp": "2024-05-06T07:08:09.000000010Z",
        "message": "FATAL:  no room",
        "log": {"level": "fatal"},
        "stream": "stderr",
        "host": {"name": "b"},
        "container": {
            "id": shop["b"].daemon.find("db").id,
            "name": "db",
            "image": {"name": "postgres", "tag": ["16"]},
        },
        "labels": {"dockcon_fleet": "test"},
        "ecs": {"version": "8.11.0"},
    }
    assert [row["message"] for row in done.stream][3:] == ["caf\u00e9\tau lait", "\x1b[32mready\x1b[0m\r"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "no container is named; all of them are: dockcon logs '*'"),
        (["nosuch"], "no container `nosuch`"),
        (["wep@a"], "did you mean web@a"),
        (["web@c"], "no host can have what matches `web@c`"),
        (["hots:a"], "did you mean `host:`?"),
        (["name:nosuch"], "nothing matches"),
        (["--grep", "a(b", "*"], "--grep `a(b`: missing ), unterminated subpattern at position 2"),
        (["-v", "*"], "says nothing without --grep"),
        (["-f", "--until", "1h", "*"], "leave one of them out"),
        (["-n", "few", "*"], "no number of lines"),
        (["--since", "soon", "*"], "is no time such as"),
    ],
)
def test_mistakes_are_exit_2(run: Run, shop: MemoryFleet, argv: list[str], said: str) -> None:
    done = run("logs", *argv)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_name_on_several_hosts_has_to_be_said_with_one(run: Run, shop: MemoryFleet) -> None:
    shop["b"].daemon.create("web", "x")
    done = run("logs", "web")
    assert done.code == 2
    assert "on several hosts: web@a, web@b" in done.err
    assert run("logs", "web", "host:a").code == 0


def test_hosts_that_cannot_match_are_not_dialled(run: Run, shop: MemoryFleet) -> None:
    assert run("logs", "web@a").code == 0
    assert run("logs", "web", "!host:b").code == 0
    assert run("--host", "a", "logs", "*").code == 0
    assert (shop["a"].connects, shop["b"].connects) == (3, 0)


def test_a_host_that_is_away_costs_exit_4_and_the_rest_is_printed(run: Run, shop: MemoryFleet) -> None:
    shop["b"].faults.refuse = HostUnreachable("b", "no route to host", next_step="look at the cable")
    done = run("logs", "*")
    assert (done.code, len(done.out.splitlines())) == (4, 3)
    assert done.err == "dockcon: b: lost: no route to host; look at the cable\n"
    done = run("logs", "web", "db@b")
    assert (done.code, len(done.out.splitlines())) == (4, 3)
    assert "no container `db@b`: not on the hosts that answered" in done.err
    done = run("logs", "db")
    assert (done.code, done.out) == (4, "")
    assert run("logs", "nosuch@a").code == 2


def test_why_there_is_nothing_is_said(run: Run, shop: MemoryFleet) -> None:
    mute = shop["a"].daemon.create("mute", "x", log=LogSetup(driver="none"))
    assert run("logs", "mute").err == ""
    shop["a"].daemon.start(mute)
    done = run("logs", "*")
    assert (done.code, len(done.out.splitlines())) == (0, 5)
    assert done.err.startswith("dockcon: mute@a: log driver none")
    notes = [row for row in run("logs", "--json", "*").stream if "dockcon" in row]
    assert [(row["dockcon"], row["container"]["name"]) for row in notes] == [
        ({"note": {"kind": "nothing"}}, "mute")
    ]


def test_lines_that_mean_harm(run: Run, fleet: MemoryFleet) -> None:
    told(
        fleet,
        "a",
        "web",
        (0, 1, b"\x1b]52;c;aGk=\x07clip\xff"),
        (1, 1, "\u202eevil\x9b2J".encode()),
        (2, 1, b"y" * 3_000_000),
    )
    done = run("logs", "web")
    first, second, long = done.out.splitlines()
    assert (first, second) == ("web@a | clip\ufffd", "web@a | evil")
    assert long == "web@a | " + "y" * 3_000_000
    raw = run("logs", "--json", "web").out
    assert all(c.isprintable() or c == "\n" for c in raw)
    assert json.loads(raw.splitlines()[0])["message"] == "\x1b]52;c;aGk=\x07clip\ufffd"
