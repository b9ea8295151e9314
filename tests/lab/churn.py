"""Random but repeatable life on an engine: containers come, change and go until told to stop."""

from __future__ import annotations

import random
import threading

from tests.lab.containers import SLEEP
from tests.lab.fleet import names
from tests.lab.host import LabHost
from tests.lab.image import IMAGE
from tests.lab.machine import LabError

MOST = 7
"""Containers of the churn on one host at one time."""

SCRIPTS = (SLEEP, "exit 0", "exit 3", "sleep 2; exit 7", SLEEP)


class Churn:
    """One host's churn, in a thread of its own; a context manager. The seed decides what is done."""

    def __init__(self, host: LabHost, seed: int) -> None:
        self.host = host
        self.done = 0
        """Commands that the engine carried out."""
        self._random = random.Random(f"{seed} {host.name}")
        self._names = names()
        self._alive: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"churn {host.name}")

    def __enter__(self) -> Churn:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._random.uniform(0.0, 0.4)):
            try:
                self._one()
            except LabError:
                # The engine is down, or the container ended just now: both are part of the game.
                self._look()
            else:
                self.done += 1

    def _look(self) -> None:
        """What is there after a command that may or may not have been carried out."""
        found = self.host.docker("ps", "-a", "--format", "{{.Names}}", check=False).split()
        self._alive = sorted(name for name in found if name.startswith("churn-"))

    def _one(self) -> None:
        docker, choose = self.host.docker, self._random.choice
        if len(self._alive) < 2 or (len(self._alive) < MOST and self._random.random() < 0.3):
            self._start()
            return
        name = choose(self._alive)
        what = choose(("stop", "start", "kill", "restart", "rename", "rm", "pause", "update"))
        match what:
            case "stop" | "restart":
                docker(what, "-t", "1", name)
            case "rename":
                new = next(self._names)
                docker("rename", name, new)
                self._alive[self._alive.index(name)] = new
            case "rm":
                docker("rm", "-f", name)
                self._alive.remove(name)
            case "pause":
                docker("pause", name, check=False)
                docker("unpause", name)
            case "update":
                docker("update", "--restart", choose(("no", "always", "on-failure:2")), name)
            case _:
                docker(what, name)

    def _start(self) -> None:
        name = next(self._names)
        script = self._random.choice(SCRIPTS)
        words = ("--stop-timeout", "1", "--name", name)
        if self._random.random() < 0.2:
            self.host.docker("create", *words, IMAGE, "sh", "-c", script)
        else:
            self.host.docker("run", "-d", *words, IMAGE, "sh", "-c", script)
        self._alive.append(name)
