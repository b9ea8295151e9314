"""What an editor of mappings can propose, asked of the engines."""

from __future__ import annotations

from console.model.containers import ContainerKey
from console.model.mappings import offers as found
from console.service.mappings.desk import Offers
from console.service.mappings.room import MapRoom


async def offers(room: MapRoom, consumer: ContainerKey | None, endpoint: ContainerKey | None) -> Offers:
    """Raises NotFound, EngineDown or HostUnreachable."""
    asks = await _document(room, consumer)
    answers = await _document(room, endpoint)
    return Offers(
        consumer=found.consumer(asks) if asks is not None else (),
        endpoint=found.endpoint(answers) if answers is not None else (),
        extra=found.notes(asks) if asks is not None else {},
    )


async def _document(room: MapRoom, key: ContainerKey | None) -> dict[str, object] | None:
    if key is None:
        return None
    engine = await room.reach(key[0])
    return dict((await engine.inspect(key[1])).document)
