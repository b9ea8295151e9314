"""Exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from console.errors import DockconError, EngineDown, GuardRefused, HostUnreachable, OutcomeUnknown, UsageError


class Exit(IntEnum):
    """What a verb's end means."""

    DONE = 0
    FAILED = 1
    """And nothing changed, or the old state is restored."""
    USAGE = 2
    """The command line or a file of configuration is wrong."""
    PENDING = 3
    """Changes are pending, or something is broken."""
    UNREACHABLE = 4
    """Some hosts; the rest is printed."""
    UNKNOWN = 5
    """The outcome of a change is not known, or recovery is needed."""
    GUARD = 6
    """Refused by a guard."""
    INTERRUPTED = 130
    """By ctrl+c."""


_ORDER = (Exit.UNKNOWN, Exit.FAILED, Exit.GUARD, Exit.UNREACHABLE, Exit.PENDING)


def exit_after(error: DockconError, *, started: bool) -> Exit:
    """The code for something that was begun in a container and ended with this error."""
    if isinstance(error, GuardRefused):
        return Exit.GUARD
    if isinstance(error, UsageError):
        return Exit.USAGE
    if started or isinstance(error, OutcomeUnknown):
        return Exit.UNKNOWN
    return Exit.UNREACHABLE if isinstance(error, HostUnreachable | EngineDown) else Exit.FAILED


def worst(codes: Iterable[Exit]) -> Exit:
    """The code to end with where several hold."""
    found = set(codes)
    return next((code for code in _ORDER if code in found), Exit.DONE)
