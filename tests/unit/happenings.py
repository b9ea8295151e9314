"""Events and entries of two containers for tests of the timeline."""

from __future__ import annotations

from console.model.events import EngineEvent
from console.model.text import safe
from console.model.timeline.entries import Entry, of_event

SECOND = 1_000_000_000
NOON = 1_717_243_200
WEB = "a" * 64
DB = "b" * 64


def event(
    action: str, at: float, *, container: str = WEB, host: str = "app-1", **attributes: str
) -> EngineEvent:
    """One event of a container, `at` seconds after noon."""
    told = {"name": "web" if container == WEB else "db", "image": "nginx:1.27", **attributes}
    return EngineEvent(
        host=host,
        time_ns=int((NOON + at) * SECOND),
        type=safe("container"),
        action=safe(action),
        id=container,
        name=safe(told["name"]),
        attributes={k: safe(v) for k, v in told.items()},
        container_id=container,
    )


def entry(action: str, at: float, **more: str) -> Entry:
    made = of_event(event(action, at, **more))
    assert made is not None
    return made
