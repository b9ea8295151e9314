"""Lines a second and processor time per megabyte, from an engine to a pipe and to the ring of a pane.

`ssh HOST docker logs` is the limit that an operator has without dockcon; all figures are of one run, taken in
turns. Budgets: `dockcon logs` at least 1.3 times that, into the ring at least 1.0 times.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from console.model.logs.ring import LogRing
from console.model.logs.wish import LogWish
from console.model.text import SafeText
from console.service.logs.outbox import Caps
from tests.bench.draining import Drained, drain
from tests.bench.labs import dockcon
from tests.lab.fleet import LabFleet
from tests.lab.lab import Lab
from tests.lab.logwriters import Writer, start_all
from tests.lab.machine import wait_for

LINES = 300_000
ROUNDS = 5
HEADLESS, RING = 1.3, 1.0
"""Budgets, as multiples of `ssh HOST docker logs`."""


def flooded(lab: Lab) -> None:
    """One container on each host whose log holds LINES lines of about 100 bytes."""
    writer = Writer("flood", 0, (), most=LINES, width=100 - len("seq flood 1234567 123456 \n"), err=0)
    start_all([(host, writer) for host in (lab[name] for name in lab.names)])
    last = f" {LINES} x"
    for host in (lab[name] for name in lab.names):
        wait_for(lambda h=host: last in h.docker("logs", "--tail", "1", "flood"), "the flood", 120, 0.5)


def to_ring(lab: Lab, hosts: Sequence[str]) -> Drained:
    """A pane's way in this process: taken at 10 Hz into a ring until everything is there."""
    ring = LogRing(10**9, 1 << 40)
    wish = LogWish(title=SafeText("flood"), names=frozenset((host, "flood") for host in hosts), tail=None)
    # All of it is to arrive: a pane's own caps would leave out what is older.
    caps = Caps(10**9, 1 << 40)
    with LabFleet([lab[host].spec() for host in hosts], log_caps=caps).at_work() as fleet:
        fleet.all_up()
        spent, began = time.process_time(), time.monotonic()
        tap = fleet.handle.logs(wish)
        first, lines, size, dropped = 0.0, 0, 0, 0
        while lines + dropped < LINES * len(hosts):
            time.sleep(0.1)
            if time.monotonic() - began > 120:
                raise TimeoutError(f"{lines} lines and {dropped} dropped after two minutes")
            update = tap.take()
            if update is None:
                continue
            dropped = update.dropped
            for block in update.blocks:
                first = first or time.monotonic() - began
                ring.append(block)
                lines += len(block) - len(block.notes)
                size += len(block.data)
        last, cpu = time.monotonic() - began, time.process_time() - spent
        tap.close()
    if dropped:
        print(f"    {dropped} of {LINES * len(hosts)} lines were dropped on the way to the ring")
    return Drained(lines + dropped, size, first, last, cpu)


Way = Callable[[Sequence[str]], Drained]


def ways(lab: Lab) -> dict[str, Way]:
    """By name: how the logs of some hosts are read."""
    environment = {**os.environ, "PATH": f"{lab.folder}/bin:{os.environ['PATH']}"}
    ssh = str(lab.folder / "bin/ssh")

    def by_ssh(hosts: Sequence[str]) -> Drained:
        return drain(*([ssh, host, "docker logs flood"] for host in hosts))

    def by_docker(hosts: Sequence[str]) -> Drained:
        return drain(*(["docker", "-H", f"ssh://{h}", "logs", "flood"] for h in hosts), env=environment)

    def by_dockcon(hosts: Sequence[str]) -> Drained:
        selectors = [f"{host}/flood" for host in hosts]
        return drain(dockcon(lab.hosts_yml, "logs", *selectors))

    found: dict[str, Way] = {"ssh HOST docker logs": by_ssh}
    if shutil.which("docker"):
        found["docker -H ssh://HOST logs"] = by_docker
    return {**found, "dockcon logs": by_dockcon, "into the ring": lambda hosts: to_ring(lab, hosts)}


def compare(lab: Lab, hosts: Sequence[str], rounds: int) -> None:
    """All ways in turns, and what they make of the budgets."""
    runs: dict[str, list[Drained]] = {}
    for number in range(rounds + 1):
        for name, way in ways(lab).items():
            done = way(hosts)
            if done.lines != LINES * len(hosts):
                print(f"    {name}: {done.lines} lines instead of {LINES * len(hosts)}", file=sys.stderr)
            if number:  # the first round only warms the caches
                runs.setdefault(name, []).append(done)
    print(f"{len(hosts)} x {LINES} lines of 100 bytes, medians of {rounds}")
    limit = _median(runs["ssh HOST docker logs"], lambda run: run.rate)
    for name, some in runs.items():
        rate, steady = _median(some, lambda run: run.rate), _median(some, lambda run: run.steady)
        print(
            f"  {name:<26} {rate / 1000:6.1f} k lines/s ({rate / limit:4.2f} x), from the first line on "
            f"{steady / 1000:6.1f} k ({steady / limit:4.2f} x), first line after "
            f"{_median(some, lambda run: run.first) * 1000:5.0f} ms, "
            f"CPU {_median(some, lambda run: run.cpu_per_megabyte):5.1f} ms/MB"
        )
    for name, budget in (("dockcon logs", HEADLESS), ("into the ring", RING)):
        ratio = _median(runs[name], lambda run: run.rate) / limit
        said = "kept" if ratio >= budget else "MISSED"
        print(f"  {name}: {ratio:.2f} x `ssh HOST docker logs`, budget {budget} x: {said}")


def _median(runs: Sequence[Drained], of: Callable[[Drained], float]) -> float:
    return statistics.median(map(of, runs))


def main() -> None:
    rounds = int(os.environ.get("ROUNDS", ROUNDS))
    with Lab("blogs") as lab:
        flooded(lab)
        compare(lab, ["h1"], rounds)
        compare(lab, lab.names, max(1, rounds // 2))


if __name__ == "__main__":
    main()
