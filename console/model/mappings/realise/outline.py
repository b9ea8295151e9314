"""What planning is told besides mapping and world, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from console.model.mappings.mapping import Via
from console.model.mappings.steps import Candidate, Step
from console.model.text import SafeText


class Numbered(Protocol):
    """Which wording of which mapping is planned: a `Revision`, or anything that says as much."""

    @property
    def id(self) -> str:
        """Of the mapping."""
        ...

    @property
    def number(self) -> int: ...

    @property
    def parent(self) -> str:
        """Digest of the wording before; empty for the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RealiseRules:
    """How this fleet has its mappings made."""

    fleet: str
    image: str = "haproxy:lts"
    bundle: str = ""
    """A file with the image, as hosts.yml names it; empty: none."""
    known: frozenset[str] | None = None
    """Digests of every wording in book and history. An ambassador that runs another one is foreign and is
    left alone; None: that is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A plan for one mapping, before anybody has agreed to it."""

    steps: tuple[Step, ...] = ()
    """In their order. Empty where there are refusals."""
    candidates: tuple[Candidate, ...] = ()
    warnings: tuple[SafeText, ...] = ()
    refusals: tuple[SafeText, ...] = ()
    """Why it cannot be done, all reasons at once."""
    via: Via = Via.AUTO
    """The way that is gone, the heaviest where hosts differ; auto: none (there is nothing to do it with)."""
