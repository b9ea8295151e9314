"""The main screen as an operator uses it."""

from __future__ import annotations

import pytest

from tests.ui.driving import driven
from tests.ui.fleet import FakeFleet, small_fleet


@pytest.fixture
def fleet() -> FakeFleet:
    return small_fleet()


async def test_every_container_of_every_host_is_there(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        assert console.names() == ["cron", "web", "worker", "importer", "rabbit", "postgres"]
        assert "6" in console.line("#tabs")


async def test_a_lost_hosts_container_is_unknown_with_its_age(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        row = console.row("postgres")
        assert row.startswith("  ~ db-1")
        assert "unknown" in row
        assert "(12s)" in row
        assert "running" not in row


async def test_sorting_moves_rows_but_not_the_cursor(fleet: FakeFleet) -> None:
    async with driven(fleet) as console:
        await console.press("down", "down")
        assert console.cursor() == "worker"
        await console.press("o", "o", "o", "o")
        assert console.app.main.containers.view.sort == "cpu"
        assert console.names()[:3] == ["worker", "web", "rabbit"]
        assert console.cursor() == "worker"
        await console.press("O")
        assert console.names()[:3] == ["rabbit", "web", "worker"]
        assert console.cursor() == "worker"
