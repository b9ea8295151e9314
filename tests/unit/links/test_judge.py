"""Every state of a link, and why."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.model.containers import ContainerState, Port
from console.model.links.link import EndKind, Fault, Known, LinkState
from console.model.links.sight import Address, Counters
from console.model.mappings.mapping import Endpoint, Via
from console.model.mappings.offers import Proposal
from console.model.mappings.standing import State
from console.model.text import safe
from tests.unit.links.link_worlds import (
    DB,
    DB_1,
    MAPPING,
    ambassador,
    fleet,
    links,
    only,
    paused,
    postgres,
    seen,
    sights,
    standing,
    through,
)
from tests.unit.mapping_worlds import AT, a_container, a_host, a_world


def dials(name: str, port: int, source: str = "variable DB") -> tuple[Proposal, ...]:
    return (Proposal(name=name, port=port, source=safe(source)),)


def test_connections_through_an_ambassador_are_ok_31_two_hop_collapse() -> None:
    world = fleet()
    link = only(links(world, through(world, open=3)))
    assert (link.state, link.sessions, link.via) == (LinkState.OK, 3, "ambassador")
    assert link.known == {Known.DECLARED, Known.OBSERVED}
    assert any(one.ok for one in link.evidence)


def test_nobody_connected_and_a_good_check_is_idle() -> None:
    link = only(links(fleet()))
    assert (link.state, link.sessions, str(link.dials)) == (LinkState.IDLE, 0, "db:5432")


@pytest.mark.parametrize(
    ("state", "fault", "step"),
    [
        (ContainerState.EXITED, Fault.STOPPED, "dockcon start db-1/postgres"),
        (ContainerState.PAUSED, Fault.PAUSED, "dockcon unpause db-1/postgres"),
    ],
)
def test_16_an_endpoint_that_does_not_run_is_broken_though_its_check_is_up(
    state: ContainerState, fault: Fault, step: str
) -> None:
    world = fleet(target=paused(postgres(), state))
    link = only(links(world, through(world)))
    assert (link.state, link.fault, link.next_step) == (LinkState.BROKEN, fault, step)


@pytest.mark.parametrize(("check", "fault"), [("L4CON", Fault.REFUSED), ("L4TOUT", Fault.TIMEOUT)])
def test_16_and_29_a_dead_process_is_what_the_check_says_never_ok(check: str, fault: Fault) -> None:
    link = only(links(fleet(one=ambassador("DOWN", check))))
    assert (link.state, link.fault) == (LinkState.BROKEN, fault)
    assert "postgres@db-1" in link.reason


def test_17_an_endpoint_recreated_on_another_host_is_stale() -> None:
    world = fleet(gone=True)
    moved = replace(world.hosts["db-2"], containers=(a_container("postgres", "db-2", "data"),))
    world = replace(world, hosts={**world.hosts, "db-2": moved})
    link = only(links(world))
    assert link.state is LinkState.STALE
    assert "there is one of that name on db-2" in link.reason
    assert "db-2/postgres:5432" in link.next_step


def test_17_an_endpoint_that_publishes_another_port_is_stale() -> None:
    link = only(links(fleet(target=postgres(public=15999))))
    assert (link.state, link.next_step) == (LinkState.STALE, "dockcon map apply db")
    assert "10.0.0.21:15999" in link.reason
    assert "10.0.0.21:15432" in link.reason


def test_18_a_consumer_recreated_without_the_network_is_broken_by_dns() -> None:
    link = only(links(fleet(web=a_container("web", "app-1", "other"))))
    assert (link.state, link.fault) == (LinkState.BROKEN, Fault.DNS)


def test_19_an_ambassador_that_is_stopped_or_removed_is_broken_by_dns() -> None:
    link = only(links(fleet(one=ambassador(state=ContainerState.EXITED))))
    assert (link.word, link.reason) == ("broken: dns", "dockcon-db on app-1 is exited")
    world = fleet()
    app = replace(world.hosts["app-1"], ambassadors=())
    link = only(links(replace(world, hosts={**world.hosts, "app-1": app})))
    assert (link.word, link.reason) == ("broken: dns", "no ambassador of db is on app-1")


def test_19_an_ambassador_re_pointed_by_hand_is_stale() -> None:
    link = only(links(fleet(one=ambassador(address="10.0.0.99:1"))))
    assert link.state is LinkState.STALE
    assert "re-pointed by hand" in link.reason


def test_19_a_wording_that_nobody_knows_is_foreign() -> None:
    assert only(links(fleet(), stated=(standing(state=State.FOREIGN),))).state is LinkState.FOREIGN


@pytest.mark.parametrize("mode", ["host", "none"])
def test_24_a_consumer_without_the_name_is_broken_by_dns(mode: str) -> None:
    link = only(links(fleet(web=a_container("web", "app-1", mode=mode))))
    assert (link.state, link.fault) == (LinkState.BROKEN, Fault.DNS)


def test_24_a_consumer_on_the_hosts_network_finds_it_in_its_hosts_file() -> None:
    web = a_container("web", "app-1", mode="host", hosts_lines=("127.0.0.1 db # dockcon",))
    assert only(links(fleet(web=web))).state is LinkState.IDLE


def test_24_a_consumer_in_anothers_network_is_judged_by_that() -> None:
    pause = a_container("pod", "app-1", "shop")
    web = a_container("web", "app-1", mode=f"container:{pause.id}")
    assert only(links(fleet(web=web, others=(pause,)))).state is LinkState.IDLE
    link = only(links(fleet(web=web)))
    assert link.word == "broken: dns"


def test_24_two_networks_with_the_same_alias_are_broken_by_dns() -> None:
    web = a_container("web", "app-1", "shop", "old")
    other = a_container("other", "app-1", "old", aliases=("db",))
    link = only(links(fleet(web=web, others=(other,))))
    assert link.word == "broken: dns"
    assert "also other on network old" in link.reason


def test_28_an_alias_that_nothing_checks_is_unknown_until_somebody_is_connected() -> None:
    web = a_container("web", "app-1", "shop")
    base = a_container("postgres", "app-1", "shop", aliases=("db",))
    mapping = replace(MAPPING, to=(Endpoint(host="app-1", container="postgres", ports=(5432,)),))
    world = a_world(a_host("app-1", web, base, reach="10.0.0.11"))
    stated = (standing(mapping, via=Via.ALIAS),)
    link = only(links(world, stated=stated))
    assert (link.state, link.via) == (LinkState.UNKNOWN, "alias")
    flow = seen(world, ("app-1", "web"), ("app-1", "postgres"), 5432, dialled=Address("172.18.0.9", 5432))
    assert only(links(world, flow, stated=stated)).state is LinkState.OK


def test_32_a_flow_across_hosts_that_nobody_states_is_undeclared_once() -> None:
    web = a_container("web", "app-1", "shop", dials=dials(DB_1, 15432))
    world = fleet(web=web)
    flow = seen(world, ("app-1", "web"), ("db-1", "postgres"), 5432, open=2)
    link = only(links(world, flow, stated=()))
    assert (link.state, link.sessions, link.via) == (LinkState.UNDECLARED, 2, "published")
    assert link.known == {Known.CONFIGURED, Known.OBSERVED}


def test_32_a_configured_value_without_a_flow_is_configured_or_broken_where_it_leads_is_stopped() -> None:
    web = a_container("web", "app-1", "shop", dials=dials(DB_1, 15432))
    link = only(links(fleet(web=web), stated=()))
    assert (link.state, str(link.endpoint.with_port)) == (LinkState.CONFIGURED, "postgres@db-1:5432")


def test_a_name_that_an_extra_host_leads_to_an_address_is_one_link_to_who_answers_there() -> None:
    said = (
        *dials("postgres", 15432),
        *dials("postgres", 0, "extra host postgres"),
        *dials(DB_1, 15432, "extra host postgres"),
    )
    link = only(links(fleet(web=a_container("web", "app-1", "shop", dials=said)), stated=()))
    assert (link.state, str(link.endpoint.with_port)) == (LinkState.CONFIGURED, "postgres@db-1:5432")
    assert str(link.dials) == "postgres:15432"


def test_a_published_port_of_a_stopped_container_is_still_its_own() -> None:
    web = a_container("web", "app-1", "shop", dials=dials(DB_1, 15432))
    link = only(links(fleet(web=web, target=postgres(state=ContainerState.EXITED)), stated=()))
    assert (link.word, str(link.endpoint.with_port)) == ("broken: stopped", "postgres@db-1:5432")


def test_a_flow_by_name_within_one_network_is_ok() -> None:
    web = a_container("web", "app-1", "shop", dials=dials("cache", 6379))
    world = a_world(a_host("app-1", web, a_container("cache", "app-1", "shop"), reach="10.0.0.11"))
    flow = seen(world, ("app-1", "web"), ("app-1", "cache"), 6379, dialled=Address("172.18.0.9", 6379))
    link = only(links(world, flow, stated=()))
    assert (link.state, link.via, str(link.dials)) == (LinkState.OK, "bridge", "cache:6379")


def test_a_name_that_a_mapping_carries_is_the_same_link() -> None:
    link = only(links(fleet(web=a_container("web", "app-1", "shop", dials=dials("db", 5432)))))
    assert link.known == {Known.DECLARED, Known.CONFIGURED}


def test_a_name_of_the_fleet_that_a_consumer_cannot_find_is_broken_by_dns() -> None:
    web = a_container("web", "app-1", "shop", dials=dials("postgres", 5432))
    link = only(links(fleet(web=web), stated=()))
    assert (link.word, link.endpoint.kind) == ("broken: dns", EndKind.NAME)


def test_attempts_that_nobody_answers_are_a_timeout() -> None:
    world = fleet()
    link = only(links(world, through(world, open=0, opening=2)))
    assert link.word == "broken: timeout"
    flow = seen(world, ("app-1", "web"), ("db-1", "postgres"), 5432, open=0, opening=1)
    assert only(links(world, flow, stated=())).word == "broken: timeout"


def test_34_rows_of_connections_that_ended_long_ago_do_not_make_a_link_ok() -> None:
    world = fleet()
    looks = sights(world)
    looks["app-1"] = replace(looks["app-1"], counters={through(world).consumer.id: Counters(0, 9, 0, 0)})
    assert only(links(world, through(world), looks=looks)).state is LinkState.IDLE


def test_33_what_is_not_visible_is_said_and_never_green() -> None:
    world = fleet(one=ambassador(running=None, unread=safe("no shell")))
    looks = sights(world)
    looks["app-1"] = replace(looks["app-1"], flows=None, blind=safe("no root"))
    found = links(world, looks=looks)
    assert (only(found).state, only(found).sessions) == (LinkState.UNKNOWN, None)
    assert "no shell" in only(found).reason
    assert found.partly["app-1"] == "no root"


def test_what_was_checked_too_long_ago_is_unknown() -> None:
    world = fleet()
    link = only(links(world, through(world), now=AT + 60))
    assert (link.state, link.reason) == (LinkState.UNKNOWN, "last checked 60 s ago")


def test_since_is_kept_while_it_stands_as_it_did() -> None:
    world = fleet()
    first = links(world, through(world))
    looks = sights(world, AT + 2)
    again = links(world, through(world, open=7), now=AT + 2, before=first, looks=looks)
    assert only(again).since == AT
    assert only(links(world, now=AT + 2, before=first, looks=looks)).since == AT + 2


def test_failing_counts_the_last_minute_and_nothing_at_the_first_look() -> None:
    world, found = fleet(), None
    for second, failed in ((0, 100), (30, 104), (59, 110), (100, 110)):
        world = replace(world, at=AT + second)
        looks = sights(world, AT + second, web=failed)
        found = links(world, now=AT + second, before=found, looks=looks)
        expected = {0: 0, 30: 4, 59: 10, 100: 6}[second]
        assert only(found).failing == expected, second


def test_of_two_endpoints_each_is_a_link_and_only_one_is_broken() -> None:
    mapping = replace(MAPPING, to=(DB, Endpoint(host="db-1", container="second", ports=(5432,))))
    second = a_container("second", "db-1", "data", ports=[Port(5432, 15433, "")])
    world = fleet(one=ambassador("DOWN", "L4CON", mapping=mapping))
    db = replace(world.hosts["db-1"], containers=(*world.hosts["db-1"].containers, second))
    found = links(replace(world, hosts={**world.hosts, "db-1": db}), stated=(standing(mapping),))
    assert [link.word for link in found.links] == ["broken: refused", "idle"]


def test_the_order_of_flows_does_not_matter() -> None:
    web = a_container("web", "app-1", "shop", dials=(*dials(DB_1, 15432), *dials("db", 5432)))
    world = fleet(web=web)
    flows = (
        through(world, open=2),
        seen(world, ("app-1", "web"), ("db-1", "postgres"), 5432, open=1),
        seen(world, ("db-1", "postgres"), ("app-1", "web"), 80, dialled=Address("10.0.0.11", 80)),
    )
    assert len({links(world, *order) == links(world, *flows) for order in permutations(flows)}) == 1
    assert all(links(world, *order) == links(world, *flows) for order in permutations(flows))


@settings(max_examples=60, deadline=None)
@given(
    target=st.sampled_from(list(ContainerState)),
    state=st.sampled_from(list(ContainerState)),
    check=st.sampled_from([("UP", "L4OK"), ("DOWN", "L4CON"), ("MAINT", ""), ("no check", "")]),
    standing_state=st.sampled_from(list(State)),
    opened=st.integers(0, 2),
    opening=st.integers(0, 2),
    later=st.sampled_from([0.0, 5.0, 30.0]),
)
def test_ok_rests_on_evidence_and_each_link_is_told_once(
    target: ContainerState,
    state: ContainerState,
    check: tuple[str, str],
    standing_state: State,
    opened: int,
    opening: int,
    later: float,
) -> None:
    web = a_container("web", "app-1", "shop", dials=(*dials(DB_1, 15432), *dials("db", 5432)))
    world = fleet(target=paused(postgres(), target), one=ambassador(*check, state=state), web=web)
    found = links(
        world,
        through(world, open=opened, opening=opening),
        stated=(standing(state=standing_state),),
        now=AT + later,
    )
    assert len({link.identity for link in found.links}) == len(found.links)
    for link in found.links:
        if link.state in (LinkState.OK, LinkState.IDLE):
            assert any(one.ok for one in link.evidence)
        if link.state is LinkState.BROKEN:
            assert all((link.fault, link.reason, link.next_step))
            assert any(one.ok is False for one in link.evidence)
        if target in (ContainerState.EXITED, ContainerState.PAUSED) and link.mapping:
            assert link.state not in (LinkState.OK, LinkState.IDLE)


def test_41_no_value_of_a_variable_is_in_a_link() -> None:
    web = a_container("web", "app-1", "shop", dials=dials(DB_1, 15432, "variable DATABASE_URL"))
    assert "variable DATABASE_URL" in {one.text for one in only(links(fleet(web=web), stated=())).evidence}
