"""How mappings stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from console.model.containers import ContainerState, Port
from console.model.mappings.judge import judge
from console.model.mappings.mapping import Book, Endpoint, Party, Revision, Via
from console.model.mappings.mapping import Mapping as Stated
from console.model.mappings.realise.choose import plan
from console.model.mappings.realise.outline import RealiseRules
from console.model.mappings.standing import Standing, State
from console.model.mappings.world import ProxyView, ServerView, World
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

PUBLISHED = Port(5432, 15432, "0.0.0.0")
ENDS = tuple(Endpoint(host=name, container="postgres", ports=(5432,)) for name in ("db-1", "db-2"))
ONE = mapping(ENDS[0], consumers=[Party(host="app-1", container="web")])
TWO = replace(ONE, to=ENDS)
RULES = RealiseRules(fleet=FLEET)


def fleet(*, published: bool = True) -> World:
    ports = (PUBLISHED,) if published else ()
    return world(
        host("app-1", "10.0.0.11", [container("app-1", "web", "front")], [network("front", 30)]),
        host(
            "db-1", "10.0.0.21", [container("db-1", "postgres", "back", ports=ports)], [network("back", 31)]
        ),
        host("db-2", "10.0.0.22", [container("db-2", "postgres", ports=(PUBLISHED,))]),
    )


def history(stated: Stated) -> tuple[Revision, ...]:
    return (Revision(id="db", number=1, mapping=stated, parent="", at=0, who="a"),)


def realised(stated: Stated, now: World, **statuses: tuple[str, str]) -> World:
    """With every server UP but those in `statuses` (`db_1=("DOWN", "L4CON")`)."""
    for step in plan(stated, None, history(stated)[0], now, RULES).steps:
        now = apply(step, now)
    return checked(now, **statuses)


def checked(now: World, **statuses: tuple[str, str]) -> World:
    for there in now.hosts.values():
        views = []
        for view in there.ambassadors:
            servers = []
            for end in ENDS:
                status, check = statuses.get(end.host.replace("-", "_"), ("UP", "L4OK"))
                name = f"postgres.{end.host}" + ("_1" if view.side == "provider" else "")
                if f"postgres.{end.host}" in (view.config or ""):
                    servers.append(
                        ServerView(
                            backend="to_5432",
                            server=name,
                            address="x:1",
                            status=status,
                            check=check,
                            sessions=2,
                        )
                    )
            assert view.running is not None
            views.append(replace(view, running=replace(view.running, servers=tuple(servers), old_sessions=3)))
        now = change(now, replace(there, ambassadors=tuple(views)))
    return now


def standing(
    stated: Stated, now: World, *, known: Sequence[Revision] | None = None, earlier: Sequence[Standing] = ()
) -> Standing:
    histories = {"db": history(stated) if known is None else known}
    (one,) = judge(Book({"db": stated}), histories, now, 100.0, earlier)
    return one


def test_what_is_as_stated_and_answers_is_ok() -> None:
    one = standing(ONE, realised(ONE, fleet()))
    assert (one.state, one.reason, one.steps, one.via) == (State.OK, "", 0, Via.AMBASSADOR)
    assert (one.sessions, one.old_sessions, len(one.servers)) == (2, 3, 1)


def test_what_is_stated_only_is_pending_with_its_reason() -> None:
    one = standing(ONE, fleet())
    assert (one.state, one.steps) == (State.PENDING, 2)
    assert one.reason == "2 steps left: dockcon-db on app-1 is not there"
    assert one.next_step == "dockcon map apply db"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("L4CON", "refuses connections"),
        ("L4TOUT", "does not answer in time"),
        ("L7STS", "fails its check"),
        ("* L4CON", "refuses connections"),
        ("XYZ", "is down (XYZ)"),
    ],
)
def test_no_endpoint_answers(check: str, words: str) -> None:
    one = standing(ONE, realised(ONE, fleet(), db_1=("DOWN", check)))
    assert one.state is State.BROKEN
    assert one.reason.startswith("postgres@db-1 ")
    assert words in one.reason


def test_one_of_two_does_not_answer() -> None:
    one = standing(TWO, realised(TWO, fleet(), db_2=("DOWN", "L4CON")))
    assert (one.state, one.reason) == (State.DEGRADED, "postgres@db-2 refuses connections")


@pytest.mark.parametrize(
    ("state", "words"), [("paused", "is paused"), ("exited", "is stopped"), ("restarting", "again and again")]
)
def test_the_engine_knows_better_than_a_check(state: str, words: str) -> None:
    now = realised(ONE, fleet())
    now = change_container(now, replace(find(now, "db-1", "postgres"), state=ContainerState(state)))
    one = standing(ONE, now)
    assert one.state is State.BROKEN
    assert words in one.reason
    assert one.next_step


def test_an_endpoint_that_is_gone_breaks_it() -> None:
    now = realised(ONE, fleet())
    now = change(now, replace(now.hosts["db-1"], containers=()))
    assert (standing(ONE, now).state, standing(ONE, now).reason) == (
        State.BROKEN,
        "postgres@db-1 is gone",
    )


def test_the_word_of_the_ambassador_beside_the_endpoint_counts() -> None:
    now = realised(ONE, fleet(published=False))
    assert standing(ONE, now).state is State.OK
    there = now.hosts["db-1"]
    (view,) = there.ambassadors
    assert view.running is not None
    servers = tuple(replace(server, status="DOWN", check="L4CON") for server in view.running.servers)
    down = replace(view, running=replace(view.running, servers=servers))
    one = standing(ONE, change(now, replace(there, ambassadors=(down,))))
    assert (one.state, one.reason) == (State.BROKEN, "postgres@db-1 refuses connections")


def test_an_endpoint_that_moved_says_so() -> None:
    now = realised(ONE, fleet())
    moved = replace(find(now, "db-1", "postgres"), ports=(Port(5432, 15433, "0.0.0.0"),))
    one = standing(ONE, change_container(now, moved))
    assert (one.state, one.steps) == (State.PENDING, 1)
    assert one.reason == "1 step left: postgres@db-1 answers on 15433 now, not 15432"


def test_a_consumer_that_was_made_anew_says_so() -> None:
    start = fleet()
    alone = container("app-1", "web")
    start = change(start, replace(start.hosts["app-1"], containers=(alone,)))
    now = realised(ONE, start)
    born = replace(alone, id="f" * 64)
    others = tuple(one for one in now.hosts["app-1"].containers if one.name != "web")
    one = standing(ONE, change(now, replace(now.hosts["app-1"], containers=(born, *others))))
    assert (one.state, one.reason) == (State.PENDING, "1 step left: web on app-1 is not on dockcon-db")


def test_a_wording_that_nobody_knows_is_foreign() -> None:
    other = replace(ONE, name="other")
    now = realised(other, fleet())
    one = standing(ONE, now)
    assert one.state is State.FOREIGN
    assert "adopt" in one.next_step
    assert standing(ONE, now, known=(*history(ONE), *history(other))).state is State.PENDING


def test_a_running_revision_that_nobody_knows_is_foreign() -> None:
    now = realised(ONE, fleet())
    (view,) = now.hosts["app-1"].ambassadors
    odd = replace(view, running=ProxyView(revision="9-" + "ab" * 10))
    assert standing(ONE, change(now, replace(now.hosts["app-1"], ambassadors=(odd,)))).state is State.FOREIGN


@pytest.mark.parametrize("name", ["app-1", "db-1"])
def test_what_cannot_be_read_is_never_ok(name: str) -> None:
    now = realised(ONE, fleet())
    now = change(now, replace(now.hosts[name], missing=safe("lost: no route"), containers=(), ambassadors=()))
    one = standing(ONE, now)
    assert one.state is State.UNKNOWN
    assert f"{name} cannot be read (lost: no route)" in one.reason
    silent = realised(ONE, fleet())
    (view,) = silent.hosts["app-1"].ambassadors
    mute = replace(view, running=None, unread=safe("no way to its socket"))
    one = standing(ONE, change(silent, replace(silent.hosts["app-1"], ambassadors=(mute,))))
    assert (one.state, one.reason) == (
        State.UNKNOWN,
        "dockcon-db on app-1 cannot be asked (no way to its socket)",
    )


def test_a_state_keeps_its_time() -> None:
    now = realised(ONE, fleet())
    before = replace(standing(ONE, now), since=7.0)
    assert standing(ONE, now, earlier=[before]).since == 7.0
    assert standing(ONE, fleet(), earlier=[before]).since == 100.0


def test_an_ambassador_without_a_mapping_is_an_orphan() -> None:
    now = realised(ONE, fleet())
    (one,) = judge(Book(), {"db": history(ONE)}, now, 100.0)
    assert (one.orphan, one.state, one.mapping) == (True, State.PENDING, ONE)
    (one,) = judge(Book(), {}, now, 100.0)
    assert (one.orphan, one.state) == (True, State.FOREIGN)
    (view,) = now.hosts["app-1"].ambassadors
    bare = replace(view, config=None, header=None, running=None)
    (one,) = judge(Book(), {}, change(now, replace(now.hosts["app-1"], ambassadors=(bare,))), 100.0)
    assert one.mapping.id == "db"
    assert judge(Book(), {}, replace(now, fleet="other"), 100.0) == ()


def test_a_name_that_is_not_found_is_broken_and_empty_places_are_none() -> None:
    now = realised(ONE, fleet(published=False), db_1=("MAINT (resolution)", ""))
    assert standing(ONE, now).reason == "postgres@db-1 is not found by its name"
    now = checked(now)
    there = now.hosts["db-1"]
    (view,) = there.ambassadors
    assert view.running is not None
    empty = replace(view.running.servers[0], server="postgres.db-1_2", status="MAINT (resolution)")
    more = replace(view.running, servers=(*view.running.servers, empty))
    now = change(now, replace(there, ambassadors=(replace(view, running=more),)))
    assert standing(ONE, now).state is State.OK
