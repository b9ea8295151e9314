"""With NO_COLOR the console has no colour at all, and can still be read."""

from __future__ import annotations

import pytest
from rich.color import ColorType

from console.config.schema import Settings
from tests.ui.driving import driven
from tests.ui.fleet import small_fleet


@pytest.mark.parametrize("theme", ["", "dockcon-dark", "dockcon-light"])
async def test_nothing_has_a_colour_and_states_still_differ(
    monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(small_fleet(), settings=Settings(theme=theme)) as console:
        app = console.app
        styles = {}
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(app._filters[-1], app.screen.background_colors[1]):
                styles[segment.text.strip()] = segment.style
        drawn = [s for s in styles.values() if s is not None]
        assert drawn
        for style in drawn:
            for color in (style.color, style.bgcolor):
                assert color is None or color.type is ColorType.DEFAULT
        bad = next(style for text, style in styles.items() if text.startswith("unhealthy"))
        good = next(style for text, style in styles.items() if text == "ok")
        assert (bad.bold, bad.underline) != (good.bold, good.underline)
