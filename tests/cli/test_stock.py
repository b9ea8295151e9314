"""`images`, `volumes`, `networks` and `prune`: what is listed, what goes, and which code it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import HostUnreachable
from console.transport.memory import MemoryFleet
from console.transport.memory.containers import Mount
from console.transport.memory.shelf import MemoryImage, MemoryNetwork, MemoryVolume

from .conftest import HOSTS, Run

TYPED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: typed}")
OBSERVED = HOSTS.replace("{address: 10.0.0.2}", "{address: 10.0.0.2, guard: observe}")
MB = 1 << 20


@pytest.fixture(autouse=True)
def furnished(fleet: MemoryFleet) -> None:
    Path("hosts.yml").write_text(HOSTS, encoding="utf-8")
    for host in ("a", "b"):
        daemon = fleet[host].daemon
        daemon.images.add("old/app:1")
        daemon.shelf.put(MemoryImage(id="sha256:" + "7" * 64, size=30 * MB, created=1.0))
        daemon.shelf.put(MemoryVolume(name="scratch", size=700 * MB, created=1.0))
        daemon.shelf.put(MemoryVolume(name="e" * 64, size=90 * MB, created=1.0))
        daemon.shelf.put(MemoryNetwork(name="legacy", subnet="10.3.0.0/16"))
        daemon.shelf.settle()


def images(fleet: MemoryFleet, host: str) -> set[str]:
    return {tag for image in fleet[host].daemon.shelf.images() for tag in image.pins or (image.id,)}


def volumes(fleet: MemoryFleet, host: str) -> set[str]:
    return {volume.name for volume in fleet[host].daemon.shelf.volumes()}


def test_lists_say_who_uses_what(run: Run, fleet: MemoryFleet) -> None:
    done = run("images", "host:a")
    assert done.code == 0
    lines = {line.split()[1]: line for line in done.out.splitlines()[1:]}
    assert "unused" in lines["old/app:1"]
    assert any("used" in line and "web" in line for line in lines.values())
    assert run("images", "old/app:1", "--json").rows[0]["state"] == "unused"
    rows = run("volumes", "--json", "--sizes", "host:a").rows
    assert {row["name"]: (row["size_bytes"], row["anonymous"]) for row in rows} == {
        "scratch": (700 * MB, False),
        "e" * 64: (90 * MB, True),
    }
    assert all(row["size_bytes"] is None for row in run("volumes", "--json").rows)
    rows = run("networks", "--json", "name:legacy").rows
    assert [(row["host"], row["subnets"], row["used_by"]) for row in rows] == [
        ("a", ["10.3.0.0/16"], []),
        ("b", ["10.3.0.0/16"], []),
    ]
    assert "10.3.0.0/16" in run("networks").out


def test_a_dry_run_shows_the_list_and_removes_nothing(run: Run, fleet: MemoryFleet) -> None:
    before = {host: (images(fleet, host), volumes(fleet, host)) for host in "ab"}
    done = run("prune", "volumes", "--all", "--dry-run", "host:a")
    assert done.code == 0
    assert " 90M  " + "e" * 64 + "@a" in done.out
    assert "700M  scratch@a" in done.out
    assert "2 volumes, 790M free then" in done.out
    rows = run("prune", "images", "--all", "--dry-run", "--json").rows
    assert {(row["host"], row["name"]) for row in rows} >= {("a", "old/app:1"), ("b", "old/app:1")}
    assert {host: (images(fleet, host), volumes(fleet, host)) for host in "ab"} == before


def test_the_careful_clean_up_is_the_default(run: Run, fleet: MemoryFleet) -> None:
    done = run("prune", "volumes", "--yes")
    assert done.code == 0
    assert volumes(fleet, "a") == volumes(fleet, "b") == {"scratch"}
    done = run("prune", "images", "--yes", "--json", "host:a")
    assert [(row["action"], row["result"]) for row in done.rows] == [("remove image", "done")]
    assert "old/app:1" in images(fleet, "a")
    assert run("prune", "images", "--all", "--yes", "host:a").code == 0
    assert "old/app:1" not in images(fleet, "a")
    assert "old/app:1" in images(fleet, "b")
    assert run("prune", "networks", "--yes", "legacy").code == 0
    assert run("prune", "networks", "--yes", "legacy").out == "no networks to remove\n"


def test_nothing_is_removed_without_a_yes(run: Run, fleet: MemoryFleet) -> None:
    done = run("prune", "volumes")
    assert done.code == 6
    assert "not confirmed" in done.out
    assert "e" * 64 in volumes(fleet, "a")
    assert run("--read-only", "prune", "volumes", "--yes").code == 6
    assert "e" * 64 in volumes(fleet, "a")


def test_a_guarded_host_wants_its_name_and_an_observed_one_is_left_alone(
    run: Run, fleet: MemoryFleet
) -> None:
    Path("hosts.yml").write_text(TYPED, encoding="utf-8")
    done = run("prune", "volumes", "--yes", "host:b")
    assert done.code == 6
    assert "--confirm b" in done.out
    assert run("prune", "volumes", "--confirm", "b", "host:b").code == 0
    assert volumes(fleet, "b") == {"scratch"}
    Path("hosts.yml").write_text(OBSERVED, encoding="utf-8")
    assert run("prune", "volumes", "--all", "--yes").code == 0
    assert volumes(fleet, "a") == set()
    assert volumes(fleet, "b") == {"scratch"}
    assert run("prune", "volumes", "--all", "--yes", "host:b").code == 6


def test_what_containers_use_stays_whether_they_run_or_not(run: Run, fleet: MemoryFleet) -> None:
    fleet["a"].daemon.create("late", "old/app:1", mounts=(Mount(source="scratch", target="/d"),))
    run("prune", "volumes", "--all", "--yes", "host:a")
    run("prune", "images", "--all", "--yes", "host:a")
    assert volumes(fleet, "a") == {"scratch"}
    assert "old/app:1" in images(fleet, "a")


def test_a_host_that_cannot_be_asked_is_named_and_the_others_are_done(run: Run, fleet: MemoryFleet) -> None:
    fleet["b"].faults.refuse = HostUnreachable("b", "no route to host")
    done = run("prune", "volumes", "--yes")
    assert done.code == 4
    assert "no route to host" in done.err
    assert volumes(fleet, "a") == {"scratch"}
    assert run("volumes").code == 4
