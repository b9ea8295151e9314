"""`bundle`: what is in the archive, and what never is."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from console.cli.bundle import write
from console.errors import HostUnreachable, UsageError
from console.model.logs.lines import Stream
from console.model.logs.setup import LogSetup
from console.service.incident_logs import BYTES, LINES
from console.transport.memory import MemoryFleet
from tests.cli.conftest import Run


def contents(file: Path) -> dict[str, Any]:
    """Every file of an archive by its name below the top directory."""
    found: dict[str, Any] = {}
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            extracted = archive.extractfile(member)
            assert extracted is not None
            assert member.mode == 0o600
            text = extracted.read().decode()
            name = member.name.partition("/")[2]
            found[name] = text if name.endswith((".jsonl", ".log")) else json.loads(text)
    return found


def test_everything_around_an_incident(run: Run, fleet: MemoryFleet) -> None:
    done = run("bundle", "--since", "1h")
    assert (done.code, done.err) == (0, "")
    file = Path(done.out.strip())
    assert file.name.startswith("dockcon-test-")
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(Path().iterdir()).count(file) == 1
    found = contents(file)
    assert found["bundle.json"]["missing"] == {}
    assert [row["host"] for row in found["hosts.json"]] == ["a", "b"]
    assert [row["name"] for row in found["containers.json"]] == ["web", "worker", "db"]
    assert found["problems.json"] == []
    events = [json.loads(line) for line in found["events.jsonl"].splitlines()]
    assert {"a", "b"} == {event["host"] for event in events}
    assert sorted(n.split("-")[0] for n in found if n.startswith("inspect/")) == [
        "inspect/a/web",
        "inspect/a/worker",
        "inspect/b/db",
    ]
    assert found["info/a.json"]["Name"] == "a"


def test_no_secret_is_in_it(run: Run, fleet: MemoryFleet) -> None:
    run("bundle", "-o", "b.tar.gz")
    assert "s3cr3t-value" not in json.dumps(contents(Path("b.tar.gz")))
    run("--demo", "bundle", "-o", "demo.tar.gz")
    text = json.dumps(contents(Path("demo.tar.gz")))
    for secret in ("kM9-vq2Tz", "pa55-rabbit", "b2d0c7a96f4e"):
        assert secret not in text


def test_the_logs_of_the_last_ten_minutes(run: Run, fleet: MemoryFleet) -> None:
    daemon = fleet["a"].daemon
    web = daemon.find("web")
    daemon.write(web, b"long ago\n", ago=700)
    daemon.write(web, b"GET /?token=abcdef&x=1 200\nwith s3cr3t-value in it\n")
    daemon.write(web, b"\x1b[31mERROR\x1b[0m refused\n", Stream.ERR)
    daemon.start(mute := daemon.create("mute", "x", log=LogSetup(driver="none")))
    database = fleet["b"].daemon.find("db")
    fleet["b"].daemon.write(database, b"".join(b"n%d\n" % number for number in range(LINES + 5)))
    done = run("bundle", "--since", "1h", "-o", "b.tar.gz")
    assert (done.code, done.err) == (0, "")
    found = contents(Path("b.tar.gz"))
    texts = [line.split(" ", 1)[1] for line in found[f"logs/a/web-{web.id[:12]}.log"].splitlines()]
    assert texts == ["| GET /?token=*** 200", "| with *** in it", "! ERROR refused"]
    many = found[f"logs/b/db-{database.id[:12]}.log"].splitlines()
    assert (len(many), many[-1].split()[-1]) == (LINES, f"n{LINES + 4}")
    about = found["bundle.json"]["logs"]
    assert about["cut"] == ["db@b"]
    assert list(about["unread"]) == ["mute@a"]
    assert "driver" in about["unread"]["mute@a"]
    assert not [name for name in found if name.startswith(f"logs/a/mute-{mute.id[:12]}")]


def test_large_logs_are_cut_to_their_newest_part(run: Run, fleet: MemoryFleet) -> None:
    daemon = fleet["a"].daemon
    web = daemon.find("web")
    daemon.write(web, b"".join(b"%04d " % number + b"x" * 2000 + b"\n" for number in range(1000)))
    daemon.write(web, b"y" * 100_000 + b"\n")
    assert run("bundle", "-o", "b.tar.gz").code == 0
    found = contents(Path("b.tar.gz"))
    lines = found[f"logs/a/web-{web.id[:12]}.log"].splitlines()
    assert sum(map(len, lines)) < BYTES * 1.1
    assert found["bundle.json"]["logs"]["cut"] == ["web@a"]
    assert lines[-2].split()[2] == "0999"
    assert len(lines[-1]) < 5000
    assert lines[-1].endswith("y\u2026")


def test_a_missing_host_is_named_and_the_rest_is_there(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host")
    done = run("bundle", "-o", "b.tar.gz")
    assert done.code == 4
    assert "b: lost: no route to host" in done.err
    found = contents(Path("b.tar.gz"))
    assert found["bundle.json"]["missing"] == {"b": "lost: no route to host"}
    assert any(name.startswith("inspect/a/web") for name in found)


@pytest.mark.parametrize("file", [".", "nowhere/b.tar.gz"])
def test_where_nothing_can_be_written_nothing_is_dialled(run: Run, fleet: MemoryFleet, file: str) -> None:
    done = run("bundle", "-o", file)
    assert done.code == 2
    assert "cannot write" in done.err
    assert fleet["a"].connects == 0


def test_there_is_a_whole_archive_or_none() -> None:
    def files() -> Any:
        yield "a", "text"
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left"):
        write(Path("b.tar.gz"), "top", files(), 0.0)
    assert os.listdir() == []


def test_a_name_from_a_host_is_no_path(run: Run, fleet: MemoryFleet) -> None:
    evil = fleet["a"].daemon.create("../../etc/passwd", "x")
    run("bundle", "-o", "b.tar.gz")
    assert f"inspect/a/.._.._etc_passwd-{evil.id[:12]}.json" in contents(Path("b.tar.gz"))
