"""What is asked before something is changed, as sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.errors import GuardRefused
from console.model.actions import Action, ActionKind, Outcome, Result, Target, objection
from console.model.containers import Container, ContainerState
from console.model.guards import forbid
from console.model.hosts import Guard, HostSpec
from console.model.text import SafeText, safe

TYPED_AT_MOST = 4
"""Names that somebody is asked to type in one dialog; more is a mistake or needs several steps."""

_RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})

_DOES = {
    ActionKind.RESTART: "Restart",
    ActionKind.STOP: "Stop",
    ActionKind.START: "Start",
    ActionKind.PAUSE: "Pause",
    ActionKind.UNPAUSE: "Unpause",
    ActionKind.KILL: "Kill",
    ActionKind.REMOVE: "Remove",
    ActionKind.RENAME: "Rename",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question about one action on pinned targets."""

    action: Action
    targets: tuple[Target, ...]
    states: Mapping[tuple[str, str], SafeText]
    """How each was when the key was pressed."""
    left_out: tuple[tuple[Target, SafeText], ...] = ()
    """For which it makes no sense, and why."""
    typed: tuple[SafeText, ...] = ()
    """Names that have to be typed."""
    hidden: int = 0
    """How many of the targets the filter hides."""

    @property
    def title(self) -> str:
        """`Restart 2 containers?`"""
        what = "1 container" if len(self.targets) == 1 else f"{len(self.targets)} containers"
        return f"{_DOES[self.action.kind]} {what}?"


def ask(
    action: Action,
    containers: Sequence[Container],
    specs: Mapping[str, HostSpec],
    *,
    read_only: bool,
    hidden: int = 0,
) -> Asked:
    """Pin `containers` and make the question. Raises GuardRefused where there is nothing to ask."""
    for container in containers:
        forbid(specs[container.host], read_only=read_only)
    targets, left_out = [], []
    for container in containers:
        why = objection(container, action)
        if why:
            left_out.append((Target.of(container), why))
        else:
            targets.append(Target.of(container))
    if not targets:
        whose = left_out[0][0].ref if len(left_out) == 1 else f"{len(left_out)} containers"
        raise GuardRefused(f"{whose}: {left_out[0][1]}" if left_out else "nothing is chosen")
    guarded = [target for target in targets if specs[target.host].guard is Guard.TYPED]
    typed = tuple(dict.fromkeys(target.name for target in guarded))
    if len(typed) > TYPED_AT_MOST:
        raise GuardRefused(
            f"{len(typed)} names would have to be typed", next_step=f"mark {TYPED_AT_MOST} at most"
        )
    return Asked(
        action=action,
        targets=tuple(targets),
        states={container.key: safe(str(container.state)) for container in containers},
        left_out=tuple(left_out),
        typed=typed,
        hidden=hidden,
    )


def stop_or_start(containers: Sequence[Container]) -> tuple[Action, list[Container]]:
    """What one key for both means: stop those that run, and where none does start them all."""
    running = [container for container in containers if container.state in _RUNS]
    if running:
        return Action(kind=ActionKind.STOP), running
    return Action(kind=ActionKind.START), list(containers)


def consequence(action: Action) -> str:
    """What somebody should know of the action before saying yes; empty where its name says it."""
    match action.kind:
        case ActionKind.REMOVE:
            return "Its writable layer and its log are lost. Volumes are kept."
        case ActionKind.KILL:
            return "The process has no time to end by itself."
        case ActionKind.STOP:
            return "The engine will not start it again by itself, whatever its restart policy."
        case _:
            return ""


HITS = {
    ActionKind.STOP: "this breaks",
    ActionKind.KILL: "this breaks",
    ActionKind.REMOVE: "this breaks",
    ActionKind.PAUSE: "this breaks",
    ActionKind.RESTART: "this interrupts",
}
"""What becomes of those who depend on it; an action that is missing here does them no harm."""


def said(action: Action, outcome: Outcome) -> str:
    """`restart web@app-1: done`."""
    why = "; ".join(filter(None, (outcome.text, outcome.next_step)))
    return f"{action.text} {outcome.target.ref}: {outcome.result.words}" + (f": {why}" if why else "")


def tone(result: Result) -> str:
    """The tone of a result."""
    if result in (Result.DONE, Result.NOTHING):
        return "ok"
    return "warn" if result is Result.UNKNOWN else "bad"
