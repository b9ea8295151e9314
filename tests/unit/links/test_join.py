"""Who is connected to whom, from what the kernels of all hosts show."""

from __future__ import annotations

from dataclasses import replace

from console.model.containers import ContainerState, Port
from console.model.links.join import join
from console.model.links.link import EndKind
from console.model.links.seen import Seen
from console.model.links.sight import Counters, FlowState
from tests.unit.links.kernels import GATEWAY, Kernels, at, pairs, shop

WEB_PG = {("web@app-1", "postgres@db-1", 5432): 1}


def only(seen: tuple[Seen, ...]) -> Seen:
    assert len(seen) == 1, seen
    return seen[0]


def test_27_the_same_bridge_address_on_two_hosts_is_two_containers() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == WEB_PG == dict(kernels.truth)
    assert found.proven
    assert found.dialled == at("10.0.0.21:15432")
    assert found.consumer.key == (web.host, web.id)
    assert found.endpoint.key == (postgres.host, postgres.id)
    assert [str(hop.how) for hop in found.path] == ["", "published on 10.0.0.21:15432"]
    told = found.path[1].evidence[0]
    assert (str(told.text), str(told.source)) == ("1 connection", "connection tracking of app-1")


def test_a_rewritten_source_port_is_found_on_the_other_host() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432, rewritten=True)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (pairs([found]), found.proven) == (WEB_PG, True)


def test_the_kernel_counts_before_a_table_of_ports_that_lies() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    kernels.containers["db-1"] = [replace(postgres, ports=())]
    kernels.container("impostor", "db-1", "172.18.0.3", ports=[Port(80, 15432, "0.0.0.0")])
    assert pairs(join(kernels.world(), kernels.sights(), {})) == WEB_PG


def test_without_the_other_host_s_rows_the_table_of_ports_says_who_it_is() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    sights = kernels.sights()
    del sights["db-1"]
    found = only(join(kernels.world(), sights, {}))
    assert (pairs([found]), found.proven) == (WEB_PG, False)
    assert any("published ports" in one.text for one in found.path[1].evidence)


def test_what_waits_for_an_answer_is_on_its_way_to_what_is_published() -> None:
    kernels, _, _ = shop()
    kernels.row(
        "app-1", at("172.18.0.2:4"), at("10.0.0.21:15432"), None, at("10.0.0.11:4"), FlowState.OPENING
    )
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (found.open, found.opening) == (0, 1)
    assert str(found.endpoint.with_port) == "postgres@db-1:5432"
    assert found.path[1].evidence[0].ok is False


def test_neighbours_on_one_bridge() -> None:
    kernels, web, _ = shop()
    cache = kernels.container("cache", "app-1", "172.18.0.3")
    kernels.bridged(web, cache, 6379)
    kernels.bridged(web, cache, 6379)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == {("web@app-1", "cache@app-1", 6379): 2}
    assert str(found.path[1].how) == "as 172.18.0.3:6379 on network shop"


def test_a_port_published_by_the_consumer_s_own_host() -> None:
    kernels, web, _ = shop()
    cache = kernels.container("cache", "app-1", "172.18.0.3", ports=[Port(6379, 16379, "0.0.0.0")])
    kernels.own_host(web, cache, 6379)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (pairs([found]), found.proven) == ({("web@app-1", "cache@app-1", 6379): 1}, True)


def test_28_docker_proxy_is_neither_a_consumer_nor_an_endpoint() -> None:
    kernels, web, _ = shop()
    cache = kernels.container("cache", "app-1", "172.18.0.3", ports=[Port(6379, 16379, "0.0.0.0")])
    kernels.docker_proxy(web, cache, 6379)
    assert pairs(join(kernels.world(), kernels.sights(), {})) == dict(kernels.truth)


def test_28_through_docker_proxy_from_the_machine_s_loopback() -> None:
    kernels, _, _ = shop()
    kernels.container("cache", "app-1", "172.18.0.3", ports=[Port(6379, 16379, "127.0.0.1")])
    kernels.row("app-1", at("127.0.0.1:5"), at("127.0.0.1:16379"))
    kernels.row("app-1", at(f"{GATEWAY}:6"), at("172.18.0.3:6379"))
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == {("app-1 itself", "cache@app-1", 6379): 1}
    assert found.dialled == at("127.0.0.1:16379")


def test_a_process_of_the_machine_that_dials_a_container_itself_is_a_consumer() -> None:
    kernels, web, _ = shop()
    cache = kernels.container("cache", "app-1", "172.18.0.3", ports=[Port(6379, 16379, "0.0.0.0")])
    kernels.docker_proxy(web, cache, 6379)
    kernels.row("app-1", at(f"{GATEWAY}:6"), at("172.18.0.3:6379"))
    found = join(kernels.world(), kernels.sights(), {})
    assert pairs(found) == {**kernels.truth, ("app-1 itself", "cache@app-1", 6379): 1}


