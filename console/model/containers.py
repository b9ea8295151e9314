"""Containers as their engine has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from console.model.logs.setup import LogSetup
from console.model.text import NOTHING, SafeText

ContainerKey = tuple[str, str]
"""(host name, full 64-digit id): the only identity of a container in dockcon."""


class ContainerState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """A state word we do not know."""


class Health(StrEnum):
    NONE = "none"
    """No health check is defined."""
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A container port, and where it is published (`public` 0: not published)."""

    private: int
    public: int = 0
    ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container at one moment. Times are seconds of the Unix epoch.

    A list answers most of it at once; `oom`, `restarts`, `restart_policy` and exact times come from an
    inspect that follows, and are None until then (`detailed` is False).
    """

    host: str
    id: str
    name: SafeText
    image: SafeText
    image_id: str = ""
    state: ContainerState
    exit_code: int | None = None
    oom: bool | None = None
    health: Health = Health.NONE
    ports: tuple[Port, ...] = ()
    labels: Mapping[str, SafeText] = field(default_factory=dict)
    networks: tuple[SafeText, ...] = ()
    joins: str = ""
    """The full id of the container whose network it uses, where it has none of its own."""
    volumes: tuple[SafeText, ...] = ()
    """Names of the volumes mounted into it, anonymous ones included, whether it runs or not."""
    command: SafeText = NOTHING
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    restarts: int | None = None
    restart_policy: SafeText | None = None
    detailed: bool = False

    @property
    def key(self) -> ContainerKey:
        return (self.host, self.id)

    @property
    def ref(self) -> str:
        """How it is shown: `name@host`."""
        return f"{self.name}@{self.host}"

    @property
    def project(self) -> SafeText:
        """Compose project, or empty."""
        return self.labels.get("com.docker.compose.project", NOTHING)

    @property
    def service(self) -> SafeText:
        """Compose service, or empty."""
        return self.labels.get("com.docker.compose.service", NOTHING)


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU and memory of one container, counted as `docker stats` does (page cache excluded)."""

    at: float
    cpu_percent: float | None
    """100 is one core; None until two samples are there."""
    memory_bytes: int
    memory_limit: int = 0
    """0: no limit of its own."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The answer of `GET /containers/{id}/json`: the typed part, and the document as it came.

    `document` holds secrets and unsafe text: it passes `model.secrets` before it is shown or stored.
    """

    container: Container
    document: Mapping[str, object]
    logs: LogSetup = field(default_factory=LogSetup)
