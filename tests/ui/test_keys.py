"""The registry of keys: unambiguous, remappable, and nothing a terminal confuses."""

from __future__ import annotations

from console.config.schema import Settings
from console.ui.keys import APP, PANES, SCREEN, TABLE, clashes, key_name
from console.ui.logs.keys import PROMPT
from tests.ui.driving import driven
from tests.ui.fleet import small_fleet
from tests.ui.waiting import until

EVERY = (*APP, *SCREEN, *TABLE, *(b for pane in PANES for b in pane), *PROMPT)


def test_every_binding_has_an_id_and_says_what_it_does() -> None:
    assert all(binding.id and binding.tooltip and binding.description for binding in EVERY)


def test_no_key_is_one_that_terminals_or_tmux_take() -> None:
    used = {key for binding in EVERY for key in binding.key.split(",")}
    assert not used & {"ctrl+m", "ctrl+i", "ctrl+h", "ctrl+left_square_bracket", "ctrl+b", "ctrl+a"}


def test_our_own_keys_do_not_clash() -> None:
    assert clashes({}) == []


def test_keys_that_would_do_two_things_are_named() -> None:
    assert clashes({"containers.group": "o"}) == ["o is both containers.sort and containers.group"]
    assert clashes({"containers.group": "?"}) == ["? is both containers.group and app.help"]
    assert clashes({"containers.group": "o", "containers.sort": "g"}) == []


def test_keys_clash_in_one_pane_and_not_across_two() -> None:
    assert clashes({"timeline.follow": "d"}) == ["d is both timeline.follow and timeline.remove"]
    assert clashes({"hosts.switch": "z"}) == ["z is both hosts.switch and screen.zoom"]
    assert clashes({"logs.wrap": "f"}) == ["f is both logs.follow and logs.wrap"]
    assert clashes({"timeline.logs": "o", "hosts.logs": "w"}) == []
    everywhere = clashes({"screen.zoom": "l"})
    assert "l is both containers.logs and screen.zoom" in everywhere
    assert len(everywhere) == len(set(everywhere))


def test_keys_are_written_as_keyboards_have_them() -> None:
    assert [key_name(key) for key in ("question_mark", "ctrl+s", "escape", "ctrl+slash", "j")] == [
        "?",
        "ctrl+s",
        "esc",
        "ctrl+/",
        "j",
    ]


async def test_a_clash_in_the_settings_is_said_once() -> None:
    settings = Settings(theme="dockcon-dark", keymap={"containers.group": "o"})
    async with driven(small_fleet(), settings=settings) as console:
        await until(lambda: "o is both" in console.screen())
