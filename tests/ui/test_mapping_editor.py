"""The editor of mappings by keys: offers, proposals, objections, and that nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace

from console.errors import StoreChanged
from console.model.actions import Consent
from console.model.mappings.mapping import Endpoint, Party
from console.service.mappings.desk import MapEnding
from console.ui.screens.mapping_editor import MappingEditor
from console.ui.screens.mapping_job import MapJobScreen
from console.ui.screens.mapping_plan import MapPlanScreen
from tests.ui.driving import Console
from tests.ui.mapdesk import DB, map_fleet, standing
from tests.ui.mapdriving import applied, console, quiet_over, says, shown
from tests.ui.waiting import until

# From nothing to an applied mapping


async def test_from_an_empty_book_to_an_applied_mapping_in_few_keys() -> None:
    fleet = map_fleet()
    keys = 0
    async with console(fleet) as c:
        c.table.move_to(next(row.key for row in c.table.store.rows if row.cells[1].text == "web"))
        await c.press("m")
        keys += 1
        await shown(c, MappingEditor)
        await until(lambda: editor(c).draft.typed["name"] == "db", "the name is proposed")
        await c.type("postg")
        await until(lambda: "> postgres@db-1:5432" in c.screen())
        await c.press("enter")
        await says(c, "2 steps on app-1; enter plans it")
        await c.press("enter")
        keys += 2
        await shown(c, MapPlanScreen)
        text = c.screen()
        assert "- connects dockcon-db to shop_default as db" in text
        assert "[ No ]" in text
        await quiet_over(c)
        await c.press("y", "enter")
        keys += 2
        await shown(c, MapJobScreen)
        ((plan, consent),) = applied(fleet)
        assert plan.after == replace(DB, consumers=(Party(host="app-1", container="web"),))
        assert consent == Consent(yes=True)
        fleet.mappings.end(1, MapEnding.DONE, "as stated, and verified")
        await c.settle()
        await says(c, "web@app-1 reaches db:5432  connected in 0.4 ms")
        await c.press("escape")
        await until(lambda: c.app.screen is c.app.main)
        assert keys <= 12


async def test_from_the_pane_with_nothing_filled_in() -> None:
    fleet = map_fleet()
    async with console(fleet) as c:
        await c.press("4", "n")
        await shown(c, MappingEditor)
        await says(c, "still wanted: consumers, name, port, endpoints")
        await c.type("web")
        await c.press("enter")
        await until(lambda: editor(c).draft.typed["port"] == "5432")
        await until(lambda: editor(c)._here == "to", "the next that is empty")
        await c.type("postgres@")
        await c.press("enter")
        await says(c, "enter plans it")
        await c.press("enter")
        await shown(c, MapPlanScreen)


def editor(c: Console) -> MappingEditor:
    assert isinstance(c.app.screen, MappingEditor)
    return c.app.screen


async def test_objections_are_said_while_typing_and_nothing_typed_is_lost() -> None:
    fleet = map_fleet(standing(DB))
    async with console(fleet) as c:
        await c.press("4", "enter")
        await shown(c, MappingEditor)
        assert editor(c)._here == "to"
        await c.press("ctrl+u")
        await c.type("postgers@db-1")
        await says(c, "db-1 has no container postgers; did you mean postgres?")
        await c.press("ctrl+s")
        await c.pilot.pause()
        assert editor(c).entries["to"].value == "postgers@db-1"
        await c.press("escape")
        await says(c, "esc once more leaves")
        await c.press("escape")
        await until(lambda: c.app.screen is c.app.main)
    assert applied(fleet) == []


async def test_a_no_and_a_refused_apply_lead_back_to_what_was_typed() -> None:
    fleet = map_fleet(standing(DB))
    async with console(fleet) as c:
        await c.press("4", "enter")
        await shown(c, MappingEditor)
        await c.type("*2")
        await says(c, "enter plans it")
        await c.press("ctrl+s")
        await shown(c, MapPlanScreen)
        await quiet_over(c)
        await c.press("enter")
        await says(c, "nothing was changed")
        await c.press("ctrl+s")
        await shown(c, MapPlanScreen)
        await quiet_over(c)
        await c.press("y", "enter")
        await shown(c, MapJobScreen)
        fleet.mappings.end(1, MapEnding.REFUSED, "the mappings were changed meanwhile", "plan again")
        await c.settle()
        await says(c, "next: plan again")
        await c.press("escape")
        await shown(c, MappingEditor)
        await says(c, "refused: the mappings were changed meanwhile")
        assert editor(c).entries["to"].value == "postgres@db-1*2"


async def test_an_error_of_the_desk_is_said_in_the_editor() -> None:
    fleet = map_fleet(standing(DB))
    fleet.mappings.trouble = StoreChanged("somebody was faster", next_step="look again")
    async with console(fleet) as c:
        await c.press("4", "enter")
        await says(c, "somebody was faster; look again")


async def test_several_endpoints_ports_and_a_check() -> None:
    fleet = map_fleet()
    async with console(fleet) as c:
        await c.press("4", "n")
        await shown(c, MappingEditor)
        await c.type("worker")
        await c.press("enter", "shift+tab", "shift+tab")
        for text in ("mq", "5672 15672", "rabbit@app-2 postgres@db-1:5432,80*3", "", "redis"):
            if text:
                await c.press("ctrl+u")
                await c.type(text)
            await c.press("tab")
        mapping = editor(c).draft.read.mapping
        assert mapping is not None
        assert mapping.id == "mq"
        assert mapping.ports == (5672, 15672)
        assert mapping.to == (
            Endpoint(host="app-2", container="rabbit", ports=(5672, 15672)),
            Endpoint(host="db-1", container="postgres", ports=(5432, 80), weight=3),
        )
        assert mapping.check.kind.value == "redis"


async def test_an_endpoint_of_a_mapping_is_filled_in_as_one() -> None:
    fleet = map_fleet(standing(DB))
    async with console(fleet) as c:
        c.table.move_to(next(row.key for row in c.table.store.rows if row.cells[1].text == "postgres"))
        await c.press("m")
        await shown(c, MappingEditor)
        typed = editor(c).draft.typed
        filled = [typed[key] for key in ("to", "name", "port", "for")]
        assert filled == ["postgres@db-1:5432", "db", "5432", ""]
        assert editor(c)._here == "for"
