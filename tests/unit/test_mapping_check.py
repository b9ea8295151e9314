"""What speaks against a mapping is told at once, with the nearest that exists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from console.model.containers import ContainerState
from console.model.hosts import Guard
from console.model.mappings.check import cautions, objections
from console.model.mappings.mapping import Book, Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.world import FLEET_LABEL, MAPPING_LABEL, World
from console.model.text import safe
from tests.unit.mapping_samples import a_mapping, mappings
from tests.unit.mapping_worlds import a_container, a_host, a_world, shop

POSTGRES = Endpoint(host="db-1", container="postgres", ports=(5432,))
WEB = Party(host="app-1", container="web")


def told(mapping: Mapping, world: World | None = None, *others: Mapping) -> list[str]:
    book = Book({one.id: one for one in others})
    return [str(text) for text in objections(mapping, book, world or shop())]


def warned(mapping: Mapping, world: World | None = None, *others: Mapping) -> list[str]:
    book = Book({one.id: one for one in others})
    return [str(text) for text in cautions(mapping, book, world or shop())]


def test_a_good_mapping_has_nothing_against_it() -> None:
    assert told(a_mapping()) == []
    assert warned(a_mapping()) == []


def test_everything_is_told_at_once() -> None:
    mapping = a_mapping(
        "db!",
        name="a..b",
        ports=(0,),
        to=(
            Endpoint(host="db-2", container="postgres", ports=(1,)),
            Endpoint(host="db-1", container="postgers", ports=(1, 2), weight=0),
        ),
        consumers=(
            Party(host="app-1", project="shop", service="wroker"),
            Party(host="db-1", container="web"),
        ),
        via=Via.OVERLAY,
        secure="mtls",
        check=Check(CheckKind.PGSQL),
    )
    assert told(mapping) == [
        "`db!`: a mapping's id has letters, digits and . _ - only, and begins with a letter or digit",
        "`a..b`: a name that can be dialled has letters, digits, _ and - in parts of up to 63, "
        "parted by dots",
        "the mapping: 0 is no port",
        "postgers@db-1: as many ports as the mapping has are needed, in the same order",
        "postgers@db-1: a weight is a number from 1 to 256",
        "via overlay is not possible yet: use ambassador",
        "secure: mtls is not possible yet: only `none` is",
        "the check pgsql needs a login that may connect without a password",
        "app-1 has no service shop/wroker; did you mean shop/worker?",
        "db-1 has no container web; it is on app-1",
        "no host is called `db-2`; did you mean db-1?",
        "db-1 has no container postgers; did you mean postgres?",
    ]


def test_what_is_missing_is_asked_for() -> None:
    assert told(a_mapping(name="", ports=(), to=(), consumers=())) == [
        "a name is missing: what do consumers dial?",
        "the mapping: a port is missing",
        "no consumer is named: who dials it?",
        "no endpoint is named: where does it lead?",
    ]


def test_hosts_that_the_world_leaves_out_are_named_by_the_fleet() -> None:
    mapping = a_mapping(to=(Endpoint(host="db-3", container="postgres", ports=(5432,)),))
    assert objections(mapping, Book(), shop(), ["app-1", "db-1", "db-33"]) == (
        "no host is called `db-3`; did you mean db-33?",
    )


def test_the_same_party_twice() -> None:
    mapping = a_mapping(consumers=(WEB, WEB), to=(POSTGRES, replace(POSTGRES, weight=2)))
    assert told(mapping) == [
        "web@app-1 is named twice as a consumer",
        "postgres@db-1 is named twice as an endpoint; a weight gives it more",
    ]


def test_a_host_that_may_only_be_observed_or_is_not_up() -> None:
    world = shop()
    app, db = world.hosts["app-1"], world.hosts["db-1"]
    guarded = a_world(replace(app, guard=Guard.OBSERVE), replace(db, missing=safe("connection refused")))
    assert told(a_mapping(), guarded) == [
        "app-1 may only be observed (`guard: observe`): nothing can be made there",
        "db-1 cannot be read now: connection refused",
    ]


def test_a_container_without_a_network() -> None:
    lonely = a_container("lonely", "app-1", mode="none")
    beside = a_container("beside", "app-1", mode=f"container:{lonely.id}")
    gone = a_container("gone", "app-1", mode="container:" + "f" * 64)
    world = a_world(a_host("app-1", lonely, beside, gone), shop().hosts["db-1"])
    for name in ("lonely", "beside"):
        mapping = a_mapping(consumers=(Party(host="app-1", container=name),))
        assert told(mapping, world) == [f"{name}@app-1 has no network at all (mode `none`)"]
    mapping = a_mapping(consumers=(Party(host="app-1", container="gone"),))
    assert told(mapping, world) == ["gone@app-1: the container whose network it uses is gone"]


def test_a_port_of_a_host_on_which_nobody_listens() -> None:
    def to(port: int) -> Mapping:
        return a_mapping(to=(Endpoint(host="db-1", container="node", ports=(port,)),))

    assert told(to(9100)) == []
    assert told(to(9101)) == ["nobody listens on port 9101 of db-1, whose network node uses"]
    app, db = shop().hosts.values()
    unknown = a_world(app, replace(db, listening=None))
    assert told(to(9101), unknown) == []
    assert warned(to(9101), unknown) == [
        "whether node@db-1 listens on 9101 cannot be told before it is tried"
    ]


def test_a_port_that_is_not_exposed_is_a_caution() -> None:
    mapping = a_mapping(
        to=(replace(POSTGRES, ports=(5433,)), Endpoint(host="app-1", container="cron", ports=(1,)))
    )
    assert told(mapping) == []
    assert warned(mapping) == [
        "postgres@db-1 exposes 5432, not 5433: whether it listens there is seen when it is tried",
        "cron@app-1 exposes no port: whether it listens on 1 is seen when it is tried",
    ]


def test_who_does_not_run_is_a_caution() -> None:
    world = shop(state=ContainerState.EXITED)
    assert told(a_mapping(), world) == []
    assert warned(a_mapping(), world) == ["web@app-1 does not run: it finds the name when it is started"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("worker", "worker on the network shop_default of app-1 is taken by shop-worker-1 (an alias, or its "
                   "service's name)"),
        ("shop-worker-1", "shop-worker-1 is the name of a container on the network shop_default of app-1"),
        ("cron", ""),
    ],
)  # fmt: skip
def test_a_name_that_somebody_on_the_network_has(name: str, why: str) -> None:
    mapping = a_mapping(name=name)
    assert told(mapping) == ([why] if why else [])


def test_our_own_ambassador_is_not_in_the_way() -> None:
    labels = {FLEET_LABEL: "prod", MAPPING_LABEL: "db"}
    ours = a_container("dockcon-db", "app-1", "shop_default", labels=labels, aliases=["db"])
    app, db = shop().hosts.values()
    world = a_world(replace(app, containers=(*app.containers, ours)), db)
    assert told(a_mapping(), world) == []
    assert told(a_mapping("other", name="db"), world) == [
        "db on the network shop_default of app-1 is taken by dockcon-db (an alias, or its service's name)"
    ]


def test_an_alias_to_whom_the_name_belongs_already() -> None:
    same = Endpoint(host="app-1", project="shop", service="worker", ports=(5432,))
    assert told(a_mapping(name="worker", to=(same,))) == []
    other_port = replace(same, ports=(1,))
    assert len(told(a_mapping(name="worker", to=(other_port,)))) == 1
    assert len(told(a_mapping(name="worker", to=(same,), via=Via.AMBASSADOR))) == 1


def test_the_same_name_twice_for_one_consumer_and_for_neighbours() -> None:
    other = a_mapping("db2", name="db")
    assert told(a_mapping(), None, other) == ["web@app-1 has db already, by the mapping db2"]
    worker = Party(host="app-1", project="shop", service="worker")
    assert told(a_mapping(consumers=(worker,)), None, other) == [
        "db on the network shop_default of app-1 is taken by the mapping db2 (for web): "
        "neighbours there would hear both"
    ]
    cron = Party(host="app-1", container="cron")
    assert told(a_mapping(consumers=(cron,)), None, other) == []


def test_a_consumer_on_the_hosts_network_shares_its_ports() -> None:
    node = Party(host="db-1", container="node")
    mapping = a_mapping(consumers=(node,), ports=(9100,), to=(replace(POSTGRES, ports=(5432,)),))
    assert told(mapping) == [
        "port 9100 of db-1 is taken, and node uses the host's own network: choose another port"
    ]
    free = a_mapping(consumers=(node,), to=(POSTGRES,))
    assert told(free) == []
    assert told(a_mapping("x", consumers=(node,)), None, free) == [
        "port 5432 of db-1 is taken by the mapping db"
    ]


def test_loops() -> None:
    assert told(a_mapping(to=(Endpoint(host="app-1", container="web", ports=(5432,)),))) == [
        "web@app-1 would lead to itself"
    ]
    labels = {FLEET_LABEL: "prod", MAPPING_LABEL: "mq"}
    ambassador = a_container("dockcon-mq", "db-1", "data", labels=labels, ports=[5432])
    app, db = shop().hosts.values()
    world = a_world(app, replace(db, containers=(*db.containers, ambassador)))
    assert told(a_mapping(to=(Endpoint(host="db-1", container="dockcon-mq", ports=(5432,)),)), world) == [
        "dockcon-mq@db-1 is an ambassador itself: lead to what it leads to"
    ]


def test_who_depends_on_each_other_is_a_caution() -> None:
    cron = Party(host="app-1", container="cron")
    first = a_mapping("first", consumers=(Party(host="db-1", container="postgres"),),
                      to=(Endpoint(host="app-1", container="cron", ports=(80,)),))  # fmt: skip
    second = a_mapping(
        "second", consumers=(cron,), to=(Endpoint(host="app-1", container="web", ports=(8080,)),)
    )
    assert told(a_mapping(), None, first, second) == []
    assert warned(a_mapping(), None, first, second) == [
        "postgres@db-1 in turn depends on web@app-1 (by first, second)"
    ]


@given(mappings())
def test_any_mapping_over_any_world_is_answered(mapping: Mapping) -> None:
    for text in (*objections(mapping, Book(), shop()), *cautions(mapping, Book(), shop())):
        assert text
