"""Changes to containers by the docker SDK: one request each, never repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.model.actions import Action, ActionKind

if TYPE_CHECKING:
    from docker import APIClient

PATIENCE = 900.0
"""Seconds for an answer besides the process's own time to end: a hung storage driver is slow, and a cut
connection is noticed by itself.
"""

_SIGNAL = re.compile(r"(?:SIG)?[A-Z][A-Z0-9]{1,9}(?:[+-]\d{1,2})?|\d{1,2}")


def deadline(action: Action) -> float:
    """Seconds that the SDK waits for bytes of the answer."""
    return PATIENCE + (action.timeout or 0)


def perform(api: APIClient, container_id: str, action: Action) -> bool:
    """Do it, in the calling thread; return whether anything changed (the engine answers 304 where not).

    Raises what the SDK raises, and UsageError for a signal that is none.
    """
    path, params = _request(action)
    # The SDK's own methods hide whether the answer was 204 or 304, and its stubs these parts of it.
    raw: Any = api
    url = raw._url("/containers/{0}" + path, container_id)
    send = raw._delete if action.kind is ActionKind.REMOVE else raw._post
    response = send(url, params=params)
    if response.status_code in (409, 500) and _is_so(raw, container_id, action):
        return False
    raw._raise_for_status(response)
    return bool(response.status_code != 304)


def _is_so(raw: Any, container_id: str, action: Action) -> bool:
    """Whether it is as wanted already; engines call that an error where it is about pausing."""
    if action.kind not in (ActionKind.PAUSE, ActionKind.UNPAUSE):
        return False
    state = raw.inspect_container(container_id)["State"]
    # Podman says so in words only.
    paused = state.get("Paused") is True or state.get("Status") == "paused"
    if action.kind is ActionKind.PAUSE:
        return paused
    return not paused and state.get("Running") is True


def _request(action: Action) -> tuple[str, dict[str, Any]]:
    match action.kind:
        case ActionKind.REMOVE:
            return "", {"v": action.volumes, "force": action.force}
        case ActionKind.RENAME:
            return "/rename", {"name": str(action.name)}
        case ActionKind.KILL:
            signal = str(action.signal or "SIGKILL").upper()
            if not _SIGNAL.fullmatch(signal):
                raise UsageError(f"`{signal}` is no signal", next_step="write SIGHUP, TERM or a number")
            return "/kill", {"signal": signal}
        case ActionKind.STOP | ActionKind.RESTART if action.timeout is not None:
            return f"/{action.kind}", {"t": action.timeout}
        case kind:
            return f"/{kind}", {}
