"""One line of the audit file: who did what to which container, before it is done and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from console.model.secrets import mask_text
from console.model.text import NOTHING, SafeText, sanitise


class Phase(StrEnum):
    """Which half of an action a line is."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it: the account of this process."""

    uid: int
    login: str
    attached: tuple[str, ...] = ()
    """Everyone attached to the same tmux session; never the actor, since any of them may have typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A line. Texts are sanitised and their secrets masked when it is made into JSON."""

    time: float
    """Seconds of the Unix epoch, our clock."""
    phase: Phase
    operation: str
    """The same in the line before and the line after, and unique."""
    actor: Actor
    fleet: str
    host: str
    container: str
    """The full id; empty where it is not about a container."""
    name: str
    action: str
    plan: tuple[str, ...] = ()
    """What was agreed to, in sentences."""
    result: str = ""
    text: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the file, and for `dockcon audit --json`."""
        actor: dict[str, Any] = {"uid": self.actor.uid, "login": sanitise(self.actor.login, 64)}
        if self.actor.attached:
            actor["attached"] = [sanitise(who, 64) for who in self.actor.attached]
        line: dict[str, Any] = {
            "time": self.time,
            "phase": self.phase.value,
            "operation": self.operation,
            "actor": actor,
            "fleet": self.fleet,
            "host": self.host,
            "container": {"id": self.container, "name": sanitise(self.name, 256)},
            "action": mask_text(self.action),
        }
        if self.plan:
            line["plan"] = [mask_text(step) for step in self.plan]
        if self.phase is Phase.AFTER:
            line["result"] = self.result
        if self.text:
            line["text"] = mask_text(self.text)
        if self.details:
            line["details"] = {key: mask_text(value) for key, value in self.details.items()}
        return line


def record_of(line: Mapping[str, Any]) -> AuditRecord | None:
    """A line read back; None where it is none. Files may be shared, so every text is sanitised again."""
    actor, container = line.get("actor"), line.get("container")
    at, plan = line.get("time"), line.get("plan") or ()
    if not isinstance(actor, Mapping) or not isinstance(container, Mapping):
        return None
    if not isinstance(at, int | float) or line.get("phase") not in ("before", "after"):
        return None
    attached = actor.get("attached") or ()
    uid = actor.get("uid")
    return AuditRecord(
        time=float(at),
        phase=Phase(line["phase"]),
        operation=_text(line.get("operation")),
        actor=Actor(
            uid=uid if isinstance(uid, int) else -1,
            login=_text(actor.get("login")),
            attached=tuple(_text(who) for who in attached) if isinstance(attached, list) else (),
        ),
        fleet=_text(line.get("fleet")),
        host=_text(line.get("host")),
        container=_text(container.get("id")),
        name=_text(container.get("name")),
        action=_text(line.get("action")),
        plan=tuple(_text(step) for step in plan) if isinstance(plan, list) else (),
        result=_text(line.get("result")),
        text=_text(line.get("text")),
    )


def _text(value: object) -> SafeText:
    return sanitise(value) if isinstance(value, str) else NOTHING
