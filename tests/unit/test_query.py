"""The query language: what each word means, and that no input breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import UsageError
from console.model.containers import Container, ContainerState, Health
from console.model.query import FIELDS, image_names, parse, resolve, select, words
from console.model.text import SafeText


def container(
    ref: str,
    image: str = "nginx:1.25",
    state: str = "running",
    health: str = "none",
    cid: str = "",
    **labels: str,
) -> Container:
    name, host = ref.split("@")
    return Container(
        host=host,
        id=cid or (ref.encode().hex() + "0" * 64)[:64],
        name=SafeText(name),
        image=SafeText(image),
        state=ContainerState(state),
        health=Health(health),
        labels={k.replace("__", "."): SafeText(v) for k, v in labels.items()},
    )


WEB = container(
    "web@app-1", "registry.local:5000/shop/web:2.1", tier="web", com__docker__compose__project="shop"
)
WEB2 = container(
    "web@app-2", "registry.local:5000/shop/web:2.2", tier="web", com__docker__compose__project="shop"
)
RABBIT = container("rabbit@app-2", "rabbitmq@sha256:" + "ab" * 32, health="unhealthy", tier="mq")
POSTGRES = container("postgres@db-1", "docker.io/library/postgres:16", state="exited", cid="deadbeef" * 8)
NAMED = container("Web-Old@app-1", "busybox", state="created", note="two words")
FLEET = (WEB, WEB2, RABBIT, POSTGRES, NAMED)
HOSTS = ("app-1", "app-2", "db-1")


def found(text: str, hosts: tuple[str, ...] = HOSTS) -> list[str]:
    query = parse(text, hosts)
    return [c.ref for c in FLEET if query.matches(c)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [c.ref for c in FLEET]),
        ("host:app-2", ["web@app-2", "rabbit@app-2"]),
        ("host:app-*", ["web@app-1", "web@app-2", "rabbit@app-2", "Web-Old@app-1"]),
        ("HOST:APP-2 name:WEB", ["web@app-2"]),
        ("name:web", ["web@app-1", "web@app-2"]),
        ("name:web*", ["web@app-1", "web@app-2", "Web-Old@app-1"]),
        ("name:we", []),
        ("image:web", ["web@app-1", "web@app-2"]),
        ("image:web:2.1", ["web@app-1"]),
        ("image:registry.local:5000/shop/web", ["web@app-1", "web@app-2"]),
        ("image:rabbitmq", ["rabbit@app-2"]),
        ("image:*postgres*", ["postgres@db-1"]),
        ("state:run", ["web@app-1", "web@app-2", "rabbit@app-2"]),
        ("state:exited", ["postgres@db-1"]),
        ("health:unh", ["rabbit@app-2"]),
        ("label:tier", ["web@app-1", "web@app-2", "rabbit@app-2"]),
        ("label:tier=mq", ["rabbit@app-2"]),
        ("label:tier=w?b", ["web@app-1", "web@app-2"]),
        ('label:note="two words"', ["Web-Old@app-1"]),
        ("project:shop", ["web@app-1", "web@app-2"]),
        ("!project:shop", ["rabbit@app-2", "postgres@db-1", "Web-Old@app-1"]),
        ("app-1/web", ["web@app-1"]),
        ("web@app-*", ["web@app-1", "web@app-2"]),
        ("!app-1/web web", ["web@app-2", "Web-Old@app-1"]),
        ("shop/web", ["web@app-1", "web@app-2"]),
        ("rabbitmq@sha256:abab", ["rabbit@app-2"]),
        ("library/postgres", ["postgres@db-1"]),
        ("exited", ["postgres@db-1"]),
        ("PG", []),
        ("web !host:app-1", ["web@app-2"]),
        ("!!host:db-1", ["postgres@db-1"]),
        ('"registry.local:5000/shop"', ["web@app-1", "web@app-2"]),
        ("registry.local:5000", ["web@app-1", "web@app-2"]),
        ("rab*", ["rabbit@app-2"]),
        ("host: ! label:= name:web", ["web@app-1", "web@app-2"]),
    ],
)
def test_a_query_finds(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_without_the_hosts_a_name_with_a_slash_is_tried_as_both() -> None:
    assert found("app-1/web", ()) == ["web@app-1"]
    assert found("shop/web", ()) == ["web@app-1", "web@app-2"]


@pytest.mark.parametrize(
    ("text", "near"), [("hots:a", "`host:`"), ("lable:a=b", "`label:`"), ("zzzzzz:1", "there are")]
)
def test_an_unknown_field_is_refused_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert near in str(caught.value)
    assert f'"{text}"' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", HOSTS),
        ("web", HOSTS),
        ("host:app-1", ("app-1",)),
        ("!host:app-1", ("app-2", "db-1")),
        ("app-1/web", ("app-1",)),
        ("web@app-*", ("app-1", "app-2")),
        ("!app-1/web", HOSTS),
        ("shop/web", HOSTS),
        ("host:app-* !host:app-1", ("app-2",)),
        ("host:nowhere", ()),
    ],
)
def test_only_hosts_where_something_can_match_are_asked(text: str, asked: tuple[str, ...]) -> None:
    assert parse(text, HOSTS).hosts(HOSTS) == asked


def test_where_names_have_colons_a_field_that_does_not_exist_is_text() -> None:
    def images(text: str) -> list[str]:
        query = parse(text, HOSTS, colons=True)
        return [c.ref for c in FLEET if query.matches(c)]

    assert images("postgres:16") == ["postgres@db-1"]
    assert images("!web:2.1 host:app-1") == ["Web-Old@app-1"]
    assert images("db-1/postgres") == ["postgres@db-1"]
    with pytest.raises(UsageError):
        parse("postgres:16", HOSTS)


def test_an_image_has_several_names() -> None:
    assert image_names("r:5000/a/web:2@sha256:ff") == (
        "r:5000/a/web:2@sha256:ff",
        "r:5000/a/web:2",
        "r:5000/a/web",
        "web:2",
        "web",
    )


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["postgres"], ["postgres@db-1"]),
        (["app-1/web"], ["web@app-1"]),
        (["web@app-2", "postgres"], ["web@app-2", "postgres@db-1"]),
        (["web@app-*"], ["web@app-1", "web@app-2"]),
        (["web", "host:app-2"], ["web@app-2"]),
        (["web", "!host:app-2"], ["web@app-1"]),
        (["project:shop"], ["web@app-1", "web@app-2"]),
        (["we*"], ["web@app-1", "web@app-2", "Web-Old@app-1"]),
        (["web-old"], ["Web-Old@app-1"]),
        (["deadbeef"], ["postgres@db-1"]),
        (["label:note=two words"], ["Web-Old@app-1"]),
    ],
)
def test_selectors_name_containers(selectors: list[str], expected: list[str]) -> None:
    assert [c.ref for c in resolve(selectors, FLEET)] == expected


@pytest.mark.parametrize(
    ("selectors", "said"),
    [
        (["web"], "web@app-1, web@app-2"),
        (["postgers"], "did you mean postgres@db-1?"),
        (["db-1/postgrs"], "postgres@db-1"),
        (["nosuchthing"], "no container"),
        (["project:none"], "nothing matches"),
        (["!host:app-1", "web", "host:db-1"], "no container"),
        (["nmae:web"], "`name:`"),
        ([], "no container is named"),
        (["host:"], "nothing matches"),
        (["!"], "nothing matches"),
    ],
)
def test_a_selector_that_is_not_clear_is_refused(selectors: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(selectors, FLEET)
    assert said in str(caught.value)


GRAMMAR = st.text(st.sampled_from("ab1!:@/\"'*?= -\n") | st.characters(), max_size=40)


@given(GRAMMAR)
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        query = parse(text, HOSTS)
    except UsageError:
        return
    assert len(query.terms) <= len(words(text))
    for one in FLEET:
        assert query.matches(one) in (True, False)


WORDS = st.sampled_from([f"{f}:" for f in FIELDS] + [""]).flatmap(
    lambda prefix: st.text("abwe1-*?=/@\"'", min_size=1, max_size=12).map(lambda rest: prefix + rest)
)


@given(WORDS)
def test_inverted_is_the_complement(word: str) -> None:
    for hosts in (HOSTS, ()):
        plain, inverted = parse(word, hosts), parse("!" + word, hosts)
        assert len(plain.terms) == len(inverted.terms)
        if len(plain.terms) == 1:
            assert [plain.matches(c) for c in FLEET] == [not inverted.matches(c) for c in FLEET]


@given(st.lists(WORDS, max_size=3))
def test_a_host_that_is_not_asked_has_no_match(parts: list[str]) -> None:
    query = parse(" ".join(parts), HOSTS)
    asked = query.hosts(HOSTS)
    assert all(c.host in asked for c in FLEET if query.matches(c))


@given(st.lists(GRAMMAR, max_size=3))
def test_no_selector_breaks_resolve(selectors: list[str]) -> None:
    try:
        chosen = resolve(selectors, FLEET)
    except UsageError:
        return
    assert chosen
    assert set(c.key for c in chosen) <= {c.key for c in FLEET}


@pytest.mark.parametrize(
    ("selectors", "hosts"),
    [
        (["web"], HOSTS),
        (["web@app-1", "db-1/postgres"], ("app-1", "db-1")),
        (["app-*/web"], ("app-1", "app-2")),
        (["web", "web@app-1"], HOSTS),
        (["web", "host:app-2"], ("app-2",)),
        (["!host:app-2"], ("app-1", "db-1")),
        (["*", "!app-1/web"], HOSTS),
        (["web@elsewhere"], ()),
        (["web@app-1", "host:db-1"], ()),
    ],
)
def test_hosts_on_which_something_can_be_meant(selectors: list[str], hosts: tuple[str, ...]) -> None:
    assert select(selectors, HOSTS).hosts(HOSTS) == hosts


@pytest.mark.parametrize(
    ("selectors", "refs"),
    [
        (["label:tier=web"], ["web@app-1", "web@app-2"]),
        (["*"], [c.ref for c in FLEET]),
        (["web*", "!host:app-2"], ["web@app-1", "Web-Old@app-1"]),
        (["*@app-2", "postgres"], ["web@app-2", "rabbit@app-2"]),
        (["web@app-1"], None),
        (["web", "rabbit", "host:app-2"], None),
    ],
)
def test_what_comes_later_is_meant_by_globs_and_by_words_that_narrow(
    selectors: list[str], refs: list[str] | None
) -> None:
    query = select(selectors, HOSTS).lasting()
    assert (query and [c.ref for c in FLEET if query.matches(c)]) == refs
    if query:
        assert set(query.hosts(HOSTS)) >= {c.host for c in FLEET if query.matches(c)}


def test_a_selection_names_what_resolve_does() -> None:
    selection = select(["web", "deadbeef", "host:app-1"], HOSTS)
    assert [c.ref for c in selection.named("web", FLEET)] == ["web@app-1"]
    assert selection.named("deadbeef", FLEET) == ()
    assert "did you mean web@app-1" in str(selection.missing("wep", FLEET))
    assert [c.ref for c in select(["deadbeef"], HOSTS).named("deadbeef", FLEET)] == ["postgres@db-1"]
