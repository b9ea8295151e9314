"""Address mappings on real engines, as an operator uses them: stated, changed, refused, taken away.

The numbers in the names are those of the list of failures that mappings have to stand.
"""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from console.model.mappings.steps import MakeAmbassador
from console.service.mappings.desk import MapEnding
from tests.lab.mapfixtures import bare, load_on, scene
from tests.lab.mapscene import YES, MapScene, end, log, mapping, of

__all__ = ["bare", "scene"]


async def test_from_an_empty_book_to_answers_and_back_to_nothing(scene: MapScene) -> None:
    async with scene.console() as desk:
        route = scene.lab["h1"].docker("exec", "app", "ip", "route")
        job = await desk.done(mapping(end("h2")))
        assert [proof.ok for proof in job.proofs] == [True, True, True], job.proofs
        scene.answered_by("postgres@h2")
        assert "db:" in scene.book
        # 25: the way out of the app is what it was.
        assert scene.lab["h1"].docker("exec", "app", "ip", "route") == route
        ambassador = json.loads(scene.lab["h1"].docker("inspect", "dockcon-db"))[0]
        assert ambassador["HostConfig"]["CapDrop"] == ["ALL"]
        assert not ambassador["HostConfig"]["Binds"]
        assert not ambassador["HostConfig"]["PortBindings"]
        await desk.done(None, "db")
        assert scene.ours("h1") == []
        assert "db:" not in scene.book


