"""From selectors to what is asked, with hosts that answered and hosts that did not."""

from __future__ import annotations

import pytest

from console.cli.selecting import Chosen, choose
from console.errors import UsageError
from console.model.containers import Container, ContainerState
from console.model.hosts import HostSpec, HostState, HostStatus
from console.model.query import select
from console.model.snapshot import HostSnapshot
from console.model.text import safe

HOSTS = ("a", "b", "c")


def host(name: str, state: HostState, *names: str) -> HostSnapshot:
    rows = [
        Container(
            host=name,
            id=f"{name}{number}".encode().hex().ljust(64, "0"),
            name=safe(each),
            image=safe("x"),
            state=ContainerState.RUNNING,
        )
        for number, each in enumerate(names)
    ]
    return HostSnapshot(
        spec=HostSpec(name=name, address="10.0.0.1"),
        revision=1,
        epoch=1,
        status=HostStatus(state=state, since=0.0),
        containers={row.id: row for row in rows},
        listed=1.0 if state is HostState.UP else None,
    )


UP = (
    host("a", HostState.UP, "web", "worker"),
    host("b", HostState.UP, "web", "db"),
    host("c", HostState.OFF),
)
AWAY = (UP[0], host("b", HostState.LOST), host("c", HostState.CONNECTING))


def chosen(*selectors: str, away: bool = False, follow: bool = False) -> Chosen:
    return choose(select(selectors, HOSTS), AWAY if away else UP, follow=follow)


def refs(found: Chosen) -> set[str]:
    names = {c.key: c.ref for s in UP for c in s.containers.values()}
    return {names[key] for key in found.keys}


def test_what_is_there() -> None:
    assert refs(chosen("db", "web@a")) == {"db@b", "web@a"}
    assert refs(chosen("w*", "host:a")) == {"web@a", "worker@a"}
    assert refs(chosen("host:b")) == {"web@b", "db@b"}
    assert chosen("db", "web@a").names == {("b", "db"), ("a", "web")}


def test_what_is_named_by_id_is_pinned() -> None:
    number = next(iter(UP[1].containers))
    found = chosen(number[:12])
    assert (found.keys, found.ids, found.names) == ({("b", number)}, {("b", number)}, set())


def test_globs_and_narrowing_last() -> None:
    for selectors in (("w*",), ("host:a",)):
        lasting = chosen(*selectors).lasting
        assert lasting is not None
        assert lasting.matches(UP[0].containers[next(iter(UP[0].containers))])
    assert chosen("db").lasting is None


@pytest.mark.parametrize(
    ("selectors", "said"),
    [
        (["web"], "on several hosts: web@a, web@b"),
        (["wep@a"], "no container `wep@a`; did you mean web@a"),
        (["x*"], "no container `x*`"),
        (["name:x"], "nothing matches"),
        (["db", "nosuch"], "no container `nosuch`"),
        (["db@a"], "no container `db@a`"),
    ],
)
def test_what_means_nothing_is_a_mistake(selectors: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(*selectors)
    assert said in str(caught.value)


def test_what_may_come_is_waited_for() -> None:
    assert not chosen("x*", follow=True).keys
    assert not chosen("name:x", follow=True).keys
    with pytest.raises(UsageError):
        chosen("nosuch", follow=True)


def test_a_host_that_is_away_may_have_it() -> None:
    found = chosen("db@b", "web@a", away=True)
    assert refs(found) == {"web@a"}
    assert found.names == {("b", "db"), ("a", "web")}
    assert [str(error) for error in found.missing] == ["no container `db@b`"]
    assert chosen("db", away=True).names == {("b", "db"), ("c", "db")}
    assert chosen("name:x", away=True).keys == set()
    assert not chosen("x*", away=True).missing
    with pytest.raises(UsageError):
        chosen("nosuch@a", away=True)
    with pytest.raises(UsageError):
        chosen("nosuch", "host:a", away=True)
