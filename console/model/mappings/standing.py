"""How a mapping stands, as a list shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.model.mappings.mapping import Mapping, Via
from console.model.mappings.world import ServerView
from console.model.text import NOTHING, SafeText


class State(StrEnum):
    """Worst first."""

    BROKEN = "broken"
    """As stated, and no endpoint answers (or the name cannot be resolved)."""
    FOREIGN = "foreign"
    """Something else than any wording we know is running under our label: shown, never mended."""
    PENDING = "pending"
    """Steps are left: the file was edited, an apply was cut, or the world has changed."""
    DEGRADED = "degraded"
    """Some endpoints do not answer."""
    UNKNOWN = "unknown"
    """A host or ambassador it needs cannot be read."""
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One mapping at one time (seconds of the Unix epoch)."""

    mapping: Mapping
    state: State
    via: Via
    """How it is realised, where `auto` was stated."""
    reason: SafeText = NOTHING
    """`2 steps left: ...`, `postgres@db-1 refuses connections`."""
    next_step: SafeText = NOTHING
    since: float
    checked: float
    servers: tuple[ServerView, ...] = ()
    sessions: int = 0
    old_sessions: int | None = 0
    """Still on an earlier endpoint; None: cannot be told."""
    steps: int = 0
    """Left to do."""
    orphan: bool = False
    """An ambassador of ours whose mapping is not in the book."""
