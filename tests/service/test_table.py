"""What a list row, an event and an inspect each add to a container."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.model.containers import Container, ContainerState
from console.model.events import EngineEvent
from console.model.text import safe
from console.service.table import Table

NOW = 1_750_000_000.0
ID = "a" * 64


def row(**fields: object) -> Container:
    plain = Container(
        host="h", id=ID, name=safe("web"), image=safe("i"), state=ContainerState.RUNNING, created=NOW - 9000
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of Container


def inspected(**fields: object) -> Container:
    details = {
        "detailed": True,
        "oom": False,
        "restarts": 2,
        "restart_policy": safe("always"),
        "started": NOW - 3600.25,
        "finished": NOW - 3601.5,
    }
    return row(**(details | fields))


def event(action: str, at: float, **attributes: str) -> EngineEvent:
    return EngineEvent(
        host="h",
        time_ns=int(at * 1e9),
        type=safe("container"),
        action=safe(action),
        id=ID,
        name=safe("web"),
        attributes={key: safe(value) for key, value in attributes.items()},
        container_id=ID,
    )


def table_with(detail: Container) -> Table:
    table = Table()
    table.replace_all([replace(detail, detailed=False, started=None, finished=None)], NOW, gap=True)
    assert table.wanted == {ID}
    assert not table.inspected(detail, table.version(ID))
    assert not table.wanted
    assert table.containers[ID] == detail
    return table


def test_a_list_row_keeps_what_the_inspect_said() -> None:
    table = table_with(inspected())
    table.update([ID], [row(name=safe("renamed"), started=NOW - 3600)], NOW)
    assert table.containers[ID] == inspected(name=safe("renamed"))
    assert not table.wanted


def test_pausing_is_the_same_life() -> None:
    table = table_with(inspected())
    table.note(event("pause", NOW))
    table.update([ID], [row(state=ContainerState.PAUSED, started=NOW - 3600)], NOW)
    assert table.containers[ID] == inspected(state=ContainerState.PAUSED)


def test_after_a_start_the_old_times_are_not_shown_again() -> None:
    table = table_with(inspected(started=NOW - 20))
    table.note(event("die", NOW - 10.5, exitCode="1"))
    table.note(event("start", NOW - 10.25))
    table.update([ID], [row(started=NOW - 10)], NOW)
    shown = table.containers[ID]
    assert not shown.detailed
    # The event knows better than `Up 10 seconds`.
    assert shown.started == pytest.approx(NOW - 10.25, abs=1e-3)
    assert (shown.restarts, shown.restart_policy) == (2, "always")
    assert table.wanted == {ID}


def test_an_inspect_overtaken_by_an_event_is_dropped() -> None:
    table = table_with(inspected())
    version = table.version(ID)
    table.note(event("start", NOW))
    table.inspected(inspected(restarts=7), version)
    assert table.containers[ID].restarts == 2
    assert table.wanted == {ID}


def test_an_inspect_that_contradicts_the_row_asks_for_the_row() -> None:
    table = table_with(inspected())
    table.replace_all([row(started=NOW - 3600)], NOW, gap=True)
    assert table.inspected(inspected(state=ContainerState.EXITED, exit_code=1), table.version(ID))
    table.update([ID], [row(state=ContainerState.EXITED, exit_code=1)], NOW)
    assert table.containers[ID].exit_code == 1
    assert table.containers[ID].detailed


def test_list_and_inspect_that_go_on_to_disagree_are_left_at_that() -> None:
    table = table_with(inspected())
    row_again = row(started=NOW - 60)  # as where the engine's clock is an hour behind
    rounds = 0
    table.update([ID], [row_again], NOW)
    while table.wanted:
        rounds += 1
        assert rounds < 4
        if table.inspected(inspected(), table.version(ID)):
            table.update([ID], [row_again], NOW)
    assert table.containers[ID] == inspected()
    table.update([ID], [row(started=NOW - 60)], NOW + 30)
    assert not table.wanted
    table.update([ID], [row(started=NOW + 29)], NOW + 1000)
    assert not table.wanted
    table.update([ID], [row(started=NOW + 900)], NOW + 1000)
    assert table.wanted, "much younger than the row before: another life after all"


def test_a_row_much_younger_than_the_inspect_is_another_life() -> None:
    table = table_with(inspected())
    table.update([ID], [row(started=NOW - 300)], NOW)
    assert table.containers[ID].started == NOW - 300
    assert table.wanted == {ID}


def test_a_gap_puts_every_container_in_doubt_and_shows_it_meanwhile() -> None:
    table = table_with(inspected())
    table.replace_all([row(started=NOW - 3600)], NOW, gap=True)
    assert table.wanted == {ID}
    assert table.containers[ID] == inspected()


def test_a_row_that_says_nothing_new_changes_nothing() -> None:
    table = table_with(inspected())
    before, container = table.changes, table.containers[ID]
    for age in (3600, 3599, 3660):
        table.update([ID], [row(started=NOW - age)], NOW)
        table.replace_all([row(started=NOW - age)], NOW, gap=False)
    assert table.changes == before
    assert table.containers[ID] is container


def test_what_is_missing_is_forgotten_wholly() -> None:
    table = table_with(inspected())
    table.note(event("kill", NOW, signal="15"))
    table.note(event("die", NOW, exitCode="143"))
    table.note(event("oom", NOW))
    table.note(event("start", NOW))
    table.update([ID], [], NOW)
    left = {name: value for name, value in vars(table).items() if isinstance(value, dict | set) and value}
    assert left == {}


def test_events_of_the_past_of_containers_long_gone_leave_nothing() -> None:
    table = Table()
    table.note(event("start", NOW - 60))
    table.note(event("die", NOW - 50, exitCode="1"))
    table.note(event("destroy", NOW - 40))
    table.replace_all([], NOW, gap=False)
    left = {name: value for name, value in vars(table).items() if isinstance(value, dict | set) and value}
    assert left == {}


def test_a_kill_event_that_comes_after_its_die_explains_it() -> None:
    table = table_with(inspected())
    table.note(event("die", NOW, exitCode="137"))
    table.note(event("kill", NOW + 0.01, signal="9"))
    assert table.stopped == {ID}


def test_a_signal_explains_only_an_end_that_follows_soon() -> None:
    table = table_with(inspected())
    table.note(event("kill", NOW, signal="15"))
    table.note(event("die", NOW + 1000, exitCode="1"))
    assert not table.stopped


def test_starts_seen_twice_count_once_and_are_bounded() -> None:
    table = table_with(inspected())
    for _ in range(2):
        for number in range(100):
            table.note(event("start", NOW + number))
    assert len(table.starts[ID]) == 32
    assert table.starts[ID] == tuple(sorted(set(table.starts[ID])))
    table.forget_old(NOW + 690)
    assert table.starts[ID][0] >= NOW + 90
    table.forget_old(NOW + 9000)
    assert not table.starts