def test_what_concerns_no_container_is_no_link() -> None:
    kernels, _, _ = shop()
    kernels.row("app-1", at("192.168.9.9:50000"), at("10.0.0.11:22"))
    kernels.row("db-1", at("10.0.0.11:50001"), at("10.0.0.21:22"))
    kernels.row("app-1", at("10.0.0.11:50001"), at("10.0.0.21:22"))
    assert join(kernels.world(), kernels.sights(), {}) == ()


def test_out_of_the_fleet_there_is_one_for_each_address_and_port() -> None:
    kernels, _, _ = shop()
    for port in (1, 2):
        kernels.row("app-1", at(f"172.18.0.2:{port}"), at("203.0.113.9:443"), None, at(f"10.0.0.11:{port}"))
    kernels.row("app-1", at("172.18.0.2:3"), at("203.0.113.9:25"), None, at("10.0.0.11:3"))
    found = join(kernels.world(), kernels.sights(), {})
    assert pairs(found) == {("web@app-1", "203.0.113.9", 443): 2, ("web@app-1", "203.0.113.9", 25): 1}
    assert {one.endpoint.kind for one in found} == {EndKind.OUTSIDE}


def test_from_outside_all_that_reaches_one_port_is_one() -> None:
    kernels, _, _ = shop()
    for number in range(1, 7):
        kernels.row("db-1", at(f"203.0.113.{number}:5000"), at("10.0.0.21:15432"), at("172.18.0.2:5432"))
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (str(found.consumer.text), found.consumer.kind, found.open) == ("outside", EndKind.OUTSIDE, 6)
    assert found.path[0].evidence[0].text == "from 203.0.113.1, 203.0.113.2, 203.0.113.3 and 3 more"


def test_34_what_does_not_run_owns_nothing() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    kernels.containers["app-1"] = [replace(web, state=ContainerState.EXITED)]
    assert join(kernels.world(), kernels.sights(), {}) == ()


def test_34_rows_of_a_consumer_without_connections_are_leftovers() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    none, some = Counters(0, 9, 9, 0), Counters(1, 9, 9, 0)
    assert pairs(join(kernels.world(), kernels.sights(counters={"app-1": {web.id: some}}), {})) == WEB_PG
    assert join(kernels.world(), kernels.sights(counters={"app-1": {web.id: none}}), {}) == ()
    assert join(kernels.world(), kernels.sights(counters={"db-1": {postgres.id: none}}), {}) == ()


def test_34_unanswered_rows_of_whoever_had_the_address_before_are_leftovers() -> None:
    kernels, web, postgres = shop()
    kernels.published(web, postgres, 5432)
    kernels.row("app-1", at("172.18.0.2:6"), at("203.0.113.9:443"), state=FlowState.OPENING)
    two, one = Counters(1, 2, 0, 0), Counters(1, 1, 0, 0)
    assert len(join(kernels.world(), kernels.sights(counters={"app-1": {web.id: two}}), {})) == 2
    assert pairs(join(kernels.world(), kernels.sights(counters={"app-1": {web.id: one}}), {})) == WEB_PG


def test_34_a_row_to_a_container_that_is_gone() -> None:
    kernels, _, _ = shop()
    kernels.row("app-1", at("172.18.0.2:5"), at("172.18.0.77:80"))
    assert join(kernels.world(), kernels.sights(), {}) == ()
    kernels.row("app-1", at("172.18.0.2:6"), at("172.18.0.77:80"), state=FlowState.OPENING)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert (str(found.endpoint.with_port), found.opening) == ("172.18.0.77:80", 1)


def test_what_closes_is_no_connection() -> None:
    kernels, _, _ = shop()
    kernels.row("app-1", at("172.18.0.2:5"), at("203.0.113.9:443"), state=FlowState.CLOSING)
    assert join(kernels.world(), kernels.sights(), {}) == ()


def test_of_udp_only_what_leads_to_a_published_port() -> None:
    kernels, _, _ = shop()
    names = kernels.container("names", "app-1", "172.18.0.3", ports=[Port(53, 53, "0.0.0.0", "udp")])
    kernels.row("app-1", at("172.18.0.2:5"), at("9.9.9.9:53"), protocol="udp")
    kernels.row("app-1", at("172.18.0.2:5"), at("127.0.0.11:53"), protocol="udp")
    assert join(kernels.world(), kernels.sights(), {}) == ()
    kernels.row("app-1", at("172.18.0.2:6"), at("10.0.0.11:53"), at("172.18.0.3:53"), protocol="udp")
    assert only(join(kernels.world(), kernels.sights(), {})).endpoint.id == names.id


def test_35_addresses_of_ipv6() -> None:
    kernels = Kernels({"app-1": "fd00:1::11", "db-1": "fd00:1::21"})
    web = kernels.container("web", "app-1", "fd00:a::2")
    postgres = kernels.container("postgres", "db-1", "fd00:a::2", ports=[Port(5432, 15432, "::")])
    kernels.published(web, postgres, 5432)
    found = only(join(kernels.world(), kernels.sights(), {}))
    assert pairs([found]) == WEB_PG
    assert str(found.path[1].how) == "published on [fd00:1::21]:15432"
