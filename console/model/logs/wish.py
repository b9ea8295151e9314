"""What somebody wants to read: which containers, from when on."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.model.containers import Container, ContainerKey
from console.model.query import Query
from console.model.text import SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWish:
    """Which containers' logs, and which part of them. Containers that match later join by themselves."""

    title: SafeText
    """What the operator asked for, in a few words: `web@app-1`, `project shop`, `4 marked`."""
    keys: frozenset[ContainerKey] = field(default_factory=frozenset)
    """Containers pinned by host and full id."""
    names: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """(host, container name): whatever has that name, so that a recreated container goes on."""
    query: Query | None = None
    """Whatever matches; None: nothing besides `keys` and `names`."""
    tail: int | None = 200
    """At most that many of the newest lines of each container; None: no such limit."""
    since_ns: int | None = None
    """Lines from this moment on, engine time."""
    until_ns: int | None = None
    """Lines up to this moment; with it nothing is followed."""
    follow: bool = True

    def wants(self, container: Container) -> bool:
        """Whether this container belongs to it."""
        return (
            container.key in self.keys
            or (container.host, container.name) in self.names
            or (self.query is not None and self.query.matches(container))
        )

    def may_want(self, host: str) -> bool:
        """Whether a container of this host could belong to it."""
        named = any(host == name for name, _ in (*self.keys, *self.names))
        return named or (self.query is not None and bool(self.query.hosts([host])))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far an engine's clock is ahead of ours."""

    ahead: float
    """Seconds; negative: behind."""
    error: float
    """Seconds by which `ahead` may be wrong either way: half the trip there and back."""
