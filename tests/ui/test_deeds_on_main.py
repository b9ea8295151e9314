"""Actions from the main screen: what a key asks, what an answer does, and to which container."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from console.config.schema import Settings
from console.model.actions import Target
from console.model.audit import Actor, Phase
from console.model.containers import ContainerState
from console.model.hosts import Guard, HostSpec
from console.model.redeploy.plan import Rules
from console.model.text import safe
from console.service.audit import AuditFile, MemoryAudit
from console.service.network import NetworkThread
from console.service.remember import Forgetful
from console.transport.clock import SystemClock
from console.transport.memory.link import MemoryFleet, MemoryTransport
from console.ui.app import DockconApp
from console.ui.cells import UNICODE
from tests.ui.driving import Console
from tests.ui.waiting import until


class Scene:
    """A console over two memory hosts: `app-1` asks, `db-1` wants the name typed."""

    def __init__(self, *, read_only: bool = False, stable: float = 0.3) -> None:
        specs = [
            HostSpec(name="app-1", address="x"),
            HostSpec(name="db-1", address="y", guard=Guard.TYPED),
        ]
        self.fleet = MemoryFleet(SystemClock(), specs, name="prod")
        for host, name in (("app-1", "web"), ("app-1", "worker"), ("db-1", "postgres")):
            daemon = self.fleet[host].daemon
            daemon.start(daemon.create(name, f"shop/{name}:1", restart_policy="always"))
        self.audit = MemoryAudit()
        self.read_only = read_only
        self.handle = NetworkThread(
            "prod",
            specs,
            lambda: MemoryTransport(self.fleet),
            clock=self.fleet.clock,
            memory=Forgetful(),
            audit=self.audit,
            read_only=read_only,
            rules=lambda: Rules(stable=stable, timeout=5.0),
        ).start()

    def state(self, name: str, host: str = "app-1") -> ContainerState:
        return self.fleet[host].daemon.find(name).state


@asynccontextmanager
async def driven(scene: Scene, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Console]:
    app = DockconApp(scene.handle, Settings(), read_only=scene.read_only, glyphs=UNICODE)
    try:
        async with app.run_test(size=size) as pilot:
            console = Console(app, pilot)
            await until(lambda: len(console.table.store.rows) == 3, "three rows")
            yield console
    finally:
        await scene.handle.aclose()


def _same(actor: Actor) -> Actor:
    return actor


class Then(SystemClock):
    """Another time."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


async def answer(console: Console, *keys: str) -> None:
    """Press keys once the quiet time of the dialog is over."""
    await asyncio.sleep(0.55)
    await console.press(*keys)


async def says(console: Console, text: str) -> None:
    await until(lambda: text in console.screen(), text)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_restart_is_asked_for_and_done(size: tuple[int, int]) -> None:
    scene = Scene()
    async with driven(scene, size) as console:
        before = scene.fleet["app-1"].daemon.find("web").started
        await console.press("r")
        await says(console, "Restart 1 container?")
        assert "web@app-1" in console.screen()
        assert scene.fleet["app-1"].daemon.find("web").id[:12] in console.screen()
        await answer(console, "y", "enter")
        await says(console, "restart web@app-1: done")
        assert scene.fleet["app-1"].daemon.find("web").started != before
        assert [(phase, action) for phase, action, _, _ in scene.audit.lines] == [
            (Phase.BEFORE, "restart"),
            (Phase.AFTER, "restart"),
        ]
        await console.press("5")
        await until(
            lambda: any("restart " in line and "done" in line for line in console.lines()), "timeline"
        )


@pytest.mark.parametrize("keys", [("enter",), ("escape",), ("n",)])
async def test_no_is_what_is_chosen(keys: tuple[str, ...]) -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("s")
        await says(console, "Stop 1 container?")
        await answer(console, *keys)
        await says(console, "nothing was done")
        assert scene.state("web") is ContainerState.RUNNING
        assert scene.audit.lines == []


async def test_keys_typed_ahead_answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is, these keys come in the quiet time.
    monkeypatch.setattr("console.ui.screens.dialog.QUIET", 60.0)
    scene = Scene()
    async with driven(scene) as console:
        await console.press("s", "y", "enter")
        await says(console, "Stop 1 container?")
        assert scene.state("web") is ContainerState.RUNNING


