"""The help tells the keys that work, and a terminal that is too small is told so."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from console.ui.cells import ASCII, UNICODE
from console.ui.lines import line_width, text_of
from console.ui.present_help import groups, help_document
from console.ui.screens.help import HelpScreen
from console.ui.theme import variable_defaults
from console.ui.widgets.host_table import HostTable
from console.ui.widgets.too_small import TooSmall, mind_size
from tests.ui.samples import NOW, FakeHandle


class HelpApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", id="app.help", tooltip="Every key [that] works"),
        Binding("x", "nothing", "hidden", id="app.off", tooltip="Does not work now"),
        Binding("w", "nothing", "without id", tooltip="No id"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.hosts = HostTable(FakeHandle(), UNICODE, now=lambda: NOW)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.hosts

    def on_mount(self) -> None:
        self.hosts.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "nothing"

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self.screen, UNICODE))

    def on_resize(self, event: events.Resize) -> None:
        mind_size(self, event.size)

    @property
    def page(self) -> str:
        assert isinstance(self.screen, HelpScreen)
        return "\n".join(map(text_of, self.screen.reader.view.lines))


async def test_help_lists_the_keys_of_what_has_the_keyboard() -> None:
    app = HelpApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        for said in ("Connect to this host now", "Every key [that] works", "One row up", "host needs you"):
            assert said in app.page
        assert "up  k" in app.page
        assert "Does not work now" not in app.page
        assert "No id" not in app.page
        assert app.page.index("Connect to this host") < app.page.index("One row up")
        assert "hosts.connect" not in app.page
        await pilot.press("i")
        assert "hosts.connect" in app.page
        await pilot.press("question_mark")
        assert not isinstance(app.screen, HelpScreen)


async def test_help_follows_the_keymap() -> None:
    app = HelpApp()
    app.set_keymap({"hosts.connect": "ctrl+t"})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        line = next(line for line in app.page.splitlines() if "Connect to this host" in line)
        assert line.startswith("ctrl+t ")


async def test_help_fits_every_width_in_one_or_two_columns() -> None:
    app = HelpApp()
    async with app.run_test(size=(80, 24)):
        keys = groups(app.screen.active_bindings.values())
        for width in (56, 80, 103, 104, 198):
            for glyphs in (UNICODE, ASCII):
                lines = help_document(keys, width, glyphs, ids=True)
                assert max(map(line_width, lines)) <= width
        assert len(help_document(keys, 120, UNICODE, ids=False)) < len(
            help_document(keys, 90, UNICODE, ids=False)
        )


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5)])
async def test_a_terminal_that_is_too_small_is_told_what_is_needed(size: tuple[int, int]) -> None:
    app = HelpApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        said = str(app.screen.query_one(Static).render())
        assert "60 columns and 15 rows" in said
        assert f"{size[0]} and {size[1]}" in said
        await pilot.resize_terminal(60, 15)
        await pilot.pause()
        assert not isinstance(app.screen, TooSmall)
        assert app.focused is app.hosts.table
