"""Idle with 3 x 50 containers and figures in view: CPU of the console and of each dockerd, resident memory.

The baselines of the same run: the engines with nobody connected, and with `docker stats` over SSH, which
shows the same figures of the same containers.
"""

from __future__ import annotations

import os
import subprocess
import time

from tests.bench.labs import dockcon, running_lab
from tests.bench.terminal import Screen, cpu_seconds, resident_megabytes
from tests.lab.lab import Lab

SECONDS = 30.0


def _share(pids: dict[str, int], screen: Screen | None = None) -> dict[str, float]:
    """Per cent of a core each process used within SECONDS."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < SECONDS:
        if screen is None:
            time.sleep(0.2)
        else:
            screen.pump(0.2)
    return {name: 100 * (cpu_seconds(pid) - before[name]) / elapsed for name, pid in pids.items()}


def _engines(lab: Lab) -> dict[str, int]:
    return {f"dockerd {n}": int((lab.folder / n / "pid").read_text()) for n in lab.names}


def main() -> None:
    with running_lab("bidle", containers=50) as lab:
        engines = _engines(lab)
        time.sleep(5)
        alone = _share(engines)
        screen = Screen.start(dockcon(lab.hosts_yml), (200, 50))
        screen.wait_for([f"{name}" for name in lab.names])
        time.sleep(12)  # the details of every container are fetched once after the start
        while screen.pump(0.1):
            del screen.output[:]
        watched = _share({"dockcon": screen.pid, **engines}, screen)
        memory = resident_megabytes(screen.pid)
        screen.stop()
        environment = {**os.environ, "PATH": f"{lab.folder}/bin:{os.environ['PATH']}"}
        stats = [
            subprocess.Popen(
                ["docker", "-H", f"ssh://{n}", "stats"], env=environment, stdout=subprocess.DEVNULL
            )
            for n in lab.names
        ]
        time.sleep(5)
        streamed = _share({f"docker stats {p.args[2]}": p.pid for p in stats} | engines)  # type: ignore[index]
        for process in stats:
            process.terminate()
            process.wait()
    print(f"dockcon: {watched['dockcon']:.2f} % of a core, {memory:.0f} MB resident, 3 x 50 containers")
    for name in engines:
        rise, full = watched[name] - alone[name], streamed[name] - alone[name]
        print(
            f"{name}: alone {alone[name]:.2f} %, with dockcon +{rise:.2f} %, with docker stats +{full:.2f} %"
        )
    clients = sum(value for name, value in streamed.items() if name.startswith("docker stats"))
    print(f"three `docker stats` clients: {clients:.2f} % of a core")


if __name__ == "__main__":
    main()
