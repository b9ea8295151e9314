"""The palette: live keys by name, and going to containers and hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from console.service.who import attached, together
from tests.ui.driving import Console, driven
from tests.ui.fleet import small_fleet
from tests.ui.waiting import until


def offered(console: Console) -> list[str]:
    found = console.app.screen.query_one(OptionList)
    return [str(found.get_option_at_index(n).prompt) for n in range(found.option_count)]


async def test_actions_are_offered_with_their_keys() -> None:
    async with driven(small_fleet()) as console:
        await console.press("colon")
        await until(
            lambda: any("Hold what is shown; data keep arriving  p" in line for line in offered(console))
        )
        assert any("Sort by the next column  o" in line for line in offered(console))
        await console.type("freeze")
        await console.press("escape")
        assert console.app.screen is console.app.main


async def test_going_to_a_container_takes_away_what_hides_it() -> None:
    async with driven(small_fleet()) as console:
        await console.press("exclamation_mark", "6", "colon")
        await console.type("worker")
        await until(lambda: offered(console)[:1] == ["worker@app-1"])
        await console.press("enter")
        await until(lambda: console.cursor() == "worker")
        assert console.app.main.active is console.app.main.containers
        assert "only problems" not in console.line("#tabs")


async def test_going_to_a_host() -> None:
    async with driven(small_fleet()) as console:
        await console.press("colon")
        await console.type("host db")
        await until(lambda: offered(console)[:1] == ["host db-1"])
        await console.press("enter")
        await until(lambda: console.app.main.hosts.table.store.cursor == "db-1")
        assert console.app.main.active is console.app.main.hosts


async def test_an_action_from_the_palette_is_done() -> None:
    async with driven(small_fleet()) as console:
        await console.press("colon")
        await console.type("group by")
        await until(lambda: any("Group by" in line for line in offered(console)))
        await console.press("enter")
        await until(lambda: not isinstance(console.app.screen, CommandPalette))
        await until(lambda: console.headings() != [])


async def test_a_colon_in_the_filter_is_text() -> None:
    async with driven(small_fleet()) as console:
        await console.press("slash")
        await console.type("name:web")
        assert not isinstance(console.app.screen, CommandPalette)
        assert console.names() == ["web"]


def test_who_is_there() -> None:
    assert together("ops", ["ops", "dba"]) == "ops, dba"


async def test_tmux_tells_who_is_attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tmux"
    fake.write_text("#!/bin/sh\nprintf 'ops\\ndba\\n\\033[31mevil\\n'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("TMUX", raising=False)
    assert await attached() == []
    monkeypatch.setenv("TMUX", "/tmp/x,1,0")
    assert await attached() == ["ops", "dba", "evil"]
    fake.write_text("#!/bin/sh\nexit 1\n")
    assert await attached() == []
    fake.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await attached() == []
