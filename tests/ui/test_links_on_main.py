"""Links by keys: the pane, the way of one, a probe, adopting, and who breaks in dialogs."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from console.model.actions import Consent
from console.model.links.link import LinkState
from console.model.text import safe
from console.service.links.desk import Probed
from console.ui.links.rows import LinkRows
from console.ui.links.screens import BreaksScreen, PathScreen, ProbeScreen, SightScreen
from console.ui.screens.act import ActScreen
from console.ui.screens.mapping_editor import MappingEditor
from tests.ui.driving import Console
from tests.ui.fleet import NOON
from tests.ui.linkdesk import EXPORTER, OUTSIDE, QUEUE, REFUSED, WORKER, end, link, link_fleet, six_links
from tests.ui.mapdriving import console, quiet_over, says, shown
from tests.ui.waiting import until

BOTH = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def pane(c: Console) -> LinkRows:
    return cast("LinkRows", c.app.main.place("links").take())


def order(c: Console) -> list[tuple[str, str]]:
    return [(row.cells[0].text, row.cells[1].text) for row in pane(c).table.store.rows]


async def to_container(c: Console, name: str) -> None:
    c.table.move_to(next(row.key for row in c.table.store.rows if row.cells[1].text == name))
    await c.pilot.pause()


# The pane


@BOTH
async def test_the_worst_stands_first_with_its_state_in_full(size: tuple[int, int]) -> None:
    async with console(six_links(), size) as c:
        await c.press("3")
        await says(c, "x broken: refused")
        assert order(c)[:3] == [
            ("broken: refused", "web@app-1"),
            ("stale", "worker@app-1"),
            ("undeclared", "web@app-1"),
        ]
        text = c.screen()
        assert "postgres@db-1 refuses connections on 5432" in text
        assert "next: look why nothing listens there" in text
        assert "flows partly visible on 2 hosts (no root)" in text
        assert "1 broken" in text


async def test_the_tab_counts_what_is_broken() -> None:
    fleet = link_fleet(WORKER)
    async with console(fleet) as c:
        assert "3 Links  4" in c.line("#tabs")
        fleet.see(REFUSED, WORKER)
        await c.settle()
        assert "3 Links x1" in c.line("#tabs")


async def test_hosts_are_observed_only_while_somebody_looks() -> None:
    fleet = six_links()
    async with console(fleet) as c:
        assert fleet.links.asked == []
        await c.press("3")
        await until(lambda: ("watch", True) in fleet.links.asked)
        await c.press("enter")
        await shown(c, PathScreen)
        await c.press("escape")
        assert ("watch", False) not in fleet.links.asked, "the pane is still there"
        await c.press("1")
        await until(lambda: [one for one in fleet.links.asked if one[0] == "watch"][-1] == ("watch", False))
        assert fleet.links.asked[-1] in (("select", None), ("watch", False))


async def test_the_one_under_the_cursor_is_looked_at_closely() -> None:
    fleet = six_links()
    async with console(fleet) as c:
        await c.press("3", "down")
        await until(lambda: ("select", "worker@app-1") in fleet.links.asked)
        before = len(fleet.links.asked)
        fleet.see(*fleet.links.listed.links)
        await c.settle()
        assert len(fleet.links.asked) == before, "the same one seen again is no news"


async def test_filter_sort_and_only_problems() -> None:
    async with console(six_links()) as c:
        await c.press("3", "exclamation_mark")
        await until(lambda: {state for state, _ in order(c)} == {"broken: refused", "stale"})
        await c.press("exclamation_mark")
        for typed, wanted in {
            "host:app-2": 1,
            "worker@app-1": 3,
            "state:broken": 1,
            "state:refused": 1,
            "!state:ok": 4,
            "name:rabbit": 1,
            "203.0": 1,
            "ambassador": 2,
        }.items():
            await c.press("slash")
            await c.type(typed)
            await until(lambda wanted=wanted: len(order(c)) == wanted, typed)  # type: ignore[misc]
            await c.press("escape")
        await c.press("o")
        await until(lambda: order(c)[0][1] == "postgres-exporter@db-1")
        await c.press("O")
        await until(lambda: order(c)[0][1] == "worker@app-1")


async def test_a_list_that_is_not_renewed_says_how_old_it_is() -> None:
    fleet = six_links()
    fleet.links.listed = replace(fleet.links.listed, looked=NOON - 300)
    async with console(fleet) as c:
        await c.press("3")
        await says(c, "last looked at")
        # Looked at again, and nothing has changed: no batch tells of it.
        fleet.links.listed = replace(fleet.links.listed, looked=NOON)
        await c.press("O")
        await until(lambda: "last looked at" not in c.screen())


async def test_no_link_says_what_would_be_here_and_how_to_begin() -> None:
    async with console(link_fleet()) as c:
        await c.press("3")
        await says(c, "no container depends on another")
        await says(c, "A mapping states one: 4, then n.")


async def test_names_from_hosts_are_text() -> None:
    rude = link(
        "web@app-1", "[bold]x[/]@db-1", 1, "[red]\x1b[31m:1", LinkState.BROKEN, reason=safe("[link=a]b")
    )
    async with console(link_fleet(rude, rude), (120, 40)) as c:
        await c.press("3")
        await says(c, "[bold]x[/]@db-1:1")
        assert len(order(c)) == 2, "two that cannot be told apart are two rows"
        await c.press("enter")
        await shown(c, PathScreen)
        await says(c, "[link=a]b")
        assert "\x1b" not in c.screen()


# One link


@BOTH
async def test_the_way_says_who_says_what_and_when_and_is_live(size: tuple[int, int]) -> None:
    fleet = six_links()
    async with console(fleet, size) as c:
        await c.press("3", "enter")
        await shown(c, PathScreen)
        await says(c, "as db:5432 on network dockcon-net-app")
        await says(c, "counters, 1 s ago")
        if size == (80, 24):
            await c.press("end")
        await says(c, "x check: refused  HAProxy of dockcon-db, 1 s ago")
        fleet.see(replace(REFUSED, state=LinkState.OK, fault="", reason=safe("")))  # type: ignore[arg-type]
        await c.settle()
        await until(lambda: "+ ok" in c.lines()[0])
        fleet.see()
        await c.settle()
        await until(lambda: "no longer seen" in c.lines()[0])


async def test_a_probe_is_made_by_name_and_again() -> None:
    fleet = six_links()
    fleet.links.answers = [Probed(link=REFUSED, ok=False, text=safe("db: refused"), at=NOON)]
    async with console(fleet) as c:
        await c.press("3", "v")
        await shown(c, ProbeScreen)
        await says(c, "x db: refused")
        await says(c, "not reached")
        await c.press("v")
        await says(c, "+ db resolved to 172.20.0.3 and connected  0.4ms")
        assert "x db: refused" in c.screen()


async def test_its_mapping_is_edited() -> None:
    async with console(six_links()) as c:
        await c.press("3", "enter")
        await shown(c, PathScreen)
        await c.press("m")
        await shown(c, MappingEditor)
        await says(c, "Mapping db")


async def test_what_no_mapping_states_is_adopted_in_the_editor() -> None:
    fleet = link_fleet(QUEUE, OUTSIDE)
    async with console(fleet) as c:
        await c.press("3")
        await until(lambda: len(order(c)) == 2)
        await c.press("a")
        await says(c, "no mapping can state it")
        assert c.app.screen is c.app.main
        await c.press("down", "a")
        await shown(c, MappingEditor)
        await says(c, "rabbit@app-2")
        typed = c.app.screen.draft.typed  # type: ignore[attr-defined]
        assert (typed["for"], typed["name"], typed["port"]) == ("worker@app-1", "10.0.0.12", "5672")


async def test_what_a_mapping_states_is_not_adopted() -> None:
    fleet = link_fleet(WORKER)
    async with console(fleet) as c:
        await c.press("3", "a")
        assert not [one for one in fleet.links.asked if one[0] == "adopt"]


async def test_logs_of_both_ends_are_read() -> None:
    fleet = link_fleet(WORKER)
    async with console(fleet) as c:
        await c.press("3", "l")
        await until(lambda: bool(fleet.taps))
        assert fleet.wished.keys == {end("worker@app-1").key, end("postgres@db-1").key}


async def test_what_can_be_seen_of_each_host() -> None:
    async with console(six_links()) as c:
        await c.press("3", "w")
        await shown(c, SightScreen)
        await says(c, "~ flows partly visible: no root")
        await says(c, "9.6 ms of processor time")
        await says(c, "observe: sudo")


# Who breaks


class Taking:
    """A desk of actions that remembers what was agreed to."""

    def __init__(self, given: list[Consent]) -> None:
        self.given = given

    def act(self, action: object, targets: object, consent: Consent) -> int:
        self.given.append(consent)
        return 1


async def test_who_breaks_if_the_endpoint_stops() -> None:
    async with console(six_links()) as c:
        await c.press("3", "i")
        await shown(c, BreaksScreen)
        await says(c, "If postgres@db-1 stopped")
        await says(c, "this would break 3 links:")


async def test_who_breaks_is_asked_of_a_container_and_of_none() -> None:
    fleet = six_links()
    async with console(fleet) as c:
        await to_container(c, "worker")
        await c.press("i")
        await shown(c, BreaksScreen)
        await says(c, "+ nobody is known to depend on it")
        await says(c, "who depends on it cannot be told on 2 hosts (no root)")


async def test_a_dialog_does_not_wait_for_who_depends_on_it() -> None:
    fleet = six_links()
    many = [link(f"web-{n}@app-1", "postgres@db-1", 5432, "db:5432") for n in range(4)]
    fleet.links.listed = replace(fleet.links.listed, links=(REFUSED, EXPORTER, *many))
    fleet.links.gate.clear()
    async with console(fleet) as c:
        await to_container(c, "postgres")
        await c.press("s")
        await shown(c, ActScreen)
        await says(c, "looking who depends on it")
        await says(c, "Stop 1 container?")
        fleet.links.gate.set()
        await says(c, "this breaks 6 links:")
        await says(c, "x web@app-1  db:5432  broken: refused")
        await says(c, "and 2 more")
        await says(c, "more of them cannot be told on 2 hosts (no root)")
        await quiet_over(c)
        await c.press("enter")
        await until(lambda: c.app.screen is c.app.main)
        await says(c, "nothing was done")


async def test_an_answer_is_given_before_anybody_knows() -> None:
    fleet = six_links()
    fleet.links.gate.clear()
    given: list[Consent] = []
    fleet.orders = Taking(given)  # type: ignore[attr-defined]  # all that is asked of it here
    async with console(fleet) as c:
        await to_container(c, "postgres")
        await c.press("r")
        await shown(c, ActScreen)
        await quiet_over(c)
        await c.press("y", "enter")
        await until(lambda: given == [Consent(yes=True)])


async def test_nothing_is_said_where_nobody_depends_on_it() -> None:
    fleet = link_fleet(WORKER)
    async with console(fleet) as c:
        await to_container(c, "rabbit")
        await c.press("s")
        await shown(c, ActScreen)
        await until(lambda: "looking who" not in c.screen())
        assert "links" not in c.screen().casefold().replace("3 links", "")


async def test_the_details_of_a_container_have_its_links() -> None:
    fleet = six_links()
    async with console(fleet, (120, 40)) as c:
        await to_container(c, "postgres")
        await c.press("enter")
        await says(c, "postgres-exporter@db-1")
        await says(c, "serves")
        assert ("watch", True) in fleet.links.asked
        await c.press("escape")
        await until(lambda: fleet.links.asked[-1] == ("watch", False))


def test_the_first_screen_loads_none_of_it() -> None:
    import subprocess
    import sys

    code = "import sys, console.ui.app\nprint([n for n in sys.modules if '.links' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@BOTH
async def test_the_map_stands_in_place_of_the_table(size: tuple[int, int]) -> None:
    async with console(six_links(), size) as c:
        await c.press("3", "t")
        await says(c, "n goes to the worst")
        await c.press("n")
        await says(c, "web@app-1 dials db:5432 -> postgres@db-1:5432")
        await c.press("enter")
        await until(lambda: isinstance(c.app.screen, PathScreen))
        await c.press("escape", "t")
        await says(c, "CONSUMER")
