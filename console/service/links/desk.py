"""What a front end on another thread may ask about links."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.model.text import SafeText

if TYPE_CHECKING:
    from console.model.containers import ContainerKey
    from console.model.links.link import Link, LinkList
    from console.model.mappings.mapping import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What became of one attempt to reach an endpoint as its consumer does."""

    link: Link
    ok: bool | None
    """None: it could not be tried."""
    text: SafeText
    """`db resolved to 172.20.0.3 and connected in 0.4 ms`, `refused`, or why it could not be tried."""
    at: float
    seconds: float | None = None


class LinkDesk(Protocol):
    """Plain methods return at once; coroutines run on the caller's loop and wait for the network loop."""

    def links(self) -> LinkList:
        """As they were last seen. Cheap; a batch says when it changed."""
        ...

    def watch(self, on: bool) -> None:
        """Whether somebody looks: hosts are observed every two seconds then, and not at all otherwise."""
        ...

    def select(self, link: Link | None) -> None:
        """The one under the cursor: its consumer's sockets are read with each look, for the round trip."""
        ...

    async def look(self) -> LinkList:
        """Observe the fleet now, twice so that counters mean something where nobody has looked before."""
        ...

    async def probe(self, link: Link) -> Probed:
        """Resolve and connect, by name, from the consumer's own namespaces. Changes nothing."""
        ...

    async def breaks(self, containers: Collection[ContainerKey]) -> tuple[Link, ...]:
        """Which links would break if these containers stopped, worst first: what is known now, or from one
        look that takes three seconds at most. Links between two of them are left out.
        """
        ...

    async def adopt(self, link: Link) -> Mapping:
        """The wording of a mapping for an undeclared link, to be shown in the editor; nothing is changed.

        Raises UsageError where it cannot be stated (an end outside the fleet, a port that is not known).
        """
        ...
