"""Which way fits which consumers, what it takes, and what is refused; by the numbers of the failure list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from console.model.containers import ContainerState, Port
from console.model.mappings import haproxy
from console.model.mappings.mapping import Endpoint, Mapping, Party, Via
from console.model.mappings.realise.choose import plan
from console.model.mappings.realise.outline import Outline, RealiseRules
from console.model.mappings.steps import (
    Configure,
    Connect,
    Disconnect,
    DropAmbassador,
    MakeAmbassador,
    MakeNetwork,
    SetHostsLine,
    StartAmbassador,
    Step,
)
from console.model.mappings.world import ContainerView, ProxyView, World
from console.model.text import safe
from tests.unit.mappings.mappings_world import (
    FLEET,
    apply,
    change,
    change_container,
    container,
    find,
    host,
    mapping,
    network,
    world,
)

OPEN = Port(5432, 15432, "0.0.0.0")
LOOP = Port(5432, 15432, "127.0.0.1")
PG1 = Endpoint(host="db-1", container="postgres", ports=(5432,))
PG2 = Endpoint(host="db-2", container="postgres", ports=(5432,))
LOCAL = Endpoint(host="app-1", container="postgres", ports=(5432,))
WEB = Party(host="app-1", container="web")
ONE = mapping(PG1, consumers=[WEB])


@dataclass(frozen=True)
class Wording:
    number: int = 1
    parent: str = ""
    id: str = "db"


def fleet(
    *boxes: ContainerView, ports: Sequence[Port] = (OPEN,), engine: str = "docker", pg: str = "back"
) -> World:
    """`boxes` on app-1 (a web on `front` where none), a postgres on db-1 and on db-2."""
    boxes = boxes or (container("app-1", "web", "front"),)
    nets = (network("front", 30), network("other", 32))
    return world(
        host("app-1", "10.0.0.11", boxes, nets, engine=engine),
        *(
            host(
                name,
                f"10.0.0.2{number}",
                [container(name, "postgres", pg, ports=ports)],
                [network("back", 31)],
            )
            for number, name in enumerate(("db-1", "db-2"), 1)
        ),
    )


def planned(
    now: World, after: Mapping | None = ONE, before: Mapping | None = None, number: int = 1
) -> Outline:
    return plan(after, before, Wording(number), now, RealiseRules(fleet=FLEET))


def done(now: World, after: Mapping | None = ONE, before: Mapping | None = None) -> World:
    outline = planned(now, after, before)
    assert outline.refusals == ()
    for step in outline.steps:
        now = apply(step, now)
    return now


def kinds(steps: Sequence[Step]) -> list[str]:
    return [type(step).__name__ for step in steps]


def config(outline: Outline) -> str:
    (made,) = (step for step in outline.steps if isinstance(step, MakeAmbassador))
    return made.config


def test_a_published_endpoint_on_another_host() -> None:
    outline = planned(fleet())
    assert kinds(outline.steps) == ["MakeAmbassador", "Connect"]
    assert outline.via is Via.AMBASSADOR
    assert not any(step.disruptive for step in outline.steps)
    assert "server postgres.db-1 10.0.0.21:15432 weight 1 check" in config(outline)
    assert [(one.host, one.address, one.endpoint) for one in outline.candidates] == [
        ("app-1", "10.0.0.21:15432", "postgres@db-1")
    ]


def test_1_an_edit_of_a_standing_ambassador_is_one_configure_per_consumer_host() -> None:
    now = done(fleet())
    after = replace(ONE, to=(PG2,))
    outline = planned(now, after, ONE, 2)
    assert kinds(outline.steps) == ["Configure"]
    assert outline.steps[0].text.startswith(
        "re-points the ambassador on app-1 from 10.0.0.21:15432 to 10.0.0.22"
    )
    assert [one.address for one in outline.candidates] == ["10.0.0.22:15432"]
    assert outline.candidates[0].ambassador is not None


def test_10_weights_and_several_ports() -> None:
    two = mapping(
        replace(PG1, weight=3, ports=(5432, 9187)),
        replace(PG2, ports=(5432, 9187)),
        consumers=[WEB],
        ports=(5432, 80),
    )
    outline = planned(fleet(ports=(OPEN, Port(9187, 9187, "0.0.0.0"))), two)
    text = config(outline)
    assert "server postgres.db-1 10.0.0.21:15432 weight 3 check" in text
    assert "server postgres.db-2 10.0.0.22:9187 weight 1 check" in text
    assert "bind *:80" in text


@pytest.mark.parametrize("ports", [(), (LOOP,)])
def test_an_endpoint_that_is_not_published_has_a_way_opened(ports: tuple[Port, ...]) -> None:
    outline = planned(fleet(ports=ports))
    made = [step for step in outline.steps if isinstance(step, MakeAmbassador)]
    assert [step.name for step in made] == ["dockcon-db-provider", "dockcon-db"]
    assert made[0].disruptive
    opened = int(haproxy.servers_of(made[1].config)[5432, "postgres.db-1"].port)
    assert 20000 <= opened < 30000
    assert made[0].text.startswith(f"opens 10.0.0.21:{opened} on db-1 to app-1")
    assert made[0].body["HostConfig"]["PortBindings"][f"{opened}/tcp"][0]["HostIp"] == "10.0.0.21"
    assert haproxy.sources_of(made[0].config) == {"10.0.0.11/32"}
    assert "server-template postgres.db-1_ 8 postgres:5432" in made[0].config


def test_an_opened_port_is_another_where_it_is_taken_and_stays_where_it_is_ours() -> None:
    now = fleet(ports=())
    first = done(now)
    (view,) = first.hosts["db-1"].ambassadors
    port = view.container.ports[0].public
    there = now.hosts["db-1"]
    taken = change(now, replace(there, listening=frozenset({port})))
    assert done(taken).hosts["db-1"].ambassadors[0].container.ports[0].public == port + 1
    assert planned(first).steps == ()


def test_24_a_consumer_on_the_default_bridge_keeps_its_default_route() -> None:
    outline = planned(fleet(container("app-1", "web")))
    assert kinds(outline.steps) == ["MakeNetwork", "MakeAmbassador", "Connect", "Connect"]
    name, consumer = (step for step in outline.steps if isinstance(step, Connect))
    assert (name.network, name.name, name.aliases) == ("dockcon-db", "dockcon-db", ("db",))
    assert consumer.container is not None
    assert (consumer.network, consumer.container.name) == ("dockcon-db", "web")
    assert isinstance(outline.steps[0], MakeNetwork)


def test_24_a_consumer_on_the_hosts_network_finds_it_on_loopback() -> None:
    now = fleet(container("app-1", "web", mode="host"))
    outline = planned(now)
    assert kinds(outline.steps) == ["MakeAmbassador", "SetHostsLine"]
    made, line = outline.steps
    assert isinstance(made, MakeAmbassador)
    assert isinstance(line, SetHostsLine)
    assert made.body["HostConfig"]["PortBindings"]["5432/tcp"][0]["HostIp"] == "127.0.0.1"
    assert (line.name, line.ip) == ("db", "127.0.0.1")
    taken = change(now, replace(now.hosts["app-1"], listening=frozenset({5432})))
    assert "port 5432 of app-1 is taken" in planned(taken).refusals[0]
    assert planned(done(now)).steps == ()


def test_24_container_mode_means_the_other_container_and_none_is_refused() -> None:
    pod = container("app-1", "pod", "front")
    web = container("app-1", "web", mode=f"container:{pod.id}")
    outline = planned(fleet(pod, web))
    assert [(s.network, s.aliases) for s in outline.steps if isinstance(s, Connect)] == [("front", ("db",))]
    assert "gone" in planned(fleet(web)).refusals[0]
    assert "mode `none`" in planned(fleet(container("app-1", "web", mode="none"))).refusals[0]


def test_24_a_consumer_on_two_networks_needs_one_and_the_name_free_on_both() -> None:
    web = container("app-1", "web", "other", "front")
    outline = planned(fleet(web))
    assert [step.network for step in outline.steps if isinstance(step, Connect)] == ["other"]
    outline = planned(fleet(web, container("app-1", "db", "front")))
    assert outline.steps == ()
    assert outline.refusals == ("on front of app-1 the name db is taken by db: choose another name",)


def test_5_a_service_alias_takes_the_name_too() -> None:
    other = container("app-1", "shop-db-1", "front", service=("shop", "db"))
    assert "taken by shop-db-1" in planned(fleet(container("app-1", "web", "front"), other)).refusals[0]


def test_a_name_that_leads_there_already_takes_no_step() -> None:
    same = mapping(replace(LOCAL, container="db"), consumers=[WEB])
    now = fleet(container("app-1", "web", "front"), container("app-1", "db", "front"))
    assert (planned(now, same).steps, planned(now, same).via) == ((), Via.ALIAS)


def test_an_alias_on_one_host_and_never_the_endpoints_default_route() -> None:
    here = mapping(LOCAL, consumers=[WEB])
    now = fleet(container("app-1", "web", "front"), container("app-1", "postgres"))
    (step,) = planned(now, here).steps
    assert isinstance(step, Connect)
    assert (step.network, step.aliases) == ("front", ("db", "dockcon.db"))
    later = fleet(container("app-1", "web", "front"), container("app-1", "postgres", "other"))
    assert kinds(planned(later, here).steps) == ["MakeNetwork", "Connect", "Connect"]
    assert planned(done(later, here), here).steps == ()
    port = mapping(replace(LOCAL, ports=(6432,)), consumers=[WEB])
    assert planned(now, port).via is Via.AMBASSADOR
    assert "changes no port" in planned(now, replace(port, via=Via.ALIAS)).refusals[0]


def test_several_containers_of_a_service_are_several_servers() -> None:
    boxes = [
        container(
            "db-1", f"shop-pg-{n}", "back", service=("shop", "pg"), ports=(Port(5432, 15432 + n, "0.0.0.0"),)
        )
        for n in (1, 2)
    ]
    now = fleet()
    now = change(now, replace(now.hosts["db-1"], containers=tuple(boxes)))
    service = mapping(Endpoint(host="db-1", project="shop", service="pg", ports=(5432,)), consumers=[WEB])
    servers = haproxy.servers_of(config(planned(now, service)))
    assert {server.port for server in servers.values()} == {15433, 15434}


def test_two_hosts_of_consumers_have_an_ambassador_each() -> None:
    now = fleet()
    second = host("app-2", "10.0.0.12", [container("app-2", "web", "front")], [network("front", 30)])
    both = replace(ONE, consumers=(WEB, Party(host="app-2", container="web")))
    outline = planned(change(now, second), both)
    assert [step.host for step in outline.steps if isinstance(step, MakeAmbassador)] == ["app-1", "app-2"]
    away = planned(change(now, replace(second, missing=safe("lost"))), both)
    assert {step.host for step in away.steps} == {"app-1"}
    assert "app-2 cannot be read (lost)" in away.warnings[0]


def test_19_what_was_altered_is_put_back_and_what_does_not_run_is_started() -> None:
    now = done(fleet())
    (view,) = now.hosts["app-1"].ambassadors
    assert view.config is not None

    def with_(**changes: object) -> World:
        changed = replace(view, **changes)  # type: ignore[arg-type]
        return change(now, replace(now.hosts["app-1"], ambassadors=(changed,)))

    (step,) = planned(with_(config=view.config + "# by hand\n")).steps
    assert "put" in step.text
    assert isinstance(step, Configure)
    (step,) = planned(with_(running=ProxyView(revision="1-" + "0" * 20))).steps
    assert step.text.startswith("reloads")
    (step,) = planned(with_(running=ProxyView(revision=""))).steps
    assert isinstance(step, Configure)
    stopped = change_container(now, replace(view.container, state=ContainerState.EXITED))
    assert kinds(planned(stopped).steps) == [StartAmbassador.__name__]
    spec = planned(with_(spec="another"))
    assert kinds(spec.steps) == ["DropAmbassador", "MakeAmbassador", "Connect"]
    assert isinstance(spec.steps[0], DropAmbassador)
    assert spec.steps[0].disruptive
    assert planned(with_(header=haproxy.parse_header(view.config)), number=9).steps == ()


def test_19_a_container_with_our_name_and_without_our_label_is_refused() -> None:
    outline = planned(fleet(container("app-1", "web", "front"), container("app-1", "dockcon-db", "other")))
    assert outline.steps == ()
    assert "not ours" in outline.refusals[0]


def test_20_a_network_that_went_while_the_ambassador_was_stopped() -> None:
    now = done(fleet())
    box = find(now, "app-1", "dockcon-db")
    now = change_container(now, replace(box, state=ContainerState.EXITED))
    born = replace(network("front", 30), id="born anew")
    there = now.hosts["app-1"]
    nets = tuple(net for net in there.networks if net.name != "front")
    now = change(now, replace(there, networks=(*nets, born)))
    outline = planned(now)
    assert kinds(outline.steps) == ["Disconnect", "StartAmbassador", "Connect"]
    first = outline.steps[0]
    assert isinstance(first, Disconnect)
    assert first.force


def test_17_an_endpoint_that_is_stopped_or_away_leaves_connections_where_they_go() -> None:
    now = done(fleet())
    still = replace(find(now, "db-1", "postgres"), state=ContainerState.EXITED, ports=())
    assert planned(change_container(now, still)).steps == ()
    away = change(now, replace(now.hosts["db-1"], missing=safe("lost"), containers=()))
    assert planned(away).steps == ()
    assert planned(away).refusals == ()
    gone = change(fleet(), replace(fleet().hosts["db-1"], containers=()))
    assert "postgres@db-1 is not there" in planned(gone).refusals[0]


def test_a_consumer_that_left_is_left_alone_last() -> None:
    both = replace(ONE, consumers=(WEB, Party(host="app-1", container="bare")))
    now = done(fleet(container("app-1", "web", "front"), container("app-1", "bare")), both)
    outline = planned(now, ONE, both, 2)
    assert kinds(outline.steps) == ["Configure", "Disconnect", "Disconnect", "DropNetwork"]
    assert [step.disruptive for step in outline.steps] == [False, True, True, False]


def test_hosts_lines_change_no_port() -> None:
    line = replace(ONE, via=Via.HOSTS)
    assert "answers on 15432, not 5432" in planned(fleet(), line).refusals[0]
    outline = planned(fleet(ports=(Port(5432, 5432, "0.0.0.0"),)), line)
    (step,) = outline.steps
    assert isinstance(step, SetHostsLine)
    assert (step.ip, outline.via) == ("10.0.0.21", Via.HOSTS)
    mute = fleet(container("app-1", "web", "front", lines=None))
    assert "cannot be read or written" in planned(mute, line).refusals[0]


@pytest.mark.parametrize("via", [Via.DNS, Via.OVERLAY, Via.ENV])
def test_what_is_not_there_yet_is_refused(via: Via) -> None:
    outline = planned(fleet(), replace(ONE, via=via))
    assert outline.steps == ()
    assert f"via {via} is not there yet" in outline.refusals[0]


def test_podman_joins_no_default_network_and_opens_no_way() -> None:
    podman = fleet(container("app-1", "web"), engine="podman")
    egress = replace(network("podman", 17), name="podman")
    there = podman.hosts["app-1"]
    podman = change(podman, replace(there, networks=(egress, *there.networks[1:])))
    assert "put it on a network of its own first" in planned(podman).refusals[0]
    closed = fleet(ports=())
    closed = change(closed, replace(closed.hosts["db-1"], engine="podman"))
    assert "publish the port" in planned(closed).refusals[0]
