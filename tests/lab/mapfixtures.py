"""Fixtures of the tests of mappings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.mapload import Load
from tests.lab.mapscene import MapScene


@pytest.fixture
def bare(lab: Lab, tmp_path: Path) -> Iterator[MapScene]:
    """Databases on h2 and h3, and no app yet."""
    made = MapScene(lab, tmp_path)
    made.database("h2")
    made.database("h3")
    yield made
    for host in made.hosts:
        if host.engine.running():
            host.engine.clear()
    made.wipe()


@pytest.fixture
def scene(bare: MapScene) -> MapScene:
    """The same, and an app on h1 that dials db:5432, on a network of its own."""
    bare.network("h1", "shop")
    bare.app("--network", "shop")
    return bare


def load_on(scene: MapScene) -> Load:
    """Load from the app's own network, through the ambassador."""
    h1 = scene.lab["h1"]
    pid = h1.docker("inspect", "-f", "{{.State.Pid}}", "app")
    address = h1.docker("inspect", "-f", "{{.NetworkSettings.Networks.shop.IPAddress}}", "dockcon-db")
    return Load(int(pid), address)