async def test_the_target_is_the_one_under_the_cursor_when_the_key_was_pressed() -> None:
    """Rows move under an open dialog; the name is taken by another container meanwhile."""
    scene = Scene()
    async with driven(scene) as console:
        web = scene.fleet["app-1"].daemon.find("web")
        await console.press("s")
        await says(console, "Stop 1 container?")
        daemon = scene.fleet["app-1"].daemon
        daemon.rename(web, "zz-old")
        other = daemon.create("web", "shop/web:2")
        daemon.start(other)
        await until(lambda: len(console.table.store.rows) == 4, "the new row")
        await answer(console, "y", "enter")
        await until(lambda: web.state is ContainerState.EXITED, "the pinned one is stopped")
        assert other.state is ContainerState.RUNNING


async def test_marked_rows_and_one_key_to_stop_or_start() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("space", "space", "s")
        await says(console, "Stop 2 containers?")
        await answer(console, "right", "enter")
        await until(lambda: scene.state("worker") is ContainerState.EXITED, "both are stopped")
        await until(lambda: "exited" in console.row("worker"), "the table knows")
        assert len(console.table.store.marked) == 2
        await console.press("s")
        await says(console, "Start 2 containers?")
        await answer(console, "y", "enter")
        await until(lambda: scene.state("worker") is ContainerState.RUNNING, "both run")


async def test_a_host_that_wants_the_name_typed() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("end", "s")
        await says(console, "type postgres")
        await answer(console)
        await console.type("postgre")
        await console.press("enter")
        await says(console, "That is not postgres")
        assert scene.state("postgres", "db-1") is ContainerState.RUNNING
        await console.type("s")
        await console.press("enter")
        await says(console, "stop postgres@db-1: done")
        assert scene.state("postgres", "db-1") is ContainerState.EXITED


async def test_a_read_only_console_asks_nothing() -> None:
    scene = Scene(read_only=True)
    async with driven(scene) as console:
        for key in ("r", "R", "d"):
            await console.press(key)
            await says(console, "read-only")
        assert len(console.app.screen_stack) == 2


async def test_what_makes_no_sense_is_said() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("d")
        await says(console, "it runs: stop it first")
        await console.press("C")
        await says(console, "it is not paused")


async def test_a_redeploy_from_form_to_end_and_back() -> None:
    scene = Scene()
    async with driven(scene, (100, 40)) as console:
        old = scene.fleet["app-1"].daemon.find("web").id
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "backspace", "2", "enter")
        await says(console, "image shop/web:1 -> shop/web:2")
        await answer(console, "y", "enter")
        await says(console, "start the new one")
        await says(console, "done  it has run for 0.3 s")
        assert scene.fleet["app-1"].daemon.find("web").image == "shop/web:2"
        await console.press("escape", "J")
        await says(console, "Jobs of this console")
        await console.press("escape")
        await until(lambda: len(console.table.store.rows) == 4, "the kept one is listed")
        await console.press("home", "U")
        await says(console, "Go back to the container before?")
        await answer(console, "y", "enter")
        await until(lambda: scene.fleet["app-1"].daemon.find("web").id == old, "the old one is back")
        await until(lambda: scene.state("web") is ContainerState.RUNNING, "and runs")


