"""Engine event -> row on the screen: containers are renamed, the new name is looked for in the output."""

from __future__ import annotations

import json
import time

from tests.bench.figures import line, percentile
from tests.bench.labs import dockcon, running_lab
from tests.bench.terminal import Screen

RENAMES = 120


def main() -> None:
    seen: list[tuple[str, float]] = []
    with running_lab("bevent", containers=10) as lab:
        host = lab["h2"]
        screen = Screen.start(dockcon(lab.hosts_yml), (200, 50))
        screen.wait_for([f"last-{name}" for name in lab.names])
        began = time.time()
        old = "app-03"
        for n in range(RENAMES):
            new = f"move-{n:03}"
            host.docker("rename", old, new)
            needle = new.encode()
            deadline = time.monotonic() + 10
            while needle not in screen.output:
                screen.pump(0.05)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{new} never reached the screen")
            seen.append((new, time.time()))
            del screen.output[:]
            old = new
            time.sleep(0.037 * (n % 7))  # out of step with the 10 Hz of the screen
        times = _event_times(host.docker(*_events(began)))
        screen.stop()
    delays = [(shown - times[name]) * 1000 for name, shown in seen if name in times]
    print(line("engine event -> row on the screen", delays, "ms"))
    print(f"    p50 {percentile(delays, 0.5):.0f} ms, p95 {percentile(delays, 0.95):.0f} ms, ", end="")
    print(f"p99 {percentile(delays, 0.99):.0f} ms of {len(delays)}")


def _events(began: float) -> tuple[str, ...]:
    until = f"{time.time():.0f}"
    return ("events", "--since", f"{began:.0f}", "--until", until, "--format", "{{json .}}")


def _event_times(text: str) -> dict[str, float]:
    """New name -> the engine's own time of its rename, seconds of the Unix epoch (one machine, one clock)."""
    events = [json.loads(row) for row in text.splitlines()]
    return {e["Actor"]["Attributes"]["name"]: e["timeNano"] / 1e9 for e in events if e["Action"] == "rename"}


if __name__ == "__main__":
    main()
