"""What hosts.yml and settings.yml say, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from console.errors import ConfigProblem
from console.model.hosts import HostSpec


class Repair(StrEnum):
    """What is done by itself about a mapping that is no longer as stated."""

    ASK = "ask"
    AUTO = "auto"
    NEVER = "never"


class Notify(StrEnum):
    """What a new problem does."""

    BELL = "bell"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Ambassador:
    """The container that carries a mapping beside its consumer."""

    image: str = "haproxy:lts"
    bundle: Path | None = None
    """A saved image to load on hosts that can pull none."""


@dataclass(frozen=True, slots=True)
class Redeploy:
    """How a redeploy decides that a new container is well."""

    stable: float = 10.0
    """Seconds without a restart, where there is no health check."""
    timeout: float = 120.0
    """Seconds until it must be healthy."""
    keep: int = 1
    """Previous containers left stopped for a way back: 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetConfig:
    """One hosts.yml."""

    file: Path | None
    """None for a fleet that stands in no file: the demo, or hosts chosen at the start."""
    fleet: str
    hosts: tuple[HostSpec, ...]
    """In the order of the file, disabled ones included."""
    repair: Repair = Repair.ASK
    audit: Path | None = None
    """A shared directory for the audit of all operators; None: only this user's own."""
    ambassador: Ambassador = Ambassador()
    redeploy: Redeploy = Redeploy()
    warnings: tuple[ConfigProblem, ...] = ()
    """What `check` mentions and nobody has to mend before starting."""


@dataclass(frozen=True, slots=True)
class LogCaps:
    """How much of logs is kept in memory, all sources together; whichever is reached first."""

    lines: int = 200_000
    bytes: int = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One operator's own taste."""

    theme: str = ""
    """Empty: the console's own choice."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Binding id -> keys, separated by commas."""
    time_zone: str = "local"
    """`local`, `utc` or a name such as `Europe/Berlin`, known to this machine."""
    logs: LogCaps = LogCaps()
    mouse: bool = True
    fps: int = 10
    """Paints a second at most while only data changes."""
    notify: Notify = Notify.OFF
