"""The verbs on real hosts: processes of `dockcon` over real SSH, compared with the docker command line."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tarfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.containers import HOSTILE, recipe, start, start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab

ROOT = Path(__file__).parents[2]
SECRET = "correct-horse-battery"


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(json.loads(self.out))


@dataclass
class Verbs:
    """`dockcon` with a home of its own and a hosts.yml of this lab."""

    home: Path
    hosts_yml: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
        }

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "console", "-c", str(self.hosts_yml), *argv]

    def run(self, *argv: str) -> Done:
        done = subprocess.run(
            self.command(*argv),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, answers: Sequence[tuple[str, str]], *argv: str) -> tuple[int, str]:
        """Run with a person at the keys, who types each answer at its prompt; all that was shown."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.command(*argv),
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        give_up = threading.Timer(90, process.kill)
        give_up.start()
        shown, left = "", list(answers)
        try:
            while chunk := _read(ours):
                shown += chunk
                if left and left[0][0] in shown.rpartition("\x00")[2]:
                    os.write(ours, left.pop(0)[1].encode())
                    shown += "\x00"
            return process.wait(), shown
        finally:
            give_up.cancel()
            os.close(ours)


def _read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode("utf-8", "replace")
    except OSError:  # the other side is closed
        return ""


@pytest.fixture
def verbs(lab: Lab, tmp_path: Path) -> Verbs:
    return Verbs(tmp_path, lab.hosts_yml)


def stated(lab: Lab, tmp_path: Path, hosts: dict[str, dict[str, object]]) -> Verbs:
    """A hosts.yml of its own: `hosts` by name, with what the lab's own would say filled in."""
    common = {"user": "root", "identity": str(lab.keys.key), "known_hosts": str(lab.keys.known_hosts)}
    filled = {
        name: {**common, "address": lab[name].address, "engine": f"unix://{lab[name].engine.socket}", **host}
        if name in lab.hosts
        else {**common, **host}
        for name, host in hosts.items()
    }
    file = tmp_path / "stated.yml"
    file.write_text(json.dumps({"hosts": filled}))  # JSON is YAML
    return Verbs(tmp_path, file)


def test_ps_says_what_docker_says(lab: Lab, verbs: Verbs) -> None:
    for name in ("web", "sick", "done", "paused", "hostile"):
        start(lab["h1"], recipe(name))
    start_plain(lab["h2"], "other")
    done = verbs.run("ps", "--json")
    assert (done.code, done.err) == (0, "")
    for host in lab.hosts.values():
        ours = {row["id"]: row for row in done.rows if row["host"] == host.name}
        truth = host.ps_a()
        assert set(ours) == set(truth)
        for full, row in truth.items():
            assert ours[full]["name"] in str(row)
            assert ours[full]["image"] in str(row)
    web = next(row for row in done.rows if row["name"] == "web")
    assert (web["state"], web["health"], web["project"]) == ("running", "healthy", "shop")
    assert web["memory_bytes"] > 0
    assert {"private": 80, "public": 8080, "ip": "0.0.0.0", "protocol": "tcp"} in web["ports"]
    assert not set(HOSTILE) & set("\x1b\x07\u202e\u200b") & set(done.out)
    table = verbs.run("ps").out
    assert len(table.splitlines()) == 1 + len(done.rows)
    assert all(c.isprintable() for line in table.splitlines() for c in line)


def test_a_dead_host_and_a_black_hole_cost_exit_4_and_nothing_else(lab: Lab, tmp_path: Path) -> None:
    start_plain(lab["h1"], "here")
    lab["h3"].stop_dockerd()
    verbs = stated(lab, tmp_path, {"h1": {}, "h3": {}, "hole": {"address": lab.black_hole()}})
    done = verbs.run("ps", "--json")
    assert done.code == 4
    assert [row["name"] for row in done.rows] == ["here"]
    lines = done.err.splitlines()
    assert [line.split(": ")[1:3] for line in lines] == [["h3", "engine-down"], ["hole", "lost"]]


def test_problems_of_real_containers(lab: Lab, verbs: Verbs) -> None:
    assert verbs.run("problems").code == 0
    start(lab["h2"], recipe("sick"))
    start(lab["h2"], recipe("failed"))
    start(lab["h2"], recipe("done"))
    done = verbs.run("problems", "--json")
    assert done.code == 3
    assert ("sick", "unhealthy") in {(row["container"], row["kind"]) for row in done.rows}
    assert "done" not in {row["container"] for row in done.rows}


def test_events_of_the_past(lab: Lab, verbs: Verbs) -> None:
    container = start_plain(lab["h1"], "noted")
    lab["h1"].docker("rename", "noted", "renamed")
    done = verbs.run("events", "--since", "5m", "--no-follow", "--json", "host:h1")
    assert (done.code, done.err) == (0, "")
    told = [row["action"] for row in map(json.loads, done.out.splitlines()) if row["id"] == container]
    assert told == ["create", "start", "rename"]


def test_a_bundle_holds_no_secret(lab: Lab, verbs: Verbs, tmp_path: Path) -> None:
    words = ("-e", f"DB_PASSWORD={SECRET}", "-e", f"MODE={SECRET}", "--label", f"api.token={SECRET}")
    start_plain(lab["h1"], "keeper", *words, script=f"exec sleep 1000000; echo --password={SECRET}")
    file = tmp_path / "b.tar.gz"
    done = verbs.run("bundle", "-o", str(file))
    assert (done.code, done.err) == (0, "")
    with tarfile.open(file) as archive:
        texts = {m.name.partition("/")[2]: archive.extractfile(m).read().decode() for m in archive}
    assert not [name for name, text in texts.items() if SECRET in text]
    (inspect,) = [json.loads(text) for name, text in texts.items() if name.startswith("inspect/h1/keeper-")]
    assert "DB_PASSWORD=***" in inspect["Config"]["Env"]
    assert '"create"' in texts["events.jsonl"]


def test_check_says_what_works(lab: Lab, verbs: Verbs) -> None:
    done = verbs.run("check", "--json")
    assert (done.code, done.err) == (0, "")
    for row in done.rows:
        # A kernel tracks connections from the first rule on that asks for it: what ran before decides that.
        assert {check["what"] for check in row["checks"] if not check["ok"]} <= {"flows"}
        assert "flows" in [check["what"] for check in row["checks"]]
        assert row["disk_used_percent"] is not None


def test_check_names_the_permission(lab: Lab, tmp_path: Path) -> None:
    login = lab.user("plain", docker=False)
    verbs = stated(lab, tmp_path, {"h1": {"user": login}})
    done = verbs.run("check", "--json")
    assert done.code == 4
    bad = [check for check in done.rows[0]["checks"] if not check["ok"]]
    assert [check["what"] for check in bad] == ["permission"]
    assert bad[0]["next"]


def test_an_unknown_host_key_is_accepted_on_the_terminal_only(h1: LabHost, lab: Lab, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    verbs = stated(lab, tmp_path, {"h1": {"known_hosts": str(known)}})
    done = verbs.run("ps")
    assert done.code == 4
    assert "dockcon --host h1 check" in done.err
    code, shown = verbs.on_terminal([("[y/N]", "\n")], "check")
    assert code == 4
    assert not known.exists()
    code, shown = verbs.on_terminal([("[y/N]", "yes\n")], "check")
    assert code == 0, shown
    assert "SHA256:" in shown
    assert "ssh-ed25519 " in known.read_text()
    assert verbs.run("ps").code == 0
