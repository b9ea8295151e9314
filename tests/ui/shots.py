"""Pictures of the console at a fixed moment, to be looked at: `python -m tests.ui.shots OUT --size 80x24`.

Writes one SVG for each picture; `rsvg-convert -o x.png x.svg` makes a PNG of it. `--keys` presses keys first.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from console.config.schema import Settings
from console.ui.app import DockconApp
from console.ui.cells import ASCII, UNICODE
from tests.ui.demo import lost_database
from tests.ui.fleet import NOON, FakeFleet, big_fleet, small_fleet
from tests.ui.linkdesk import six_links
from tests.ui.mapdesk import three_mappings
from tests.ui.shop import shop_fleet
from tests.ui.stores import stored_fleet
from tests.ui.waiting import until

TASTE = Settings(theme="dockcon-dark")

FLEETS: dict[str, Callable[[], FakeFleet]] = {
    "small": small_fleet,
    "shop": shop_fleet,
    "big": big_fleet,
    "stored": stored_fleet,
    "mappings": three_mappings,
    "links": six_links,
}


def app_of(fleet: FakeFleet, settings: Settings = TASTE, *, plain: bool = False, **more: Any) -> DockconApp:
    """The console on a fleet at noon, with somebody's name on it."""
    more = {"now": lambda: NOON, "glyphs": ASCII if plain else UNICODE, **more}
    app = DockconApp(fleet, settings, **more)
    app.who.account = "ops"
    return app


async def shot(app: DockconApp, size: tuple[int, int], keys: Sequence[str]) -> str:
    """The screen as SVG, after some keys."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await until(lambda: app.main.fleet_bar.who)
        for _ in range(3):
            await pilot.pause()
        return solid(app.export_screenshot(title=""))


def solid(svg: str) -> str:
    """The same picture without blanks at the ends of texts, which some renderers swallow."""
    return re.sub(r'x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>([^<]*)<', _without_blanks, svg)


def _without_blanks(match: re.Match[str]) -> str:
    x, length, text = float(match[1]), float(match[3]), html.unescape(match[5])
    cell = length / max(1, cell_len(text))
    bare = text.strip("\xa0 ")
    x += cell * (len(text) - len(text.lstrip("\xa0 ")))
    shown = html.escape(bare).replace(" ", "&#160;")
    return f'x="{x:.1f}" y="{match[2]}" textLength="{cell * cell_len(bare):.1f}"{match[4]}>{shown}<'


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="80x24")
    parser.add_argument("--theme", default="dockcon-dark")
    parser.add_argument("--fleet", default="shop", choices=[*sorted(FLEETS), "demo"])
    parser.add_argument("--keys", default="", help="separated by commas, as Textual calls them")
    parser.add_argument("--ascii", action="store_true")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    fleet, moment = lost_database() if chosen.fleet == "demo" else (FLEETS[chosen.fleet](), NOON)
    taste = Settings(theme=chosen.theme)
    app = app_of(fleet, taste, plain=chosen.ascii, now=lambda: moment)
    keys = [key for key in chosen.keys.split(",") if key]
    chosen.out.write_text(asyncio.run(shot(app, (width, height), keys)), encoding="utf-8")


if __name__ == "__main__":
    main()
