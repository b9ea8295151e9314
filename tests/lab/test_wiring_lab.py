"""Wiring against real engines and a real HAProxy, as root and as one who may only open the socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from console.errors import CapabilityMissing, Conflict, OutcomeUnknown
from console.model.actions import Action, ActionKind
from console.model.mappings.haproxy import CONFIG
from console.transport.live import LiveTransport
from tests.lab.aids import engine_of
from tests.lab.containers import SLEEP
from tests.lab.image import IMAGE
from tests.lab.lab import Lab
from tests.lab.mapload import Load
from tests.lab.wirescene import PORTS, WireScene

ROOT, MEMBER = "root", "member"


FOUR = [(ROOT, True), (ROOT, False), (MEMBER, True), (MEMBER, False)]
TWO = [FOUR[0], FOUR[3]]


def as_(cases: list[tuple[str, bool]]) -> pytest.MarkDecorator:
    """Who logs in, and whether the ambassador's image has nothing but HAProxy and is not root."""
    names = [f"{login}-{'bare' if bare else 'shell'}" for login, bare in cases]
    return pytest.mark.parametrize("scene", cases, ids=names, indirect=True)


@pytest.fixture
async def scene(
    request: pytest.FixtureRequest, transport: LiveTransport, lab: Lab
) -> AsyncIterator[WireScene]:
    login, bare = request.param
    user = ROOT if login == ROOT else await asyncio.to_thread(lab.user, MEMBER, docker=True)
    engine = await engine_of(transport, lab["h1"], user=user)
    made = WireScene(lab, lab["h1"], engine, bare)
    await made.databases()
    for name in PORTS:
        await asyncio.to_thread(made.listens, name)
    yield made
    await asyncio.to_thread(_clear, lab)


def _clear(lab: Lab) -> None:
    for name in ("h1", "h2"):
        lab[name].engine.clear()
    for network in lab["h1"].docker("network", "ls", "-q", "--filter", "type=custom").split():
        lab["h1"].docker("network", "rm", network)


@as_(FOUR)
async def test_a_reload_under_load_loses_nothing_and_old_ones_are_cut_on_demand(scene: WireScene) -> None:
    root = (await scene.wiring.ground()).root
    await scene.ambassador("one")
    view = await scene.until(lambda v: all(s.status == "UP" for s in v.servers))
    assert [(s.server, s.address, s.check) for s in view.servers] == [
        ("one.h2", f"{scene.lab['h2'].address}:15432", "L4OK")
    ]
    pid, address = (
        await asyncio.to_thread(scene.pid_of, "app"),
        await asyncio.to_thread(scene.address_of, "dockcon-db"),
    )
    with Load(pid, address) as load:
        await scene.configure("two")
        if root:
            held = await scene.until(lambda v: v.old_sessions == 20)
            assert [s.server for s in held.servers] == ["two.h2"]
        else:
            assert (await scene.wiring.proxy(scene.ident)).old_sessions is None
        await scene.configure("one")
    assert load.clean, load.report
    assert set(load.report["answers"]) == {"one", "two"}, load.report
    assert load.report["held"] == {"one": 20}

    with Load(pid, address, threads=1, held=5) as load:
        await scene.configure("two")
        if not root and scene.bare:
            with pytest.raises(CapabilityMissing, match="shell"):
                await scene.wiring.cut_old(scene.ident)
            return
        assert await scene.wiring.cut_old(scene.ident) == 5
        if root:
            await scene.until(lambda v: v.old_sessions == 0)
    assert load.report["held"] == {"dropped": 5}
    assert not load.report["failures"], load.report
    assert await scene.wiring.cut_old(scene.ident) == 0


@as_(TWO)
async def test_a_candidate_is_tried_before_anything_changes(scene: WireScene) -> None:
    root = (await scene.wiring.ground()).root
    await scene.ambassador("one")
    at = scene.lab["h2"].address
    assert (await scene.wiring.reach(at, PORTS["two"])).ok
    refused = await scene.wiring.reach(at, 9)
    assert (refused.ok, refused.how) == (False, "refused")
    dead = await scene.wiring.reach(await asyncio.to_thread(scene.lab.black_hole), 9, 1.0)
    assert (dead.ok, dead.how) == (False, "no answer within 1 s")
    if not root:
        with pytest.raises(CapabilityMissing):
            await scene.wiring.admin(scene.ident, "show info")
        return
    checked = {}
    for name, port in (("good", PORTS["two"]), ("bad", 9)):
        server = f"to_5432/{name}"
        added = await scene.wiring.admin(
            scene.ident, f"add server {server} {at}:{port} check inter 200ms fall 1"
        )
        assert "New server registered" in added
        await scene.wiring.admin(scene.ident, f"enable health {server}")
        await scene.wiring.admin(scene.ident, f"set server {server} state drain")
        view = await scene.until(
            lambda v, own=name: any(s.server == own and s.check in ("L4OK", "L4CON") for s in v.servers)
        )
        (one,) = [s for s in view.servers if s.server == name]
        checked[name] = (one.status.split()[0], one.check)
    assert checked["good"] == ("DRAIN", "L4OK")
    assert checked["bad"][1] == "L4CON"


