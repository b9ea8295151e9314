"""What an operator can do to a container, to which one exactly, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.containers import Container, ContainerKey, ContainerState
from console.model.text import NOTHING, SafeText, safe


class ActionKind(StrEnum):
    """The words of the command line, of the audit file and of the screen."""

    RESTART = "restart"
    STOP = "stop"
    START = "start"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    KILL = "kill"
    REMOVE = "remove"
    RENAME = "rename"
    DISCARD = "discard"
    """Remove an image, a volume or a network: targets are `model.stock.plan.Discard`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One change, as it will be asked of the engine."""

    kind: ActionKind
    timeout: int | None = None
    """Stop and restart: seconds the process has before it is killed; None: as the container says, else 10."""
    signal: SafeText = NOTHING
    """Kill: `SIGHUP` ...; empty: SIGKILL."""
    name: SafeText = NOTHING
    """Rename: the new name. Discard: `image`, `volume` or `network`."""
    volumes: bool = False
    """Remove: its anonymous volumes, too."""
    force: bool = False
    """Remove: also while it runs."""

    @property
    def text(self) -> str:
        """`restart`, `kill with SIGHUP`, `rename to web-old`."""
        match self.kind:
            case ActionKind.KILL if self.signal:
                return f"kill with {self.signal}"
            case ActionKind.RENAME:
                return f"rename to {self.name}"
            case ActionKind.REMOVE:
                return "remove" + (" with its anonymous volumes" if self.volumes else "")
            case ActionKind.DISCARD:
                return f"remove {self.name}"
            case kind:
                return kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A container pinned when the key was pressed; whatever the table shows later, it is this one."""

    host: str
    id: str
    """The full id."""
    name: SafeText
    image: SafeText = NOTHING

    @classmethod
    def of(cls, container: Container) -> Target:
        """Pin a container."""
        return cls(host=container.host, id=container.id, name=container.name, image=container.image)

    @property
    def key(self) -> ContainerKey:
        return (self.host, self.id)

    @property
    def ref(self) -> str:
        """How it is shown: `name@host`."""
        return f"{self.name}@{self.host}"

    @property
    def typed(self) -> SafeText:
        """What a host of guard `typed` wants typed."""
        return self.name


class Result(StrEnum):
    """How an action on one target ended."""

    DONE = "done"
    NOTHING = "nothing"
    """It was already so."""
    REFUSED = "refused"
    """By a guard, or because it makes no sense; nothing was asked of the engine."""
    FAILED = "failed"
    """The engine said no, or could not be asked: nothing has changed."""
    UNKNOWN = "unknown"
    """It was asked and the answer was lost; the next list shows what became of it."""

    @property
    def words(self) -> str:
        """As it is told to a person."""
        return {Result.NOTHING: "already so", Result.UNKNOWN: "outcome unknown"}.get(self, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it went with one target. Times are seconds of the Unix epoch."""

    target: Target
    result: Result
    text: SafeText = NOTHING
    """Why, where it is not simply done."""
    next_step: SafeText = NOTHING
    ended: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One action on one or more targets, as far as it has come. Frozen; a newer one has the same number."""

    number: int
    action: Action
    targets: tuple[Target, ...]
    began: float
    outcomes: Mapping[ContainerKey, Outcome] = field(default_factory=dict)
    """By target; those without one are under way or wait."""

    @property
    def over(self) -> bool:
        return len(self.outcomes) == len(self.targets)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the operator agreed to: `yes` in a dialog or by `--yes`, and the names that were typed."""

    yes: bool = False
    typed: frozenset[str] = frozenset()


_RUNS = frozenset({ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING})
_SENSE: Mapping[ActionKind, tuple[frozenset[ContainerState], str]] = {
    ActionKind.PAUSE: (frozenset({ContainerState.RUNNING}), "only a running container can be paused"),
    ActionKind.UNPAUSE: (frozenset({ContainerState.PAUSED}), "it is not paused"),
    ActionKind.KILL: (_RUNS, "it does not run"),
    ActionKind.STOP: (_RUNS, "it does not run"),
    ActionKind.START: (
        frozenset({ContainerState.CREATED, ContainerState.EXITED, ContainerState.DEAD}),
        "it runs already",
    ),
}


def objection(container: Container, action: Action) -> SafeText:
    """Why `action` makes no sense for this container as it is; empty where it does, or where that is not
    known.
    """
    if container.state is ContainerState.UNKNOWN:
        return NOTHING
    if action.kind is ActionKind.REMOVE and container.state in _RUNS and not action.force:
        return safe("it runs: stop it first")
    if action.kind not in _SENSE:
        return NOTHING
    states, why = _SENSE[action.kind]
    return NOTHING if container.state in states else safe(why)
