"""Shells, commands and files from the main screen: what a key asks, and what is said of it."""

from __future__ import annotations

import asyncio

import pytest

from console.model.audit import Phase
from console.service.inside.terminal import Parting
from console.service.inside.wire import Wire
from tests.ui.test_deeds_on_main import Scene, answer, driven, says


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
