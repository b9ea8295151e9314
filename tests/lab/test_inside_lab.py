"""Shells, commands and files in containers of real engines, from the real console."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from console.model.inside import Command, Ended
from console.transport.inside import STDOUT, Inside
from console.transport.live import LiveTransport
from tests.lab.aids import engine_of
from tests.lab.console import ROOT, Console
from tests.lab.containers import start_plain
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.machine import wait_for
from tests.lab.tmux import PROMPT

QUICK = 100
"""Commands whose output must not be lost; more would take longer than a test should."""


def processes(host: LabHost, name: str) -> str:
    return host.docker("exec", name, "ps")


# ---- a shell


def test_a_shell_in_a_real_terminal(lab: Lab, console: Console) -> None:
    start_plain(lab["h1"], "alpha")
    terminal = console.terminal
    terminal.start()
    stty = terminal.says("stty -a")
    console.open("alpha")
    terminal.keys("x")
    terminal.shows("alpha@h1: sh", "Enter ~ .", "/ #")
    terminal.line("stty size; echo term=$TERM")
    terminal.shows("24 80", "term=screen-256color")
    terminal.resize(101, 33)
    terminal.until(
        lambda lines: (terminal.line("clear; stty size"), "33 101" in "\n".join(terminal.screen()))[1],
        "the new size",
    )
    terminal.line("vi /etc/passwd")
    terminal.shows("/etc/passwd 1/")
    terminal.line(":q!")
    terminal.line("sleep 1000")
    wait_for(lambda: "sleep 1000" in processes(lab["h1"], "alpha"), "the command")
    terminal.keys("C-c")
    terminal.line("seq 1 20000 | tail -n 1; echo after")
    terminal.shows("20000", "after")
    terminal.line("exit 7")
    terminal.shows("shell alpha@h1: ended with exit code 7", "NAME")
    assert "PID" in processes(lab["h1"], "alpha")
    assert " sh\n" not in processes(lab["h1"], "alpha")
    terminal.keys("q")
    terminal.shows("code=0", PROMPT)
    assert terminal.says("stty -a | tail -n +2") == "\n".join(stty.split("\n")[1:])
    audit = (console.home / ".local/state/dockcon/audit.jsonl").read_text()
    assert audit.count('"action":"shell"') == 2
    assert "exit code 7" in audit


def test_every_other_end_of_a_shell_brings_the_console_back(lab: Lab, console: Console) -> None:
    host = lab["h1"]
    start_plain(host, "alpha")
    terminal = console.terminal
    terminal.size = (120, 30)
    terminal.start()
    console.open("alpha")

    def opened() -> None:
        terminal.keys("x")
        terminal.shows("alpha@h1: sh", "/ #")
        terminal.line("sleep 4321")
        wait_for(lambda: "sleep 4321" in processes(host, "alpha"), "the command")

    opened()
    terminal.keys("Enter")
    terminal.keys("~")
    terminal.keys(".")
    terminal.shows("shell alpha@h1: left")
    wait_for(lambda: "sleep 4321" not in processes(host, "alpha"), "nothing to be left in the container")
    opened()
    host.docker("stop", "-t", "0", "alpha")
    terminal.shows("exit code 137, the container is exited")
    host.docker("start", "alpha")
    terminal.shows("running")
    opened()
    host.kill_sshd_children()
    terminal.shows("shell alpha@h1: h1:", "NAME")
    terminal.shows("+ h1")


def test_a_terminal_that_goes_away_leaves_no_process(lab: Lab, console: Console) -> None:
    host = lab["h1"]
    start_plain(host, "alpha")
    terminal = console.terminal
    terminal.start()
    console.open("alpha")
    terminal.keys("x")
    terminal.shows("/ #")
    terminal.line("sleep 4321")
    wait_for(lambda: "sleep 4321" in processes(host, "alpha"), "the command")
    ours = console.left()
    assert ours
    terminal.tmux("kill-session", "-t", "lab")
    wait_for(lambda: not console_lives(ours), "the console to end")
    wait_for(lambda: "sleep 4321" not in processes(host, "alpha"), "nothing to be left in the container")


def console_lives(pids: set[int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in pids)


# ---- commands


async def run(inside: Inside, container: str, argv: Sequence[str]) -> tuple[bytes, Ended]:
    out = b""
    async with inside.run(container, Command(argv=tuple(argv))) as process:
        while (piece := await process.read()) is not None:
            if piece[0] == STDOUT:
                out += piece[1]
        return out, await process.ended()


async def test_no_output_of_quick_commands_is_lost(transport: LiveTransport, h1: LabHost) -> None:
    await asyncio.to_thread(start_plain, h1, "alpha")
    engine = await engine_of(transport, h1)
    (container,) = await engine.containers()
    for number in range(QUICK):
        script = f"echo {number}; exit {number % 100}"
        out, ended = await run(engine.inside, container.id, ("sh", "-c", script))
        assert (out, ended.code) == (b"%d\n" % number, number % 100)


async def test_a_megabyte_through_a_command_and_back(transport: LiveTransport, h1: LabHost) -> None:
    await asyncio.to_thread(start_plain, h1, "alpha")
    engine = await engine_of(transport, h1)
    (container,) = await engine.containers()
    data = os.urandom(5_000_000)
    async with engine.inside.run(container.id, Command(argv=("cat",), stdin=True)) as process:

        async def feed() -> None:
            for at in range(0, len(data), 65536):
                await process.write(data[at : at + 65536])
            process.write_eof()

        feeding, out = asyncio.create_task(feed()), b""
        while (piece := await process.read()) is not None:
            out += piece[1]
        await feeding
        assert out == data
        assert (await process.ended()).code == 0


async def test_podman_speaks_the_same(transport: LiveTransport, podman_host: LabHost) -> None:
    await asyncio.to_thread(start_plain, podman_host, "alpha")
    engine = await engine_of(transport, podman_host)
    (container,) = [c for c in await engine.containers() if c.name == "alpha"]
    out, ended = await run(engine.inside, container.id, ("sh", "-c", "echo hi; exit 9"))
    assert (out, ended.code) == (b"hi\n", 9)
    assert await engine.inside.stat(container.id, "/none") is None
    found = await engine.inside.stat(container.id, "/etc")
    assert found is not None
    assert found.directory


# ---- the command line


def dockcon(lab: Lab, home: Path, *words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "console", "-c", str(lab.hosts_yml), *words],
        input=data,
        capture_output=True,
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home,
        timeout=120,
        check=False,
    )


def test_verbs(lab: Lab, tmp_path: Path) -> None:
    start_plain(lab["h1"], "alpha")
    start_plain(lab["h2"], "alpha")
    done = dockcon(lab, tmp_path, "exec", "h1/alpha", "--", "sh", "-c", "echo out; echo err >&2; exit 42")
    assert (done.returncode, done.stdout, done.stderr) == (42, b"out\n", b"err\n")
    assert dockcon(lab, tmp_path, "exec", "-i", "h1/alpha", "--", "wc", "-c", data=b"x" * 99_999).stdout == (
        b"99999\n"
    )
    several = dockcon(lab, tmp_path, "exec", "--yes", "h*/alpha", "--", "echo", "here")
    assert sorted(several.stdout.splitlines()) == [b"alpha@h1: here", b"alpha@h2: here"]

    assert dockcon(lab, tmp_path, "exec", "h1/alpha", "--", "mkdir", "/srv").returncode == 0
    data = os.urandom(50_000_000)
    (tmp_path / "big").write_bytes(data)
    os.symlink("big", tmp_path / "link")
    assert dockcon(lab, tmp_path, "cp", "big", "h1/alpha:/srv/big").returncode == 0
    assert dockcon(lab, tmp_path, "cp", "h1/alpha:/srv/big", "h2/alpha:/tmp").returncode == 0
    assert dockcon(lab, tmp_path, "cp", "h2/alpha:/tmp/big", "back").returncode == 0
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == hashlib.sha256(data).digest()
    lab["h1"].docker("exec", "alpha", "ln", "-s", "/etc/shadow", "/srv/abs")
    lab["h1"].docker("exec", "alpha", "ln", "-s", "big", "/srv/rel")
    tree = dockcon(lab, tmp_path, "cp", "h1/alpha:/srv", "tree")
    assert tree.returncode == 0
    assert b"1 left out" in tree.stdout
    assert os.readlink(tmp_path / "tree/rel") == "big"
    assert not (tmp_path / "tree/abs").is_symlink()
    assert dockcon(lab, tmp_path, "cp", "h1/alpha:/srv", "tree2/none").returncode == 1
