"""Consoles that are killed, that meet, and that lose their way: what is left converges, on the engines."""

from __future__ import annotations

import asyncio

import pytest

from console.service.mappings.desk import MapEnding
from tests.lab.mapfixtures import bare, scene
from tests.lab.mapscene import YES, MapScene, end, log, mapping
from tests.service.mappings.cutting import cut_after, struck

__all__ = ["bare", "scene"]

DB = mapping(end("h2"))


async def killed_after(scene: MapScene, steps: int, wanted: object = DB) -> int:
    """A console that is gone after so many steps; returns how many steps the plan had."""
    async with scene.console() as desk:
        plan = await desk.mappings.plan("db", wanted)  # type: ignore[arg-type]  # a mapping, or None
        taker = cut_after(desk.mappings, steps)
        number = desk.fleet.map_place.number()
        desk.mappings.begin(number, plan, YES)
        await desk.until(lambda: taker.gone.is_set() or desk.mappings.job(number).over, "the cut")
        return len(plan.steps)


async def converges(scene: MapScene, *, undo: bool) -> None:
    """Another console finishes, or goes back; a third finds nothing to do."""
    goal = None if undo else DB
    async with scene.console() as desk:
        job = await desk.set(goal, "db")
        assert job.ending in (MapEnding.DONE, MapEnding.NOTHING), log(job)
        assert not (await desk.mappings.plan("db", goal)).steps
    if undo:
        assert scene.ours("h1") == []
        assert "db:" not in scene.book
    else:
        scene.answered_by("postgres@h2")
        assert scene.ours("h1") == ["dockcon-db"]


@pytest.mark.parametrize("undo", [False, True], ids=["finished", "undone"])
@pytest.mark.parametrize(
    "steps", [pytest.param(0, marks=pytest.mark.soak), 1, pytest.param(2, marks=pytest.mark.soak)]
)
async def test_case_11_killed_after_each_step(scene: MapScene, steps: int, undo: bool) -> None:
    await killed_after(scene, steps)
    await converges(scene, undo=undo)


@pytest.mark.soak
async def test_case_11_killed_between_the_file_and_the_reload(scene: MapScene) -> None:
    """The file is new and the process is not: only what runs tells."""
    async with scene.console() as desk:
        await desk.done(DB)
        wanted = mapping(end("h3"))
        plan = await desk.mappings.plan("db", wanted)
        (step,) = plan.steps
        config = step.config  # type: ignore[attr-defined]  # it is a Configure
        wiring = (await desk.mappings.room.reach("h1")).wiring
        await desk.mappings.room.store.write(plan.version, "db", wanted, "me")
        ambassador = scene.lab["h1"].docker("inspect", "-f", "{{.Id}}", "dockcon-db")
        await wiring.put_file(ambassador, "/dockcon/haproxy.cfg", config.encode())
    async with scene.console() as desk:
        plan = await desk.mappings.plan("db", wanted)
        assert plan.steps
        job = await desk.apply(plan)
        assert job.ending is MapEnding.DONE, log(job)
        scene.answered_by("postgres@h3")


async def test_case_12_two_consoles_at_once(scene: MapScene) -> None:
    async with scene.console(who="one") as one, scene.console(who="two") as two:
        store = one.mappings.room.store
        await store.write((await store.read()).version, "db", DB, "by hand")
        jobs = await asyncio.gather(one.set(DB), two.set(DB))
        endings = {job.ending for job in jobs}
        assert endings <= {MapEnding.DONE, MapEnding.NOTHING}, "\n".join(map(log, jobs))
        assert scene.ours("h1") == ["dockcon-db"]
        assert not (await one.mappings.plan("db", DB)).steps
    scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_12_two_consoles_with_two_minds_the_second_is_refused(scene: MapScene) -> None:
    async with scene.console(who="one") as one, scene.console(who="two") as two:
        plans = (await one.mappings.plan("db", DB), await two.mappings.plan("db", mapping(end("h3"))))
        first = await one.apply(plans[0])
        second = await two.apply(plans[1])
        assert first.ending is MapEnding.DONE, log(first)
        assert second.ending is MapEnding.REFUSED, log(second)
        assert second.next_step
    scene.answered_by("postgres@h2")


async def test_case_13_ssh_lost_in_the_middle(scene: MapScene) -> None:
    async with scene.console() as desk:
        struck(desk.mappings, scene.lab["h1"].kill_sshd_children)
        job = await desk.set(DB)
        assert job.ending is MapEnding.DONE, log(job)
        assert any(told.bad for told in job.told), log(job)
    scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_14_what_fails_half_way_is_taken_back(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(DB)
        struck(desk.mappings, lambda: scene.lab["h3"].docker("stop", "postgres"))
        job = await desk.set(mapping(end("h3")))
        assert job.ending is MapEnding.RESTORED, log(job)
        assert not (await desk.mappings.plan("db", DB)).steps
    scene.answered_by("postgres@h2")
