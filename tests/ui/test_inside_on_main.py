"""Shells, commands and files from the main screen: what a key asks, and what is said of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.model.audit import Phase
from console.service.inside.terminal import Parting
from console.service.inside.wire import Wire
from tests.ui.driving import Console
from tests.ui.test_deeds_on_main import Scene, answer, driven, says
from tests.ui.waiting import until


class Person:
    """Takes the place of the terminal: types what it is told to, and reads."""

    def __init__(self, *keys: bytes, parting: Parting = Parting.ENDED) -> None:
        self.keys = keys
        self.parting = parting
        self.intro = ""
        self.seen = b""

    async def __call__(self, wire: Wire, descriptor: int, intro: str) -> Parting:
        self.intro = intro
        for key in self.keys:
            wire.type(key)
        if self.parting is not Parting.ENDED:
            return self.parting
        async with asyncio.timeout(30):
            while not wire.over:
                self.seen += wire.take(65536)
                await asyncio.sleep(0.01)
        while rest := wire.take(65536):
            self.seen += rest
        return self.parting


def sits_down(monkeypatch: pytest.MonkeyPatch, person: Person) -> Person:
    monkeypatch.setattr("console.ui.inside_desk.attend", person)
    return person


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_shell_is_opened_at_once_and_its_end_is_said(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    scene, person = Scene(), sits_down(monkeypatch, Person(b"hostname\r", b"exit 7\r"))
    async with driven(scene, size) as console:
        await console.press("x")
        await says(console, "shell web@app-1: ended with exit code 7")
        assert "web@app-1: bash" in person.intro
        assert "Enter ~ ." in person.intro
        assert scene.fleet["app-1"].daemon.find("web").id[:12].encode() in person.seen
        assert [(phase, action) for phase, action, _, _ in scene.audit.lines] == [
            (Phase.BEFORE, "shell"),
            (Phase.AFTER, "shell"),
        ]
        await console.press("5")
        await says(console, "ended with exit code 7")


async def test_one_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    sits_down(monkeypatch, Person(parting=Parting.LEFT))
    async with driven(scene) as console:
        await console.press("x")
        await says(console, "shell web@app-1: left")
        assert scene.audit.lines[-1][3] == "unknown"


async def test_a_shell_in_one_at_a_time() -> None:
    scene = Scene()
    async with driven(scene, (120, 30)) as console:
        await console.press("space", "space", "x")
        await says(console, "2 are marked: a shell is opened in one at a time")
        assert scene.audit.lines == []


async def test_a_container_that_does_not_run_has_none() -> None:
    scene = Scene()
    daemon = scene.fleet["app-1"].daemon
    daemon.stop(daemon.find("web"))
    async with driven(scene, (120, 30)) as console:
        await console.press("x")
        await says(console, "web@app-1: it is exited; only a running container has processes")


async def test_an_image_without_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    scene.fleet["app-1"].daemon.find("web").image = "gcr.io/distroless/static"
    async with driven(scene, (120, 30)) as console:
        await console.press("x")
        await says(console, "web@app-1 has no shell")
        assert scene.audit.lines == []


async def test_a_read_only_console_opens_none() -> None:
    scene = Scene(read_only=True)
    async with driven(scene) as console:
        await console.press("x")
        await says(console, "read-only")


async def test_a_host_that_wants_the_name_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    sits_down(monkeypatch, Person(b"\x04"))
    async with driven(scene) as console:
        await console.press("end", "x")
        await says(console, "type postgres")
        await answer(console, "escape")
        await says(console, "no shell was opened")
        await console.press("x")
        await says(console, "type postgres")
        await answer(console)
        await console.type("postgres")
        await console.press("enter")
        await says(console, "shell postgres@db-1: ended with exit code 0")


# Commands


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_command_and_its_output(size: tuple[int, int]) -> None:
    scene = Scene()
    async with driven(scene, size) as console:
        await console.press("e")
        await says(console, "Run a command in 1 container")
        assert "web@app-1" in console.screen()
        await answer(console)
        await console.type("sh -c 'pwd; ls /none; exit 3'")
        await console.press("enter")
        await says(console, "exit code 3")
        assert "ls: /none: No such file" in console.screen()
        await console.press("escape")
        await says(console, "command: exit code 3")
        assert [(phase, action) for phase, action, _, _ in scene.audit.lines] == [
            (Phase.BEFORE, "exec"),
            (Phase.AFTER, "exec"),
        ]


async def test_a_command_in_the_marked_ones_and_a_host_that_wants_the_name() -> None:
    scene = Scene()
    async with driven(scene, (100, 30)) as console:
        await console.press("space", "space", "space", "e")
        await says(console, "Run a command in 3 containers")
        await answer(console)
        await console.type("hostname")
        await console.press("enter", "enter")
        await says(console, "type the name: postgres")
        assert scene.audit.lines == []
        await console.type("postgres")
        await console.press("enter")
        await says(console, "3 ended with 0")
        for host, name in (("app-1", "web"), ("app-1", "worker"), ("db-1", "postgres")):
            assert scene.fleet[host].daemon.find(name).id[:12] in console.screen()


async def test_a_command_that_runs_is_stopped_by_leaving_it() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("e")
        await says(console, "Run a command")
        await answer(console)
        await console.type("sleep 1000")
        await console.press("enter")
        await says(console, "esc stops it")
        await says(console, "running")
        await console.press("escape")
        await says(console, "command: stopped: it was told to end")
        assert scene.audit.lines[-1][3] == "unknown"


@pytest.mark.parametrize(("typed", "said"), [("", "type a command"), ("sh -c 'x", "a quote is not closed")])
async def test_what_is_no_command_is_said(typed: str, said: str) -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("e")
        await says(console, "Run a command")
        await answer(console)
        await console.type(typed)
        await console.press("enter")
        await says(console, said)
        await console.press("escape")
        await says(console, "nothing was run")
        assert scene.audit.lines == []


# Files


async def copies(console: Console, source: str, to: str) -> None:
    await console.press("f")
    await says(console, "Copy files")
    await answer(console)
    await console.type(source)
    await console.press("enter")
    await console.type(to)
    await console.press("enter")


async def test_a_file_comes_out_and_is_replaced_only_when_told(tmp_path: Path) -> None:
    scene = Scene()
    async with driven(scene, (120, 30)) as console:
        await copies(console, ":/app/README", f"{tmp_path}/got")
        await says(console, "copy-out web@app-1: ")
        await until(lambda: (tmp_path / "got").exists(), "the file")
        (tmp_path / "got").write_text("mine")
        await copies(console, ":/app/README", f"{tmp_path}/got")
        await says(console, "Replace it?")
        await answer(console, "enter")
        await says(console, "nothing was copied")
        assert (tmp_path / "got").read_text() == "mine"
        await copies(console, ":/app/README", f"{tmp_path}/got")
        await says(console, "Replace it?")
        await answer(console, "y", "enter")
        await until(lambda: (tmp_path / "got").read_text() == "shop/web:1\n", "it is replaced")


async def test_a_file_goes_in_and_wants_the_name_where_it_must(tmp_path: Path) -> None:
    scene = Scene()
    (tmp_path / "f").write_text("new")
    async with driven(scene, (120, 30)) as console:
        await copies(console, f"{tmp_path}/f", ":/tmp")
        await says(console, "copy-in web@app-1: ")
        daemon = scene.fleet["app-1"].daemon
        assert daemon.disk(daemon.find("web")).nodes["/tmp/f"].data == b"new"
        await console.press("end")
        await copies(console, f"{tmp_path}/f", ":/tmp")
        await says(console, "type postgres")
        await answer(console, "escape")
        await says(console, "nothing was copied")


async def test_a_read_only_console_copies_out_only(tmp_path: Path) -> None:
    scene = Scene(read_only=True)
    (tmp_path / "f").write_text("new")
    async with driven(scene, (120, 30)) as console:
        await copies(console, f"{tmp_path}/f", ":/tmp")
        await says(console, "read-only")
        await copies(console, ":/app/README", f"{tmp_path}/got")
        await until(lambda: (tmp_path / "got").exists(), "the file")


async def test_two_paths_of_which_one_is_inside() -> None:
    scene = Scene()
    async with driven(scene, (120, 30)) as console:
        await copies(console, "a", "b")
        await says(console, "begins with a colon")
        await console.press("escape")
        await says(console, "nothing was copied")
