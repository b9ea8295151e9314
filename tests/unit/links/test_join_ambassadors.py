"""Ways through ambassadors, hosts that show little, and containers without a network of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.containers import ContainerState, Port
from console.model.links.join import join
from console.model.links.link import EndKind
from console.model.links.seen import ProxySession
from console.model.links.sight import Address, FlowState
from console.model.mappings.world import Attachment, ContainerView, NetworkView, ServerView, Side
from tests.unit.links.kernels import GATEWAY, Kernels, at, ip_of, pairs, shop
from tests.unit.links.test_join import WEB_PG, only


def server(address: str, sessions: int = 0, port: int = 5432) -> ServerView:
    return ServerView(
        backend=f"to_{port}", server=address, address=address, status="UP", check="L4OK", sessions=sessions
    )


def two_hops(*servers: ServerView, kernels: Kernels | None = None) -> tuple[Kernels, ContainerView]:
    """web -> dockcon-db on app-1 -> postgres on db-1."""
    made = kernels or shop()[0]
    web, postgres = made.containers["app-1"][0], made.containers["db-1"][0]
    proxy = made.ambassador("db", "app-1", "172.18.0.9", *servers)
    made.bridged(web, proxy, 5432)
    made.published(proxy, postgres, 5432)
    made.truth.clear()
    made.truth["web@app-1", "postgres@db-1", 5432] = 1
    return made, proxy


@pytest.mark.parametrize("servers", [(), (server("10.0.0.21:15432", 1),)])
def test_31_two_hops_are_one_way(servers: tuple[ServerView, ...]) -> None:
    kernels, proxy = two_hops(*servers)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == WEB_PG
    assert (found.ambassador, found.proven) == ((proxy.host, proxy.id), True)
    assert found.dialled == at("172.18.0.9:5432")
    assert [str(hop.end.with_port) for hop in found.path] == [
        "web@app-1",
        "dockcon-db@app-1:5432",
        "postgres@db-1:5432",
    ]
    assert [str(hop.how) for hop in found.path[1:]] == [
        "as 172.18.0.9:5432 on network shop",
        "published on 10.0.0.21:15432",
    ]


def test_31_three_hops_with_an_ambassador_on_the_endpoint_s_side() -> None:
    kernels = shop()[0]
    web, postgres = kernels.containers["app-1"][0], replace(kernels.containers["db-1"][0], ports=())
    kernels.containers["db-1"] = [postgres]
    proxy = kernels.ambassador("db", "app-1", "172.18.0.9", server("10.0.0.21:23817", 1))
    beside = kernels.ambassador(
        "db",
        "db-1",
        "172.18.0.8",
        server("172.18.0.2:5432", 1, 6000),
        side=Side.PROVIDER,
        ports=[Port(6000, 23817, "10.0.0.21")],
    )
    kernels.bridged(web, proxy, 5432)
    kernels.published(proxy, beside, 6000)
    kernels.bridged(beside, postgres, 5432)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == WEB_PG
    assert [str(hop.end.with_port) for hop in found.path[1:]] == [
        "dockcon-db@app-1:5432",
        "dockcon-db-provider@db-1:6000",
        "postgres@db-1:5432",
    ]
    assert found.ambassador == (proxy.host, proxy.id)


def test_an_ambassador_s_own_checks_and_our_questions_to_it_are_no_links() -> None:
    kernels = shop()[0]
    proxy = kernels.ambassador("db", "app-1", "172.18.0.9", server("10.0.0.21:15432"))
    kernels.published(proxy, kernels.containers["db-1"][0], 5432)
    kernels.row("app-1", at(f"{GATEWAY}:5"), at("172.18.0.9:8404"))
    assert join(kernels.world(), kernels.sights(), {}) == ()


def test_an_ambassador_of_another_fleet_is_a_container_like_any() -> None:
    kernels = shop()[0]
    proxy = kernels.ambassador("db", "app-1", "172.18.0.9", fleet="other")
    kernels.bridged(kernels.containers["app-1"][0], proxy, 5432)
    kernels.published(proxy, kernels.containers["db-1"][0], 5432)
    assert pairs(join(kernels.world(), kernels.sights(), {})) == dict(kernels.truth)


def balanced(*sessions: int) -> tuple[Kernels, ContainerView, list[Address]]:
    """web with two connections, by an ambassador with two servers."""
    kernels = shop()[0]
    web = kernels.containers["app-1"][0]
    kernels.container("standby", "db-1", "172.18.0.3", ports=[Port(5432, 15433, "0.0.0.0")])
    places = ["10.0.0.21:15432", "10.0.0.21:15433"]
    servers = [server(place, count) for place, count in zip(places, sessions, strict=True)]
    proxy = kernels.ambassador("db", "app-1", "172.18.0.9", *servers)
    return kernels, proxy, [kernels.bridged(web, proxy, 5432) for _ in range(sum(sessions))]


def test_several_endpoints_are_split_by_sessions() -> None:
    kernels, proxy, clients = balanced(1, 2)
    worker = kernels.container("worker", "app-1", "172.18.0.4")
    other = kernels.bridged(worker, proxy, 5432)
    first, second = at("10.0.0.21:15432"), at("10.0.0.21:15433")
    chosen = tuple(map(ProxySession, [*clients, other], [first, second, second, first]))
    found = join(kernels.world(), kernels.sights(), {(proxy.host, proxy.id): chosen})
    assert pairs(found) == {
        ("web@app-1", "postgres@db-1", 5432): 1,
        ("web@app-1", "standby@db-1", 5432): 2,
        ("worker@app-1", "postgres@db-1", 5432): 1,
    }


def test_several_endpoints_of_an_only_consumer_are_split_by_what_the_servers_count() -> None:
    kernels, _, _ = balanced(1, 2)
    found = join(kernels.world(), kernels.sights(), {})
    assert pairs(found) == {("web@app-1", "postgres@db-1", 5432): 1, ("web@app-1", "standby@db-1", 5432): 2}
    assert not any("not told" in one.text for seen in found for hop in seen.path for one in hop.evidence)


def test_a_share_that_nobody_tells_is_said_to_be_so() -> None:
    kernels, proxy, _ = balanced(1, 2)
    kernels.bridged(kernels.container("worker", "app-1", "172.18.0.4"), proxy, 5432)
    found = join(kernels.world(), kernels.sights(), {})
    assert {str(one.consumer.text) for one in found} == {"web@app-1", "worker@app-1"}
    assert not any(one.proven for one in found)
    assert all(any("not told" in one.text for one in seen.path[-1].evidence) for seen in found)


def test_where_the_bridge_is_not_tracked_the_sessions_tell() -> None:
    kernels, proxy, clients = balanced(0, 1)
    kernels.rows.clear()
    chosen = (ProxySession(clients[0], at("10.0.0.21:15433")),)
    found = only(join(kernels.world(), kernels.sights(), {(proxy.host, proxy.id): chosen}))
    assert pairs([found]) == {("web@app-1", "standby@db-1", 5432): 1}
    assert found.dialled == at("172.18.0.9:5432")


def test_30_a_container_on_the_machine_s_network_is_known_by_its_sockets() -> None:
    kernels = shop()[0]
    node = kernels.container("node", "db-1", mode="host")
    kernels.listens("db-1", "", at("0.0.0.0:9100"), node.id)
    kernels.row("app-1", at("172.18.0.2:7"), at("10.0.0.21:9100"), None, at("10.0.0.11:7"))
    kernels.row("db-1", at("10.0.0.11:7"), at("10.0.0.21:9100"))
    kernels.row("db-1", at(f"{GATEWAY}:8"), at("172.18.0.2:5432"))
    kernels.socket("db-1", "", at(f"{GATEWAY}:8"), at("172.18.0.2:5432"), owner=node.id)
    found = join(kernels.world(), kernels.sights(sockets=True), {})
    assert pairs(found) == {
        ("web@app-1", "node@db-1", 9100): 1,
        ("node@db-1", "postgres@db-1", 5432): 1,
    }
    assert all(one.proven for one in found)
    how = next(one.path[1].how for one in found if one.endpoint.id == node.id)
    assert str(how) == "as 10.0.0.21:9100 on the network of db-1 itself"


def test_30_a_container_on_the_machine_s_network_through_an_ambassador_on_the_loopback() -> None:
    kernels = shop()[0]
    node = kernels.container("node", "app-1", mode="host")
    proxy = kernels.ambassador(
        "db", "app-1", "172.18.0.9", server("10.0.0.21:15432", 1), ports=[Port(5432, 5432, "127.0.0.1")]
    )
    kernels.socket("app-1", "", at("127.0.0.1:7"), at("127.0.0.1:5432"), owner=node.id)
    kernels.row("app-1", at(f"{GATEWAY}:8"), at("172.18.0.9:5432"))
    kernels.published(proxy, kernels.containers["db-1"][0], 5432)
    found = only(join(kernels.world(), kernels.sights(sockets=True), {}))
    assert pairs([found]) == {("node@app-1", "postgres@db-1", 5432): 1}


def test_a_process_of_a_machine_is_told_as_the_machine() -> None:
    kernels, _, _ = shop()
    kernels.row("app-1", at("172.18.0.2:7"), at("10.0.0.21:22"), None, at("10.0.0.11:7"))
    kernels.row("db-1", at("10.0.0.11:7"), at("10.0.0.21:22"))
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (found.endpoint.kind, str(found.endpoint.with_port)) == (EndKind.MACHINE, "db-1 itself:22")


def test_who_shares_the_consumer_s_network_is_said() -> None:
    kernels, web, postgres = shop()
    kernels.container("sidecar", "app-1", mode=f"container:{web.id}")
    kernels.container("stopped", "app-1", mode=f"container:{web.id}", state=ContainerState.EXITED)
    kernels.published(web, postgres, 5432)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert str(found.consumer.text) == "web@app-1"
    assert "also that of sidecar:" in found.path[0].evidence[0].text


@pytest.mark.parametrize("blind", [["app-1"], ["db-1"], ["app-1", "db-1"]])
def test_33_without_connection_tracking_sockets_tell(blind: list[str]) -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432, rewritten=True)
    found = only(join(kernels.world(), kernels.sights(blind=blind), {}))
    assert pairs([found]) == WEB_PG


def test_33_a_host_that_shows_nothing_is_an_address() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    sights = kernels.sights(blind=["app-1"])
    sights["app-1"] = replace(sights["app-1"], sockets={})
    found = only(join(kernels.world(), sights, {}))
    assert (str(found.consumer.text), found.consumer.kind) == ("10.0.0.11", EndKind.OUTSIDE)
    assert (str(found.endpoint.text), found.proven) == ("postgres@db-1", False)


def test_the_kernel_s_round_trip_is_told() -> None:
    kernels, web, postgres = shop()
    src = kernels.published(web, postgres, 5432)
    kernels.sockets["app-1"][web.id] = []
    kernels.socket("app-1", web.id, src, at("10.0.0.21:15432"), rtt=0.0004)
    assert only(join(kernels.world(), kernels.sights(sockets=True), {})).latency == 0.0004


def test_neighbours_on_an_overlay_of_two_hosts() -> None:
    kernels, web, postgres = shop()
    place = Attachment(network="wide", network_id="w1", ip="10.9.0.5")
    kernels.containers["app-1"] = [replace(web, attachments=(*web.attachments, place))]
    there = replace(place, ip="10.9.0.6")
    kernels.containers["db-1"] = [replace(postgres, attachments=(*postgres.attachments, there))]
    kernels.socket("app-1", web.id, at("10.9.0.5:7"), at("10.9.0.6:5432"))
    wide = NetworkView(id="w1", name="wide", driver="overlay", scope="swarm", subnets=("10.9.0.0/24",))
    found = only(join(kernels.world(networks=(wide,)), kernels.sights(blind=["app-1"]), {}))
    assert pairs([found]) == WEB_PG


def test_an_ambassador_whose_target_does_not_answer() -> None:
    kernels, proxy = two_hops(server("10.0.0.21:15432"))
    kernels.rows["app-1"].pop()
    kernels.rows["db-1"].clear()
    masked = Address("10.0.0.11", 9)
    kernels.row("app-1", Address(ip_of(proxy), 9), at("10.0.0.21:15432"), None, masked, FlowState.OPENING)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert str(found.endpoint.text) == "postgres@db-1"
    assert found.ambassador == (proxy.host, proxy.id)
