"""What is to be: all that the ways of realising ask for. The steps are its difference to what is."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from typing import Any

from console.model.mappings.mapping import Via
from console.model.mappings.steps import Candidate
from console.model.mappings.world import ContainerView, HostView, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAmbassador:
    """One ambassador, on one host."""

    host: HostView
    side: Side
    body: Lookup[str, Any]
    config: str
    joins: Lookup[str, tuple[str, ...]]
    """The networks it must be on besides its way out, and the further names it has there."""
    purpose: str
    """`carries db:5432 to postgres@db-1`, `opens 10.0.0.21:23817 on db-1 to app-1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJoin:
    """A consumer's or an endpoint's place in a network."""

    host: HostView
    container: ContainerView
    network: str
    aliases: tuple[str, ...] = ()
    """Empty for a consumer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    """A line in the /etc/hosts of a running container."""

    host: HostView
    container: ContainerView
    name: str
    ip: str


@dataclass(slots=True)
class Wanted:
    """All that is wanted; grows while the ways are asked."""

    ambassadors: list[WantedAmbassador] = field(default_factory=list)
    joins: dict[tuple[str, str, str], WantedJoin] = field(default_factory=dict)
    """By host, container id and network."""
    lines: dict[tuple[str, str], WantedLine] = field(default_factory=dict)
    """By host and container id."""
    networks: set[str] = field(default_factory=set)
    """Hosts on which our internal network is needed."""
    held: set[str] = field(default_factory=set)
    """Hosts where a consumer is not there just now: nothing is taken away from them."""
    candidates: dict[tuple[str, str], Candidate] = field(default_factory=dict)
    """By host and address."""
    via: list[Via] = field(default_factory=list)

    def join(self, join: WantedJoin) -> None:
        """Ask for a place; names asked for in several ways add up."""
        key = (join.host.name, join.container.id, join.network)
        have = self.joins.get(key)
        names = (*(have.aliases if have is not None else ()), *join.aliases)
        self.joins[key] = WantedJoin(
            host=join.host,
            container=join.container,
            network=join.network,
            aliases=tuple(dict.fromkeys(names)),
        )

    def line(self, line: WantedLine) -> None:
        self.lines[line.host.name, line.container.id] = line

    def try_first(self, candidate: Candidate) -> None:
        self.candidates.setdefault((candidate.host, candidate.address), candidate)
