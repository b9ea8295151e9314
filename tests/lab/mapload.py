"""Load through a mapping, from the consumer's own network: many short connections, and sessions held open.

Run as a program in a network namespace; in a test use `Load`.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

THREADS, HELD = 4, 20
LONG = 10.0
"""Seconds after which a connection or an answer that has not come has failed."""


def _dial(address: tuple[str, int]) -> tuple[socket.socket, str]:
    """Connect; return the socket and the name that the database says."""
    link = socket.create_connection(address, LONG)
    link.settimeout(LONG)
    name = b""
    while not name.endswith(b"\n"):
        part = link.recv(100)
        if not part:
            link.close()
            raise ConnectionError("closed before it said its name")
        name += part
    return link, name.decode().strip()


class _Work:
    def __init__(self, address: tuple[str, int], threads: int, held: int) -> None:
        self._address = address
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self.slowest = 0.0
        self._held = [_dial(address) for _ in range(held)]
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                link, name = _dial(self._address)
                link.close()
            except OSError as error:
                with self._lock:
                    self.failed.append(f"{type(error).__name__}: {error}")
                continue
            with self._lock:
                self.answers[name] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)

    def end(self) -> dict[str, Any]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        held: Counter[str] = Counter()
        for number, (link, name) in enumerate(self._held):
            word = f"{number}\n".encode()
            try:
                link.sendall(word)
                held[name if link.recv(100) == word else "dropped"] += 1
            except OSError:
                held["dropped"] += 1
            link.close()
        return {
            "answers": dict(self.answers),
            "failed": self.failed[:10],
            "failures": len(self.failed),
            "held": dict(held),
            "slowest": round(self.slowest, 3),
        }


class Load:
    """A process in the network namespace of a container. Reports when the block ends."""

    def __init__(
        self, pid: int, address: str, port: int = 5432, threads: int = THREADS, held: int = HELD
    ) -> None:
        self._command = [
            *("nsenter", "-t", str(pid), "-n", sys.executable, str(Path(__file__).resolve())),
            *(address, str(port), str(threads), str(held)),
        ]
        self.report: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line == "loading\n", line
        return self

    def __exit__(self, *_: object) -> None:
        out, _err = self._process.communicate("\n", timeout=60)
        self.report = json.loads(out)

    @property
    def clean(self) -> bool:
        """Whether nothing failed and nothing was dropped."""
        return not self.report["failures"] and "dropped" not in self.report["held"]


if __name__ == "__main__":
    work = _Work((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4]))
    print("loading", flush=True)
    sys.stdin.readline()
    print(json.dumps(work.end()), flush=True)
