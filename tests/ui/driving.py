"""A console in a test: pressing keys, and reading what the screen says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widget import Widget

from console.config.schema import Settings
from console.ui.app import DockconApp
from console.ui.widgets.rowtable import RowTable
from tests.ui.fleet import FakeFleet
from tests.ui.shots import TASTE, app_of
from tests.ui.waiting import until

NAMES = {":": "colon", "/": "slash", "!": "exclamation_mark", "-": "minus", "=": "equals_sign", " ": "space"}


class Console:
    """The app under test."""

    def __init__(self, app: DockconApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def table(self) -> RowTable:
        """The containers."""
        return self.app.main.containers.table

    async def press(self, *keys: str) -> None:
        """Press keys and let the screen settle."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Press the keys of a text."""
        names = {
            ":": "colon",
            "/": "slash",
            "!": "exclamation_mark",
            "-": "minus",
            "=": "equals_sign",
            " ": "space",
        }
        await self.press(*(names.get(character, character) for character in text))

    async def settle(self) -> None:
        """Take what the fleet has, and draw it."""
        self.app.bridge.poll()
        await self.pilot.pause()
        await self.pilot.pause()

    def lines(self, widget: Widget | None = None) -> list[str]:
        """What the lines of a widget say; the whole screen without one."""
        screen = self.app.screen
        region = widget.region if widget else screen.region
        strips = screen._compositor.render_strips()
        return [strip.crop(region.x, region.right).text for strip in strips[region.y : region.bottom]]

    def line(self, selector: str) -> str:
        """What a line-high widget says."""
        return self.lines(self.app.screen.query_one(selector))[0]

    def screen(self) -> str:
        """All of it."""
        return "\n".join(self.lines())

    def row(self, name: str) -> str:
        """The line of the container called `name`."""
        (found,) = [line for line in self.lines(self.table) if name in line.split()]
        return found

    def cells_by_column(self) -> dict[str, list[str]]:
        """What stands in each column on the screen, line by line."""
        placed = self.table._paint().placed
        strips = [self.table.render_line(y) for y in range(self.table.size.height)]
        return {
            column.key: [strip.crop(x, x + width).text for strip in strips] for column, x, width in placed
        }

    async def resize(self, width: int, height: int) -> None:
        """Another size of the terminal."""
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    def names(self) -> list[str]:
        """The containers' names, top to bottom, all of them."""
        return [row.cells[1].text for row in self.table.store.rows if not row.heading]

    def headings(self) -> list[str]:
        """The groups' headings, top to bottom."""
        return [row.cells[0].text for row in self.table.store.rows if row.heading]

    def cursor(self) -> str:
        """The name of the container under the cursor."""
        store = self.table.store
        at = store.cursor_index
        return "" if at is None else store.rows[at].cells[0 if store.rows[at].heading else 1].text


@asynccontextmanager
async def driven(
    fleet: FakeFleet, size: tuple[int, int] = (80, 24), settings: Settings = TASTE, **more: Any
) -> AsyncIterator[Console]:
    """A console on `fleet` whose first batch is drawn."""
    app = app_of(fleet, settings, **more)
    async with app.run_test(size=size, notifications=True) as pilot:
        console = Console(app, pilot)
        await until(lambda: app.screen is app.main)
        await console.settle()
        yield console
