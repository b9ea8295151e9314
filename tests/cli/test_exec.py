"""`dockcon exec`: output, exit codes, guards, many containers at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.cli.arguments import parse
from console.errors import HostUnreachable
from console.transport.memory import MemoryFleet

from .conftest import HOSTS, Run

TYPED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: typed}")
OBSERVED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: observe}")


@pytest.fixture(autouse=True)
def quick() -> None:
    hosts(HOSTS)


def hosts(text: str) -> None:
    Path("hosts.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "code", "out"),
    [
        (("echo", "-x", "--", "$HOME;ls"), 0, "-x -- $HOME;ls\n"),
        (("sh", "-c", "ls /none; exit 42"), 42, ""),
        (("false",), 1, ""),
        (("nothing",), 127, "OCI runtime"),
    ],
)
def test_one_container_is_as_if_it_ran_here(
    run: Run, fleet: MemoryFleet, command: tuple[str, ...], code: int, out: str
) -> None:
    done = run("exec", "a/web", "--", *command)
    assert done.code == code
    assert done.out.startswith(out)
    assert ("ls: /none: No such" in done.err) is (code == 42)


def test_several_have_their_names_before_each_line(run: Run, fleet: MemoryFleet) -> None:
    refused = run("exec", "*/web", "*/db", "--", "pwd")
    assert refused.code == 6
    assert refused.out == ""
    assert "--yes" in refused.err
    done = run(
        "exec", "--yes", "*/web", "*/db", "--", "sh", "-c", "cat /etc/hosts | cat; echo -n half; false"
    )
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines
    assert all(line.startswith(("web@a: ", "db@b: ")) for line in lines)
    assert "db@b: half" in lines
    assert "web@a: exit code 1" in done.err


def test_objects_for_machines(run: Run, fleet: MemoryFleet) -> None:
    done = run("exec", "a/web", "--json", "--", "sh", "-c", "echo out; ls /none; exit 3")
    assert done.code == 3
    assert [(r["host"], r["name"], r["result"], r["exit_code"], r["stdout"]) for r in done.rows] == [
        ("a", "web", "done", 3, "out\n")
    ]
    assert "No such file" in done.rows[0]["stderr"]


def test_guards(run: Run, fleet: MemoryFleet) -> None:
    hosts(TYPED)
    done = run("exec", "b/db", "--yes", "--", "true")
    assert done.code == 6
    assert "--confirm db" in done.err
    assert run("exec", "b/db", "--confirm", "db", "--", "true").code == 0
    hosts(OBSERVED)
    assert run("exec", "b/db", "--", "true").code == 6
    done = run("--read-only", "exec", "a/web", "--", "true")
    assert done.code == 6
    assert "read-only" in done.err


def test_what_is_wrong_with_the_command_line(run: Run, fleet: MemoryFleet) -> None:
    assert run("exec", "a/web").code == 2
    assert run("exec", "a/wbe", "--", "ls").code == 2
    assert run("exec", "-i", "*/web", "*/db", "--yes", "--", "cat").code == 2
    assert run("exec", "-t", "a/web", "--", "sh").code == 2
    assert run("shell", "a/web").code == 2


def test_a_host_that_is_away(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route")
    assert run("exec", "b/db", "--", "true").code == 4


def test_a_container_that_does_not_run(run: Run, fleet: MemoryFleet) -> None:
    fleet["a"].daemon.stop(fleet["a"].daemon.find("web"))
    done = run("exec", "a/web", "--", "true")
    assert done.code == 1
    assert "web@a: a: Container web is not running" in done.err


def test_standard_input(run: Run, fleet: MemoryFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"one two\n")
    os.close(theirs)
    kept = os.dup(0)
    os.dup2(ours, 0)
    try:
        done = run("exec", "-i", "a/web", "--", "cat")
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(ours)
    assert (done.code, done.out) == (0, "one two\n")


def test_what_stands_after_two_dashes_is_not_ours() -> None:
    options = parse(["--demo", "exec", "a/web", "--json", "--", "ls", "--json", "--", "-x"])
    assert options.command == ("ls", "--json", "--", "-x")
    assert (options.query, options.json, options.demo) == (("a/web",), True, True)
    assert parse(["logs", "--", "exec"]).command == ()


def test_a_terminal_obeys_nothing_of_it(run: Run, fleet: MemoryFleet) -> None:
    disk = fleet["a"].daemon.disk(fleet["a"].daemon.find("web"))
    disk.nodes["/app/README"].data = b"\x1b]52;c;aGk=\x07red \x1b[31mok\r\n\ttab"
    piped = run("exec", "a/web", "--", "cat", "/app/README")
    assert piped.out == "\x1b]52;c;aGk=\x07red \x1b[31mok\r\n\ttab"
    prefixed = run("exec", "*/web", "*/db", "--yes", "--", "cat", "/app/README")
    assert {"web@a: red ok", "web@a:         tab"} <= set(prefixed.out.splitlines())
    assert "\x1b" not in prefixed.out
