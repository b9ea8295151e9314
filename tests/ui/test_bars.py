"""The bars: exactly as wide as the screen, and what matters stays longest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.hosts import HostState
from console.model.problems import ProblemKind
from console.ui.bars import Part, Surroundings, Tab, fleet_bar, key_hints, length, tabs, tabs_line
from console.ui.cells import ASCII, UNICODE
from console.ui.keys import Hint
from console.ui.world import World
from tests.ui.fleet import NOON, container, problem, small_fleet, snapshot

AROUND = Surroundings(clock="14:02:31", who="ops, dba")


def small() -> World:
    fleet = small_fleet()
    hosts = [fleet.newest(spec.name) for spec in fleet.hosts]
    return World(fleet="prod", hosts=fleet.hosts, snapshots={s.name: s for s in hosts}, problems=fleet.given)


def many(states: dict[int, HostState], count: int = 100) -> World:
    hosts = [snapshot(f"node-{n:03}", state=states.get(n, HostState.UP)) for n in range(count)]
    return World(fleet="prod", hosts=tuple(h.spec for h in hosts), snapshots={h.name: h for h in hosts})


def bar(world: World, width: int, around: Surroundings = AROUND) -> str:
    return "".join(part.text for part in fleet_bar(world, around, NOON, width, UNICODE))


def test_wide_says_everything() -> None:
    said = bar(small(), 140)
    assert said.startswith(" prod  + app-1 2/3   + app-2 1/2   ~ db-1 lost 12s, retry in 4s ")
    assert said.endswith(" 3 problems   ops, dba   14:02:31 ")


def test_narrow_keeps_what_is_wrong() -> None:
    said = bar(small(), 70)
    assert "~ db-1 lost" in said
    assert "+2 up" in said
    assert "3 problems" in said
    assert "14:02:31" in said


def test_of_a_hundred_hosts_the_worst_are_named() -> None:
    world = many({3: HostState.LOST, 17: HostState.REFUSED, 40: HostState.QUIET, 41: HostState.NEEDS_YOU})
    said = bar(world, 160)
    assert "? node-041 needs you   x node-017 refused   ~ node-003 lost   ~ node-040 quiet   +96 up" in said
    assert "+100 up" in bar(many({}), 100)
    crowded = bar(many(dict.fromkeys(range(20), HostState.LOST)), 100)
    assert "~ node-000 lost" in crowded
    assert f"{80}/{100 - crowded.count('lost')} up" in crowded


def test_frozen_and_read_only_are_said() -> None:
    said = bar(small(), 140, replace(AROUND, frozen="14:01:00", read_only=True))
    assert "FROZEN since 14:01:00" in said
    assert "read-only" in said


def test_states_have_a_word_or_a_count_beside_their_sign() -> None:
    for state in HostState:
        said = bar(many({0: state}, 1), 120)
        assert said.split("node-000 ")[1].split()[0] in {
            "0",
            "connecting",
            "quiet",
            "engine",
            "lost",
            "needs",
            "refused",
            "off",
        }, state


def test_one_problem_is_singular_and_none_is_calm() -> None:
    made = container("node-000", "x")
    world = replace(many({}, 1), problems=(problem(made, ProblemKind.EXITED),))
    assert "1 problem " in bar(world, 100)
    assert "no problems" in bar(many({}, 1), 100)


@given(
    st.integers(20, 250), st.dictionaries(st.integers(0, 30), st.sampled_from(list(HostState))), st.booleans()
)
def test_a_bar_is_exactly_as_wide_as_the_screen(
    width: int, states: dict[int, HostState], frozen: bool
) -> None:
    around = replace(AROUND, frozen="14:01:00" if frozen else "")
    for glyphs in (UNICODE, ASCII):
        parts = fleet_bar(many(states, 31), around, NOON, width, glyphs)
        assert length(parts) == width


def test_the_active_tab_is_marked_by_more_than_colour() -> None:
    panes = [
        Tab("1", "Containers", "!2", "screen.pane('containers')", True),
        Tab("6", "Hosts", "~1", "x", False),
    ]
    assert "".join(part.text for part in tabs(panes)) == " >1 Containers !2   6 Hosts ~1 "


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (110, "33 of 34 - filter web - by host"),
        (70, "33 of 34 - filter web - by host"),
        (54, "33 of 34 - filter web"),
        (46, "filter web"),
        (34, "filter~"),
        (26, ""),
    ],
)
def test_tabs_are_never_cut_for_what_a_pane_says(width: int, said: str) -> None:
    panes = [Tab("1", "Containers", "!2", "x", True), Tab("6", "Hosts", "", "x", False)]
    info = [Part("33 of 34", "dim"), Part("filter web", "accent"), Part("by host", "dim")]
    parts = tabs_line(panes, info, width, ASCII)
    line = "".join(part.text for part in parts)
    assert len(line) == width
    left = " >1 Containers !2   6 Hosts" if width > 100 else " >1 Containers !2  6 Hosts"
    assert line.startswith(left)
    assert line[len(left) :].strip() == said


HINTS = [Hint("o", "o", "sort", 5), Hint("slash", "/", "filter", 1), Hint("q", "q", "quit", 9)]


@pytest.mark.parametrize(
    ("width", "shown"),
    [(80, ["sort", "filter", "quit"]), (22, ["sort", "filter"]), (14, ["filter"]), (5, [])],
)
def test_hints_are_whole_and_the_useful_ones_stay(width: int, shown: list[str]) -> None:
    parts = key_hints(HINTS, width)
    assert [part.text.strip() for part in parts if part.tone == "dim"] == shown
    assert length(parts) <= width
