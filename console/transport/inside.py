"""The protocols for what goes on inside containers: processes and files. `Engine.inside` implements both.

Kept apart from `EngineDeeds`: a process that is started here may change anything in its container, and yet
the engine calls nothing of it a change.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from console.model.inside import Command, Ended, PathStat

STDOUT, STDERR = 1, 2


class Running(Protocol):
    """A process in a container, for one reader and one writer."""

    async def read(self) -> tuple[int, bytes] | None:
        """What it has written since the last call: `STDOUT` or `STDERR`, and unsafe bytes, never empty.

        None at the end of both. The process is held back while nobody reads. Raises HostUnreachable or
        EngineDown where the stream is cut, so that it is never taken for an end.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Write to its standard input; waits while what was written before is still on the way. What is
        written after its end is dropped: `read` tells of the end.
        """
        ...

    def write_eof(self) -> None:
        """End its standard input; its output goes on. A process with a terminal does not notice."""
        ...

    async def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal another size; a process that has ended meanwhile is none of our business.

        Raises EngineDown, HostUnreachable, EngineError.
        """
        ...

    async def ended(self) -> Ended:
        """Call after the end of `read`: how it ended. Raises EngineDown, HostUnreachable, EngineError."""
        ...


class Terminals(Protocol):
    """Starts processes in the containers of one engine."""

    def run(self, container_id: str, command: Command) -> AbstractAsyncContextManager[Running]:
        """Start a process; entering returns when the engine has started it, or tried to: a program that is
        not there may also be an end with exit code 126 or 127 and the engine's words as output.

        Leaving closes the connection. The engine has no call to end such a process: with a pipe as input it
        reads the end of it and may end by that, but one with a terminal, or one that reads nothing, goes on
        in the container (Docker 20.10 to 28). `GET /exec/{id}/json` goes on to know it.

        Entering raises NotFound, Conflict (the container does not run), EngineError, CapabilityMissing where
        as many streams are open as the carrier allows, EngineDown, HostUnreachable; OutcomeUnknown where the
        answer was lost: it may have been started.
        """
        ...


class Files(Protocol):
    """Copies files out of and into containers, running or not, as tar archives that are never held whole."""

    async def stat(self, container_id: str, path: str) -> PathStat | None:
        """What a path is; None where there is nothing, or no such container. Raises EngineError,
        EngineDown, HostUnreachable.
        """
        ...

    def fetch(self, container_id: str, path: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read a file or directory as a tar archive whose members begin with the last part of `path`.

        The iterator holds the engine back while nobody takes; it raises HostUnreachable or EngineDown where
        the archive is cut short. Entering raises NotFound, EngineError, CapabilityMissing, EngineDown,
        HostUnreachable.
        """
        ...

    async def store(self, container_id: str, directory: str, archive: AsyncIterator[bytes]) -> None:
        """Unpack a tar archive in a directory that exists; a directory is never replaced by a file, nor a
        file by a directory.

        Raises what `fetch` does, and OutcomeUnknown where the answer was lost: some of it may be there.
        """
        ...


class Inside(Terminals, Files, Protocol):
    """Both."""
