"""Engine events, as `GET /events` sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.model.text import SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """One event of one engine."""

    host: str
    time_ns: int
    """By the engine's clock, nanoseconds of the Unix epoch."""
    type: SafeText
    """`container`, `network`, `image`, `volume`, `daemon` ..."""
    action: SafeText
    """`start`, `die`, `health_status: unhealthy` ..."""
    id: str
    """Of the actor; for a container its full id."""
    name: SafeText
    attributes: Mapping[str, SafeText]
    container_id: str = ""
    """The container concerned, also where the actor is a network it joins or leaves."""
