"""The lab as the benchmarks use it: hosts with long-running containers, and the docker CLI as baseline."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.lab.containers import start_plain
from tests.lab.lab import Lab

DOCKCON = (sys.executable, "-m", "console")


@contextmanager
def running_lab(prefix: str, containers: int, hosts: int = 3) -> Iterator[Lab]:
    """A lab whose every host runs `containers` containers, the last of them called `last-HOST`."""
    with Lab(prefix, hosts) as lab:
        jobs = [(host, n) for host in lab.hosts.values() for n in range(containers)]

        def start(job: tuple[object, int]) -> None:
            host, n = job
            name = f"last-{host.name}" if n == containers - 1 else f"app-{n:02}"  # type: ignore[attr-defined]
            start_plain(host, name)  # type: ignore[arg-type]

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, jobs))
        yield lab


def docker_ps_in_parallel(lab: Lab, names: Sequence[str]) -> float:
    """Seconds that `docker -H ssh://HOST ps -a` for all hosts at once takes until the last has answered."""
    environment = {**os.environ, "PATH": f"{lab.folder}/bin:{os.environ['PATH']}"}
    started = time.monotonic()
    running = [
        subprocess.Popen(
            ["docker", "-H", f"ssh://{name}", "ps", "-a"], env=environment, stdout=subprocess.PIPE
        )
        for name in names
    ]
    for process in running:
        output, _ = process.communicate()
        if process.returncode or not output:
            raise RuntimeError("the docker command line failed; there is no baseline")
    return time.monotonic() - started


def seconds_of(argv: Sequence[str]) -> float:
    """Wall time of a command that has to succeed."""
    started = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def dockcon(hosts_yml: Path, *words: str) -> list[str]:
    """The command line of dockcon on this fleet."""
    return [*DOCKCON, "-c", str(hosts_yml), *words]