@as_(TWO)
async def test_one_file_and_one_command(scene: WireScene) -> None:
    ident = await scene.ambassador("one")
    text = await scene.wiring.read_file(ident, CONFIG)
    assert text is not None
    assert text.startswith(b"# dockcon: ")
    assert await scene.wiring.read_file(ident, CONFIG, 9) == b"# dockcon"
    assert await scene.wiring.read_file(ident, "/nothing/here") is None
    good = await scene.wiring.run(ident, ("haproxy", "-c", "-f", CONFIG))
    assert (good.exit_code, good.output) == (0, "Configuration file is valid")
    await scene.wiring.put_file(
        ident, "/dockcon/next.cfg", text.replace(b"default_backend", b"default_backnd")
    )
    bad = await scene.wiring.run(ident, ("haproxy", "-c", "-f", "/dockcon/next.cfg"))
    assert bad.exit_code == 1
    assert "default_backnd" in bad.output
    app = await asyncio.to_thread(scene.id_of, "app")
    for _ in range(20):  # what comes together with the head of the answer is not lost
        said = await scene.wiring.run(app, ("sh", "-c", "echo out; echo err >&2; exit 3"))
        assert (said.exit_code, sorted(said.output.split())) == (3, ["err", "out"])
    with pytest.raises(OutcomeUnknown):
        await scene.wiring.run(app, ("sleep", "20"), timeout=0.5)


@as_(TWO)
async def test_names_from_inside_a_container(scene: WireScene) -> None:
    root = (await scene.wiring.ground()).root
    await scene.ambassador("one")
    app = await asyncio.to_thread(scene.id_of, "app")
    await scene.until(lambda v: all(s.status == "UP" for s in v.servers))
    for name in ("db", "db.prod"):
        found = await scene.wiring.reach_from(app, name, 5432)
        assert found.ok, found
    wrong = await scene.wiring.reach_from(app, "db", 5999)
    assert not wrong.ok
    assert "refused" in wrong.how
    assert not (await scene.wiring.reach_from(app, "nobody", 5432, 2.0)).ok
    await scene.configure("refused")
    await scene.until(lambda v: all(s.check == "L4CON" for s in v.servers))
    if root:  # who has bash or python there sees that it is closed at once
        assert "closed at once" in (await scene.wiring.reach_from(app, "db", 5432)).how


@as_(TWO)
async def test_a_consumer_of_the_default_bridge_joined_live_and_one_on_the_hosts_network(
    scene: WireScene,
) -> None:
    await scene.ambassador("one")
    words = ("run", "-d", "--stop-timeout", "1")
    plain = await asyncio.to_thread(scene.host.docker, *words, "--name", "plain", IMAGE, "sh", "-c", SLEEP)
    hosted = await asyncio.to_thread(
        scene.host.docker, *words, "--name", "hosted", "--net", "host", IMAGE, "sh", "-c", SLEEP
    )
    assert not (await scene.wiring.reach_from(plain, "db", 5432, 2.0)).ok
    await scene.wiring.make_network("dockcon-db", {"dockcon.mapping": "db"}, internal=True)
    view = next(net for net in await scene.wiring.networks() if net.name == "dockcon-db")
    assert (view.internal, view.labels) == (True, {"dockcon.mapping": "db"})
    route = await scene.wiring.run(plain, ("ip", "route"))
    await scene.wiring.connect("dockcon-db", scene.ident, ("db",))
    await scene.wiring.connect("dockcon-db", plain, ())
    found = await scene.wiring.reach_from(plain, "db", 5432)
    assert found.ok, found
    default = [
        line
        for line in (await scene.wiring.run(plain, ("ip", "route"))).output.split("  ")
        if "default" in line
    ]
    assert "default via 172.17.0.1" in route.output
    assert "default via 172.17.0.1" in " ".join(default)

    address = await asyncio.to_thread(scene.address_of, "dockcon-db")
    await scene.wiring.set_hosts_line(hosted, "db", address)
    assert await scene.wiring.hosts_lines(hosted) == (f"{address} db",)
    found = await scene.wiring.reach_from(hosted, "db", 5432)
    assert found.ok, found
    await scene.wiring.set_hosts_line(hosted, "db", "127.0.0.1")
    assert "refused" in (await scene.wiring.reach_from(hosted, "db", 5432)).how
    seen = await asyncio.to_thread(scene.host.docker, "exec", "hosted", "cat", "/etc/hosts")
    assert seen.startswith("127.0.0.1 db # dockcon\n")  # the very inode the container has
    await scene.wiring.set_hosts_line(hosted, "db", "")
    assert await scene.wiring.hosts_lines(hosted) == ()

    with pytest.raises(Conflict):
        await scene.wiring.drop_network("dockcon-db")
    await scene.wiring.disconnect("dockcon-db", plain)
    await scene.wiring.disconnect("dockcon-db", scene.ident)
    await scene.wiring.drop_network("dockcon-db")


@as_(TWO)
async def test_it_survives_a_restart_of_the_ambassador(scene: WireScene) -> None:
    """Sockets lie on a tmpfs that is made anew, the file in its own layer."""
    await scene.ambassador("one")
    await scene.engine.deeds.act(scene.ident, Action(kind=ActionKind.RESTART))
    view = await scene.until(lambda v: all(s.status == "UP" for s in v.servers))
    assert view.revision.startswith("1-")
    await scene.engine.deeds.act(scene.ident, Action(kind=ActionKind.STOP))
    with pytest.raises(CapabilityMissing):
        await scene.wiring.proxy(scene.ident)
