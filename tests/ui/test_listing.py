"""Order, groups and filters of containers, and that unchanged ones cost nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.containers import ContainerState
from console.model.hosts import HostState
from console.model.problems import ProblemKind
from console.model.query import parse
from console.model.text import safe
from console.ui.listing import AGED_AT_ONCE, CALM, Listing
from console.ui.names import natural
from console.ui.view import SORTABLE, Group, View
from console.ui.world import World
from tests.ui.fleet import NOON, container, problem, small_fleet, snapshot, using


def world_of(*snapshots, problems=()) -> World:
    return World(
        fleet="prod",
        hosts=tuple(s.spec for s in snapshots),
        snapshots={s.name: s for s in snapshots},
        problems=tuple(problems),
    )


def small() -> World:
    fleet = small_fleet()
    return world_of(*(fleet.newest(spec.name) for spec in fleet.hosts), problems=fleet.given)


def names(rows) -> list[str]:
    return [row.cells[1].text if not row.heading else row.cells[0].text for row in rows]


@given(st.lists(st.one_of(st.none(), st.floats(0, 400)), max_size=30), st.booleans())
def test_unknown_figures_come_last_either_way(figures: list[float | None], reverse: bool) -> None:
    made = [container("a", f"c{n}") for n in range(len(figures))]
    usage = {c.id: using(cpu, 1) for c, cpu in zip(made, figures, strict=True)}
    rows = Listing().rows(world_of(snapshot("a", made, usage=usage)), View(sort="cpu", reverse=reverse), NOON)
    by_key = {c.key: cpu for c, cpu in zip(made, figures, strict=True)}
    shown = [by_key[row.key] for row in rows]
    known = [cpu for cpu in shown if cpu is not None]
    assert shown == known + [None] * (len(shown) - len(known))
    assert known == sorted(known, reverse=reverse)


@pytest.mark.parametrize("column", SORTABLE)
@pytest.mark.parametrize("reverse", [False, True])
def test_every_column_sorts_and_loses_nobody(column: str, reverse: bool) -> None:
    rows = Listing().rows(small(), View(sort=column, reverse=reverse), NOON)
    assert sorted(names(rows)) == ["cron", "importer", "postgres", "rabbit", "web", "worker"]


def test_names_sort_as_people_count() -> None:
    assert sorted(["app-10", "app-2", "App-1"], key=natural) == ["App-1", "app-2", "app-10"]


def test_groups_by_host_and_project() -> None:
    by_host = names(Listing().rows(small(), View(group=Group.HOST), NOON))
    assert by_host == [
        "app-1  up, 2 of 3 running",
        "cron",
        "web",
        "worker",
        "app-2  up, 1 of 2 running",
        "importer",
        "rabbit",
        "db-1  lost, 0 of 1 running",
        "postgres",
    ]
    by_project = names(Listing().rows(small(), View(group=Group.PROJECT), NOON))
    assert by_project[:3] == ["shop  1 of 1 running", "worker", "no project  2 of 5 running"]


def test_filter_and_only_problems() -> None:
    listing = Listing()
    rows = listing.rows(small(), View(query=parse("host:app-* !state:exited")), NOON)
    assert names(rows) == ["web", "worker", "rabbit"]
    assert (listing.shown, listing.total) == (3, 6)
    assert names(listing.rows(small(), View(problems_only=True), NOON)) == ["importer", "rabbit"]


def test_a_host_that_is_off_is_out_of_the_fleet() -> None:
    off = snapshot("a", [container("a", "x")], state=HostState.OFF)
    listing = Listing()
    assert listing.rows(world_of(off), View(), NOON) == []
    assert listing.total == 0


def test_unchanged_rows_are_the_same_objects() -> None:
    made = [container("a", f"c{n}") for n in range(4)]
    other = snapshot("b", [container("b", "y")])
    listing = Listing()
    before = listing.rows(world_of(snapshot("a", made), other), View(), NOON)
    made[2] = replace(made[2], state=ContainerState.PAUSED)
    after = listing.rows(world_of(snapshot("a", made), other), View(), NOON)
    assert [new is old for new, old in zip(after, before, strict=True)] == [True, True, False, True, True]
    troubled = world_of(snapshot("a", made), other, problems=[problem(made[0], ProblemKind.EXITED)])
    assert listing.rows(troubled, View(), NOON)[0].sign.text == "!"


def test_rows_age_by_themselves() -> None:
    made = [container("a", "young", started=NOON - 59), container("a", "old", started=NOON - 90000)]
    listing = Listing()
    listing.rows(world_of(snapshot("a", made)), View(), NOON)
    assert listing.aged(NOON + 0.5) == []
    assert [row.cells[-1].text for row in listing.aged(NOON + 1)] == ["1m"]
    assert listing.aged(NOON + 2) == []


def test_a_crowd_that_ages_together_takes_turns_but_not_in_view() -> None:
    crowd = [
        snapshot(f"h{n:02}", [container(f"h{n:02}", f"c{m}", started=NOON - 59) for m in range(50)])
        for n in range(20)
    ]
    listing = Listing()
    listing.rows(world_of(*crowd), View(), NOON)
    in_view = [("h19", row.id) for row in crowd[19].containers.values()]
    turns = [listing.aged(NOON + 1 + second, in_view) for second in range(5)]
    assert {row.key[0] for row in turns[0]} >= {"h19"}
    assert max(map(len, turns)) <= AGED_AT_ONCE + 50
    assert sorted(row.key for turn in turns for row in turn) == sorted(
        c.key for s in crowd for c in s.containers.values()
    )


def test_figures_do_not_make_rows_jump_ten_times_a_second() -> None:
    made = [container("a", name) for name in ("one", "two")]
    view = View(sort="cpu", reverse=True)

    def world(first: float, second: float) -> World:
        return world_of(
            snapshot("a", made, usage={made[0].id: using(first, 1), made[1].id: using(second, 1)})
        )

    listing = Listing()
    assert names(listing.rows(world(9, 1), view, NOON)) == ["one", "two"]
    held = listing.rows(world(1, 9), view, NOON + 0.1)
    assert names(held) == ["one", "two"]
    assert held[0].cells[5].text == "1%"
    assert not listing.due(NOON + 0.2)
    assert listing.due(NOON + CALM)
    assert names(listing.rows(world(1, 9), view, NOON + CALM)) == ["two", "one"]
    made.append(container("a", "three"))
    assert names(listing.rows(world(9, 1), view, NOON + CALM + 0.1)) == ["one", "two", "three"]


def test_projects_with_hostile_names_are_only_text() -> None:
    labels = {"com.docker.compose.project": safe("[/nope]")}
    rows = Listing().rows(
        world_of(snapshot("a", [container("a", "x", labels=labels)])), View(group=Group.PROJECT), NOON
    )
    assert rows[0].cells[0].text == "[/nope]  1 of 1 running"
