"""Restarting one container on another host: console and verb beside `docker restart` over SSH, in turns."""

from __future__ import annotations

import os
import time

from tests.bench.figures import line
from tests.bench.labs import dockcon, running_lab, seconds_of
from tests.bench.terminal import Screen
from tests.lab.containers import start_plain
from tests.lab.options import QUICK

ROUNDS = 9
NAMES = ("aaa", "aab")
"""Taken in turns, so that what is told of one is not on the screen from the round before."""
QUIET = 0.7
"""Seconds: a dialog hears no key for half a second after it opens."""


def main() -> None:
    beside: list[float] = []
    verb: list[float] = []
    console: list[float] = []
    with running_lab("brest", containers=3) as lab:
        os.environ["PATH"] = f"{lab.folder}/bin:{os.environ['PATH']}"
        for name in NAMES:
            start_plain(lab["h2"], name, script=QUICK)
        screen = Screen.start(dockcon(lab.hosts_yml), (120, 40))
        screen.wait_for([*NAMES, *(f"last-{name}" for name in lab.names)])
        screen.press("/name:aa*\r")
        _settle(screen)
        for number in range(ROUNDS):
            beside.append(seconds_of(["docker", "-H", "ssh://h2", "restart", "aaa"]))
            verb.append(seconds_of(dockcon(lab.hosts_yml, "restart", "--yes", "h2/aaa")))
            _settle(screen)
            console.append(_by_keys(screen, number))
        screen.stop()
    print(line("docker -H ssh://h2 restart", beside, "s"))
    print(line("dockcon restart --yes", verb, "s", beside))
    print(line("console: enter in the dialog -> told done", console, "s", beside))


def _settle(screen: Screen) -> None:
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        screen.pump(0.1)


def _by_keys(screen: Screen, number: int) -> float:
    name = NAMES[number % 2]
    screen.press("jk"[number % 2 == 0])
    _settle(screen)
    del screen.output[:]
    screen.press("r")
    _until(screen, b"Restart 1 container?", number)
    _until(screen, f"{name}@h2".encode(), number)
    time.sleep(QUIET)
    screen.press("y")
    del screen.output[:]
    began = screen.press("\r")
    _until(screen, f"{name}@h2: done".encode(), number)
    return time.monotonic() - began


def _until(screen: Screen, text: bytes, number: int) -> None:
    end = time.monotonic() + 30
    while text not in screen.output:
        screen.pump(0.01)
        if time.monotonic() > end:
            raise TimeoutError(f"round {number}: {text.decode()} never came")


if __name__ == "__main__":
    main()
