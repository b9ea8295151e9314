"""What breaks when containers stop, and what is said of links elsewhere: mapping, graph, timeline, rows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.model.containers import ContainerState, Port
from console.model.links.changes import changes
from console.model.links.dot import dot, quoted
from console.model.links.impact import breaks
from console.model.links.link import End, EndKind, Known, Link, LinkList
from console.model.links.wording import wording
from console.model.mappings.check import shape
from console.model.mappings.mapping import Book, Endpoint, Party
from console.model.mappings.world import World
from console.model.text import safe, sanitise
from console.model.timeline.entries import Weight
from tests.unit.links.link_worlds import (
    DB,
    MAPPING,
    ambassador,
    fleet,
    links,
    only,
    paused,
    postgres,
    seen,
    standing,
    through,
    view,
)
from tests.unit.mapping_worlds import a_container


def two_endpoints(status: str = "UP") -> LinkList:
    mapping = replace(MAPPING, to=(DB, Endpoint(host="db-1", container="second", ports=(5432,))))
    second = a_container("second", "db-1", "data", ports=[Port(5432, 15433, "")])
    world = fleet(one=ambassador(status, "L4CON" if status == "DOWN" else "L4OK", mapping=mapping))
    db = replace(world.hosts["db-1"], containers=(*world.hosts["db-1"].containers, second))
    return links(replace(world, hosts={**world.hosts, "db-1": db}), stated=(standing(mapping),))


def key(world: World, host: str, name: str) -> tuple[str, str]:
    return (host, view(world, host, name).id)


def test_what_leads_to_or_through_a_container_breaks_and_what_is_between_two_does_not() -> None:
    world = fleet()
    found = links(world, through(world, open=3))
    base, way, web = (
        key(world, "db-1", "postgres"),
        key(world, "app-1", "dockcon-db"),
        key(world, "app-1", "web"),
    )
    assert [str(one.reason) for one in breaks(found, [base])] == [
        "loses postgres@db-1, its only endpoint; 3 open now"
    ]
    idle = links(world)
    assert [str(one.reason) for one in breaks(idle, [way])] == [
        "loses dockcon-db@app-1, the ambassador on its way"
    ]
    assert breaks(found, [base, web]) == ()
    assert breaks(found, [web]) == ()


def test_a_container_takes_along_those_that_use_its_network() -> None:
    pod = a_container("pod", "db-1", "data", ports=[Port(5432, 15432, "")])
    world = fleet(target=replace(postgres(), mode=f"container:{pod.id}"))
    db = replace(world.hosts["db-1"], containers=(*world.hosts["db-1"].containers, pod))
    found = links(replace(world, hosts={**world.hosts, "db-1": db}))
    assert [str(one.endpoint.name) for one in breaks(found, [("db-1", pod.id)])] == ["postgres"]


def test_what_is_broken_already_does_not_break() -> None:
    world = fleet(target=paused(postgres(), ContainerState.EXITED))
    assert breaks(links(world), [key(world, "db-1", "postgres")]) == ()


def test_with_another_endpoint_that_is_well_it_is_one_of_two_and_with_none_the_last() -> None:
    found = two_endpoints()
    first = next(one for one in found.links if one.endpoint.name == "postgres")
    (lost,) = breaks(found, [first.endpoint.key])  # type: ignore[list-item]  # it is there
    assert "one of 2 endpoints" in lost.reason
    broken = two_endpoints("DOWN")
    second = next(one for one in broken.links if one.endpoint.name == "second")
    (lost,) = breaks(broken, [second.endpoint.key])  # type: ignore[list-item]  # it is there
    assert "its only endpoint" in lost.reason


def undeclared(**of_postgres: object) -> tuple[Link, World]:
    world = fleet(target=postgres(**of_postgres))
    return only(links(world, seen(world, ("app-1", "web"), ("db-1", "postgres"), 5432), stated=())), world


def test_32_an_undeclared_link_is_worded_and_its_id_is_free() -> None:
    link, world = undeclared()
    found = wording(link, Book(mappings={"postgres": MAPPING}), world)
    assert (found.id, found.name, found.ports) == ("postgres-2", "postgres", (5432,))
    assert found.consumers == (Party(host="app-1", container="web"),)
    assert [end.text for end in found.to] == ["postgres@db-1"]
    assert list(shape(found)) == []


def test_32_a_name_that_the_consumer_dials_stays_and_services_are_named_as_such() -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "base"}
    link, world = undeclared(labels=labels)
    link = replace(link, dials=safe("orders:6000"), known=link.known | {Known.CONFIGURED})
    found = wording(link, Book(), world)
    assert (found.name, found.ports) == ("orders", (6000,))
    assert (found.to[0].project, found.to[0].service, found.to[0].container) == ("shop", "base", "")


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": End(kind=EndKind.OUTSIDE, name=safe("1.2.3.4"), port=443)},
        {"endpoint": End(kind=EndKind.MACHINE, host="db-1", name=safe("db-1"), port=22)},
        {"endpoint": End(kind=EndKind.CONTAINER, host="db-1", id="a", name=safe("a"))},
        {"consumer": End(kind=EndKind.OUTSIDE, name=safe("outside"))},
        {"mapping": "db"},
    ],
)
def test_32_what_cannot_be_stated_is_refused_with_the_reason(change: dict[str, object]) -> None:
    with pytest.raises(UsageError) as refused:
        wording(replace(undeclared()[0], **change), Book())  # type: ignore[arg-type]  # fields of a link
    assert refused.value.message


_STRING = re.compile(r'"(?:[^"\\]|\\["\\])*"')


def is_dot(text: str) -> bool:
    """Whether what is left without its strings is what a graph is made of, braces closed."""
    bare = _STRING.sub("S", text)
    ok = re.fullmatch(r"[A-Za-z0-9_\s=,;\[\]{}>-]*", bare) is not None
    return ok and bare.count("{") == bare.count("}") and bare.count("[") == bare.count("]")


@given(st.text(max_size=30), st.text(max_size=30))
def test_hostile_names_stay_within_their_quotes(one: str, other: str) -> None:
    world = fleet()
    found = links(world, through(world))
    link = only(found)
    hostile = replace(
        link,
        consumer=replace(link.consumer, name=sanitise(one)),
        dials=sanitise(other),
        reason=sanitise(other),
    )
    text = dot(replace(found, links=(hostile,)), ["app-1", other])
    assert is_dot(text), text
    assert _STRING.fullmatch(quoted(one))


def test_the_graph_has_hosts_as_clusters_and_the_way_as_edges_in_any_order() -> None:
    found = two_endpoints()
    text = dot(found, ["db-2", "app-1"])
    assert text == dot(replace(found, links=found.links[::-1]), ["app-1", "db-2"])
    assert text.count("subgraph cluster_") == 3
    assert '"container app-1 web" -> "container app-1 dockcon-db"' in text
    assert '"container app-1 dockcon-db" -> "container db-1 postgres"' in text
    assert 'label="db:5432 idle"' in text


def test_a_break_and_its_mending_are_told_once_and_quiet_is_not() -> None:
    world = fleet()
    ok, idle = links(world, through(world)), links(world)
    broken = links(fleet(one=ambassador("DOWN", "L4CON")))
    assert changes(None, broken) == ()
    assert changes(ok, idle) == changes(idle, ok) == changes(broken, broken) == ()
    (entry,) = changes(ok, broken)
    assert (entry.what, entry.weight, entry.host) == ("link broken: refused", Weight.BAD, "app-1")
    assert "postgres@db-1 refuses connections" in entry.detail
    (entry,) = changes(broken, ok)
    assert (entry.what, entry.weight) == ("link ok", Weight.GOOD)
    assert "was broken: refused" in entry.detail
