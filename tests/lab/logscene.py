"""Twenty containers that write numbered lines on three hosts, and what can happen to them."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.logcheck import compare
from tests.lab.logreaders import Reader
from tests.lab.logtruth import Keeper
from tests.lab.logwriters import ALWAYS, ROTATED, Writer, start, start_all
from tests.lab.machine import LabError, wait_for

SELECTOR = "name:w-*"
KINDS = (
    Writer("w-plain", 50),
    Writer("w-long", 10, long=7),
    Writer("w-tty", 20, (*ALWAYS, "-t"), err=0),
    Writer("w-full", 100, (*ALWAYS, *ROTATED)),
    Writer("w-recreated", 30),
    Writer("w-restarted", 30),
    Writer("w-slow", 10),
)
COUNT = 20


class Scene:
    """The containers, by (host, name), and every id that there ever was."""

    def __init__(self, lab: Lab, keeper: Keeper) -> None:
        self.lab = lab
        self.keeper = keeper
        jobs = [(lab[host], kind) for kind in KINDS for host in lab.names][:COUNT]
        self._jobs = {(host.name, writer.name): writer for host, writer in jobs}
        self.now: dict[tuple[str, str], str] = {}
        self.ever: set[str] = set()
        self.may_have_gaps: set[str] = set()
        """Ids of which lines can be missing, where a reader was away at the wrong time."""

    def start(self, *hosts: str) -> None:
        """Let the writers of these hosts begin."""
        jobs = [(self.lab[host], writer) for (host, _), writer in self._jobs.items() if host in hosts]
        self._began(start_all(jobs))

    def _began(self, ids: dict[tuple[str, str], str]) -> None:
        self.now |= ids
        self.ever |= set(ids.values())
        self.may_have_gaps |= {ids[key] for key in ids if ROTATED[1] in self._jobs[key].words}

    # ---- what can happen

    def recreate(self, host: LabHost) -> None:
        """Another container of the same name."""
        key = (host.name, "w-recreated")
        self.may_have_gaps.add(self.now[key])
        host.docker("rm", "-f", key[1])
        self._began({key: start(host, self._jobs[key])})

    def restart(self, host: LabHost) -> None:
        host.docker("restart", "-t", "1", "w-restarted")

    def truncate(self, host: LabHost) -> None:
        full = self.now[host.name, "w-plain"]
        self.may_have_gaps.add(full)
        self.keeper.truncate(host, full)

    def stop(self) -> None:
        """No more lines."""
        with ThreadPoolExecutor(3) as pool:
            hosts = [self.lab[name] for name in self.lab.names]
            list(pool.map(lambda h: h.docker("stop", "-t", "1", *self._names(h)), hosts))

    def _names(self, host: LabHost) -> list[str]:
        return [name for at, name in self.now if at == host.name]

    # ---- the proof

    def alive(self, readers: Sequence[Reader], limit: float = 60) -> None:
        """Wait until every reader has a line of every container that was written after now."""
        since = time.time_ns()
        for reader in readers:
            try:
                wait_for(lambda r=reader: not self._behind(r, since), f"{reader.name} to follow", limit, 0.2)
            except LabError as error:
                behind = self._behind(reader, since)
                raise AssertionError(f"{error}; not {behind}\n{reader.story()}") from None

    def _behind(self, reader: Reader, since: int) -> list[str]:
        newest = reader.newest()
        return [f"{name}@{host}" for (host, name), full in self.now.items() if newest.get(full, 0) < since]

    def exact(self, readers: Sequence[Reader], *, may_have_gaps: bool = True, limit: float = 30) -> None:
        """Every line exactly once or inside a gap, at every reader. The writers have been stopped."""
        written = [line for full in sorted(self.ever) for line in self.keeper.lines(full)]
        allowed = self.may_have_gaps if may_have_gaps else ()
        end = time.monotonic() + limit
        for reader in readers:
            while True:
                late = time.monotonic() > end
                report = compare(written, reader.lines(), reader.gaps(), allowed)
                if late or not report.missing:
                    break
                time.sleep(1)
            print(f"{reader.name}: {report}")
            assert report.good, f"{reader.name}: {report}\n{reader.story()}"


Happening = Callable[[Scene, LabHost, random.Random], object]


def _cable(scene: Scene, host: LabHost) -> None:
    """Out for fifteen seconds; a log is emptied meanwhile, so that lines are gone for good."""
    host.link_down()
    time.sleep(7)
    scene.truncate(host)
    time.sleep(8)
    host.link_up()


def _engine(host: LabHost, end: Callable[[LabHost], object]) -> None:
    end(host)
    host.start_dockerd()


def _cut(host: LabHost, chance: random.Random, times: int) -> None:
    for _ in range(times):
        with contextlib.suppress(LabError):  # nobody is connected: it was cut just now
            host.kill_sshd_children()
        time.sleep(chance.uniform(0.2, 3.0))


HAPPENINGS: dict[str, Happening] = {
    "sshd killed": lambda scene, host, chance: _cut(host, chance, 3),
    "engine stopped": lambda scene, host, chance: _engine(host, LabHost.stop_dockerd),
    "engine killed": lambda scene, host, chance: _engine(host, LabHost.kill_dockerd),
    "recreated": lambda scene, host, chance: scene.recreate(host),
    "restarted": lambda scene, host, chance: scene.restart(host),
    "cable": lambda scene, host, chance: _cable(scene, host),
}


def happen(scene: Scene, seed: int, rounds: int) -> None:
    """All of it `rounds` times, at hosts and in an order that the seed decides; the hosts side by side."""
    chance = random.Random(seed)
    plans: dict[str, list[str]] = {name: [] for name in scene.lab.names}
    for _ in range(rounds):
        names = chance.sample(scene.lab.names, 3)
        for number, what in enumerate(chance.sample(sorted(HAPPENINGS), len(HAPPENINGS))):
            plans[names[number % 3]].append(what)

    def one(name: str) -> None:
        own = random.Random(f"{seed} {name}")
        for what in plans[name]:
            time.sleep(own.uniform(0.3, 1.5))
            print(f"{time.strftime('%T')} {name}: {what}")
            HAPPENINGS[what](scene, scene.lab[name], own)

    # First of all: it takes the longest to be found out.
    scene.truncate(scene.lab[chance.choice(scene.lab.names)])
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, plans))
