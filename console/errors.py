"""Everything dockcon raises on purpose, one class per cause an operator can act on.

::

    DockconError
    +-- UsageError                  the command line, a filter or a selector is wrong
    +-- ConfigError                 a file is wrong; carries every problem found, not the first
    +-- GuardRefused                the host's guard or --read-only forbids it
    +-- AuditFailed                 the audit file cannot be written, so nothing is done
    +-- StoreFailed                 mappings cannot be kept where they are kept
    |   +-- StoreChanged            somebody else has changed them since they were read
    +-- HostError                   something about one host
        +-- HostUnreachable         name, route, port, time-out, connection cut: tried again for ever
        +-- AnswerNeeded            a passphrase, password, one-time code or a new host key is wanted
        +-- HostRefused             trying again by itself cannot help
        |   +-- HostKeyRefused      the host key changed or was revoked
        |   +-- LoginRefused        no key or answer was accepted
        |   +-- EngineForbidden     the user may not open the engine's socket
        |   +-- EngineTooOld        no API version that both sides speak
        +-- EngineDown              SSH works, the engine does not answer: pinged, not redialled
        +-- CapabilityMissing       one thing does not work here (shell, cgroup figures); the rest does
        +-- EngineError             the engine answered with an error
        |   +-- NotFound            404: the container, image, network ... is gone
        |   +-- Conflict            409: the name or state is in the way
        +-- OutcomeUnknown          a changing request was sent and its answer lost; the next list decides

Errors of libraries are translated once, in `transport`, with `raise ... from exc`. Text that came from
a host is sanitised before it is put into an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DockconError(Exception):
    """Base of all: what is wrong, and the next thing to try (may be empty)."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}; {self.next_step}" if self.next_step else self.message


class UsageError(DockconError):
    """The command line, a filter or a selector cannot be understood."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in one file."""

    file: str
    line: int
    """Counted from 1; 0 where the file as a whole is meant."""
    key: str
    """Dotted path, for example `hosts.db-1.port`."""
    message: str
    """What is wrong, with the nearest valid spelling where there is one."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ConfigError(DockconError):
    """A file is wrong: every problem of it at once."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = tuple(problems)


class GuardRefused(DockconError):
    """The host's guard level or `--read-only` forbids what was asked."""


class AuditFailed(DockconError):
    """The audit file cannot be written: what cannot be put on record is not done."""


class StoreFailed(DockconError):
    """The place where mappings are kept cannot be written."""


class StoreChanged(StoreFailed):
    """The mappings are not any more what they were when the change was thought of."""


class HostError(DockconError):
    """Something about one host; `host` is its name in hosts.yml."""

    def __init__(self, host: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.host = host

    def __str__(self) -> str:
        return f"{self.host}: {super().__str__()}"


class HostUnreachable(HostError):
    """Name, route, port, time-out or a cut connection."""


class AnswerNeeded(HostError):
    """Only a person can go on: passphrase, password, one-time code, unknown host key."""


class HostRefused(HostError):
    """Trying again by itself cannot help; somebody must change something first."""


class HostKeyRefused(HostRefused):
    """The host key changed or was revoked. There is no way to accept it inside dockcon."""


class LoginRefused(HostRefused):
    """SSH authentication failed."""


class EngineForbidden(HostRefused):
    """The SSH user may not open the engine's socket."""


class EngineTooOld(HostRefused):
    """No API version that both sides speak."""


class EngineDown(HostError):
    """SSH works but the engine does not answer."""


class CapabilityMissing(HostError):
    """One capability does not work on this host; the others do."""


class EngineError(HostError):
    """The engine answered with an HTTP error status."""

    def __init__(self, host: str, message: str, *, status: int, next_step: str = "") -> None:
        super().__init__(host, message, next_step=next_step)
        self.status = status


class NotFound(EngineError):
    """HTTP 404."""


class Conflict(EngineError):
    """HTTP 409."""


class OutcomeUnknown(HostError):
    """A changing request was sent and its answer lost: it may have been carried out. Never repeated."""
