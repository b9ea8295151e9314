"""Removing images, volumes and networks from the screen: the list first, No by default, one by one."""

from __future__ import annotations

import pytest

from console.model.audit import Phase
from console.model.stock.things import Kind
from console.transport.memory.containers import Mount
from console.transport.memory.shelf import MemoryNetwork, MemoryVolume
from console.ui.stock.dialogs import PlanScreen, SweepScreen
from console.ui.stock.pane import StockPane
from tests.ui.driving import Console
from tests.ui.test_deeds_on_main import Scene, answer, driven, says
from tests.ui.waiting import until

MB = 1 << 20


def furnished(*, read_only: bool = False) -> Scene:
    """Two volumes, an image and a network that nobody uses on each host."""
    scene = Scene(read_only=read_only)
    for host in ("app-1", "db-1"):
        daemon = scene.fleet[host].daemon
        daemon.images.add("old:1")
        daemon.shelf.put(MemoryVolume(name="scratch", size=700 * MB, created=1.0))
        daemon.shelf.put(MemoryVolume(name="e" * 64, size=90 * MB, created=1.0))
        daemon.shelf.put(MemoryNetwork(name="legacy", subnet="10.3.0.0/16"))
    return scene


def volumes(scene: Scene, host: str) -> set[str]:
    return {volume.name for volume in scene.fleet[host].daemon.shelf.volumes()}


def pane(console: Console) -> StockPane:
    taken = console.app.main.place("stock").pane
    assert isinstance(taken, StockPane)
    return taken


async def opened(console: Console, kind: Kind, name: str, host: str = "app-1") -> None:
    """Show a list and put the cursor on a row of it."""
    await console.press("7")
    while pane(console).kind is not kind:
        await console.press("v")

    def there() -> bool:
        rows = pane(console).table.store.rows
        sized = kind is Kind.NETWORK or all(row.cells[2].text != "-" for row in rows)
        return sized and len({row.key[0] for row in rows}) == 2

    await until(there, "the lists of both hosts")
    rows = pane(console).table.store.rows
    pane(console).table.move_to(next(r.key for r in rows if (r.key[0], r.key[2]) == (host, name)))


async def dialog(console: Console, kind: type) -> None:
    await until(lambda: isinstance(console.app.screen, kind), kind.__name__)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_volume_is_removed_once_that_is_meant(size: tuple[int, int]) -> None:
    scene = furnished()
    async with driven(scene, size) as console:
        await opened(console, Kind.VOLUME, "scratch")
        await console.press("d")
        await dialog(console, PlanScreen)
        assert "Remove 1 volume?" in console.screen()
        assert "lost for good" in console.screen()
        assert "700M" in console.screen()
        await answer(console, "enter")
        await until(lambda: console.app.screen is console.app.main)
        assert "scratch" in volumes(scene, "app-1"), "No is what enter says"
        await console.press("d")
        await dialog(console, PlanScreen)
        await answer(console, "y", "enter")
        await until(lambda: "scratch" not in volumes(scene, "app-1"))
        await says(console, "remove volume scratch@app-1: done")
        assert "scratch" in volumes(scene, "db-1")
        await until(lambda: "app-1 scratch" not in console.screen())
        await console.press("J")
        await says(console, "removed 1 of 1 volume")


async def test_a_clean_up_shows_its_list_and_takes_exactly_that() -> None:
    scene = furnished()
    async with driven(scene) as console:
        await opened(console, Kind.VOLUME, "scratch")
        await console.press("D")
        await dialog(console, SweepScreen)
        assert "anonymous volumes" in console.screen()
        assert "all unused volumes" in console.screen()
        await answer(console, "down", "enter")
        await dialog(console, PlanScreen)
        assert "Remove 2 volumes?" in console.screen()
        assert "Makes free: 790M" in console.screen()
        scene.fleet["app-1"].daemon.shelf.put(MemoryVolume(name="later", size=1, created=2.0))
        await answer(console, "y", "enter")
        await until(lambda: volumes(scene, "app-1") == {"later"})
        assert volumes(scene, "db-1") == {"scratch", "e" * 64}
        told = [(phase, action, target.name) for phase, action, target, _ in scene.audit.lines]
        assert told.count((Phase.BEFORE, "remove volume", "scratch")) == 1
        assert len(told) == 4


async def test_a_careful_clean_up_comes_first_and_leaves_what_has_a_name() -> None:
    scene = furnished()
    async with driven(scene) as console:
        await opened(console, Kind.VOLUME, "scratch")
        await console.press("D")
        await dialog(console, SweepScreen)
        await answer(console, "enter")
        await dialog(console, PlanScreen)
        await answer(console, "y", "enter")
        await until(lambda: volumes(scene, "app-1") == {"scratch"})


async def test_what_is_taken_into_use_meanwhile_stays() -> None:
    scene = furnished()
    async with driven(scene) as console:
        await opened(console, Kind.VOLUME, "scratch")
        await console.press("d")
        await dialog(console, PlanScreen)
        scene.fleet["app-1"].daemon.create("late", "old:1", mounts=(Mount(source="scratch", target="/d"),))
        await answer(console, "y", "enter")
        await says(console, "volume is in use")
        assert "scratch" in volumes(scene, "app-1")


async def test_marked_ones_on_a_guarded_host_want_its_name() -> None:
    scene = furnished()
    async with driven(scene) as console:
        await opened(console, Kind.VOLUME, "scratch", "db-1")
        await console.press("space", "d")
        await dialog(console, PlanScreen)
        assert "type db-1" in console.screen()
        await answer(console)
        await console.type("db-1")
        await console.press("enter")
        await until(lambda: "scratch" not in volumes(scene, "db-1"))


async def test_a_console_that_is_read_only_does_not_even_ask() -> None:
    scene = furnished(read_only=True)
    async with driven(scene) as console:
        await opened(console, Kind.VOLUME, "scratch")
        for key in ("d", "D"):
            await console.press(key)
            await says(console, "read-only")
            assert console.app.screen is console.app.main
        assert "scratch" in volumes(scene, "app-1")
