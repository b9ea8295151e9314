"""Keys that arrive all at once do what they do one after the other."""

from __future__ import annotations

from textual import events

from tests.ui.driving import NAMES, Console, driven
from tests.ui.fleet import small_fleet
from tests.ui.waiting import until


def burst(console: Console, *keys: str) -> None:
    """What a slow link delivers in one piece."""
    for key in keys:
        name = {"?": "question_mark", **NAMES}.get(key, key)
        console.app.post_message(events.Key(name, key if len(key) == 1 else None))


async def test_a_filter_that_arrives_at_once_is_typed_into_its_line() -> None:
    async with driven(small_fleet()) as console:
        burst(console, "/", *"queue", "enter", "6")
        await until(lambda: console.app.main.active is console.app.main.hosts)
        await console.settle()
        assert console.app.is_running
        assert console.app.main.containers.view.query.text == "queue"


async def test_keys_go_where_the_one_before_them_led() -> None:
    keys = ("6", "down", "1", "down", "space", "6", "down", "1", "down")
    async with driven(small_fleet()) as console:
        for key in keys:
            await console.press(key)
        one_by_one = (console.cursor(), console.app.main.hosts.table.store.cursor)
    async with driven(small_fleet()) as console:
        burst(console, *keys)
        table = console.app.main.hosts.table
        await until(lambda: (console.cursor(), table.store.cursor) == one_by_one)
        assert len(console.table.store.marked) == 1


async def test_a_key_whose_widget_goes_away_holds_nobody_up() -> None:
    async with driven(small_fleet()) as console:
        burst(console, "?")
        await until(lambda: "Help" in console.screen())
        burst(console, "escape", "down", "enter", "escape", "down", "space")
        await until(lambda: console.app.main.containers.table.store.marked)
