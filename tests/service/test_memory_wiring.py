"""Mappings meet a memory fleet that behaves like engines and HAProxy: names, checks, sessions, faults."""

from __future__ import annotations

import pytest

from console.errors import CapabilityMissing, Conflict, EngineDown, HostUnreachable, NotFound, OutcomeUnknown
from console.model.actions import Action, ActionKind
from console.model.containers import ContainerState, Port
from console.model.mappings.haproxy import CONFIG, Server
from console.model.text import safe
from tests.service.fleets import running
from tests.service.loops import virtual
from tests.service.wiring import DB, POSTGRES, config, site


def dead(host: str = DB, port: int = 99) -> Server:
    return Server(name="other", host=host, port=port)


@virtual
async def test_an_ambassador_carries_a_name_to_another_host() -> None:
    async with site() as s:
        before = await s.wiring.reach_from(s.web.id, "db", 5432)
        assert (before.ok, before.how) == (False, "the name db is not known")
        ident = await s.ambassador(config(POSTGRES))
        assert await s.checked(ident) == ("postgres.db-1 UP L4OK",)
        found = await s.wiring.reach_from(s.web.id, "db", 5432)
        assert found.ok, found
        assert found.how.startswith("db is 172.20.0.3: connected")
        assert (await s.wiring.reach_from(s.web.id, "db", 5433)).how == "db is 172.20.0.3: refused"


@virtual
async def test_what_an_endpoint_does_is_seen() -> None:
    async with site() as s:
        ident = await s.ambassador(config(POSTGRES))
        s.db.daemon.pause(s.postgres)
        assert await s.checked(ident) == ("postgres.db-1 UP L4OK",)  # its kernel goes on taking connections
        s.db.daemon.unpause(s.postgres)
        s.db.daemon.stop(s.postgres)
        assert await s.checked(ident) == ("postgres.db-1 DOWN L4CON",)
        assert (await s.wiring.reach_from(s.web.id, "db", 5432)).how.endswith("connected and closed at once")
        s.db.daemon.start(s.postgres)
        assert await s.checked(ident) == ("postgres.db-1 UP L4OK",)
        s.postgres.refuses = frozenset({5432})
        assert await s.checked(ident) == ("postgres.db-1 DOWN L4CON",)
        s.postgres.refuses = frozenset()
        s.db.faults.black_hole = True
        assert await s.checked(ident) == ("postgres.db-1 DOWN L4TOUT",)


@virtual
async def test_a_reload_takes_the_file_over_and_old_sessions_stay_until_they_are_cut() -> None:
    async with site() as s:
        ident = await s.ambassador(config(POSTGRES))
        first = (await s.wiring.proxy(ident)).revision
        s.app.daemon.proxies[ident].hold(3)
        await s.wiring.put_file(ident, CONFIG, config(dead(), number=2).encode())
        assert (await s.wiring.proxy(ident)).revision == first  # put, and not yet taken over
        await s.configure(ident, config(dead(), number=2))
        view = await s.wiring.proxy(ident)
        assert view.revision.startswith("2-")
        assert view.old_sessions == 3
        assert await s.wiring.cut_old(ident) == 3
        assert await s.wiring.cut_old(ident) == 0
        assert (await s.wiring.proxy(ident)).old_sessions == 0


@virtual
async def test_a_bad_file_is_found_and_a_bad_reload_changes_nothing() -> None:
    async with site() as s:
        ident = await s.ambassador(config(POSTGRES))
        bad = config(POSTGRES, number=2).replace("default_backend", "default_backnd")
        await s.wiring.put_file(ident, "/tmp/next.cfg", bad.encode())
        ran = await s.wiring.run(ident, ("haproxy", "-c", "-f", "/tmp/next.cfg"))
        assert ran.exit_code == 1
        assert "unknown keyword 'default_backnd' in 'frontend' section" in ran.output
        good = await s.wiring.run(ident, ("haproxy", "-c", "-f", CONFIG))
        assert (good.exit_code, good.output) == (0, "Configuration file is valid")
        await s.configure(ident, bad)
        assert (await s.wiring.proxy(ident)).revision.startswith("1-")
        assert await s.checked(ident) == ("postgres.db-1 UP L4OK",)


@virtual
async def test_an_ambassador_with_a_bad_file_does_not_stay() -> None:
    async with site() as s:
        ident = await s.ambassador("nonsense\n")
        assert s.app.daemon.containers[ident].state is ContainerState.RESTARTING
        with pytest.raises(CapabilityMissing):
            await s.wiring.proxy(ident)


