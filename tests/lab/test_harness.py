"""The lab itself: what it promises to the other tests, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.containers import RECIPES, Recipe, recipe, start, start_plain
from tests.lab.disk import data_root, small_disk
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.machine import LabError, run, wait_for
from tests.lab.network import Network
from tests.lab.sweep import leftovers, sweep

ROOT = Path(__file__).parents[2]


def ssh(lab: Lab, *words: str, check: bool = True) -> str:
    return run([lab.folder / "bin/ssh", "-o", "BatchMode=yes", *words], check=check, timeout=20).strip()


def machine_state(lab: Lab) -> dict[str, list[str]]:
    """What a lab might change of this machine and must not. Other labs come and go meanwhile."""
    texts = {
        "forward": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
        "links": run(["ip", "-o", "link"]),
        "routes": run(["ip", "route", "show", "table", "all"]),
        "rules": run(["iptables", "-S"]),
        "users": Path("/etc/passwd").read_text() + Path("/etc/group").read_text(),
    }

    def foreign(line: str) -> bool:
        return "dcl-" in line and f"dcl-{lab.prefix}" not in line

    return {what: [line for line in text.splitlines() if not foreign(line)] for what, text in texts.items()}


@pytest.fixture
def spare() -> Iterator[Lab]:
    """A lab of one host, not up yet, beside the session's."""
    lab = Lab(f"s{os.getpid() % 10_000}", hosts=1)
    yield lab
    sweep(lab.network, lab.folder)


def test_hosts_answer_by_ssh_and_docker_over_ssh(lab: Lab) -> None:
    for name in lab.names:
        assert ssh(lab, name, "docker version -f '{{.Server.Version}}'")
        assert ssh(lab, name, "echo $DOCKER_HOST") == f"unix://{lab[name].engine.socket}"


def test_each_host_has_its_own_engine(lab: Lab) -> None:
    made = {name: start_plain(lab[name], "same-name") for name in lab.names}
    assert len(set(made.values())) == 3
    for name, container in made.items():
        assert list(lab[name].ps_a()) == [container]


@pytest.mark.parametrize("kind", RECIPES, ids=lambda r: r.name)
def test_every_recipe_settles_in_the_state_it_names(h1: LabHost, kind: Recipe) -> None:
    container = start(h1, kind)
    assert h1.ps_a()[container].name == kind.name


