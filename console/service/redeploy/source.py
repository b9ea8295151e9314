"""Where the image of a redeploy comes from: a registry, the host itself, or another host of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console.errors import EngineError
from console.model.redeploy.plan import Rules, Sending
from console.model.text import NOTHING, SafeText, safe, sanitise, short_ids
from console.service.redeploy.sending import Neighbours, differing, lenders, sending
from console.transport.base import Engine, PullProgress


@dataclass(slots=True)
class Had:
    """What was found."""

    image: Mapping[str, object] | None = None
    """Its inspect, on this host or on the one that sends it."""
    send: Sending | None = None
    refusal: SafeText = NOTHING
    """Why there is none."""
    warnings: list[SafeText] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """The ways to an image for one host, as the rules allow them."""

    engine: Engine
    host: str
    rules: Rules
    neighbours: Neighbours
    progress: Callable[[PullProgress], None]

    async def find(self, reference: str) -> Had:
        """Pull where that is wanted; a registry that refuses does not matter where the image is here, or on
        another host. Raises EngineDown or HostUnreachable.
        """
        had = Had()
        if self.rules.source:
            await self._from_others(reference, had, self.rules.source, NOTHING)
            return had
        refused = await self._pulled(reference, had)
        had.image = await self.engine.deeds.image(reference)
        if had.image is None:
            await self._from_others(reference, had, "*", refused)
        elif refused:
            had.warnings.append(safe(f"not pulled ({refused}): the image that the host has is taken"))
        return had

    async def _pulled(self, reference: str, had: Had) -> SafeText:
        """Why it was not pulled; empty where it was, or was not to be."""
        if reference.startswith("sha256:"):
            had.warnings.append(safe("its image has no name: there is no newer one to ask for"))
        elif self.rules.pull:
            if "@" in reference:
                words = "its image is pinned by digest: it stays the same until another is named"
                had.warnings.append(safe(words))
            self.progress(PullProgress(safe(f"asking the registry for {sanitise(reference, 300)}")))
            try:
                await self.engine.deeds.pull(reference, self.progress)
            except EngineError as error:
                return short_ids(sanitise(error.message, 300))
        return NOTHING

    async def _from_others(self, reference: str, had: Had, wanted: str, refused: SafeText) -> None:
        name = sanitise(reference, 300)
        why = f": {refused}" if refused else ""
        if "@" in reference or reference.startswith("sha256:"):
            # An archive keeps a tag and no digest: the image would come and not be found.
            had.refusal = safe(f"there is no image {name} on {self.host}{why}")
            return
        self.progress(PullProgress(safe(f"looking for {name} on other hosts")))
        found = await lenders(reference, self.neighbours, wanted)
        if not found:
            where = f"{wanted} or it is not reached" if self.rules.source else f"{self.host}{why}"
            had.refusal = safe(f"there is no image {name} on {where}")
            return
        had.image = found[0].image
        if refused:
            had.warnings.append(safe(f"not pulled ({refused})"))
        if other := differing(found):
            had.warnings.append(other)
        here = await self.engine.deeds.image(reference) if self.rules.source else None
        if here is None or here.get("Id") != had.image.get("Id"):
            had.send = sending(found[0], reference)