@virtual
async def test_who_is_not_root_reads_the_page_only() -> None:
    async with site(user="ops") as s:
        assert not (await s.wiring.ground()).root
        ident = await s.ambassador(config(POSTGRES))
        view = await s.wiring.proxy(ident)
        assert view.old_sessions is None
        assert [server.status for server in view.servers] == ["UP"]
        with pytest.raises(CapabilityMissing):
            await s.wiring.admin(ident, "show info")
        s.web.image = "gcr.io/distroless/web:1"
        with pytest.raises(CapabilityMissing):
            await s.wiring.reach_from(s.web.id, "db", 5432)
        with pytest.raises(CapabilityMissing):
            await s.wiring.set_hosts_line(s.web.id, "db", "127.0.0.1")


@virtual
async def test_a_template_follows_a_name_to_a_container_that_was_made_anew() -> None:
    async with site() as s:
        local = running(s.app, "cache", networks={"shop_default": "172.20.0.9"}, ports=(Port(6379),))
        template = Server(name="cache", host="cache", port=6379, slots=2)
        ident = await s.ambassador(config(template))
        assert await s.checked(ident) == ("cache_1 UP L4OK", "cache_2 MAINT (resolution)")
        s.app.daemon.remove(local)
        assert await s.checked(ident) == ("cache_1 MAINT (resolution)", "cache_2 MAINT (resolution)")
        running(s.app, "cache", networks={"shop_default": "172.20.0.77"}, ports=(Port(6379),))
        view = await s.wiring.proxy(ident)
        assert [server.address for server in view.servers] == ["172.20.0.77:6379", ""]


@virtual
async def test_networks_are_apart() -> None:
    async with site() as s:
        stranger = running(s.app, "stranger", networks={"other": "172.29.0.2"}, ports=(Port(80),))
        assert (await s.wiring.reach_from(s.web.id, "stranger", 80)).how == "the name stranger is not known"
        assert not (await s.wiring.reach_from(s.web.id, "172.29.0.2", 80)).ok
        assert (await s.wiring.reach("172.29.0.2", 80)).ok  # the host is in all of them
        made = await s.wiring.make_network("dockcon-db", {"dockcon.mapping": "db"}, internal=True)
        view = next(net for net in await s.wiring.networks() if net.id == made)
        assert (view.name, view.internal, view.labels) == ("dockcon-db", True, {"dockcon.mapping": "db"})
        assert view.subnets
        assert view.gateways
        with pytest.raises(Conflict):
            await s.wiring.make_network("dockcon-db", {}, internal=True)
        await s.wiring.connect("dockcon-db", stranger.id, ("store", "store.prod"))
        await s.wiring.connect("dockcon-db", s.web.id, ())
        assert (await s.wiring.reach_from(s.web.id, "store.prod", 80)).ok
        with pytest.raises(Conflict):
            await s.wiring.connect("dockcon-db", s.web.id, ())
        with pytest.raises(Conflict):
            await s.wiring.drop_network("dockcon-db")
        for one in (stranger, s.web):
            await s.wiring.disconnect("dockcon-db", one.id)
        with pytest.raises(Conflict):
            await s.wiring.disconnect("dockcon-db", s.web.id)
        await s.wiring.drop_network("dockcon-db")
        with pytest.raises(NotFound):
            await s.wiring.connect("dockcon-db", s.web.id, ())


@virtual
async def test_the_default_bridge_has_no_names_and_its_neighbours_may_not_dial() -> None:
    async with site() as s:
        neighbour = running(s.app, "neighbour")
        ident = await s.ambassador(config(POSTGRES))
        assert (await s.wiring.reach_from(neighbour.id, "dockcon-db", 5432)).how.endswith("is not known")
        at = s.app.daemon.containers[ident].networks["bridge"]
        refused = await s.wiring.reach_from(neighbour.id, at, 5432)
        assert (refused.ok, refused.how) == (False, f"{at} is {at}: connected and closed at once")
        assert (await s.wiring.reach(at, 5432)).ok  # the host is its gateway


