"""One thing that happened, and how it is made from what an engine, a snapshot or an operator says. Pure.

Stamps are nanoseconds of the Unix epoch by the clock of whoever tells: an engine's for its events, ours for
the states of hosts. Clocks may differ; entries are ordered by their stamps as they are.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.model.containers import Container, ContainerKey, ContainerState
from console.model.events import EngineEvent
from console.model.problems import Problem, ProblemKind
from console.model.text import NOTHING, SafeText, safe


class Source(StrEnum):
    """Who tells of it."""

    ENGINE = "engine"
    HOST = "host"
    """The state of a host, as we see it."""
    PROBLEM = "problem"
    """A problem that began or ended."""
    OPERATOR = "operator"
    """Somebody at a console: bookmarks, actions."""
    CONSOLE = "console"
    """A remark of our own: what is missing."""


class Weight(StrEnum):
    """How much of an operator's eye it wants."""

    PLAIN = "plain"
    GOOD = "good"
    """Trouble has ended."""
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened."""

    ns: int
    source: Source
    about: Container
    """What it is about; the same object in all entries of one container. Without an id it is a host (no
    name), or an image, network or volume of it.
    """
    what: SafeText
    """In one or two words: `started`, `lost`."""
    detail: SafeText = NOTHING
    weight: Weight = Weight.PLAIN
    code: int | None = None
    """The exit code of an end."""
    trouble: ProblemKind | None = None
    """The kind of a problem that began or ended."""
    number: int = -1
    """In order of arrival; given by the timeline it is in, never twice."""

    @property
    def host(self) -> str:
        return self.about.host

    @property
    def key(self) -> ContainerKey | None:
        """The container it is about."""
        return (self.about.host, self.about.id) if self.about.id else None

    @property
    def subject(self) -> tuple[str, str]:
        """Entries of one subject are read together when lines are made."""
        if self.source is Source.OPERATOR:
            return (self.source, "")
        return (self.about.host, self.about.id or self.source)

    @property
    def order(self) -> tuple[int, int]:
        return (self.ns, self.number)


def thing(host: str, name: SafeText = NOTHING, container_id: str = "", **known: object) -> Container:
    """What an entry is about where no engine's list has it (any more)."""
    facts: dict[str, object] = {"image": NOTHING, "state": ContainerState.UNKNOWN, **known}
    return Container(host=host, id=container_id, name=name, **facts)  # type: ignore[arg-type]  # named by the caller


CREATED: Final = safe("created")
STARTED: Final = safe("started")
EXITED: Final = safe("exited")
SIGNALLED: Final = safe("signal")
STOPPED: Final = safe("stopped")
RESTARTED: Final = safe("restarted")
OOM: Final = safe("out of memory")
HEALTHY: Final = safe("healthy")
UNHEALTHY: Final = safe("unhealthy")
JOINED: Final = safe("joined network")
LEFT: Final = safe("left network")
BOOKMARK: Final = safe("bookmark")
PROBLEM: Final = safe("problem")
MENDED: Final = safe("problem over")

_VERBS: Final[Mapping[str, SafeText]] = {
    "create": CREATED,
    "start": STARTED,
    "die": EXITED,
    "kill": SIGNALLED,
    "stop": STOPPED,
    "restart": RESTARTED,
    "oom": OOM,
    "pause": safe("paused"),
    "unpause": safe("resumed"),
    "destroy": safe("removed"),
    "rename": safe("renamed"),
    "update": safe("changed"),
    "commit": safe("committed"),
}

_NOISE: Final = frozenset(
    {
        ("container", "top"),
        ("container", "resize"),
        ("container", "attach"),
        ("container", "detach"),
        ("container", "archive-path"),
        ("container", "cleanup"),
        ("container", "init"),
        ("container", "sync"),
        ("volume", "mount"),
        ("volume", "unmount"),
    }
)
"""What engines tell of everybody who looks, or besides something else that they tell."""

_PAST: Final[Mapping[str, str]] = {
    "pull": "pulled",
    "push": "pushed",
    "load": "loaded",
    "import": "imported",
    "save": "saved",
    "tag": "tagged",
    "untag": "untagged",
    "delete": "deleted",
    "remove": "removed",
    "create": "created",
    "destroy": "removed",
    "prune": "pruned",
    "reload": "reloaded",
}


