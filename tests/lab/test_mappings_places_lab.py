"""Consumers and endpoints wherever they may stand, logins of both kinds, and images of both kinds."""

from __future__ import annotations

import pytest

from console.model.hosts import HostSpec
from console.model.mappings.mapping import Via
from console.service.mappings.desk import MapEnding
from tests.lab.image import IMAGE
from tests.lab.mapfixtures import bare, load_on, scene
from tests.lab.mapscene import MapScene, end, log, mapping, of

__all__ = ["bare", "scene"]

DB = mapping(end("h2"))


async def applied(scene: MapScene, wanted: object = DB, **console: object) -> None:
    """Stated, verified, nothing left to do; and taken away without a trace."""
    async with scene.console(**console) as desk:  # type: ignore[arg-type]  # passed on
        plan = await desk.mappings.plan("db", wanted)  # type: ignore[arg-type]  # a mapping
        job = await desk.apply(plan)
        assert job.ending is MapEnding.DONE, log(job)
        assert all(proof.ok for proof in job.proofs), job.proofs
        assert not (await desk.mappings.plan("db", wanted)).steps  # type: ignore[arg-type]  # a mapping


def default_route(scene: MapScene) -> list[str]:
    routes = scene.lab["h1"].docker("exec", "app", "ip", "route").splitlines()
    return [route for route in routes if route.startswith("default")]


async def taken_away(scene: MapScene) -> None:
    async with scene.console() as desk:
        await desk.done(None, "db")
    assert [scene.ours(host.name) for host in scene.hosts] == [[], [], []]


async def test_case_24_default_bridge_without_a_restart(bare: MapScene) -> None:
    bare.app()
    h1 = bare.lab["h1"]
    began = h1.docker("inspect", "-f", "{{.State.StartedAt}}", "app")
    way_out = default_route(bare)
    await applied(bare)
    bare.answered_by("postgres@h2")
    assert h1.docker("inspect", "-f", "{{.State.StartedAt}}", "app") == began
    # 25: its way out is what it was.
    assert default_route(bare) == way_out
    await taken_away(bare)


@pytest.mark.soak
async def test_case_24_host_network(bare: MapScene) -> None:
    bare.app("--network", "host")
    await applied(bare)
    bare.answered_by("postgres@h2")
    await taken_away(bare)
    assert "db" not in bare.lab["h1"].docker("exec", "app", "cat", "/etc/hosts").split()


@pytest.mark.soak
async def test_case_24_another_container_s_network(bare: MapScene) -> None:
    bare.network("h1", "shop")
    bare.lab["h1"].docker(
        "run", "-d", "--stop-timeout", "1", "--name", "pod", "--network", "shop", IMAGE, "sleep", "1000"
    )
    bare.app("--network", "container:pod")
    await applied(bare)
    bare.answered_by("postgres@h2")
    await taken_away(bare)


@pytest.mark.soak
async def test_case_24_two_networks(bare: MapScene) -> None:
    for name in ("one", "two"):
        bare.network("h1", name)
    bare.app("--network", "one")
    bare.lab["h1"].docker("network", "connect", "two", "app")
    await applied(bare)
    bare.answered_by("postgres@h2")
    await taken_away(bare)


@pytest.mark.soak
async def test_case_24_no_network_is_refused(bare: MapScene) -> None:
    bare.app("--network", "none")
    async with bare.console() as desk:
        before = bare.state_of()
        job = await desk.set(DB)
        assert job.ending is MapEnding.REFUSED, log(job)
        assert bare.state_of() == before


@pytest.mark.soak
async def test_same_host_needs_an_alias_only(scene: MapScene) -> None:
    scene.database("h1", "near", published=0)
    async with scene.console() as desk:
        wanted = mapping(end("h1", "near"))
        job = await desk.done(wanted)
        assert [type(step).__name__ for step in job.plan.steps] == ["Connect"], log(job)
    scene.answered_by("near@h1")
    assert scene.ours("h1") == []