async def test_case_01_re_pointed_under_load_nothing_fails_and_nothing_is_dropped(
    scene: MapScene, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        with load_on(scene) as load:
            began = time.monotonic()
            job = await desk.done(mapping(end("h3")))
            took = time.monotonic() - began
        with capsys.disabled():
            print(f"\nre-pointed under load in {took:.2f} s: {load.report}")
        assert load.clean, load.report
        assert set(load.report["answers"]) == {"postgres@h2", "postgres@h3"}
        assert load.report["held"] == {"postgres@h2": 20}
        assert not job.plan.disruptive
        scene.answered_by("postgres@h3")


@pytest.mark.soak
async def test_case_02_refused_port_changes_nothing_and_says_why(scene: MapScene) -> None:
    scene.lab["h3"].docker("rm", "-f", "postgres")
    # Published, and nobody listens behind it: from another host that is refused.
    scene.lab["h3"].docker(
        "run",
        "-d",
        "--name",
        "postgres",
        "--stop-timeout",
        "1",
        "-p",
        "5432:9999",
        "dockcon-lab:1",
        "sleep",
        "1000",
    )
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        before, book = scene.state_of(), scene.book
        job = await desk.set(mapping(end("h3", "postgres", 9999)))
        assert job.ending is MapEnding.REFUSED, log(job)
        assert "refused" in job.text
        assert "10.77." in job.text
        assert (scene.state_of(), scene.book) == (before, book)
        scene.answered_by("postgres@h2")


@pytest.mark.soak
async def test_case_03_a_dead_address_changes_nothing_and_says_why(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        before, book = scene.state_of(), scene.book
        plan = await desk.mappings.plan("db", mapping(end("h3")))
        scene.lab["h3"].link_down()
        job = await desk.apply(plan)
        scene.lab["h3"].link_up()
        assert job.ending is MapEnding.REFUSED, log(job)
        assert job.text
        assert (scene.state_of(), scene.book) == (before, book)
        scene.answered_by("postgres@h2")


async def test_case_04_unknown_host_container_and_port_are_all_said_at_once(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        before, book = scene.state_of(), scene.book
        wrong = mapping(end("h3", "postgrs"), end("h9"), consumers=[of("app", "h1"), of("ap", "h1")])
        plan = await desk.mappings.plan("db", wrong)
        said = "\n".join(plan.refusals)
        assert "postgrs" in said
        assert "h9" in said
        assert "ap@h1" in said or "`ap`" in said or "ap" in said
        assert len(plan.refusals) >= 3
        job = await desk.apply(plan)
        assert job.ending is MapEnding.REFUSED
        assert (scene.state_of(), scene.book) == (before, book)


@pytest.mark.soak
async def test_case_05_a_name_that_is_taken_on_the_network_is_refused(scene: MapScene) -> None:
    scene.database("h1", "other", "--network", "shop", "--network-alias", "db", published=0)
    async with scene.console() as desk:
        before = scene.state_of()
        plan = await desk.mappings.plan("db", mapping(end("h2")))
        assert any("db" in why and "other" in why for why in plan.refusals), plan.refusals
        assert (await desk.apply(plan)).ending is MapEnding.REFUSED
        assert (scene.state_of(), scene.book) == (before, "")


@pytest.mark.soak
async def test_case_06_a_container_with_our_name_and_without_our_label_is_never_touched(
    scene: MapScene,
) -> None:
    scene.database("h1", "dockcon-db", published=0)
    async with scene.console() as desk:
        before = scene.state_of()
        job = await desk.set(mapping(end("h2")))
        assert job.ending is MapEnding.REFUSED, log(job)
        assert "dockcon-db" in job.text
        assert (scene.state_of(), scene.book) == (before, "")


@pytest.mark.soak
async def test_case_09_the_same_edit_twice_is_no_step(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        before = scene.state_of()
        plan = await desk.mappings.plan("db", mapping(end("h2")))
        assert (plan.steps, plan.pending) == ((), False)
        assert (await desk.apply(plan)).ending is MapEnding.NOTHING
        assert scene.state_of() == before


@pytest.mark.soak
async def test_case_10_two_endpoints_are_balanced_and_one_may_die(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2"), end("h3", weight=3)))
        with load_on(scene) as load:
            await asyncio.sleep(1.0)
        assert load.clean, load.report
        answers = load.report["answers"]
        assert answers["postgres@h3"] > answers["postgres@h2"] > 0
        scene.lab["h3"].docker("stop", "postgres")
        scene.answered_by("postgres@h2", last=5)


@pytest.mark.soak
async def test_case_07_cutting_ends_old_sessions_only(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        with load_on(scene) as load:
            await desk.done(mapping(end("h3")))
            cut = await desk.mappings.cut("db", YES)
        assert cut >= 20
        assert load.report["held"] == {"dropped": 20}
        assert not load.report["failures"], load.report
        scene.answered_by("postgres@h3")


@pytest.mark.soak
async def test_case_08_an_edit_while_sessions_drain(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(mapping(end("h2")))
        with load_on(scene) as load:
            await desk.done(mapping(end("h3")))
            await desk.done(mapping(end("h2")))
            await desk.done(mapping(end("h3")))
        assert load.clean, load.report
        scene.answered_by("postgres@h3")


@pytest.mark.soak
async def test_a_refused_edit_is_on_record_nowhere_and_a_done_one_step_by_step(scene: MapScene) -> None:
    async with scene.console() as desk:
        plan = await desk.mappings.plan("db", mapping(end("h2")))
        await desk.done(mapping(end("h2")))
        lines = [(phase.value, action, result) for phase, action, _, result in desk.audit.lines]
        made = next(step for step in plan.steps if isinstance(step, MakeAmbassador))
        assert ("before", f"map db: {made.text}", "") in lines
        assert ("after", f"map db: {made.text}", "done") in lines
        assert lines[0] == ("before", "map set db", "")
        assert lines[-1] == ("after", "map set db", "done")


@pytest.mark.soak
async def test_a_read_only_console_changes_nothing(scene: MapScene) -> None:
    async with scene.console(read_only=True) as desk:
        before = scene.state_of()
        job = await desk.set(mapping(end("h2")))
        assert job.ending is MapEnding.REFUSED
        assert "read-only" in job.text
        assert (scene.state_of(), scene.book) == (before, "")
