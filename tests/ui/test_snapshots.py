"""A few whole screens, kept as pictures; with UPDATE_SNAPSHOTS=1 in the environment they are made anew.

The size, the theme, the time and the names are fixed. Look at a new picture before it is kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.config.schema import Settings
from tests.ui.fleet import FakeFleet, big_fleet
from tests.ui.linkdesk import six_links
from tests.ui.logs.shop import shop_desk
from tests.ui.mapdesk import three_mappings
from tests.ui.shop import shop_fleet
from tests.ui.shots import app_of, shot
from tests.ui.stores import stored_fleet

KEPT = Path(__file__).parent / "snapshots"


def reading_fleet() -> FakeFleet:
    """The shop, whose logs are there to be read."""
    fleet = shop_fleet()
    fleet.logs = shop_desk()  # type: ignore[method-assign]
    return fleet


SHOTS: dict[str, tuple[Callable[[], FakeFleet], tuple[int, int], str, tuple[str, ...]]] = {
    "containers-80x24": (shop_fleet, (80, 24), "dockcon-dark", ()),
    "overview-140x36": (shop_fleet, (140, 36), "dockcon-dark", ("down", "space", "g")),
    "hosts-80x24-light": (shop_fleet, (80, 24), "dockcon-light", ("6", "down", "down")),
    "frozen-filter-100x30-ansi": (shop_fleet, (100, 30), "ansi", ("p", "slash", "a", "p", "p", "enter")),
    "timeline-80x24": (shop_fleet, (80, 24), "dockcon-dark", ("5", "up")),
    "timeline-overview-200x50-light": (shop_fleet, (200, 50), "dockcon-light", ("5",)),
    "logs-80x24-high-contrast": (reading_fleet, (80, 24), "high-contrast", ("space", "space", "l", "up")),
    "logs-overview-120x40": (reading_fleet, (120, 40), "dockcon-dark", ("space", "space", "l")),
    "logs-overview-200x50-ansi": (reading_fleet, (200, 50), "ansi", ("g", "home", "up", "l")),
    "images-80x24": (stored_fleet, (80, 24), "dockcon-dark", ("7", "down")),
    "volumes-overview-200x50": (stored_fleet, (200, 50), "dockcon-dark", ("7", "v", "space")),
    "mappings-120x40": (three_mappings, (120, 40), "dockcon-dark", ("4", "down")),
    "mapping-editor-80x24": (three_mappings, (80, 24), "dockcon-light", (*"4nweb", "enter", *"pos")),
    "links-80x24": (six_links, (80, 24), "dockcon-dark", ("3",)),
    "links-120x40": (six_links, (120, 40), "dockcon-dark", ("3",)),
    "link-map-80x24": (six_links, (80, 24), "dockcon-dark", ("3", "t", "n")),
    "link-map-200x50": (six_links, (200, 50), "dockcon-light", ("3", "t", "n")),
    "link-way-80x24-light": (six_links, (80, 24), "dockcon-light", ("3", "enter")),
    "hundred-hosts-120x20": (lambda: big_fleet(100, 3), (120, 20), "high-contrast", ("end",)),
}


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("name", SHOTS)
async def test_looks_as_it_did(name: str, tmp_path: Path) -> None:
    make, size, theme, keys = SHOTS[name]
    svg = await shot(app_of(make(), Settings(theme=theme)), size, keys)
    path = KEPT / f"{name}.svg"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.mkdir(exist_ok=True)
        path.write_text(svg, encoding="utf-8")
    if svg != path.read_text(encoding="utf-8"):
        (tmp_path / path.name).write_text(svg, encoding="utf-8")
        pytest.fail(f"{name} looks different: compare {tmp_path / path.name} with {path}")