async def test_an_unpublished_endpoint_opens_one_port_to_the_consumers_hosts_only(scene: MapScene) -> None:
    scene.database("h2", "inner", published=0)
    wanted = mapping(end("h2", "inner"))
    async with scene.console() as desk:
        plan = await desk.mappings.plan("db", wanted)
        opens = [step for step in plan.steps if "opens " in step.text]
        assert len(opens) == 1
        assert opens[0].disruptive
        address = scene.lab["h2"].address
        assert address in opens[0].text
        assert "h1" in opens[0].text
        job = await desk.apply(plan)
        assert job.ending is MapEnding.DONE, log(job)
        bindings = scene.lab["h2"].docker(
            "inspect", "-f", "{{json .HostConfig.PortBindings}}", "dockcon-db-provider"
        )
        assert bindings.count("HostPort") == 1
        assert f'"HostIp":"{address}"' in bindings
        port = int(bindings.split('"HostPort":"')[1].split('"')[0])
        # h3 is no consumer's host: it is turned away, h1 is not.
        answer = await (await desk.mappings.room.reach("h3")).wiring.reach(address, port)
        assert not answer.ok, answer
    scene.answered_by("inner@h2")
    await taken_away(scene)


def docker_user(scene: MapScene) -> list[HostSpec]:
    """The same hosts by a login that is not root and may open the engine's socket."""
    login = scene.lab.user("ops", docker=True)
    return [host.spec(user=login) for host in scene.hosts]


async def test_a_login_of_the_docker_group(scene: MapScene, capsys: pytest.CaptureFixture[str]) -> None:
    async with scene.console(specs=docker_user(scene)) as desk:
        await desk.done(DB)
        with load_on(scene) as load:
            job = await desk.done(mapping(end("h3")))
        with capsys.disabled():
            print(f"\nnot root: {job.text}: {load.report}")
        assert load.clean, load.report
        assert all(proof.ok is not False for proof in job.proofs)
    scene.answered_by("postgres@h3")


@pytest.mark.soak
@pytest.mark.parametrize("root", [True, False], ids=["root", "docker group"])
async def test_an_image_that_runs_as_uid_99(scene: MapScene, root: bool) -> None:
    h1 = scene.lab["h1"]
    made = h1.docker("create", IMAGE, "true")
    h1.docker("commit", "--change", "USER 99", made, "dockcon-lab:uid99")
    h1.docker("rm", made)
    specs = [] if root else docker_user(scene)
    async with scene.console(image="dockcon-lab:uid99", specs=specs) as desk:
        await desk.done(DB)
        job = await desk.done(mapping(end("h3")))
        assert not [proof for proof in job.proofs if proof.ok is False], job.proofs
        assert h1.docker("exec", "dockcon-db", "id", "-u") == "99"
    scene.answered_by("postgres@h3")


@pytest.mark.soak
async def test_a_host_line_of_a_consumer_that_was_restarted_is_written_again(bare: MapScene) -> None:
    from console.config.schema import Repair
    from console.model.mappings.standing import State

    bare.app("--network", "host")
    async with bare.console(repair=Repair.AUTO) as desk:
        await desk.done(DB)
        desk.mappings.keeper.watch(on=True)
        await desk.until(lambda: (found := desk.standing()) and found.state is State.OK, "db to be ok")
        bare.lab["h1"].docker("restart", "app")
        await desk.until(lambda: any(job.cause and job.over for job in desk.mappings.jobs()), "a repair")
        bare.answered_by("postgres@h2")


@pytest.mark.soak
async def test_two_consumers_on_two_hosts(scene: MapScene) -> None:
    scene.network("h3", "shop")
    scene.app("--network", "shop", host="h3")
    await applied(scene, mapping(end("h2"), consumers=[of("app", "h1"), of("app", "h3")], via=Via.AMBASSADOR))
    scene.answered_by("postgres@h2")
    scene.answered_by("postgres@h2", "h3")
    await taken_away(scene)


@pytest.mark.soak
async def test_case_22_an_image_that_is_absent_is_sent_from_another_host(scene: MapScene) -> None:
    h1, h2 = scene.lab["h1"], scene.lab["h2"]
    h2.docker("tag", IMAGE, "ambassador:1")
    try:
        async with scene.console(image="ambassador:1") as desk:
            job = await desk.done(DB)
            assert type(job.plan.steps[0]).__name__ == "BringImage", log(job)
        scene.answered_by("postgres@h2")
    finally:
        for host in (h1, h2):
            host.docker("rmi", "-f", "ambassador:1", check=False)


@pytest.mark.soak
async def test_case_22_an_image_that_nobody_has_changes_nothing(scene: MapScene) -> None:
    async with scene.console(image="nowhere.invalid/ambassador:1") as desk:
        before = scene.state_of()
        job = await desk.set(DB)
        assert job.ending in (MapEnding.REFUSED, MapEnding.RESTORED), log(job)
        assert "nowhere.invalid/ambassador:1" in job.text
        assert (scene.state_of(), "db:" in scene.book) == (before, False)
