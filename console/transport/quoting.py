"""From an argument list to the one string that SSH sends: nobody else builds command lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def command_line(argv: Sequence[str]) -> str:
    """Quote `argv` for the login shell at the other end (POSIX sh; csh and fish agree on single quotes).

    Raises ValueError for an empty list, an empty program name, or a NUL or newline in an argument: no shell
    can be given the first three as one word, and csh ends a quoted string at the end of a line.
    """
    if not argv or not argv[0]:
        raise ValueError("a command needs a program")
    if any("\0" in word or "\n" in word for word in argv):
        raise ValueError("a NUL or a newline cannot be passed in a command line")
    return shlex.join(argv)
