"""Mappings by keys: the pane, the editor, the plan, the apply, and what is asked before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.errors import StoreChanged
from console.model.actions import Consent
from console.model.hosts import Guard
from console.model.mappings.mapping import Endpoint, Revision
from console.model.mappings.standing import State
from console.model.mappings.steps import Proof, Step
from console.model.text import safe
from console.service.mappings.desk import MapEnding
from console.ui.app import DockconApp
from console.ui.screens.mapping_job import MapJobScreen, VerifyScreen
from console.ui.screens.mapping_plan import CutScreen, MapPlanScreen
from console.ui.screens.revisions import RevisionsScreen
from tests.ui.fleet import NOON
from tests.ui.mapdesk import DB, MQ, map_fleet, standing, three_mappings
from tests.ui.mapdriving import applied, console, quiet_over, says, shown
from tests.ui.waiting import until

# The pane


async def test_the_pane_lists_the_worst_first_and_says_why() -> None:
    async with console(three_mappings(), (120, 40)) as c:
        await c.press("4")
        await says(c, "mq:5672,15672")
        rows = [str(row.key) for row in c.app.main.active.table.store.rows]  # type: ignore[attr-defined]
        assert rows == ["mq", "cache", "db"]
        text = c.screen()
        assert "rabbit@app-2 refuses connections" in text
        assert "next: look why nothing listens on 5672 there" in text
        await c.press("down")
        await says(c, "redis-2.db-1 10.0.0.21:6380 DOWN L4CON")
        await c.press("down")
        await says(c, "2 sessions on an earlier endpoint; x cuts them")


async def test_the_tab_counts_what_wants_attention() -> None:
    fleet = three_mappings()
    async with console(fleet) as c:
        assert "4 Mapp x" not in c.line("#tabs")
        fleet.stand(standing(DB), standing(MQ, State.BROKEN))
        await c.settle()
        assert "4 Mapp x1" in c.line("#tabs")


async def test_the_desk_looks_often_only_while_the_pane_is_seen() -> None:
    fleet = three_mappings()
    async with console(fleet) as c:
        assert fleet.mappings.asked == []
        await c.press("4")
        await until(lambda: fleet.mappings.asked == [("watch", True)])
        await c.press("1")
        await until(lambda: fleet.mappings.asked == [("watch", True), ("watch", False)])


async def test_filter_and_only_problems() -> None:
    async with console(three_mappings()) as c:
        await c.press("4")

        def rows() -> set[str]:
            return {str(row.key) for row in c.app.main.active.table.store.rows}  # type: ignore[attr-defined]

        await c.press("exclamation_mark")
        await until(lambda: rows() == {"mq", "cache"})
        await c.press("exclamation_mark")
        for typed, wanted in {
            "host:db-1": {"db", "cache"},
            "web@app-1": {"db"},
            "state:broken": {"mq"},
            "!state:ok": {"mq", "cache"},
            "project:shop": {"cache"},
            "refuses": {"mq"},
        }.items():
            await c.press("slash")
            await c.type(typed)
            await until(lambda wanted=wanted: rows() == wanted, typed)  # type: ignore[misc]
            await c.press("escape")


async def test_a_book_that_cannot_be_read_is_said_and_the_last_good_one_shown() -> None:
    fleet = three_mappings()
    async with console(fleet, (100, 30)) as c:
        await c.press("4")
        fleet.stand(standing(DB), error="mappings.yml:3: mappings.db.prot: no such key; did you mean `port`?")
        await c.settle()
        await says(c, "did you mean `port`?")
        assert "db:5432" in c.screen()


async def test_an_empty_book_says_how_to_begin() -> None:
    async with console(map_fleet()) as c:
        await c.press("4")
        await says(c, "no mapping yet: n makes one")


# What is asked before


async def test_disruptive_steps_want_a_key_of_their_own() -> None:
    fleet = map_fleet(standing(DB, State.PENDING))
    opens = Step(host="db-1", text=safe("opens 10.0.0.21:23817 on db-1 to app-1"), disruptive=True)
    fleet.mappings.steps = (*fleet.mappings.steps, opens)
    async with console(fleet) as c:
        await c.press("4", "a")
        await shown(c, MapPlanScreen)
        await says(c, "! opens 10.0.0.21:23817 on db-1 to app-1")
        await quiet_over(c)
        await c.press("y", "enter")
        await says(c, "D agrees to them, too")
        assert applied(fleet) == []
        await c.press("D", "enter")
        await shown(c, MapJobScreen)
    assert len(applied(fleet)) == 1


async def test_a_typed_guard_wants_the_mappings_name() -> None:
    fleet = map_fleet(standing(DB))
    fleet._hosts = tuple(replace(spec, guard=Guard.TYPED) for spec in fleet.hosts)
    async with console(fleet) as c:
        await c.press("4", "d")
        await shown(c, MapPlanScreen)
        await says(c, "Remove the mapping db?")
        await quiet_over(c)
        await c.type("db")
        await c.press("enter")
        await shown(c, MapJobScreen)
    ((plan, consent),) = applied(fleet)
    assert plan.after is None
    assert consent.typed == {"db"}


async def test_no_is_the_answer_of_somebody_who_just_presses_enter() -> None:
    fleet = map_fleet(standing(DB))
    async with console(fleet) as c:
        await c.press("4", "d")
        await shown(c, MapPlanScreen)
        await quiet_over(c)
        await c.press("enter")
        await until(lambda: c.app.screen is c.app.main)
        await says(c, "nothing was changed")
    assert applied(fleet) == []


async def test_old_sessions_are_cut_when_that_is_meant() -> None:
    fleet = map_fleet(standing(DB, old_sessions=3))
    async with console(fleet) as c:
        await c.press("4", "x")
        await shown(c, CutScreen)
        await says(c, "Cut 3 sessions of db?")
        await quiet_over(c)
        await c.press("y", "enter")
        await says(c, "db: 3 old sessions cut")
    assert ("cut", "db", Consent(yes=True)) in fleet.mappings.asked


async def test_nothing_is_changed_from_a_read_only_console() -> None:
    fleet = map_fleet(standing(DB))
    async with console(fleet, read_only=True) as c:
        await c.press("4")
        for key in ("n", "d", "u", "enter"):
            await c.press(key)
            assert c.app.screen is c.app.main
        await says(c, "read-only")


# Proofs, wordings, what is foreign


async def test_proofs_are_read() -> None:
    fleet = map_fleet(standing(DB))
    fleet.mappings.proofs = (
        Proof(text=safe("web@app-1 reaches db:5432"), ok=False, detail=safe("refused")),
        Proof(text=safe("worker@app-1 reaches db:5432"), ok=None, detail=safe("no shell in it")),
    )
    async with console(fleet) as c:
        await c.press("4", "v")
        await shown(c, VerifyScreen)
        await says(c, "x web@app-1 reaches db:5432  refused")
        await says(c, "? worker@app-1 reaches db:5432  no shell in it")
        await says(c, "1 of 2 do not hold")
        fleet.mappings.trouble = StoreChanged("the book is gone")
        await c.press("v")
        await says(c, "the book is gone")


async def test_back_to_an_earlier_wording() -> None:
    fleet = map_fleet(standing(DB))
    first = replace(DB, to=(Endpoint(host="app-2", container="rabbit", ports=(5672,)),))
    fleet.mappings.wordings = (
        Revision(id="db", number=2, mapping=DB, parent=first.digest, at=NOON - 60, who="dba"),
        Revision(id="db", number=1, mapping=first, parent="", at=NOON - 3600, who="ops"),
    )
    async with console(fleet) as c:
        await c.press("4", "u")
        await shown(c, RevisionsScreen)
        await says(c, "- to    postgres@db-1")
        await says(c, "+ to    rabbit@app-2:5672")
        await c.press("enter")
        await shown(c, MapPlanScreen)
        assert ("plan", "db", first) in fleet.mappings.asked


async def test_what_is_foreign_is_adopted() -> None:
    fleet = map_fleet(standing(MQ, State.FOREIGN, orphan=True))
    async with console(fleet) as c:
        await c.press("4", "enter")
        await says(c, "a adopts it")
        await c.press("a")
        await shown(c, MapPlanScreen)
        assert ("adopt", "mq") in fleet.mappings.asked


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_apply_goes_on_when_its_screen_is_left(size: tuple[int, int]) -> None:
    fleet = map_fleet(standing(DB, State.PENDING))
    async with console(fleet, size) as c:
        await c.press("4", "a")
        await shown(c, MapPlanScreen)
        await quiet_over(c)
        await c.press("y", "enter")
        await shown(c, MapJobScreen)
        await says(c, "goes on when you leave")
        await c.press("escape")
        await until(lambda: c.app.screen is c.app.main)
        fleet.mappings.end(1, MapEnding.STUCK, "app-1 went away", "a goes on, u goes back")
        await c.settle()
        await says(c, "map db: stuck: app-1 went away")


def test_the_first_screen_loads_none_of_it() -> None:
    import subprocess
    import sys

    code = (
        "import sys, console.ui.app\n"
        "print([n for n in sys.modules if 'mapping' in n or n.endswith(('map_desk', 'editing'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert DockconApp


async def test_from_the_details_of_a_container() -> None:
    from console.ui.screens.mapping_editor import MappingEditor

    async with console(map_fleet()) as c:
        c.table.move_to(next(row.key for row in c.table.store.rows if row.cells[1].text == "web"))
        await c.press("enter")
        await c.pilot.pause()
        await c.press("m")
        await shown(c, MappingEditor)
        await says(c, "web@app-1")
