"""The fleet on real hosts: containers as they are, faults told apart, and nothing stays wrong after them."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.model.containers import Health
from console.model.hosts import HostSpec, HostState
from console.model.questions import QuestionKind
from console.service.remember import HostsFile
from tests.lab.churn import Churn
from tests.lab.containers import recipe, start, start_plain
from tests.lab.fleet import LabFleet, truth
from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.lab import Lab
from tests.lab.machine import run, wait_for

UP, QUIET, LOST, DOWN = HostState.UP, HostState.QUIET, HostState.LOST, HostState.ENGINE_DOWN


@pytest.fixture
def fleet(lab: Lab) -> Iterator[LabFleet]:
    """All three hosts, up."""
    with LabFleet(lab.specs()).at_work() as fleet:
        fleet.all_up()
        yield fleet


def one(lab: Lab, **spec: object) -> contextlib.AbstractContextManager[LabFleet]:
    """Two hosts as they are, and h1 stated otherwise."""
    return LabFleet([lab["h1"].spec(**spec), lab["h2"].spec(), lab["h3"].spec()]).at_work()


# ---- containers


@pytest.mark.parametrize("at", ["h1", "h2", "h3"])
def test_what_happens_to_a_container_is_shown(lab: Lab, fleet: LabFleet, at: str) -> None:
    host = lab[at]
    full = start_plain(host, "first")

    def shows(name: str, state: str, code: int | None) -> None:
        wanted = (name, IMAGE, state, code)
        fleet.until(lambda: fleet.line(at, full) == wanted, f"{at} to show {wanted}")

    shows("first", "running", None)
    host.docker("rename", "first", "second")
    shows("second", "running", None)
    host.docker("kill", "second")
    shows("second", "exited", 137)
    host.docker("start", "second")
    shows("second", "running", None)
    host.docker("stop", "second")
    shows("second", "exited", 0)
    fleet.until(lambda: full in fleet[at].stopped, "the end to be known as an operator's")
    host.docker("rm", "second")
    fleet.until(lambda: fleet.line(at, full) is None, f"second to be gone from {at}")
    assert fleet.states == {name: [HostState.CONNECTING, UP] for name in lab.names}


def test_every_state_and_health_is_shown(lab: Lab, fleet: LabFleet) -> None:
    host = lab["h2"]
    kinds = ("web", "sick", "done", "failed", "paused", "oom", "hostile")
    ids = {name: start(host, recipe(name)) for name in kinds}
    ids["made"] = host.docker("create", "--name", "made", IMAGE, "true")
    fleet.equals(host)

    def container(name: str) -> object:
        return fleet["h2"].containers[ids[name]]

    for name, health in (("web", Health.HEALTHY), ("sick", Health.UNHEALTHY), ("done", Health.NONE)):
        fleet.until(lambda n=name, h=health: container(n).health is h, f"{name} to be {health}")
    fleet.until(lambda: container("oom").oom is True, "oom to be known as killed for memory")
    assert fleet["h2"].usage.keys() <= {ids[name] for name in ("web", "sick", "paused", "hostile")}
    bad = {ids[name] for name in ("sick", "failed", "oom", "hostile")}
    fleet.until(lambda: {p.container for p in fleet.handle.problems()} - {""} == bad, "the problems")


def test_a_container_that_falls_ill_and_recovers_is_shown(lab: Lab, fleet: LabFleet) -> None:
    host = lab["h3"]
    check = ("--health-cmd", "test ! -e /tmp/ill", "--health-interval=1s", "--health-retries=1")
    full = start_plain(host, "patient", *check)

    def reaches(health: Health) -> None:
        fleet.until(lambda: fleet["h3"].containers[full].health is health, f"patient to be {health}")

    fleet.until(lambda: fleet.line("h3", full), "patient to be there")
    reaches(Health.HEALTHY)
    host.docker("exec", "patient", "touch", "/tmp/ill")
    reaches(Health.UNHEALTHY)
    host.docker("exec", "patient", "rm", "/tmp/ill")
    reaches(Health.HEALTHY)


# ---- hosts that cannot be used at once


def test_a_black_hole_among_three_delays_nobody(lab: Lab) -> None:
    specs = [lab["h1"].spec(), lab["h2"].spec(), HostSpec(name="hole", address=lab.black_hole(), user="root")]
    with LabFleet(specs).at_work() as fleet:
        fleet.all_up("h1", "h2")
        assert fleet.states["hole"] == [HostState.CONNECTING]
        fleet.reaches("hole", LOST)
        assert "10 s" in fleet.reason("hole")
        assert fleet["hole"].status.retry_at is not None
        assert fleet.states["h1"] == fleet.states["h2"] == [HostState.CONNECTING, UP]


def test_a_changed_host_key_is_refused_with_both_fingerprints(lab: Lab) -> None:
    h1, h2 = lab["h1"], lab["h2"]
    wrong = lab.keys.own_known_hosts("wrong", [h2.sshd.known_as().replace(h2.address, h1.address)])
    with one(lab, known_hosts=(str(wrong),)) as fleet:
        status = fleet.reaches("h1", HostState.REFUSED).status
        said = f"{status.reason} {status.next_step}"
        for key in (h1.host_key, h2.host_key):
            assert run(["ssh-keygen", "-lf", key]).split()[1] in said
        assert f"{wrong}:1" in said
        assert "ssh-keygen" in status.next_step
        fleet.all_up("h2", "h3")
        assert fleet.state("h1") is HostState.REFUSED


def test_a_user_who_may_not_open_the_socket_is_told_what_to_do(lab: Lab) -> None:
    login = lab.user("guest", docker=False)
    with one(lab, user=login) as fleet:
        status = fleet.reaches("h1", HostState.REFUSED).status
        assert login in f"{status.reason} {status.next_step}"
        assert f"add {login} to the group" in status.next_step
        fleet.all_up("h2", "h3")


def test_an_unknown_host_key_is_asked_for_and_kept(lab: Lab) -> None:
    known = lab.keys.own_known_hosts("fresh")
    with one(lab, known_hosts=(str(known),)) as fleet:
        question = fleet.question("h1")
        assert question.kind is QuestionKind.HOST_KEY
        assert question.fingerprint == run(["ssh-keygen", "-lf", lab["h1"].host_key]).split()[1]
        fleet.all_up("h2", "h3")
        fleet.handle.answer("h1", ("yes",))
        fleet.all_up("h1")
    run(["ssh-keygen", "-F", lab["h1"].address, "-f", known])
    with one(lab, known_hosts=(str(known),)) as fleet:
        fleet.all_up()
        assert fleet.states["h1"] == [HostState.CONNECTING, UP]


def test_an_encrypted_key_is_asked_for_once(lab: Lab) -> None:
    key = lab.keys.another("sealed", "correct horse")
    with one(lab, identity=(str(key),)) as fleet:
        question = fleet.question("h1")
        assert question.kind is QuestionKind.PASSPHRASE
        assert question.file == str(key)
        fleet.handle.answer("h1", ("correct horse",))
        fleet.all_up()
        before = len(fleet.states["h1"])
        epoch = fleet["h1"].epoch
        lab["h1"].kill_sshd_children()
        fleet.until(lambda: fleet["h1"].epoch > epoch and fleet["h1"].fresh, "h1 to be back by itself")
        assert HostState.NEEDS_YOU not in fleet.states["h1"][before:]


def test_a_host_is_switched_off_and_on_again(lab: Lab, tmp_path: Path) -> None:
    file, host = tmp_path / "hosts.json", lab["h1"]
    full = start_plain(host, "here")
    with LabFleet(lab.specs(), HostsFile(file, "lab")).at_work() as fleet:
        fleet.all_up()
        fleet.handle.switch("h1", False)
        fleet.reaches("h1", HostState.OFF)
        wait_for(lambda: not host.sshd.sessions(), "nobody to be connected to h1")
        assert not fleet["h1"].fresh
    with LabFleet(lab.specs(), HostsFile(file, "lab")).at_work() as fleet:
        fleet.all_up("h2", "h3")
        assert fleet.states["h1"] == [HostState.OFF]
        host.docker("rename", "here", "moved")
        fleet.handle.switch("h1", True)
        fleet.all_up("h1")
        assert fleet.line("h1", full) == ("moved", IMAGE, "running", None)


# ---- faults


def test_a_silent_host_is_quiet_then_lost_and_its_engine_is_not_blamed(lab: Lab, fleet: LabFleet) -> None:
    host = lab["h2"]
    start_plain(host, "before")
    fleet.equals(host)
    host.link_down()
    # An event that cannot come, and a list that will not be answered.
    start_plain(host, "unseen")
    fleet.reaches("h2", LOST)
    assert fleet.states["h2"] == [HostState.CONNECTING, UP, QUIET, LOST]
    host.link_up()
    fleet.equals(host, 60)


def test_silence_hides_what_the_engine_does(lab: Lab) -> None:
    frozen, stopped = lab["h1"], lab["h2"]
    frozen.engine.freeze()
    stopped.stop_dockerd()
    with LabFleet(lab.specs()).at_work() as fleet:
        wait_for(frozen.sshd.sessions, "h1 to be connected")
        fleet.reaches("h2", DOWN)
        before = len(fleet.states["h2"])
        frozen.link_down()
        stopped.link_down()
        fleet.reaches("h1", LOST)
        fleet.reaches("h2", LOST)
        assert fleet.states["h1"] == [HostState.CONNECTING, LOST]
        assert fleet.states["h2"][before:] == [QUIET, LOST]
        assert fleet.states["h3"] == [HostState.CONNECTING, UP]


@dataclass(frozen=True)
class Fault:
    """What is done to a host, and the state that must follow."""

    name: str
    begin: Callable[[LabHost], object]
    state: HostState
    end: Callable[[LabHost], object] | None = None
    lasts: float = 0.0
    """Seconds at least."""


FAULTS = (
    Fault("connection killed", LabHost.kill_sshd_children, LOST),
    Fault("engine stopped", LabHost.stop_dockerd, DOWN, LabHost.start_dockerd),
    Fault("engine killed", LabHost.kill_dockerd, DOWN, LabHost.start_dockerd),
    Fault("cable pulled", LabHost.link_down, LOST, LabHost.link_up, lasts=20),
    Fault("server frozen", lambda h: h.sshd.freeze_sessions(), LOST, lambda h: h.sshd.thaw_sessions()),
)


def suffer(lab: Lab, fleet: LabFleet, host: LabHost, fault: Fault) -> None:
    """One fault on one host amid the churn: noticed, the others untouched, and back afterwards."""
    others = [name for name in fleet.states if name != host.name]
    told = {name: fleet.told(name) for name in others}
    before = {name: len(states) for name, states in fleet.states.items()}
    epochs = {name: fleet[name].epoch for name in fleet.states}
    what = f"{fault.name} on {host.name}"
    began = time.monotonic()
    fault.begin(host)
    fleet.until(lambda: fault.state in fleet.states[host.name][before[host.name] :], f"{what}: {fault.state}")
    for name in others:
        fleet.until(lambda n=name: fleet.told(n) > told[n] + 3, f"{what}: events of {name} to go on")
    if fault.end is not None:
        time.sleep(max(0.0, began + fault.lasts - time.monotonic()))
        fault.end(host)
    fleet.until(lambda: fleet[host.name].fresh, f"{what}: to be up again", 60)
    through = fleet.states[host.name][before[host.name] :]
    if fault.state is LOST:
        assert DOWN not in through, what
        assert fleet[host.name].epoch > epochs[host.name]
    else:
        assert LOST not in through, what
        assert fleet[host.name].epoch == epochs[host.name]
    for name in others:
        assert fleet.states[name][before[name] :] == [], f"{what}: {name} went through other states"
        assert fleet[name].epoch == epochs[name]


def churned(lab: Lab, fleet: LabFleet, seed: int, rounds: int) -> None:
    """`rounds` faults in an order and at hosts that the seed decides; each kind comes once before any
    comes twice.
    """
    chance = random.Random(seed)
    with contextlib.ExitStack() as stack:
        churns = [stack.enter_context(Churn(host, seed)) for host in (lab[name] for name in lab.names)]
        faults = [
            fault for _ in range(0, rounds, len(FAULTS)) for fault in chance.sample(FAULTS, len(FAULTS))
        ]
        for fault in faults[:rounds]:
            suffer(lab, fleet, lab[chance.choice(lab.names)], fault)
        assert all(churn.done > 5 for churn in churns), [churn.done for churn in churns]
    for host in (lab[name] for name in lab.names):
        fleet.equals(host)
        assert truth(host)


def test_faults_amid_churn_leave_the_exact_tables(lab: Lab, fleet: LabFleet) -> None:
    churned(lab, fleet, seed=1, rounds=len(FAULTS))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 10))
def test_many_faults_amid_churn_leave_the_exact_tables(lab: Lab, fleet: LabFleet, seed: int) -> None:
    churned(lab, fleet, seed, rounds=3 * len(FAULTS))
