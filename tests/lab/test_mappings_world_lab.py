"""The world changes under a mapping: it is said at once, and mended where hosts.yml says so."""

from __future__ import annotations

import pytest

from console.config.schema import Repair
from console.model.mappings.standing import State
from console.service.mappings.desk import MapEnding
from tests.lab.mapfixtures import bare, scene
from tests.lab.mapscene import Desk, MapScene, end, log, mapping

__all__ = ["bare", "scene"]

DB = mapping(end("h2"))


async def ok(desk: Desk) -> None:
    desk.mappings.keeper.watch(on=True)
    await desk.until(lambda: (found := desk.standing()) and found.state is State.OK, "db to be ok")


async def mended(desk: Desk, repairs: int = 1) -> None:
    """So many repairs have been done, and it is as stated."""
    await desk.until(
        lambda: sum(bool(j.cause) and j.over for j in desk.mappings.jobs()) >= repairs, "a repair"
    )
    job = desk.mappings.jobs()[-1]
    assert job.ending in (MapEnding.DONE, MapEnding.NOTHING), log(job)
    await ok(desk)


@pytest.mark.soak
async def test_case_17_endpoint_recreated_on_another_port(scene: MapScene) -> None:
    async with scene.console(repair=Repair.AUTO) as desk:
        await desk.done(DB)
        await ok(desk)
        scene.lab["h2"].docker("rm", "-f", "postgres")
        scene.database("h2", published=15432)
        await mended(desk)
        scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_18_consumer_recreated_on_another_network(scene: MapScene) -> None:
    async with scene.console(repair=Repair.AUTO) as desk:
        await desk.done(DB)
        await ok(desk)
        scene.lab["h1"].docker("rm", "-f", "app")
        scene.network("h1", "other")
        scene.app("--network", "other")
        await mended(desk)
        scene.answered_by("postgres@h2")


async def test_case_19_ambassador_removed(scene: MapScene) -> None:
    async with scene.console(repair=Repair.AUTO) as desk:
        await desk.done(DB)
        await ok(desk)
        scene.lab["h1"].docker("rm", "-f", "dockcon-db")
        await mended(desk)
        scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_19_ambassador_stopped_and_nobody_mends(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(DB)
        await ok(desk)
        scene.lab["h1"].docker("stop", "dockcon-db")
        await desk.until(lambda: desk.standing().state is not State.OK, "it to be said")
        assert desk.standing().steps
        assert not [job for job in desk.mappings.jobs() if job.cause]
        job = await desk.set(DB)
        assert job.ending is MapEnding.DONE, log(job)
    scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_19_ambassador_altered_by_hand(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(DB)
        await ok(desk)
        h1 = scene.lab["h1"]
        address = scene.lab["h3"].address
        script = f"sed -i 's/{scene.lab['h2'].address}:/{address}:/' /dockcon/haproxy.cfg && kill -HUP 1"
        h1.docker("exec", "dockcon-db", "sh", "-c", script)
        await desk.until(lambda: desk.standing().state is not State.OK, "it to be said")
        assert (await desk.mappings.plan("db", DB)).pending
        job = await desk.set(DB)
        assert job.ending is MapEnding.DONE, log(job)
    scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_19_a_forged_label_gets_nobody_touched(scene: MapScene) -> None:
    labels = ("-l", "dockcon.fleet=maps", "-l", "dockcon.mapping=db", "-l", "dockcon.side=consumer")
    scene.database("h1", "forged", *labels, published=0)
    forged = scene.lab["h1"].docker("inspect", "-f", "{{.Id}}", "forged")
    async with scene.console(repair=Repair.AUTO) as desk:
        plan = await desk.mappings.plan("db", DB)
        job = await desk.apply(plan)
        assert (
            scene.lab["h1"].docker("inspect", "-f", "{{.Id}} {{.State.Running}}", "forged")
            == f"{forged} true"
        )
        assert job.ending in (MapEnding.DONE, MapEnding.REFUSED), log(job)


@pytest.mark.soak
async def test_case_20_network_removed_while_the_ambassador_is_stopped(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(DB)
        h1 = scene.lab["h1"]
        h1.docker("stop", "dockcon-db")
        h1.docker("rm", "-f", "app")
        h1.docker("network", "rm", "shop")
        scene.network("h1", "shop")
        scene.app("--network", "shop")
        job = await desk.set(DB)
        assert job.ending is MapEnding.DONE, log(job)
    scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_21_engine_restart_the_console_is_not_in_the_way(scene: MapScene) -> None:
    scene.lab["h1"].docker("update", "--restart", "always", "app")
    async with scene.console() as desk:
        await desk.done(DB)
    scene.lab["h1"].stop_dockerd()
    scene.lab["h1"].start_dockerd()
    scene.answered_by("postgres@h2")
    async with scene.console() as desk:
        assert not (await desk.mappings.plan("db", DB)).steps


@pytest.mark.soak
async def test_case_16_an_endpoint_that_is_stopped_or_paused_is_broken(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(DB)
        await ok(desk)
        h2 = scene.lab["h2"]
        for away, back in (("stop", "start"), ("pause", "unpause")):
            h2.docker(away, "postgres")
            await desk.until(lambda: desk.standing().state is State.BROKEN, f"{away} to be seen")
            h2.docker(back, "postgres")
            await ok(desk)
