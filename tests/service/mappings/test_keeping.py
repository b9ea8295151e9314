"""The list of mappings is kept true by events, and what was undone is mended where hosts.yml says so."""

from __future__ import annotations

import pytest

from console.config.schema import Repair
from console.model.hosts import Guard
from console.model.mappings.standing import State
from console.service.mappings.desk import MapEnding
from console.service.mappings.repair import TRIES
from tests.service.loops import until, virtual
from tests.service.mappings.scene import Console, Scene, end, mapping

WANTED = mapping(end("db-1"))


async def ok(console: Console) -> None:
    await until(lambda: console.standing() is not None and console.standing().state is State.OK, 60)


async def pending(console: Console) -> None:
    await until(lambda: console.standing().state is State.PENDING, 60)


def remove(scene: Scene) -> None:
    """Somebody removes the ambassador by hand."""
    gone(scene, "app-1", "dockcon-db")


def gone(scene: Scene, host: str, name: str) -> None:
    """Killed and removed, as by `docker rm -f`."""
    daemon, container = scene.fleet[host].daemon, scene.container(host, name)
    daemon.kill(container)
    daemon.remove(container)


@virtual
async def test_an_ambassador_that_is_removed_is_said_at_once_and_left_to_a_person() -> None:
    scene = Scene()
    async with scene.console(keep=True) as console:
        await console.set(WANTED)
        await ok(console)
        began = scene.clock.monotonic()
        remove(scene)
        await pending(console)
        assert scene.clock.monotonic() - began < 2
        assert console.standing().steps
        await scene.clock.sleep(60)
        assert "dockcon-db" not in scene.names("app-1")


@virtual
async def test_repair_auto_mends_it_and_says_why() -> None:
    scene = Scene()
    async with scene.console(keep=True, repair=Repair.AUTO) as console:
        await console.set(WANTED)
        await ok(console)
        remove(scene)
        await until(lambda: "dockcon-db" in scene.names("app-1"), 60)
        await ok(console)
        job = console.mappings.jobs()[-1]
        assert job.cause
        assert job.ending is MapEnding.DONE
        actions = [action for _, action, _, _ in scene.audit.lines]
        assert "map repair db" in actions


@virtual
async def test_two_consoles_that_repair_do_not_fight() -> None:
    scene = Scene()
    async with (
        scene.console(keep=True, repair=Repair.AUTO) as one,
        scene.console(keep=True, repair=Repair.AUTO) as two,
    ):
        await one.set(WANTED)
        await ok(one)
        await ok(two)
        remove(scene)
        await until(lambda: "dockcon-db" in scene.names("app-1"), 60)
        await ok(one)
        await ok(two)
        await scene.clock.sleep(120)
        made = [action for _, action, _, _ in scene.audit.lines if action == "map repair db"]
        assert 1 <= len(made) // 2 <= 2
        assert scene.names("app-1").count("dockcon-db") == 1


@virtual
async def test_what_is_undone_again_and_again_is_left_alone_in_the_end() -> None:
    scene = Scene()
    async with scene.console(keep=True, repair=Repair.AUTO) as console:
        await console.set(WANTED)
        await ok(console)
        for _ in range(TRIES):
            remove(scene)
            await until(lambda: "dockcon-db" in scene.names("app-1"), 60)
            await ok(console)
        remove(scene)
        await until(lambda: "undone again" in console.standing().next_step, 60)
        await scene.clock.sleep(100)
        assert "dockcon-db" not in scene.names("app-1")


@pytest.mark.parametrize("guard", [Guard.TYPED])
def test_a_host_that_wants_a_name_typed_is_never_mended_by_itself(guard: Guard) -> None:
    @virtual
    async def run() -> None:
        from console.model.actions import Consent

        scene = Scene({"app-1": guard})
        async with scene.console(keep=True, repair=Repair.AUTO) as console:
            await console.set(WANTED, consent=Consent(typed=frozenset({"db"})))
            await ok(console)
            remove(scene)
            await until(lambda: "app-1 wants somebody" in console.standing().next_step, 60)
            assert "dockcon-db" not in scene.names("app-1")

    run()


@virtual
async def test_a_wording_nobody_agreed_to_is_never_applied_by_itself() -> None:
    scene = Scene()
    async with scene.console(keep=True, repair=Repair.AUTO) as console:
        await console.set(WANTED)
        await ok(console)
        book = await scene.store.read()
        await scene.store.write(book.version, "db", mapping(end("db-2")), "an editor")
        await pending(console)
        await scene.clock.sleep(60)
        assert (await console.plan(mapping(end("db-2")))).steps


@virtual
async def test_an_endpoint_that_dies_and_comes_back_is_seen() -> None:
    scene = Scene()
    async with scene.console(keep=True) as console:
        await console.set(WANTED)
        await ok(console)
        console.mappings.keeper.watch(on=True)
        database = scene.container("db-1", "postgres")
        scene.fleet["db-1"].daemon.exit(database, 1)
        await until(lambda: console.standing().state is State.BROKEN, 60)
        scene.fleet["db-1"].daemon.start(database)
        await ok(console)


@virtual
async def test_an_endpoint_that_answers_elsewhere_is_pending_and_mended() -> None:
    scene = Scene()
    async with scene.console(keep=True, repair=Repair.AUTO) as console:
        await console.set(WANTED)
        await ok(console)
        gone(scene, "db-1", "postgres")
        scene.database("db-1", published=15432)
        await until(lambda: any(job.cause for job in console.mappings.jobs()), 60)
        await ok(console)
        assert any("15432" in server.address for server in console.standing().servers)
