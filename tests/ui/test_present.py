"""Containers as cells: what is said, and what is never said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.containers import ContainerState, Health, Port
from console.model.problems import ProblemKind
from console.ui.present import COLUMNS, FOREVER, Drawn, Known, container_row, ports
from tests.ui.fleet import NOON, container, problem, using

KEYS = [column.key for column in COLUMNS]


def cells(drawn: Drawn) -> dict[str, str]:
    return dict(zip(KEYS, (cell.text for cell in drawn.row.cells), strict=True))


def tones(drawn: Drawn) -> dict[str, str]:
    return dict(zip(KEYS, (cell.tone for cell in drawn.row.cells), strict=True))


def known(made, usage=None, trouble=None, heard=None) -> Known:
    return Known(made, usage, trouble, heard, heard is None)


def test_a_healthy_container() -> None:
    web = container("app-1", "web", health=Health.HEALTHY, ports=(Port(80, 8080), Port(80, 8080, "::")))
    drawn = container_row(known(web, using(3.2, 212 << 20)), NOON)
    assert cells(drawn) == {
        "host": "app-1",
        "name": "web",
        "image": "registry.example.com/shop/app:1.4",
        "state": "running",
        "health": "ok",
        "cpu": "3%",
        "mem": "212M",
        "ports": "8080>80",
        "restarts": "0",
        "up": "3d",
    }
    assert drawn.row.sign.text == " "
    assert drawn.row.tone == ""


@pytest.mark.parametrize("state", [ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING])
def test_what_is_not_fresh_is_unknown_and_never_green(state: ContainerState) -> None:
    web = container("db-1", "pg", state=state, health=Health.HEALTHY)
    drawn = container_row(known(web, using(3, 1 << 20), heard=NOON - 12), NOON)
    said = cells(drawn)
    assert said["state"] == "unknown"
    assert said["up"] == "(12s)"
    assert (said["health"], said["cpu"], said["mem"]) == ("-", "-", "-")
    assert drawn.row.sign.text == "~"
    assert drawn.row.tone == "stale"
    assert not any(tones(drawn).values())


def test_what_had_ended_is_still_said_to_have_but_dimmed() -> None:
    done = container("db-1", "job", state=ContainerState.EXITED, exit_code=0)
    drawn = container_row(known(done, heard=NOON - 200), NOON)
    assert cells(drawn)["state"] == "exited 0"
    assert cells(drawn)["up"] == "(3m)"
    assert drawn.row.tone == "stale"


def test_a_problem_is_a_sign_a_word_and_a_tone() -> None:
    killed = container("a", "x", state=ContainerState.EXITED, exit_code=137, oom=True)
    drawn = container_row(known(killed, trouble=problem(killed, ProblemKind.OOM)), NOON)
    assert cells(drawn)["state"] == "exited 137 oom"
    assert tones(drawn)["state"] == "bad"
    assert drawn.row.sign.text == "!"
    sick = container("a", "y", health=Health.UNHEALTHY)
    drawn = container_row(known(sick, trouble=problem(sick, ProblemKind.UNHEALTHY)), NOON)
    assert cells(drawn)["health"] == "unhealthy"
    assert tones(drawn)["health"] == "bad"
    assert tones(drawn)["state"] == ""


def test_the_health_of_what_has_ended_is_not_shown() -> None:
    ended = container("a", "x", state=ContainerState.EXITED, exit_code=0, health=Health.UNHEALTHY)
    assert cells(container_row(known(ended), NOON))["health"] == "-"


def test_nothing_is_made_up_before_the_first_inspect() -> None:
    bare = container("a", "x", restarts=None, oom=None, started=None, restart_policy=None, detailed=False)
    said = cells(container_row(known(bare), NOON))
    assert (said["restarts"], said["up"], said["cpu"], said["mem"]) == ("-", "-", "-", "-")


@given(st.floats(0, 4e7))
def test_a_row_holds_until_the_moment_it_says(age: float) -> None:
    made = known(container("a", "x", started=NOON - age))
    drawn = container_row(made, NOON)
    assert drawn.until > NOON
    if drawn.until is not FOREVER:
        before = container_row(made, (NOON + drawn.until) / 2)
        assert before.row == drawn.row
        assert container_row(made, drawn.until + 0.001).row != drawn.row or age > 2 * 86400


def test_ports() -> None:
    assert ports(()) == ""
    assert ports((Port(5672),)) == "5672"
    assert ports((Port(53, 53, "", "udp"), Port(53, 53))) == "53>53 53>53/udp"
    assert ports(tuple(Port(n, n + 10000) for n in (8000, 8001, 8002))) == "18000-18002>8000-8002"
    assert ports((Port(80, 8080, "0.0.0.0"), Port(80, 8080, "::"), Port(80))) == "8080>80"
    assert ports((Port(9000), Port(80, 80))) == "80>80 9000"


@given(st.lists(st.builds(Port, st.integers(1, 40), st.integers(0, 40), st.sampled_from(["", "::"]))))
def test_every_published_port_is_in_the_text(found: list[Port]) -> None:
    text = ports(tuple(found))
    shown: set[tuple[int, int]] = set()
    for word in text.split():
        public, arrow, private = word.rpartition(">")
        firsts = [int(part.split("-")[0]) for part in (public, private) if part]
        lasts = [int(part.split("-")[-1]) for part in (public, private) if part]
        for step in range(lasts[-1] - firsts[-1] + 1):
            shown.add((firsts[0] + step if arrow else 0, firsts[-1] + step))
    assert {(p.public, p.private) for p in found if p.public} == {pair for pair in shown if pair[0]}


def test_an_ended_container_says_when_it_ended() -> None:
    ended = container("a", "job", state=ContainerState.EXITED, exit_code=1, finished=NOON - 7200)
    row, until = container_row(known(ended), NOON)
    assert row.cells[-1].text == "2h ago"
    assert until == NOON + 3600
