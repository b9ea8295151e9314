"""A link on its way: the ways in which it is known, put together before its state is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from console.model.links.link import End, EndKind, Evidence, Fault, Known, LinkState
from console.model.links.seen import Seen
from console.model.mappings.mapping import Endpoint
from console.model.mappings.standing import Standing
from console.model.mappings.world import ContainerView
from console.model.text import NOTHING, SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a mapping says of one link."""

    standing: Standing
    endpoint: Endpoint
    index: int
    """Which of the mapping's ports it is."""
    consumer: ContainerView | None
    target: ContainerView | None
    number: int = 0
    """Counted from 1, where the endpoint is a service of several containers."""

    @property
    def dialled(self) -> int:
        """The port that consumers dial."""
        return self.standing.mapping.ports[self.index]

    @property
    def port(self) -> int:
        """The port that the endpoint answers on."""
        return self.endpoint.ports[self.index]


@dataclass(slots=True, kw_only=True)
class Draft:
    """One link, before it is judged."""

    consumer: End
    endpoint: End
    dials: str
    via: str = ""
    known: set[Known] = field(default_factory=set)
    said: list[Evidence] = field(default_factory=list)
    """Where its consumer says so."""
    seen: list[Seen] = field(default_factory=list)
    stated: Stated | None = None
    unresolved: str = ""
    """Why a name that is dialled leads nowhere, where that is certain."""

    @property
    def at_outside(self) -> bool:
        return self.endpoint.kind in (EndKind.OUTSIDE, EndKind.NAME)


class Drafts:
    """All of them, found by either end: there can be thousands."""

    def __init__(self, first: Iterable[Draft]) -> None:
        self.all: list[Draft] = []
        self._of: dict[End, list[Draft]] = {}
        self._to: dict[End, list[Draft]] = {}
        for draft in first:
            self.add(draft)

    def add(self, draft: Draft) -> None:
        self.all.append(draft)
        self._of.setdefault(draft.consumer, []).append(draft)
        self._to.setdefault(replace(draft.endpoint, port=0), []).append(draft)

    def of(self, consumer: End) -> list[Draft]:
        return self._of.get(consumer, [])

    def to(self, endpoint: End) -> list[Draft]:
        """To any of its ports."""
        return self._to.get(replace(endpoint, port=0), [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one link comes to."""

    state: LinkState
    fault: Fault = Fault.NONE
    reason: SafeText = NOTHING
    next_step: SafeText = NOTHING
    evidence: tuple[Evidence, ...] = ()
    checked: float | None = None