def test_the_oom_recipe_is_seen_as_such_by_the_engine(h1: LabHost) -> None:
    start(h1, recipe("oom"))
    assert h1.docker("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "oom") == "true 137"


def test_a_cut_cable_and_a_black_hole_are_silent(lab: Lab) -> None:
    lab["h2"].link_down()
    for address in (lab.black_hole(), lab["h2"].address):
        with socket.socket() as probe:
            probe.settimeout(0.5)
            with pytest.raises(TimeoutError):
                probe.connect((address, 22))
    lab["h2"].link_up()
    assert ssh(lab, "h2", "echo back") == "back"


def test_killed_connections_end_and_new_ones_are_accepted(lab: Lab, h1: LabHost) -> None:
    client = subprocess.Popen([lab.folder / "bin/ssh", "h1", "echo here; sleep 60"], stdout=subprocess.PIPE)
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"here\n"
        h1.kill_sshd_children()
        assert client.wait(10) != 0
    assert ssh(lab, "h1", "echo again") == "again"


@pytest.mark.parametrize("fault", ["stop_dockerd", "kill_dockerd"])
def test_an_engine_comes_back_with_its_containers(h1: LabHost, fault: str) -> None:
    container = start_plain(h1, "plain")
    getattr(h1, fault)()
    assert not h1.engine.answers()
    h1.start_dockerd()
    assert list(h1.ps_a()) == [container]


def test_a_small_disk_is_gone_afterwards_and_the_old_one_back(h1: LabHost) -> None:
    before, images = os.stat(data_root(h1)).st_dev, h1.docker("images", "-q")
    with small_disk(h1):
        assert os.stat(data_root(h1)).st_dev != before
    assert os.stat(data_root(h1)).st_dev == before
    assert h1.docker("images", "-q") == images


def test_only_the_bastion_reaches_the_inner_host(lab: Lab) -> None:
    inner = lab.behind("h1")
    with socket.socket() as probe:
        probe.settimeout(0.5)
        with pytest.raises(OSError):  # noqa: PT011 - silence or "no route", as the kernel likes
            probe.connect((inner.address, 22))
    assert ssh(lab, "inner", "echo in") == "in"


def test_an_odd_sshd_runs_beside_the_usual_one(lab: Lab, h1: LabHost) -> None:
    with h1.extra_sshd(ForceCommand="echo forced") as sshd:
        assert ssh(lab, "-p", str(sshd.port), "h1", "echo asked") == "forced"
        assert ssh(lab, "h1", "echo asked") == "asked"


def test_users_differ_in_what_they_may_do(lab: Lab) -> None:
    for name, may in (("ops", True), ("guest", False)):
        user = lab.user(name, docker=may)
        said = ssh(lab, f"{user}@h1", "docker ps -q >/dev/null 2>&1 && echo may || echo may not")
        assert said == ("may" if may else "may not")


def test_podman_answers_the_docker_command_line(podman_host: LabHost) -> None:
    container = start_plain(podman_host, "plain")
    assert podman_host.ps_a()[container].state == "running"


def test_a_lab_comes_and_goes_without_a_trace(spare: Lab) -> None:
    before = machine_state(spare)
    spare.up()
    for name in ("web", "paused", "looping"):
        start(spare["h1"], recipe(name), wait=False)
    spare.user("ops", docker=True)
    spare.black_hole()
    spare.down()
    assert spare.leftovers() == []
    assert machine_state(spare) == before


def test_a_killed_lab_is_cleared_by_the_next_one(spare: Lab) -> None:
    script = (
        "import sys, time\n"
        "from tests.lab.containers import recipe, start\n"
        "from tests.lab.lab import Lab\n"
        "lab = Lab(sys.argv[1], hosts=1)\n"
        "lab.up()\n"
        "[start(lab['h1'], recipe(n)) for n in ('web', 'paused')]\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    before = machine_state(spare)
    child = subprocess.Popen([sys.executable, "-c", script, spare.prefix], stdout=subprocess.PIPE, cwd=ROOT)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        with pytest.raises(LabError, match="choose another prefix"):
            spare.up()
        child.send_signal(signal.SIGKILL)
    assert any("process" in line for line in leftovers(spare.network, spare.folder))
    spare.up()
    assert spare["h1"].ps_a() == {}
    spare.down()
    assert spare.leftovers() == []
    assert machine_state(spare) == before


def test_a_subnet_in_use_is_refused(spare: Lab) -> None:
    run(["ip", "link", "add", "dcl-test0", "type", "bridge"])
    try:
        run(["ip", "addr", "add", f"{spare.network.address(77)}/25", "dev", "dcl-test0"])
        run(["ip", "link", "set", "dcl-test0", "up"])
        with pytest.raises(LabError, match="is in use on this machine"):
            spare.up()
    finally:
        run(["ip", "link", "del", "dcl-test0"])
    assert spare.leftovers() == []


def test_up_and_down_from_the_command_line(spare: Lab) -> None:
    words = [sys.executable, "-m", "tests.lab"]
    options = ["--prefix", spare.prefix, "--hosts", "1", "--containers", "1"]
    done = subprocess.run([*words, "up", *options], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == str(spare.hosts_yml)
    assert ssh(spare, "h1", "docker ps -a --format '{{.Names}}'") == "web"
    again = subprocess.run([*words, "up", *options], capture_output=True, text=True, cwd=ROOT, check=False)
    assert again.returncode == 1
    assert "is up" in again.stderr
    subprocess.run([*words, "down", "--prefix", spare.prefix], cwd=ROOT, check=True)
    assert spare.leftovers() == []


@pytest.mark.parametrize("prefix", ["", "toolongname", "Up", "a-b", "../x"])
def test_a_prefix_that_could_not_name_things_is_refused(prefix: str) -> None:
    with pytest.raises(LabError, match="prefix"):
        Lab(prefix)


def test_waiting_in_vain_says_for_what() -> None:
    began = time.monotonic()
    with pytest.raises(LabError, match="pigs to fly"):
        wait_for(lambda: False, "pigs to fly", limit=0.05)
    assert time.monotonic() - began < 5


def test_two_prefixes_have_nothing_in_common() -> None:
    one, two = Network("eng"), Network("ui")
    assert one.subnet != two.subnet
    assert {one.switch, one.uplink} & {two.switch, two.uplink} == set()
