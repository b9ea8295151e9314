"""What strikes a redeploy on a real engine, and in which combinations."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence

from console.model.redeploy.course import NEXT, PREV
from tests.lab.disk import fill, free
from tests.lab.host import LabHost
from tests.lab.machine import LabError
from tests.lab.redeploying import CASES, NAME, Redeploying


def _ssh_cut(at: Redeploying, dice: random.Random) -> None:
    with contextlib.suppress(LabError):  # it may be gone already
        at.host.kill_sshd_children()


def _killed(at: Redeploying, dice: random.Random) -> None:
    assert at.process is not None
    at.process.kill()


def _hung_up(at: Redeploying, dice: random.Random) -> None:
    assert at.process is not None
    at.process.terminate()


def _engine_stopped(at: Redeploying, dice: random.Random) -> None:
    at.host.stop_dockerd()
    at.host.start_dockerd()


def _engine_killed(at: Redeploying, dice: random.Random) -> None:
    at.host.kill_dockerd()
    at.host.start_dockerd()


def _both_killed(at: Redeploying, dice: random.Random) -> None:
    _killed(at, dice)
    _engine_killed(at, dice)


def _port_taken(at: Redeploying, dice: random.Random) -> None:
    """By somebody who is quicker in the moment between stop and start."""
    at.host.docker("create", "--name", "thief", "--stop-timeout", "1", "-p", "8080:80", "good:1")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if not at.host.docker("start", "thief", check=False):
            continue
        return


def _name_taken(at: Redeploying, dice: random.Random) -> None:
    for name in dice.sample((NAME, NAME + NEXT, NAME + PREV), 3):
        if at.host.docker("create", "--name", name, "-l", "thief=1", "good:1", check=False):
            return


def _disk_full(at: Redeploying, dice: random.Random) -> None:
    fill(at.host)


FAULTS: Mapping[str, Callable[[Redeploying, random.Random], None]] = {
    "ssh cut": _ssh_cut,
    "killed": _killed,
    "hung up": _hung_up,
    "engine stopped and started": _engine_stopped,
    "engine killed and started": _engine_killed,
    "killed, and the engine, too": _both_killed,
    "port taken": _port_taken,
    "name taken": _name_taken,
    "disk full": _disk_full,
}

Triple = tuple[str, str, str]
"""Case, fault, step."""


def triples() -> list[Triple]:
    """Every case with every fault at every step that it has."""
    return [
        (name, fault, step)
        for (name, case), fault in itertools.product(CASES.items(), FAULTS)
        for step in case.steps
        if case.port or fault != "port taken"
    ]


def pairwise(some: Sequence[Triple], seed: int) -> list[Triple]:
    """As few of them as a greedy search finds, so that every pair that is possible is in one."""
    left = list(some)
    random.Random(seed).shuffle(left)
    missing = {pair for triple in left for pair in itertools.combinations(enumerate(triple), 2)}
    found: list[Triple] = []
    while missing:
        best = max(left, key=lambda t: len(missing & set(itertools.combinations(enumerate(t), 2))))
        missing -= set(itertools.combinations(enumerate(best), 2))
        found.append(best)
    return found


def remove_thieves(host: LabHost) -> None:
    """Whoever took a port or a name goes, and what fills the disk."""
    free(host)
    for words in (("-f", "name=^thief$"), ("-f", "label=thief=1")):
        ids = host.docker("ps", "-aq", *words).split()
        if ids:
            host.docker("rm", "-f", *ids)
