"""Every end of the console: nothing is left of it, and the terminal is as it was."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.lab.console import Console, names
from tests.lab.containers import start_plain
from tests.lab.host import LabHost
from tests.lab.machine import alive, wait_for
from tests.lab.tmux import PROMPT, Terminal

CRASH = """
import sys
from console.cli import main
from console.ui.widgets.fleet_bar import FleetBar
from console.ui.widgets.rowtable import RowTable

def moved(self, *_):
    passphrase = "correct " + "horse"
    raise RuntimeError("a key broke it")

def drawn(self, width, right=FleetBar.parts):
    passphrase = "correct " + "horse"
    if self.bridge.frozen_at is not None:
        raise RuntimeError("a paint broke it")
    return right(self, width)

RowTable.action_cursor = moved
FleetBar.parts = drawn
sys.exit(main(sys.argv[1:]))
"""


def beside(console: Console) -> None:
    """h1 as it is, h2 through a proxy command, and an address where nobody answers."""
    lab, folder = console.lab, console.folder
    config = folder / "ssh_config"
    config.write_text((lab.folder / "ssh_config").read_text() + "  ProxyCommand socat - TCP:%h:%p\n")
    wrapper = folder / "bin/ssh"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {config} "$@"\n')
    wrapper.chmod(0o755)
    common = {"user": "root", "identity": str(lab.keys.key), "known_hosts": str(lab.keys.known_hosts)}

    def engine(host: LabHost) -> str:
        return f"unix://{host.engine.socket}"

    hosts = {
        "h1": {**common, "address": lab["h1"].address, "engine": engine(lab["h1"])},
        "h2": {"ssh": "h2", "engine": engine(lab["h2"])},
        "h3": {**common, "address": lab.black_hole()},
    }
    console.hosts_yml = folder / "hosts.yml"
    console.hosts_yml.write_text(json.dumps({"hosts": hosts}))  # JSON is YAML


def opened(host: LabHost) -> int:
    """Connections to an engine's socket now (unix(7): state 03 is connected)."""
    lines = Path(f"/proc/{host.engine.process.pid}/net/unix").read_text().splitlines()
    return sum(line.split()[5] == "03" and line.endswith(str(host.engine.socket)) for line in lines)


def nothing_is_left(console: Console, processes: set[int]) -> None:
    """No process, no connection, no file but the console's own."""
    lab = console.lab
    wait_for(lambda: not [pid for pid in processes if alive(pid)], "every process to end")
    for host in lab.hosts.values():
        wait_for(lambda h=host: not h.sshd.sessions(), f"nobody to be connected to {host.name}")
        wait_for(lambda h=host: not opened(h), f"no connection to the engine of {host.name}")
    assert list((console.folder / "tmp").iterdir()) == []
    found = {str(p.relative_to(console.home)) for p in console.home.rglob("*") if p.is_file()}
    assert found <= {f".local/state/dockcon/{name}" for name in ("log", "hosts.json", "hosts.json.lock")}


def settled(console: Console) -> set[int]:
    """Start it on three hosts, in three states; return the processes it consists of then."""
    for name in ("h1", "h2"):
        start_plain(console.lab[name], "alpha")
    beside(console)
    console.open("alpha")
    console.terminal.until(lambda lines: names(lines) == [("h1", "alpha"), ("h2", "alpha")], "both rows")
    processes = console.left()
    assert len(processes) > 1, "the proxy command should be among them"
    return processes


def modes(terminal: Terminal) -> str:
    return terminal.ask("#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{wrap_flag}")


@pytest.mark.parametrize("way", ["q", "SIGTERM", "key", "paint"])
def test_it_ends_and_leaves_nothing_but_the_terminal_as_it_was(console: Console, way: str) -> None:
    terminal = console.terminal
    terminal.start()
    before, stty = modes(terminal), terminal.says("stty -a")
    if way in ("key", "paint"):
        script = console.folder / "crash.py"
        script.write_text(CRASH)
        console.program = str(script)
    processes = settled(console)
    assert modes(terminal) != before
    if way == "SIGTERM":
        os.kill(console.pid(), signal.SIGTERM)
    else:
        terminal.keys({"q": "q", "key": "j", "paint": "p"}[way])
    code = {"q": 0, "SIGTERM": 143}.get(way, 1)
    terminal.shows(f"code={code}", PROMPT)
    nothing_is_left(console, processes)
    assert modes(terminal) == before
    text = terminal.everything()
    if way in ("key", "paint"):
        assert "Traceback" in text
        assert f"a {way} broke it" in text
        assert "correct horse" not in text + console.log()
    else:
        assert "Traceback" not in text
    assert terminal.says("stty -a") == stty
    assert terminal.says("echo seen") == "seen"


@pytest.mark.parametrize("leader", ["ends", "survives"])
def test_the_terminal_goes_away(console: Console, leader: str) -> None:
    """The operator's own connection is cut: nobody to show anything to, and SIGHUP where the shell that leads
    the session ends of it.
    """
    code = console.folder / "code"
    for name in ("h1", "h2"):
        start_plain(console.lab[name], "alpha")
    beside(console)
    below = f"trap : HUP; {console.command}; echo $? > {code}.part; mv {code}.part {code}"
    terminal = console.terminal
    # The kernel tells the leader of the session, and when that ends of it everybody in the foreground.
    terminal.start("/bin/sh", "-c", f"/bin/sh -c '{below}'; :" if leader == "ends" else below)
    terminal.until(lambda lines: "alpha" in str(lines) and len(names(lines)) == 2, "both rows")
    processes = console.left()
    began = time.monotonic()
    terminal.tmux("kill-session", "-t", "lab")
    wait_for(code.exists, "an exit code")
    assert code.read_text() == "129\n"
    assert time.monotonic() - began < 9, "ended only by its last resort"
    nothing_is_left(console, processes)
