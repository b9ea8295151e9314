"""The ambassadors' image brought to a host: from another one, the bundle of hosts.yml, or a registry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from console.errors import EngineError, HostError
from console.model.mappings.steps import BringImage
from console.model.text import SafeText, safe, sanitise
from console.service.redeploy.sending import lenders, send, sending
from console.transport.base import Engine

PART = 256 << 10
"""Bytes of a bundle read at a time."""

Tell = Callable[[SafeText], None]


@dataclass(frozen=True, slots=True)
class Images:
    """Belongs to the network loop."""

    hosts: Collection[str]
    reach: Callable[[str], Awaitable[Engine]]

    async def bring(self, step: BringImage, engine: Engine, tell: Tell) -> None:
        """Raises EngineError with what each way said where none works; EngineDown, HostUnreachable."""
        faults: list[str] = []
        ways = (
            (self._from_host, True),
            (self._from_bundle, bool(step.bundle)),
            (self._pulled, True),
        )
        for way, there in ways:
            if not there:
                continue
            try:
                if await way(step, engine, tell):
                    return
            except EngineError as error:
                faults.append(error.message)
                tell(SafeText(error.message))
        raise EngineError(
            step.host,
            f"the image {sanitise(step.image, 200)} cannot be had: {'; '.join(faults) or 'no way is known'}",
            status=404,
            next_step="name a saved image in hosts.yml: ambassador: {bundle: FILE}",
        )

    async def _from_host(self, step: BringImage, engine: Engine, tell: Tell) -> bool:
        others = {name: partial(self.reach, name) for name in self.hosts if name != step.host}
        for lender in await lenders(step.image, others, step.from_host or "*"):
            source = await self._engine(lender.host)
            # Another machine's programs would not run here.
            if source is None or source.facts.arch != engine.facts.arch:
                continue
            await send(source, engine, sending(lender, step.image), tell)
            return True
        return False

    async def _engine(self, host: str) -> Engine | None:
        try:
            return await self.reach(host)
        except HostError:
            return None

    async def _from_bundle(self, step: BringImage, engine: Engine, tell: Tell) -> bool:
        tell(safe(f"loading {sanitise(step.bundle, 200)}"))
        try:
            await engine.deeds.load(_parts(Path(step.bundle)))
        except OSError as error:
            raise EngineError(
                step.host, f"the bundle cannot be read: {error.strerror or error}", status=500
            ) from error
        if await engine.wiring.image_id(step.image):
            return True
        raise EngineError(step.host, "the bundle holds another image than hosts.yml names", status=404)

    async def _pulled(self, step: BringImage, engine: Engine, tell: Tell) -> bool:
        tell(safe(f"pulling {sanitise(step.image, 200)}"))
        await engine.deeds.pull(step.image, lambda told: None)
        return True


async def _parts(file: Path) -> AsyncIterator[bytes]:
    """A file in pieces; the loop does not wait for the disk."""
    opened = await asyncio.to_thread(file.open, "rb")
    try:
        while part := await asyncio.to_thread(opened.read, PART):
            yield part
    finally:
        opened.close()
