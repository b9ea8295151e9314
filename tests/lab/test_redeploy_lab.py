"""Redeploys on a real engine, struck by anything at any step: one container is well in the end."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.disk import free, small_disk
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.machine import LabError, belongs, name_of, pids, signal_all
from tests.lab.options import make_foreign_image
from tests.lab.redeploying import CASES, Redeploying, images_and_networks, settled
from tests.lab.striking import FAULTS, Triple, pairwise, remove_thieves, triples

SEED = 20
FEW = 9
"""Of the pairs, in the quick run."""


@pytest.fixture
def hosts_yml(lab: Lab, tmp_path: Path) -> Path:
    """The lab's, but with short waits."""
    file = tmp_path / "hosts.yml"
    file.write_text(lab.hosts_yml.read_text() + "redeploy: {stable: 1s, timeout: 20s}\n")
    return file


WRECKS = ("port is already allocated", ": already exists")
"""What an engine says for ever that was killed while it started a container: it believes that the port is
taken until it is started once more, and that the process is there until whoever keeps it is gone, too.
"""


def mend_wreck(host: LabHost) -> None:
    """What an operator does then: end the engine, what is left of its containers, and start it again."""
    host.stop_dockerd()
    left = [pid for pid in pids() if belongs(pid, str(host.engine.folder), ())]
    signal_all([pid for pid in left if name_of(pid).startswith("containerd-shim")], signal.SIGKILL)
    host.start_dockerd()


def strike(host: LabHost, hosts_yml: Path, home: Path, triple: Triple, dice: random.Random) -> str:
    """One case from the start to the end; how it ended. Raises AssertionError where the promise is broken."""
    name, fault, step = triple
    case = CASES[name]
    at = Redeploying(host, hosts_yml, home, case)
    at.begin()
    struck = at.at(step)
    if struck:
        time.sleep(dice.choice((0, 0, 0.02, 0.1)))
        FAULTS[fault](at, dice)
    code = at.end()
    at.never_two()
    remove_thieves(host)
    settled(at)
    ended = "left half done, " if at.half_done() else ""
    if ended:
        assert code, "it said that nothing is left to be done"
        goal = dice.choice(("--undo", "--finish"))
        done = at.dockcon("recover", goal, "--yes", "h1/web")
        ended += f"recover {goal}"
        if (
            done.returncode not in (0, 1)
            and "engine" in fault
            and any(wreck in done.stdout for wreck in WRECKS)
        ):
            assert at.half_done(), "it must still be there to be recovered"
            mend_wreck(host)
            done = at.dockcon("recover", "--undo", "--yes", "h1/web")
            ended += ", engine mended, recover --undo"
        assert done.returncode in (0, 1), (done.returncode, done.stdout, done.stderr)
        assert not at.half_done()
    # It may have been restarted when all was over; whoever noticed has to start it again.
    over = code in (0, -9) or (code == 1 and "looking again" not in at.log)
    restarted = "engine" in fault
    which = at.check(restarted=restarted, may_rest=restarted and case.policy == "no" and over and not ended)
    if not ended and code >= 0 and (code, fault) != (130, "hung up"):
        assert (code, which) in ((0, "new"), (1, "old"), (5, "old"), (6, "old")), (code, which)
    return f"{'' if struck else 'not struck, '}exit {code}, {ended}{', ' if ended else ''}{which}"


def strike_all(lab: Lab, hosts_yml: Path, home: Path, some: list[Triple]) -> None:
    host, broken = lab["h1"], []
    with small_disk(host), images_and_networks(host):
        for number, triple in enumerate(some):
            dice = random.Random(f"{SEED} {number}")
            began = time.monotonic()
            try:
                said = strike(host, hosts_yml, home, triple, dice)
            except (AssertionError, LabError) as error:
                said = f"BROKEN: {error}"
                broken.append(f"{triple}: {error}")
            print(f"{number + 1}/{len(some)} {' / '.join(triple)}: {said} ({time.monotonic() - began:.1f} s)")
            free(host)
            host.mend()
            if "engine" in triple[1] and "kill" in triple[1]:
                # It may still believe that a port of this case is taken.
                host.stop_dockerd()
                host.start_dockerd()
    print(f"{len(some)} cases, {len(broken)} broken promises")
    assert not broken, "\n".join(broken)


def test_some_cases_and_faults_and_steps(lab: Lab, hosts_yml: Path, tmp_path: Path) -> None:
    strike_all(lab, hosts_yml, tmp_path, pairwise(triples(), SEED)[:FEW])


@pytest.mark.soak
def test_every_pair_of_case_fault_and_step(lab: Lab, hosts_yml: Path, tmp_path: Path) -> None:
    strike_all(lab, hosts_yml, tmp_path, pairwise(triples(), SEED)[FEW:])


def test_an_image_that_cannot_be_had_or_run_leaves_the_old_one_alone(
    lab: Lab, hosts_yml: Path, tmp_path: Path
) -> None:
    host = lab["h1"]
    with images_and_networks(host):
        make_foreign_image(host, "foreign:1", "good:2", "arm64", tmp_path)
        at = Redeploying(host, hosts_yml, tmp_path, CASES["plain"])
        for words, why in (
            (("--image", "registry.invalid/web:9"), "there is no image registry.invalid/web:9 on h1: "),
            (("--image", "absent:1", "--no-pull"), "there is no image absent:1 on h1"),
            (("--image", "foreign:1", "--no-pull"), "the image is for arm64, and h1 is amd64"),
        ):
            done = at.dockcon("redeploy", "--yes", *words, "h1/web")
            assert done.returncode == 6, done.stdout + done.stderr
            assert why in done.stdout
            assert at.check() == "old"
        host.docker("image", "rm", "foreign:1")
        # A registry that refuses is no reason not to take what the host has.
        done = at.dockcon("redeploy", "--yes", "--image", "good:2", "h1/web")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the image that the host has is taken" in done.stdout
        at.case = replace(at.case, image="good:2")
        assert at.check() == "new"


def test_two_at_once_on_one_container(lab: Lab, hosts_yml: Path, tmp_path: Path) -> None:
    """Begun together: one goes through, the other is refused or takes nothing back that is not its own."""
    host, case = lab["h1"], CASES["rich"]
    with images_and_networks(host):
        one = Redeploying(host, hosts_yml, tmp_path, case)
        two = one.beside()
        one.begin()
        two.begin()
        codes = sorted((one.end(), two.end()))
        one.never_two()
        assert codes[0] == 0, (one.log, two.log)
        assert codes[1] in (1, 6), (one.log, two.log)
        assert not one.half_done()
        assert one.check() == "new"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_that_was_asked_for_is_on_record_and_says_what_is_next(
    lab: Lab, hosts_yml: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with images_and_networks(lab["h1"]):
        at = Redeploying(lab["h1"], hosts_yml, tmp_path, CASES["plain"])
        at.begin()
        assert at.at("start")
        assert at.process is not None
        at.process.send_signal(number)
        assert at.end() == 130
        assert "next: dockcon recover h1/web" in at.log
        assert "the console was closed meanwhile" in at.dockcon("audit").stdout
        assert at.half_done()
        assert at.dockcon("recover", "--undo", "h1/web").returncode == 0
        assert at.check() == "old"
