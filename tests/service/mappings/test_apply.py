"""Plans of mappings carried out on engines in memory: done, refused, taken back, cut and finished."""

from __future__ import annotations

import pytest

from console.errors import GuardRefused
from console.model.actions import Consent
from console.model.hosts import Guard
from console.service.mappings.desk import MapEnding, Phase
from tests.service.loops import until, virtual
from tests.service.mappings.cutting import cut_after, struck
from tests.service.mappings.scene import Scene, end, mapping


@virtual
async def test_from_nothing_to_answers_and_back() -> None:
    scene = Scene()
    async with scene.console() as console:
        job = await console.set(mapping(end("db-1")))
        assert job.ending is MapEnding.DONE, job
        assert [proof.ok for proof in job.proofs] == [True, True, True], job.proofs
        assert "dockcon-db" in scene.names("app-1")
        assert (await console.set(mapping(end("db-1")))).ending is MapEnding.NOTHING
        job = await console.set(mapping(end("db-2")))
        assert job.ending is MapEnding.DONE, job
        phases = list(dict.fromkeys(told.phase for told in job.told))
        assert phases == [Phase.PREFLIGHT, Phase.STORE, Phase.APPLY, Phase.VERIFY]
        assert (await console.set(None)).ending is MapEnding.DONE
        assert scene.names("app-1") == ["web"]
        assert [one.number for one in await console.mappings.history("db")] == [3, 2, 1]


@virtual
async def test_an_endpoint_that_refuses_changes_nothing() -> None:
    scene = Scene()
    scene.container("db-2", "postgres").refuses = frozenset({5432})
    async with scene.console() as console:
        await console.set(mapping(end("db-1")))
        book, lines = await scene.store.read(), len(scene.audit.lines)
        job = await console.set(mapping(end("db-2")))
        assert job.ending is MapEnding.REFUSED
        assert "refused" in job.text
        assert await scene.store.read() == book
        assert len(scene.audit.lines) == lines


@virtual
async def test_a_plan_over_a_book_that_has_changed_is_refused() -> None:
    scene = Scene()
    async with scene.console() as console:
        plan = await console.plan(mapping(end("db-1")))
        assert (await console.set(mapping(end("db-2"), name="other"), "other")).ending is MapEnding.DONE
        job = await console.apply(plan)
        assert job.ending is MapEnding.REFUSED
        assert job.next_step


@virtual
async def test_guards_of_all_hosts_are_asked_before_anything() -> None:
    scene = Scene({"app-1": Guard.TYPED})
    async with scene.console() as console:
        plan = await console.plan(mapping(end("db-1")))
        assert (await console.apply(plan)).ending is MapEnding.REFUSED
        assert (await scene.store.read()).mappings == {}
        done = await console.apply(plan, Consent(typed=frozenset({"db"})))
        assert done.ending is MapEnding.DONE, done
        with pytest.raises(GuardRefused):
            await console.mappings.cut("db", Consent(yes=True))


@virtual
async def test_an_observed_host_and_a_read_only_console_are_said_in_the_plan() -> None:
    scene = Scene({"app-1": Guard.OBSERVE})
    async with scene.console() as console:
        assert any("observed" in why for why in (await console.plan(mapping(end("db-1")))).refusals)
    async with Scene().console(read_only=True) as console:
        assert any("read-only" in why for why in (await console.plan(mapping(end("db-1")))).refusals)


@virtual
async def test_what_fails_half_way_is_taken_back() -> None:
    scene = Scene()
    async with scene.console() as console:
        await console.set(mapping(end("db-1")))
        # After the preflight: the database dies in the moment it is pointed to.
        database = scene.container("db-2", "postgres")
        struck(console.mappings, lambda: setattr(database, "refuses", frozenset({5432})))
        job = await console.set(mapping(end("db-2")))
        assert job.ending is MapEnding.RESTORED, job
        assert (await scene.store.read()).mappings["db"] == mapping(end("db-1"))
        assert (await console.plan(mapping(end("db-1")))).steps == ()
        verified = await console.mappings.verify("db")
        assert all(proof.ok for proof in verified), verified


@pytest.mark.parametrize("undo", [False, True])
@pytest.mark.parametrize("steps", range(4))
def test_cut_after_any_step_a_second_run_finishes_and_an_undo_goes_back(steps: int, undo: bool) -> None:
    @virtual
    async def run() -> None:
        scene = Scene()
        wanted = mapping(end("db-1"))
        async with scene.console() as console:
            plan = await console.plan(wanted)
            taker = cut_after(console.mappings, steps)
            number = console.begin(plan)
            await until(lambda: taker.gone.is_set() or console.mappings.job(number).over, 120)
        async with scene.console() as console:
            book = await scene.store.read()
            assert book.mappings == {"db": wanted}
            goal = None if undo else wanted
            job = await console.set(goal)
            assert job.ending in (MapEnding.DONE, MapEnding.NOTHING), job
            assert (await console.plan(goal)).steps == ()
            assert ("dockcon-db" in scene.names("app-1")) is not undo
            if not undo:
                assert all(proof.ok for proof in await console.mappings.verify("db"))

    run()


@virtual
async def test_two_consoles_at_once_converge() -> None:
    scene = Scene()
    wanted = mapping(end("db-1"))
    async with scene.console() as one, scene.console() as two:
        await scene.store.write((await scene.store.read()).version, "db", wanted, "by hand")
        plans = (await one.plan(wanted), await two.plan(wanted))
        numbers = (one.begin(plans[0]), two.begin(plans[1]))
        await until(lambda: one.mappings.job(numbers[0]).over and two.mappings.job(numbers[1]).over, 120)
        jobs = (one.mappings.job(numbers[0]), two.mappings.job(numbers[1]))
        assert {job.ending for job in jobs} <= {MapEnding.DONE, MapEnding.NOTHING}, jobs
        assert scene.names("app-1").count("dockcon-db") == 1
        assert (await one.plan(wanted)).steps == ()


@virtual
async def test_a_host_lost_in_the_middle_is_waited_for() -> None:
    scene = Scene()
    async with scene.console() as console:
        struck(console.mappings, lambda: scene.fleet["app-1"].cut("gone for a moment"))
        job = await console.set(mapping(end("db-1")))
        assert job.ending is MapEnding.DONE, job
        assert any(told.bad and "gone for a moment" in told.text for told in job.told)


@virtual
async def test_what_runs_is_adopted_by_a_console_with_an_empty_book() -> None:
    scene = Scene()
    wanted = mapping(end("db-1"))
    async with scene.console() as console:
        await console.set(wanted)
    other = Scene()
    other.fleet = scene.fleet
    async with other.console() as console:
        plan = await console.mappings.adopt("db")
        assert plan.after == wanted
        assert not plan.refusals
        assert (await console.apply(plan)).ending is MapEnding.DONE
        assert (await other.store.read()).mappings == {"db": wanted}
