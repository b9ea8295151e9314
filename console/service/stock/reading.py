"""Reading what one engine has in store, and putting measured sizes to it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from console.errors import HostError
from console.model.stock.things import DiskUsage, Kind, Stock
from console.model.text import NOTHING, safe
from console.transport.base import Engine


async def read(engine: Engine, kinds: Collection[Kind], stock: Stock, now: float) -> Stock:
    """`stock` with the lists of `kinds` as they are now. Raises EngineError, EngineDown, HostUnreachable."""
    shelf = engine.stock
    if Kind.IMAGE in kinds:
        stock = replace(stock, images=await shelf.images())
    if Kind.VOLUME in kinds:
        stock = replace(stock, volumes=await shelf.volumes())
    if Kind.NETWORK in kinds:
        stock = replace(stock, networks=await shelf.networks())
    return sized(replace(stock, read=now, stale=False, trouble=NOTHING), stock.usage)


def sized(stock: Stock, usage: DiskUsage | None) -> Stock:
    """`stock` with what was measured."""
    if usage is None:
        return stock
    return replace(
        stock,
        usage=usage,
        images=tuple(replace(image, shared=usage.shared.get(image.id)) for image in stock.images),
        volumes=tuple(replace(volume, size=usage.volumes.get(volume.id)) for volume in stock.volumes),
    )


async def measured(engine: Engine, stock: Stock, patience: float) -> Stock:
    """`stock` with sizes, or with why there are none, also where they do not come within so many seconds."""
    try:
        async with asyncio.timeout(patience):
            return replace(sized(stock, await engine.stock.disk_usage()), unmeasured=NOTHING)
    except TimeoutError:
        return replace(stock, unmeasured=safe(f"the engine did not measure within {patience:.0f} s"))
    except HostError as error:
        return replace(stock, unmeasured=safe(error.message))
