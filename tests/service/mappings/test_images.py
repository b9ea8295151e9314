"""The ambassadors' image: taken from where it is, in the order of what disturbs least."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.errors import EngineError
from console.model.hosts import EngineFacts
from console.model.mappings.steps import BringImage
from console.model.text import SafeText, safe
from console.service.mappings.images import Images


class Wiring:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def image_id(self, reference: str) -> str:
        return "id" if reference in self._engine.images else ""


class Engine:
    """An engine of which only images are asked."""

    def __init__(self, *images: str, arch: str = "amd64", registry: str = "") -> None:
        self.images = set(images)
        self.registry = registry
        self.facts = EngineFacts(
            engine=safe("docker"), version=safe("1"), api=safe("1"), carrier=safe("x"), arch=safe(arch)
        )
        self.deeds = self
        self.wiring = Wiring(self)
        self.loaded: list[bytes] = []

    async def image(self, reference: str) -> dict[str, object] | None:
        return {"Id": "id", "Size": 3, "Created": "1"} if reference in self.images else None

    def export(self, reference: str) -> Any:
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def opened() -> Any:
            async def parts() -> Any:
                yield b"abc"

            yield parts()

        return opened()

    async def load(self, parts: Any) -> None:
        async for part in parts:
            self.loaded.append(part)
        self.images.add("haproxy:lts")

    async def pull(self, reference: str, progress: object) -> None:
        if self.registry != reference:
            raise EngineError("h1", "no such registry", status=500)
        self.images.add(reference)


async def bring(goal: Engine, bundle: str = "", **others: Engine) -> list[SafeText]:
    told: list[SafeText] = []
    engines = {"h1": goal, **others}

    async def reach(host: str) -> Any:
        return engines[host]

    step = BringImage(host="h1", text=safe("brings"), image="haproxy:lts", bundle=bundle)
    await Images(tuple(engines), reach).bring(step, goal, told.append)  # type: ignore[arg-type]  # what is asked
    return told


async def test_from_another_host_before_anything_else(tmp_path: Path) -> None:
    goal = Engine(registry="haproxy:lts")
    bundle = tmp_path / "bundle.tar"
    bundle.write_bytes(b"bundled")
    await bring(goal, str(bundle), h2=Engine("haproxy:lts"))
    assert goal.loaded == [b"abc"]


async def test_programs_of_another_machine_are_not_taken(tmp_path: Path) -> None:
    goal = Engine(registry="haproxy:lts")
    await bring(goal, h2=Engine("haproxy:lts", arch="arm64"))
    assert goal.loaded == []
    assert "haproxy:lts" in goal.images


async def test_from_the_bundle_where_no_host_has_it(tmp_path: Path) -> None:
    goal = Engine()
    bundle = tmp_path / "bundle.tar"
    bundle.write_bytes(b"bundled")
    await bring(goal, str(bundle), h2=Engine())
    assert goal.loaded == [b"bundled"]


async def test_what_each_way_said_is_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        await bring(Engine(), str(tmp_path / "absent.tar"))
    assert "bundle cannot be read" in caught.value.message
    assert "no such registry" in caught.value.message
    assert "bundle" in caught.value.next_step