@virtual
async def test_a_hosts_line_wins_and_a_restart_takes_it_away() -> None:
    async with site() as s:
        hosted = running(s.app, "hosted", networks={"host": ""}, extra_hosts=("db:10.9.9.9",))
        running(s.app, "door", ports=(Port(5432, 5432, "127.0.0.1"),))
        assert not (await s.wiring.reach_from(hosted.id, "db", 5432)).ok
        await s.wiring.set_hosts_line(hosted.id, "db", "127.0.0.1")
        assert await s.wiring.hosts_lines(hosted.id) == ("127.0.0.1 db",)
        assert (await s.wiring.reach_from(hosted.id, "db", 5432)).ok
        await s.engine.deeds.act(hosted.id, Action(kind=ActionKind.RESTART))
        assert await s.wiring.hosts_lines(hosted.id) == ()
        await s.wiring.set_hosts_line(hosted.id, "db", "127.0.0.1")
        await s.wiring.set_hosts_line(hosted.id, "db", "")
        assert await s.wiring.hosts_lines(hosted.id) == ()


@virtual
async def test_ports_of_the_host_are_taken() -> None:
    async with site() as s:
        running(s.app, "hosted", networks={"host": ""}, ports=(Port(9100),))
        running(s.app, "shop", ports=(Port(80, 8080, "0.0.0.0"),))
        ground = await s.wiring.ground()
        assert ground.listening == {22, 9100, 8080}
        s.app.faults.no_shell = "sessions are forbidden"
        assert (await s.wiring.ground()).listening is None


@virtual
async def test_an_ambassador_beside_an_endpoint_admits_the_consumers_hosts_only() -> None:
    async with site() as s:
        text = config(Server(name="p", host="postgres", port=5432, slots=2), sources=("10.0.0.11/32",))
        other = running(
            s.db,
            "dockcon-db-provider",
            command=("haproxy", "-f", CONFIG),
            networks={"db_default": "172.20.0.8"},
            ports=(Port(5432, 23817, DB),),
        )
        s.db.daemon.stop(other)
        s.db.daemon.disk(other).unpack("/", _tar(text))
        s.db.daemon.start(other)
        assert (await s.wiring.reach(DB, 23817)).ok
        s.app.spec = type(s.app.spec)(name="app-1", address="10.0.0.12", user="root")
        assert (await s.wiring.reach(DB, 23817)).how == "connected and closed at once"


def _tar(text: str) -> bytes:
    from console.transport.wiring_engine import archive

    return archive(CONFIG.lstrip("/"), text.encode(), 0o644)


@virtual
async def test_faults_in_the_middle_of_a_change() -> None:
    async with site() as s:
        ident = await s.ambassador(config(POSTGRES))
        s.app.faults.before_deed = lambda what: s.app.cut() if what == "put_file" else None
        with pytest.raises(HostUnreachable):
            await s.wiring.put_file(ident, CONFIG, b"other")
        s.app.faults.before_deed = None
        assert s.app.daemon.disk(s.app.daemon.containers[ident]).find(CONFIG)[1].data != b"other"  # type: ignore[index]  # it is there
    async with site() as s:
        s.app.faults.after_deed = lambda what: s.app.cut() if what == "connect" else None
        running(s.app, "x", networks={"n": "172.29.0.2"})
        with pytest.raises(OutcomeUnknown):
            await s.wiring.connect("n", s.web.id, ("web2",))
        assert "n" in s.web.networks
    async with site() as s:
        s.app.engine_stops()
        with pytest.raises(EngineDown):
            await s.wiring.make_network("dockcon-db", {}, internal=True)
        assert s.app.daemon.nets.find("dockcon-db") is None


@virtual
async def test_an_administrator_drains_a_server() -> None:
    async with site() as s:
        ident = await s.ambassador(config(POSTGRES))
        assert await s.wiring.admin(ident, "set server to_5432/postgres.db-1 state drain") == safe("")
        assert await s.checked(ident) == ("postgres.db-1 DRAIN L4OK",)
        assert await s.wiring.admin(ident, "set server to_5432/none state drain") == "No such server."
        assert "# old workers" in await s.wiring.admin(ident, "show proc")


@virtual
async def test_what_is_gone() -> None:
    async with site() as s:
        found = await s.wiring.inspect_all((s.web.id, "f" * 64, s.web.id))
        assert [one.container.name for one in found] == ["web"]
        assert await s.wiring.read_file(s.web.id, "/none") is None
        with pytest.raises(NotFound):
            await s.wiring.read_file("f" * 64, "/none")
        assert await s.wiring.image_id("nothing:1") == ""
        assert await s.wiring.image_id("busybox:1") != ""