async def test_planning_has_a_screen_of_its_own_until_the_plan_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is typed while a registry does not answer reaches nothing else, and the plan is seen."""
    scene = Scene()
    async with driven(scene, (100, 40)) as console:
        registry = scene.fleet["app-1"].daemon.registry
        registry.clear()
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "enter")
        await says(console, "asking the registry for shop/web:1")
        assert "esc stops" in console.screen()
        await answer(console, "5", "s", "q", "enter")
        assert "asking the registry for shop/web:1" in console.screen()
        with monkeypatch.context() as slow:
            slow.setattr("console.ui.screens.dialog.QUIET", 60.0)
            registry.set()
            await says(console, "Redeploy 1 container?")
            await console.press("escape")  # meant for what was there before
            assert "Redeploy 1 container?" in console.screen()
        await answer(console, "y", "enter")
        await says(console, "done  it has run for 0.3 s")


async def test_an_image_that_only_another_host_has_is_sent() -> None:
    scene = Scene()
    scene.fleet["db-1"].daemon.images.add("shop/web:local")
    async with driven(scene, (100, 40)) as console:
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "backspace")
        await console.type("local")
        await console.press("enter")
        await says(console, "its image is sent from db-1 first")
        await answer(console, "y", "enter")
        await says(console, "send it the image from another host")
        await says(console, "done  it has run for 0.3 s")
        assert scene.fleet["app-1"].daemon.find("web").image == "shop/web:local"


async def test_leaving_the_planning_ends_the_pull() -> None:
    scene = Scene()
    async with driven(scene, (100, 40)) as console:
        daemon = scene.fleet["app-1"].daemon
        daemon.registry.clear()
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "enter")
        await until(lambda: daemon.pulling == 1, "the pull has begun")
        await answer(console, "escape")
        await says(console, "nothing was changed")
        await until(lambda: daemon.pulling == 0, "the pull has ended")
        assert len(console.app.screen_stack) == 2
        assert scene.audit.lines == []


async def test_a_planning_that_fails_says_why_and_stays() -> None:
    scene = Scene()
    async with driven(scene, (100, 40)) as console:
        await console.press("R")
        await says(console, "what shall be different?")
        scene.fleet["app-1"].daemon.remove(scene.fleet["app-1"].daemon.find("web"))
        await answer(console, "enter")
        await says(console, "No such container")
        await says(console, "Nothing was changed.")
        await answer(console, "escape")
        await says(console, "nothing was changed")


async def test_what_is_typed_wrongly_is_said_and_nothing_is_lost() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "tab")
        await console.type("nonsense")
        await console.press("enter")
        await says(console, "variables: `nonsense`")
        assert "nonsense" in console.screen()
        await console.press("escape")
        await says(console, "nothing was done")
        assert scene.audit.lines == []


async def test_a_plan_that_is_refused_cannot_be_agreed_to() -> None:
    scene = Scene()
    async with driven(scene, (100, 40)) as console:
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console)
        await console.type("-missing")
        await console.press("enter")
        await says(console, "there is no image shop/web:1-missing")
        await answer(console, "y", "enter")
        await says(console, "nothing was changed")
        assert scene.audit.lines == []


async def test_nothing_to_take_back() -> None:
    scene = Scene()
    async with driven(scene) as console:
        await console.press("U")
        await says(console, "no redeploy left anything of it")


async def test_leaving_with_a_job_under_way_is_asked() -> None:
    scene = Scene(stable=3600.0)
    async with driven(scene, (100, 40)) as console:
        await console.press("R")
        await says(console, "what shall be different?")
        await answer(console, "enter")
        await says(console, "Redeploy 1 container?")
        await answer(console, "y", "enter")
        await says(console, "wait until it is well")
        await console.press("escape", "q")
        await says(console, "Leave while something is under way?")
        assert "redeploy web@app-1" in console.screen()
        await answer(console, "enter")
        await until(lambda: len(console.app.screen_stack) == 2, "it stays")
        assert not console.app._exit
        await console.press("q")
        await says(console, "Leave while something is under way?")
        await answer(console, "y", "enter")
        await until(lambda: console.app._exit, "it is left")
    assert scene.audit.lines[-1][3] == "stuck"


async def test_leaving_without_one_asks_nothing() -> None:
    async with driven(Scene()) as console:
        await console.press("q")
        await until(lambda: console.app._exit, "it is left")


async def test_the_last_action_stays_in_view_where_there_is_room() -> None:
    async with driven(Scene(), (140, 30)) as console:
        await console.press("r")
        await says(console, "Restart 1 container?")
        await answer(console, "y", "enter")
        await says(console, "restart web@app-1: done")
        console.app.main.status._fall_silent()
        await until(lambda: "last: restart web@app-1 " in console.line("#status"), "the last action")
        await console.resize(80, 24)
        assert "last:" not in console.line("#status")


async def test_the_last_action_of_all_operators(tmp_path: Path) -> None:
    for who, at in (("dba", 1717243200.0), ("ops", 1717240000.0)):
        actor = Actor(uid=1, login=who)
        audit = AuditFile(tmp_path / f"{who}.jsonl", "prod", partial(_same, actor), Then(at))
        target = Target(host="app-1", id="a" * 64, name=safe("worker"))
        await audit.before("x", "restart", target)
        await audit.after("x", "restart", target, "done")
        await audit.aclose()
    scene = Scene()
    app = DockconApp(scene.handle, Settings(), glyphs=UNICODE, shared=tmp_path)
    try:
        async with app.run_test(size=(140, 30)) as pilot:
            console = Console(app, pilot)
            await until(lambda: "last: dba restart worker@app-1 " in console.line("#status"), "the last one")
    finally:
        await scene.handle.aclose()
