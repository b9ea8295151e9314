"""Key -> paint with logs of three hosts on the screen: a few lines a second, then all that engines can."""

from __future__ import annotations

import random
import re
import time

from tests.bench.figures import percentile
from tests.bench.labs import dockcon
from tests.bench.terminal import Screen, cpu_seconds, resident_megabytes
from tests.lab.lab import Lab
from tests.lab.logwriters import Writer, start_all

PRESSES = 200
SIZE = (120, 40)
FIRST_LINE = 4
"""The terminal line of the first row: bar, title and header are above it."""
BOUNDED = ("--log-opt", "max-size=50m", "--log-opt", "max-file=2")


def main() -> None:
    """Both situations."""
    with Lab("bstorm") as lab:
        for mode, rate, budget in (("quiet", 10, 50), ("storm", 0, 100)):
            start_all([(host, Writer("flood", rate, BOUNDED)) for host in lab.hosts.values()])
            measure(lab, mode, budget)
            for host in lab.hosts.values():
                host.engine.clear()


def measure(lab: Lab, mode: str, budget: int) -> None:
    """Open the logs of all hosts, then move the cursor among the containers above them."""
    screen = Screen.start(dockcon(lab.hosts_yml), SIZE)
    screen.wait_for([" h1 ", " h2 ", " h3 ", "flood"])
    _pump_for(screen, 3.0)
    for keys in ("\x1b[H", " ", " ", " ", "l"):
        screen.press(keys)
        _pump_for(screen, 0.5)
    screen.wait_for(["seq"], limit=60)
    screen.press("1")
    _pump_for(screen, 10.0)
    screen.press("\x1b[H")
    _pump_for(screen, 1.0)
    random.seed(1)
    delays: list[float] = []
    row = 0
    for press in range(PRESSES):
        down = press // 2 % 2 == 0
        row += 1 if down else -1
        delays.append(_press(screen, "j" if down else "k", FIRST_LINE + row))
        _pump_for(screen, random.uniform(0.02, 0.12))
    began, used = time.monotonic(), cpu_seconds(screen.pid)
    _pump_for(screen, 5.0)
    share = (cpu_seconds(screen.pid) - used) / (time.monotonic() - began)
    print(
        f"key -> paint over logs, {mode:<6} p50 {percentile(delays, 0.5):5.1f} ms  "
        f"p99 {percentile(delays, 0.99):5.1f} ms  max {max(delays):5.1f} ms  (budget p99 {budget} ms)"
    )
    rates = re.findall(rb"([0-9,.]+) lines?/s", screen.output)
    said = rates[-1].decode() if rates else "no"
    print(f"    {said} lines/s, {share:.1%} of a core, {resident_megabytes(screen.pid):.0f} MB resident")
    screen.stop()


def _press(screen: Screen, key: str, line: int) -> float:
    """Milliseconds until the cursor's sign is drawn on `line`."""
    del screen.output[:]
    wanted = re.compile(rb"\x1b\[%d;1H(?:\x1b\[[0-9;]*m)*>" % line)
    pressed = screen.press(key)
    while not wanted.search(screen.output):
        screen.pump(1.0)
        if time.monotonic() - pressed > 10:
            raise TimeoutError(f"no cursor on line {line} after {key}: {bytes(screen.output)[:400]!r}")
    return (time.monotonic() - pressed) * 1000


def _pump_for(screen: Screen, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        screen.pump(left)


if __name__ == "__main__":
    main()
