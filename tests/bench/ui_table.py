"""Key -> paint with 5,000 rows: a cursor key is pressed, the line it moves to is looked for in the output."""

from __future__ import annotations

import random
import re
import sys
import time

from tests.bench.figures import percentile
from tests.bench.terminal import Screen, cpu_seconds, resident_megabytes

PRESSES = 300
SIZE = (200, 50)
FIRST_LINE = 4
"""The terminal line of the first row: bar, title and header are above it."""


def main() -> None:
    """Both situations."""
    for mode, budget in (("quiet", 50), ("storm", 100)):
        measure(mode, budget)


def measure(mode: str, budget: int) -> None:
    """Press keys one at a time; print how long each took to be seen."""
    screen = Screen.start([sys.executable, "-m", "tests.bench.ui_storm", mode], SIZE)
    screen.wait_for(["service-00"], limit=60)
    _pump_for(screen, 3.0)
    random.seed(1)
    delays: list[float] = []
    line = FIRST_LINE
    for press in range(PRESSES):
        down = press // 20 % 2 == 0
        line += 1 if down else -1
        delays.append(_press(screen, "j" if down else "k", line))
        _pump_for(screen, random.uniform(0.02, 0.12))
    began, used = time.monotonic(), cpu_seconds(screen.pid)
    _pump_for(screen, 5.0)
    share = (cpu_seconds(screen.pid) - used) / (time.monotonic() - began)
    print(
        f"key -> paint, 5,000 rows, {mode:<6} p50 {percentile(delays, 0.5):5.1f} ms  "
        f"p99 {percentile(delays, 0.99):5.1f} ms  max {max(delays):5.1f} ms  "
        f"(budget p99 {budget} ms)"
    )
    print(f"    then, without keys: {share:.1%} of a core, {resident_megabytes(screen.pid):.0f} MB resident")
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
