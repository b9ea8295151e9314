"""Hosts: how one is reached, what is known of it, and the states it can be in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.questions import Question
from console.model.text import NOTHING, SafeText


class Guard(StrEnum):
    """What a host allows."""

    OBSERVE = "observe"
    """No call that changes the engine or runs a process in it."""
    CONFIRM = "confirm"
    """A dialog that defaults to No."""
    TYPED = "typed"
    """The container's name must be typed."""


class ObserveMode(StrEnum):
    """Whether connection tracking may be read for the links pane."""

    AUTO = "auto"
    SUDO = "sudo"
    OFF = "off"


class EngineKind(StrEnum):
    """Which way to the engine hosts.yml asks for."""

    AUTO = "auto"
    UNIX = "unix"
    DIAL_STDIO = "dial-stdio"
    SUDO = "sudo"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The `engine:` setting; `path` only with `unix:///path`."""

    kind: EngineKind = EngineKind.AUTO
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """One host as hosts.yml states it. Exactly one of `address`, `ssh` and `local` is not empty."""

    name: str
    address: str = ""
    """A name or IP address that SSH dials."""
    ssh: str = ""
    """An alias of ~/.ssh/config."""
    local: str = ""
    """Path of an engine's socket on this machine; no SSH."""
    user: str = ""
    port: int = 0
    """0: as ~/.ssh/config says, else 22."""
    identity: tuple[str, ...] = ()
    """Key files, `~` expanded. Empty: agent and ~/.ssh/config decide."""
    known_hosts: tuple[str, ...] = ()
    """known_hosts files, `~` expanded. Empty: ~/.ssh/config decides."""
    jump: tuple[HostSpec, ...] = ()
    """The way there, first hop first, already flattened: a hop's own `jump` is empty."""
    engine: EngineChoice = EngineChoice()
    guard: Guard = Guard.CONFIRM
    labels: Mapping[str, str] = field(default_factory=dict)
    observe: ObserveMode = ObserveMode.AUTO
    disabled: bool = False
    reach: str = ""
    """The IP address at which containers of other hosts reach ports published on this one; empty: the address
    that SSH dials."""

    @property
    def target(self) -> str:
        """What an operator would type after `ssh`, for messages."""
        if self.local:
            return f"unix://{self.local}"
        where = self.ssh or self.address
        where = f"{self.user}@{where}" if self.user else where
        return f"{where}:{self.port}" if self.port else where


class HostState(StrEnum):
    """Where a host's supervisor stands; section 5 of the design."""

    CONNECTING = "connecting"
    UP = "up"
    QUIET = "quiet"
    """No byte for six seconds: figures are old, actions ask again."""
    ENGINE_DOWN = "engine-down"
    LOST = "lost"
    """The connection is gone or cannot be made. It stays so, since the same moment, while it is tried again;
    `retry_at` is None during a try."""
    NEEDS_YOU = "needs-you"
    REFUSED = "refused"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """A state, why, since when, and what comes next. Times are seconds of the Unix epoch."""

    state: HostState
    since: float
    reason: SafeText = NOTHING
    next_step: SafeText = NOTHING
    retry_at: float | None = None
    question: Question | None = None
    """What only a person can answer; set while the state is `needs-you` and an answer is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What an engine says of itself when a connection is made."""

    engine: SafeText
    """`docker` or `podman`."""
    version: SafeText
    api: SafeText
    """The API version spoken: the lower of the server's and the newest we know."""
    carrier: SafeText
    """How its API is reached: `streamlocal`, `dial-stdio`, `sudo`, `local` or `memory`.

    With `:PATH` where the engine's socket is not the usual one; it can be remembered as it is.
    """
    os: SafeText = NOTHING
    kernel: SafeText = NOTHING
    arch: SafeText = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLoad:
    """The machine itself. Bytes, and seconds of the Unix epoch."""

    at: float
    load1: float
    cpus: int
    memory_total: int
    memory_used: int
    """Total less what the kernel calls available."""
    disk_total: int = 0
    """Of the file system that holds the engine's data root; 0 where it is not known."""
    disk_used: int = 0
    skew: float | None = None
    """The host's clock less ours, in seconds, half the round trip taken off."""

    @property
    def memory_percent(self) -> float | None:
        return 100 * self.memory_used / self.memory_total if self.memory_total else None

    @property
    def disk_free(self) -> int:
        """Bytes."""
        return max(0, self.disk_total - self.disk_used)

    @property
    def disk_percent(self) -> float | None:
        return 100 * self.disk_used / self.disk_total if self.disk_total else None