def of_event(event: EngineEvent, about: Container | None = None) -> Entry | None:
    """The entry of an engine event; None for noise. `about`: its container, where that is known."""
    if (event.type, event.action) in _NOISE or event.action.startswith("exec_"):
        return None
    if event.type == "container":
        return _of_container(event, about or _described(event))
    if event.type == "network" and event.action in ("connect", "disconnect") and event.container_id:
        where = about or thing(event.host, safe(event.container_id[:12]), event.container_id)
        what = JOINED if event.action == "connect" else LEFT
        return Entry(ns=event.time_ns, source=Source.ENGINE, about=where, what=what, detail=event.name)
    name = event.name or SafeText(event.id[:64])
    what = safe(f"{event.type} {_PAST.get(event.action, event.action)}")
    return Entry(ns=event.time_ns, source=Source.ENGINE, about=thing(event.host, name), what=what)


def _of_container(event: EngineEvent, about: Container) -> Entry:
    said, attributes = event.action, event.attributes
    weight, detail, code = Weight.PLAIN, NOTHING, None
    if said.startswith("health_status"):
        health = said.partition(":")[2].strip() or attributes.get("health_status", NOTHING)
        what = SafeText(health) or safe("health checked")
        weight = Weight.BAD if what == UNHEALTHY else Weight.PLAIN
    else:
        what = _VERBS.get(said, said)
    if what == EXITED:
        code = _number(attributes.get("exitCode") or attributes.get("containerExitCode"))
        weight = Weight.BAD if code else Weight.PLAIN
    elif what == SIGNALLED:
        detail = _signal(attributes.get("signal", NOTHING))
    elif what == OOM:
        weight = Weight.BAD
    elif what == CREATED:
        detail = attributes.get("image", NOTHING)
    elif said == "rename":
        old = attributes.get("oldName", NOTHING).removeprefix("/")
        detail = SafeText(f"was {old}") if old else NOTHING
    return Entry(
        ns=event.time_ns,
        source=Source.ENGINE,
        about=about,
        what=what,
        detail=detail,
        weight=weight,
        code=code,
    )


def _described(event: EngineEvent) -> Container:
    """A container that no list has, from what the engine says of it beside the event."""
    labels = {k: v for k, v in event.attributes.items() if k not in ("name", "image", "exitCode", "signal")}
    name = event.name or safe(event.container_id[:12])
    image = event.attributes.get("image", NOTHING)
    return thing(event.host, name, event.container_id, image=image, labels=labels)


def _number(text: str | None) -> int | None:
    digits = (text or "").lstrip("-")
    return int(text or "") if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _signal(said: SafeText) -> SafeText:
    """`SIGTERM`, whether the engine said `15`, `TERM` or `SIGTERM`."""
    number = _number(said)
    if number is None:
        return said if not said or said.startswith("SIG") else SafeText(f"SIG{said}")
    try:
        return safe(signal.Signals(number).name)
    except ValueError:
        return safe(f"signal {number}")


def bookmark(ns: int, about: Container, text: SafeText) -> Entry:
    """A line of a log that an operator wants to find again."""
    return Entry(ns=ns, source=Source.OPERATOR, about=about, what=BOOKMARK, detail=text)


def problem_began(problem: Problem, about: Container, ns: int) -> Entry:
    """A problem that was not there before."""
    return Entry(
        ns=ns,
        source=Source.PROBLEM,
        about=about,
        what=PROBLEM,
        detail=problem.text,
        weight=Weight.BAD,
        trouble=problem.kind,
    )


def problem_ended(problem: Problem, about: Container, ns: int, lasted: SafeText) -> Entry:
    """A problem that is there no more; `lasted` says how long it was."""
    detail = SafeText(f"{problem.text}; for {lasted}") if lasted else problem.text
    return Entry(
        ns=ns,
        source=Source.PROBLEM,
        about=about,
        what=MENDED,
        detail=detail,
        weight=Weight.GOOD,
        trouble=problem.kind,
    )


def remark(ns: int, host: str, what: SafeText, detail: SafeText) -> Entry:
    """Something of our own, about a host or (with an empty name) about the timeline itself."""
    return Entry(
        ns=ns, source=Source.CONSOLE, about=thing(host), what=what, detail=detail, weight=Weight.WARN
    )
