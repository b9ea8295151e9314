"""What an operator must look at: one pure function over snapshots, the same for screen and command line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.model.text import SafeText


class ProblemKind(StrEnum):
    HOST = "host"
    """A host is not up."""
    DEAD = "dead"
    OOM = "oom"
    UNHEALTHY = "unhealthy"
    RESTARTING = "restarting"
    """Restarting now, or three starts in ten minutes."""
    EXITED = "exited"
    """Non-zero under a restart policy."""
    DISK = "disk"
    """The data root is over 90 % full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of one host, or of one container on it (`container` empty: the host itself)."""

    host: str
    container: str
    """Full id, or empty."""
    name: SafeText
    """The container's name, or empty."""
    kind: ProblemKind
    since: float | None
    """Seconds of the Unix epoch; None when not known."""
    text: SafeText

    @property
    def identity(self) -> tuple[str, str, ProblemKind]:
        """Equal for the same trouble seen again, so that a bell rings once."""
        return (self.host, self.container, self.kind)
