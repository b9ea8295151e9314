"""The configuration of an ambassador: what HAProxy itself says to it, and what is read back from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.mappings import haproxy
from console.model.mappings.body import ambassador_name, create_body, published, spec_of
from console.model.mappings.haproxy import Carried, Proxy, Server, render
from console.model.mappings.mapping import Check, CheckKind, Endpoint, Mapping, Party, Via
from console.model.mappings.world import SPEC_LABEL, Side

MAPPING = Mapping(
    id="db",
    name="db",
    ports=(5432,),
    to=(Endpoint(host="db-1", container="postgres", ports=(5432,)),),
    consumers=(Party(host="app-1", container="web"), Party(host="app-1", project="shop", service="worker")),
)
STATIC = Server(name="postgres.db-1", host="10.0.0.21", port=5432, weight=3)
TEMPLATE = Server(name="shop_db.app-1", host="db", port=5432, slots=8)
PROXY = Proxy(
    fleet="prod",
    mapping=MAPPING,
    number=7,
    parent="0123456789ab",
    side=Side.CONSUMER,
    carried=(Carried(port=5432, servers=(STATIC, TEMPLATE)),),
    gateways=("172.17.0.1",),
    refused=("172.17.0.0/16",),
)
PROVIDER = replace(PROXY, side=Side.PROVIDER, refused=(), sources=("10.0.0.11", "fd00::11"))


@pytest.fixture(scope="module")
def binary() -> str:
    found = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("haproxy is not installed: configurations cannot be tried")
        pytest.skip("haproxy is not installed (Debian: apt install haproxy)")
    return found


def accepted(binary: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(text, encoding="utf-8")
    ran = subprocess.run([binary, "-c", "-f", str(file)], capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0, ran.stderr + text
    assert "WARNING" not in ran.stderr, ran.stderr


CHECKS = [
    Check(CheckKind.TCP),
    Check(CheckKind.HTTP),
    Check(CheckKind.NONE),
    Check(CheckKind.REDIS),
    Check(CheckKind.PGSQL, "probe"),
    Check(CheckKind.MYSQL, "probe"),
    Check(CheckKind.MYSQL),
    Check(CheckKind.PGSQL, "o'brien $HOME # \\ \" x"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.kind}-{check.user[:5]}")
@pytest.mark.parametrize("proxy", [PROXY, PROVIDER], ids=lambda proxy: proxy.side.value)
def test_haproxy_takes_it(binary: str, proxy: Proxy, check: Check, tmp_path: Path) -> None:
    accepted(binary, render(replace(proxy, mapping=replace(MAPPING, check=check))), tmp_path)


def test_many_ports_and_a_very_long_header_are_taken(binary: str, tmp_path: Path) -> None:
    ports = (80, 5432, 8404, 8405)
    to = tuple(Endpoint(host=f"host-{n}", container="c" * 60, ports=ports, weight=256) for n in range(100))
    carried = tuple(Carried(port=port, servers=(STATIC, TEMPLATE)) for port in ports)
    text = render(replace(PROXY, mapping=replace(MAPPING, ports=ports, to=to), carried=carried))
    assert len(text.partition("\n")[0]) > 8192
    assert haproxy.stats_port(text) == 8406
    accepted(binary, text, tmp_path)


def test_a_provider_that_nobody_may_dial_rejects_all(binary: str, tmp_path: Path) -> None:
    text = render(replace(PROVIDER, sources=()))
    assert "    tcp-request connection reject\n" in text
    accepted(binary, text, tmp_path)


def test_only_sources_may_dial_a_provider_and_the_way_out_may_not_dial_a_consumer() -> None:
    assert "reject unless { src 10.0.0.11/32 fd00::11/128 }" in render(PROVIDER)
    assert "reject if { src 172.17.0.0/16 }" in render(PROXY)
    for text in (render(PROXY), render(PROVIDER)):
        assert "http-request deny unless { src 127.0.0.1 172.17.0.1 }" in text
        assert "stats admin" not in text
        assert len(re.findall("stats socket", text)) == 1


HOSTILE = ["db\n    server x 6.6.6.6:1", "a b", "x;y", "$HOME", "", "-x", "a'b", "a#b", "ä", "db\x00"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_a_directive(name: str) -> None:
    assert haproxy.valid_name(haproxy.server_name(name, "db-1"))
    with pytest.raises(ValueError, match="configuration"):
        render(replace(PROXY, carried=(Carried(port=1, servers=(replace(TEMPLATE, host=name),)),)))
    with pytest.raises(ValueError, match="IP"):
        render(replace(PROXY, carried=(Carried(port=1, servers=(replace(STATIC, host=name + "x"),)),)))
    with pytest.raises(ValueError, match="IP"):
        render(replace(PROXY, gateways=(name + "x",)))


def test_a_user_cannot_break_out_of_its_line() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        render(replace(PROXY, mapping=replace(MAPPING, check=Check(CheckKind.PGSQL, "x\nglobal"))))


def test_different_containers_have_different_servers() -> None:
    long = "c" * 80
    names = {haproxy.server_name(name, "h") for name in (long, long + "d", "a b", "a_b", "a/b")}
    assert len(names) == 5
    assert haproxy.server_name("pg", "h", frozenset({"pg.h"})) != "pg.h"


texts = st.text(max_size=30)
parties = st.one_of(
    st.builds(Party, host=texts, container=st.text(min_size=1, max_size=30)),
    st.builds(Party, host=texts, project=st.text(min_size=1), service=st.text(min_size=1)),
)


@given(id_=texts, name=texts, parent=texts, fleet=texts, consumers=st.lists(parties, max_size=3))
def test_whatever_is_stated_stays_in_the_first_line(
    id_: str, name: str, parent: str, fleet: str, consumers: list[Party]
) -> None:
    mapping = replace(MAPPING, id=id_, name=name, consumers=tuple(consumers))
    text = render(replace(PROXY, mapping=mapping, parent=parent, fleet=fleet))
    plain = render(PROXY)
    assert text.isascii()
    assert len(text.splitlines()) == len(plain.splitlines())
    header = haproxy.parse_header(text)
    assert header is not None
    assert (header.fleet, header.mapping, header.number, header.parent) == (fleet, id_, 7, parent)
    assert header.digest == mapping.digest


def test_the_mapping_is_read_back_and_checked() -> None:
    mapping = replace(MAPPING, via=Via.AMBASSADOR, check=Check(CheckKind.PGSQL, "probe"), ports=(5432,))
    text = render(replace(PROXY, mapping=mapping))
    assert haproxy.mapping_of(text) == mapping
    assert haproxy.mapping_of(text.replace('"weight": 1', '"weight": 2')) is None
    assert haproxy.mapping_of(text.replace('"weight": 1', '"weight": 0')) is None
    assert haproxy.mapping_of("global\n" + text) is None


@pytest.mark.parametrize(
    "text", ["", "# dockcon: ", "# dockcon: []", "# dockcon: {", "# dockcon: " + "[" * 9000]
)
def test_what_is_no_header_is_none(text: str) -> None:
    assert haproxy.parse_header(text) is None
    assert haproxy.mapping_of(text) is None


@pytest.mark.parametrize("key", ["fleet", "mapping", "number", "digest", "text", "parent"])
def test_a_header_that_lacks_something_is_none(key: str) -> None:
    first, _, rest = render(PROXY).partition("\n")
    header = json.loads(first.removeprefix("# dockcon: "))
    for value in (None, [], 1.5):
        changed = "# dockcon: " + json.dumps({**header, key: value}) + "\n" + rest
        assert haproxy.parse_header(changed) is None


def test_the_running_revision_tells_file_from_file() -> None:
    text = render(PROXY)
    header = haproxy.parse_header(text)
    assert header is not None
    backend = re.search(r"^backend (dockcon_rev_\S+)", text, re.MULTILINE)
    assert backend is not None
    assert haproxy.revision_of(backend[1]) == header.revision
    assert f"description rev={header.revision}\n" in text
    moved = render(replace(PROXY, carried=(Carried(port=5432, servers=(replace(STATIC, port=15433),)),)))
    other = haproxy.parse_header(moved)
    assert other is not None
    assert (other.digest, other.number) == (header.digest, header.number)
    assert haproxy.meaning_of(other.revision) != haproxy.meaning_of(header.revision)
    assert haproxy.revision_of("to_5432") == haproxy.revision_of("dockcon_rev_x_y") == ""


def test_two_consoles_may_count_differently() -> None:
    text = render(PROXY)
    assert haproxy.same(text, render(replace(PROXY, number=3, parent="")))
    assert not haproxy.same(text, text + "    # by hand\n")
    assert not haproxy.same(text, text.replace("weight 3", "weight 4"))
    assert not haproxy.same(text, render(replace(PROXY, mapping=replace(MAPPING, name="x"))))


def test_servers_are_read_back() -> None:
    found = haproxy.servers_of(render(PROXY))
    assert found == {(5432, "postgres.db-1"): STATIC, (5432, "shop_db.app-1"): TEMPLATE}
    six = replace(STATIC, host="fd00::1")
    assert haproxy.servers_of(render(replace(PROXY, carried=(Carried(port=1, servers=(six,)),)))) == {
        (1, "postgres.db-1"): six
    }
    assert haproxy.server_of("shop_db.app-1_3", {"shop_db.app-1"}) == "shop_db.app-1"
    assert haproxy.server_of("a_1", {"a_1", "a"}) == "a_1"
    assert haproxy.server_of("other", {"a"}) == ""


def test_the_body_asks_for_as_little_as_it_can() -> None:
    body = create_body(
        fleet="prod", mapping="db", side=Side.PROVIDER, image="x", publish={23817: "10.0.0.21"}
    )
    config = body["HostConfig"]
    assert config["CapDrop"] == ["ALL"]
    assert "Binds" not in config
    assert "Mounts" not in config
    assert published(body) == {23817: "10.0.0.21"}
    assert ambassador_name("db", Side.PROVIDER) == "dockcon-db-provider"


def test_the_spec_is_of_what_is_fixed_at_creation() -> None:
    body = create_body(fleet="prod", mapping="db", side=Side.CONSUMER, image="x")
    assert body["Labels"][SPEC_LABEL] == spec_of(body)
    assert spec_of(create_body(fleet="o", mapping="p", side=Side.CONSUMER, image="x")) == spec_of(body)
    assert spec_of(create_body(fleet="prod", mapping="db", side=Side.CONSUMER, image="y")) != spec_of(body)
    published_ = create_body(
        fleet="prod", mapping="db", side=Side.CONSUMER, image="x", publish={5432: "127.0.0.1"}
    )
    assert spec_of(published_) != spec_of(body)
