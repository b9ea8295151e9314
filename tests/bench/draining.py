"""Commands that print lines: how many, how fast, at what cost to all processes of the client.

It is a program of its own, so that the processor time of every descendant comes together here, also of those
whose parent does not wait for them (the `ssh` of `docker -H ssh://`).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

CHUNK = 1 << 20
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Drained:
    """One run. Times are seconds from the start; `cpu` is user and system time of all its processes."""

    lines: int
    size: int
    first: float
    last: float
    cpu: float

    @property
    def rate(self) -> float:
        """Lines a second, the start included."""
        return self.lines / self.last

    @property
    def steady(self) -> float:
        """Lines a second from the first one on."""
        return self.lines / (self.last - self.first)

    @property
    def cpu_per_megabyte(self) -> float:
        """Milliseconds."""
        return self.cpu * 1e9 / self.size


def drain(*commands: Sequence[str], env: Mapping[str, str] | None = None) -> Drained:
    """Run commands side by side and count what they print to standard output, as `| wc` would.

    Raises RuntimeError where one fails: a figure of it would mean nothing.
    """
    helper = [sys.executable, "-m", "tests.bench.draining", json.dumps([list(argv) for argv in commands])]
    done = subprocess.run(helper, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"no figure of {commands}")
    return Drained(**json.loads(done.stdout))


def _measure(commands: Sequence[Sequence[str]]) -> Drained:
    began = time.monotonic()
    running = [
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0)
        for argv in commands
    ]
    lines, size, first, last = _count([p.stdout.fileno() for p in running if p.stdout is not None], began)
    failed = [process.args for process in running if process.wait()]
    if failed or not lines:
        raise RuntimeError(f"failed, or printed nothing: {failed or commands}")
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Drained(lines, size, first, last, usage.ru_utime + usage.ru_stime)


def _count(pipes: Sequence[int], began: float) -> tuple[int, int, float, float]:
    lines = size = 0
    first = 0.0
    with selectors.DefaultSelector() as ready:
        for pipe in pipes:
            ready.register(pipe, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                chunk = os.read(key.fd, CHUNK)
                if not chunk:
                    ready.unregister(key.fd)
                    continue
                first = first or time.monotonic() - began
                lines += chunk.count(b"\n")
                size += len(chunk)
    return lines, size, first, time.monotonic() - began


def main() -> None:
    """The helper: commands as JSON in, one JSON object out."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(json.dumps(asdict(_measure(json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
