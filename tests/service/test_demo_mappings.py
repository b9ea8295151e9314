"""The demo's mappings as planning finds them: one as it should be, one that a reload mends."""

from __future__ import annotations

from dataclasses import replace

from console.model.mappings.haproxy import CONFIG, parse_header
from console.model.mappings.mapping import Revision
from console.model.mappings.realise import choose
from console.model.mappings.realise.outline import Outline, RealiseRules
from console.model.mappings.steps import Configure
from console.model.mappings.views import ambassador_view, container_view
from console.model.mappings.world import AmbassadorView, HostView, World
from console.transport.base import Engine
from console.transport.memory import MemoryFleet, MemoryTransport, demo_book, demo_fleet
from tests.service.loops import LoopClock, virtual


async def look(fleet: MemoryFleet) -> World:
    """The world, by nothing but what an engine and its wiring say."""
    transport = MemoryTransport(fleet)
    hosts = {}
    for host in fleet.hosts.values():
        engine = await (await transport.connect(host.spec, None)).engine()
        hosts[host.name] = await _host(engine, host.name, host.spec.address)
    await transport.aclose()
    return World(fleet=fleet.name, at=fleet.clock.now(), hosts=hosts)


async def _host(engine: Engine, name: str, reach: str) -> HostView:
    wiring = engine.wiring
    found = await wiring.inspect_all([row.id for row in await engine.containers()])
    views = tuple(map(container_view, found))
    ground = await wiring.ground()
    ours = [one for view in views if (one := ambassador_view(view)) is not None]
    return HostView(
        name=name,
        reach=reach,
        root=ground.root,
        shell=True,
        containers=views,
        networks=await wiring.networks(),
        ambassadors=tuple([await _asked(engine, one) for one in ours]),
        listening=ground.listening,
        image=await wiring.image_id("haproxy:lts"),
    )


async def _asked(engine: Engine, one: AmbassadorView) -> AmbassadorView:
    raw = await engine.wiring.read_file(one.container.id, CONFIG)
    assert raw is not None
    text = raw.decode()
    running = await engine.wiring.proxy(one.container.id)
    return replace(one, config=text, header=parse_header(text), running=running)


def outline(fleet: MemoryFleet, world: World, mapping_id: str) -> Outline:
    mapping = demo_book().mappings[mapping_id]
    revision = Revision(id=mapping_id, number=1, mapping=mapping, parent="", at=0, who="")
    return choose.plan(mapping, mapping, revision, world, RealiseRules(fleet=fleet.name))


@virtual
async def test_one_works_and_the_other_is_mended_by_a_reload() -> None:
    fleet = demo_fleet(LoopClock())
    world = await look(fleet)
    checks = {
        one.mapping: [server.check for server in one.running.servers]
        for host in world.hosts.values()
        for one in host.ambassadors
        if one.running is not None
    }
    assert checks == {"loki": ["L4OK"], "mq": ["L4CON"]}

    assert outline(fleet, world, "loki").refusals == ()
    assert outline(fleet, world, "loki").steps == ()

    mending = outline(fleet, world, "mq")
    assert mending.refusals == ()
    (step,) = mending.steps
    assert isinstance(step, Configure)
    host = fleet["app-1"]
    ambassador = host.daemon.find("dockcon-mq")
    host.daemon.disk(ambassador).nodes[CONFIG].data = step.config.encode()
    host.daemon.kill(ambassador, "SIGHUP")
    world = await look(fleet)
    assert outline(fleet, world, "mq").steps == ()
    mended = next(one for one in world.hosts["app-1"].ambassadors if one.mapping == "mq")
    assert mended.running is not None
    assert [(s.status, s.check) for s in mended.running.servers] == [("UP", "L4OK")]
