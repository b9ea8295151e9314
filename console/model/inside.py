"""What is done inside a container: a command, how it ended, and what a path in it is."""

from __future__ import annotations

import stat
from dataclasses import dataclass

from console.model.text import NOTHING, SafeText


@dataclass(frozen=True, slots=True)
class TerminalSize:
    """Of a terminal, in cells."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One process to be started in a container that runs. Arguments go as they are: no shell reads them."""

    argv: tuple[str, ...]
    tty: bool = False
    """With a terminal of its own: one stream for both outputs, and keys like ctrl+c mean something."""
    stdin: bool = False
    """Whether anything will be written to it; without, its input is at its end from the start."""
    env: tuple[str, ...] = ()
    """`NAME=value`, besides what the container has."""
    size: TerminalSize | None = None
    """Of its terminal at the start."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None
    """Its exit code; None: not known."""
    text: SafeText = NOTHING
    """Why there is no code, or what else is worth knowing."""


NOT_STARTED = frozenset({126, 127})
"""Exit codes of a program that cannot be run, or that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStat:
    """What a path in a container is, as the engine says without following the last link."""

    name: str
    """The last part of the path; unsafe text."""
    size: int
    """Bytes of a plain file; of a directory nothing that means anything."""
    mode: int
    """Bits of Go's `os.FileMode`: permissions below, kinds above."""
    link: str = ""
    """Where a symbolic link leads to, resolved inside the container; unsafe text."""

    @property
    def directory(self) -> bool:
        return bool(self.mode & 1 << 31)

    @property
    def symlink(self) -> bool:
        return bool(self.mode & 1 << 27)

    @property
    def plain(self) -> bool:
        """Whether it is a file of bytes: no directory, link, device, pipe or socket."""
        return not self.mode & (1 << 31 | 1 << 27 | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19)

    @property
    def permissions(self) -> int:
        return stat.S_IMODE(self.mode & 0o777)
