"""`Inside` of a memory engine: processes that answer like real ones, and files that can be copied."""

from __future__ import annotations

import asyncio
import contextlib
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

from console.errors import Conflict, EngineError, NotFound
from console.model.clock import Clock
from console.model.containers import ContainerState
from console.model.inside import Command, Ended, PathStat, TerminalSize
from console.model.text import NOTHING, safe
from console.transport.inside import STDERR, STDOUT
from console.transport.memory.containers import MemoryContainer
from console.transport.memory.daemon import MemoryDaemon
from console.transport.memory.deeds import Calls
from console.transport.memory.shell import SHELLS, Programs, Said

PIECE = 32768
LOOK = 0.05
"""Seconds between looks at whether the container still runs."""

Guarded = Callable[[Awaitable[Any]], Awaitable[Any]]


class MemoryInside:
    """Over a memory daemon."""

    def __init__(self, host: str, daemon: MemoryDaemon, call: Calls, clock: Clock, guarded: Guarded) -> None:
        """`call`: the way of one request; `guarded` awaits something, or raises when the link is cut."""
        self._host = host
        self._daemon = daemon
        self._call = call
        self._clock = clock
        self._guarded = guarded

    @contextlib.asynccontextmanager
    async def run(self, container_id: str, command: Command) -> AsyncIterator[MemoryProcess]:
        """Start a process."""
        await self._call()
        container = self._find(container_id)
        if container.state is ContainerState.PAUSED:
            raise Conflict(self._host, f"Container {container_id} is paused, unpause it first", status=409)
        if not container.alive:
            raise Conflict(self._host, f"Container {container_id} is not running", status=409)
        programs = Programs(container, self._daemon.disk(container), self._clock.now, command.env)
        process = MemoryProcess(container, command, programs, self._guarded, self._clock)
        try:
            yield process
        finally:
            await process.aclose()

    async def stat(self, container_id: str, path: str) -> PathStat | None:
        """What a path is."""
        await self._call()
        container = self._daemon.containers.get(container_id)
        return self._daemon.disk(container).stat(path) if container is not None else None

    @contextlib.asynccontextmanager
    async def fetch(self, container_id: str, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Read an archive."""
        await self._call()
        archive = self._daemon.disk(self._find(container_id)).archive(path)
        if archive is None:
            raise NotFound(self._host, f"Could not find the file {path} in container", status=404)
        async with contextlib.aclosing(self._pieces(archive)) as pieces:
            yield pieces

    async def _pieces(self, archive: bytes) -> AsyncGenerator[bytes, None]:
        for at in range(0, len(archive), PIECE):
            await self._guarded(asyncio.sleep(0))
            yield archive[at : at + PIECE]

    async def store(self, container_id: str, directory: str, archive: AsyncIterator[bytes]) -> None:
        """Unpack an archive."""
        disk = self._daemon.disk(self._find(container_id))
        data = b"".join([piece async for piece in archive])
        await self._call()
        found = disk.find(directory)
        if found is None or found[1].data is not None:
            raise NotFound(self._host, f"Could not find the directory {directory} in container", status=404)
        try:
            disk.unpack(found[0], data)
        except tarfile.TarError as error:
            raise EngineError(self._host, f"archive/tar: {error}", status=500) from error

    def _find(self, container_id: str) -> MemoryContainer:
        container = self._daemon.containers.get(container_id)
        if container is None:
            raise NotFound(self._host, f"No such container: {container_id[:12]}", status=404)
        return container


async def end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel and await."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class MemoryProcess:
    """`Running`. A shell with a terminal echoes what is typed; anything else runs once its input is known."""

    def __init__(
        self,
        container: MemoryContainer,
        command: Command,
        programs: Programs,
        guarded: Guarded,
        clock: Clock,
    ) -> None:
        self._container = container
        self._command = command
        self._programs = programs
        self._guarded = guarded
        self._clock = clock
        self._waiting: list[tuple[int, bytes]] = []
        self._news = asyncio.Event()
        self._typed = bytearray()
        self._line = ""
        self._code: int | None = None
        self._stopped = False
        self._eof = asyncio.Event()
        if not command.stdin:
            self._eof.set()
        if command.size is not None:
            programs.size = command.size
        self._task = asyncio.create_task(self._live(), name=f"process in {container.name}")

    async def read(self) -> tuple[int, bytes] | None:
        """What it wrote."""
        while not self._waiting:
            if self._code is not None:
                return None
            self._news.clear()
            await self._guarded(self._news.wait())
        return self._waiting.pop(0)

    async def write(self, data: bytes) -> None:
        """Type."""
        if self._code is None:
            if self._command.tty:
                self._type(data)
            else:
                self._typed += data

    def write_eof(self) -> None:
        """The end of its input: then a program without a terminal does what it does."""
        if not self._command.tty and self._code is None:
            self._eof.set()

    async def resize(self, columns: int, rows: int) -> None:
        """Another size."""
        self._programs.size = TerminalSize(columns, rows)

    async def ended(self) -> Ended:
        """How it ended."""
        gone = self._container.state
        return Ended(self._code, safe(f"the container is {gone}") if self._stopped else NOTHING)

    async def aclose(self) -> None:
        """Whoever ran it has gone."""
        await end([self._task])

    # The process

    async def _live(self) -> None:
        work = asyncio.create_task(self._run())
        try:
            while not work.done() and self._container.alive and self._code is None:
                await asyncio.wait({work}, timeout=LOOK)
            if not work.done() and self._code is None:
                self._stopped = True
                self._end(137)
        finally:
            await end([work])

    async def _run(self) -> None:
        argv = self._command.argv
        name = argv[0].rpartition("/")[2]
        if not self._programs.has(argv[0]):
            said = (
                f'OCI runtime exec failed: exec: "{argv[0]}": executable file not found in $PATH: unknown\r\n'
            )
            self._say(STDOUT, said)
            self._end(127)
            return
        if self._command.tty and name in SHELLS and len(argv) == 1:
            self._prompt()
            await asyncio.Event().wait()
        if not self._command.tty:
            await self._eof.wait()
        text = self._typed.decode("utf-8", "replace")
        if name in SHELLS and len(argv) == 1:
            said_all = self._programs.script(text)
        elif list(argv) == ["cat"]:
            said_all = Said(text)
        else:
            said_all = self._programs.program(argv)
        await self._finish(said_all)

    async def _finish(self, said: Said) -> None:
        self._say(STDOUT, said.out)
        self._say(STDOUT if self._command.tty else STDERR, said.err)
        if said.sleeps:
            await self._clock.sleep(said.sleeps)
        self._end(said.code)

    def _say(self, stream: int, text: str) -> None:
        if text:
            raw = text.replace("\r\n", "\n").replace("\n", "\r\n") if self._command.tty else text
            self._waiting.append((stream, raw.encode()))
            self._news.set()

    def _end(self, code: int) -> None:
        if self._code is None:
            self._code = code
            self._news.set()

    # Its terminal

    def _prompt(self) -> None:
        self._say(STDOUT, f"{self._programs.directory} # ")

    def _type(self, data: bytes) -> None:
        for letter in data.decode("utf-8", "replace"):
            if letter in "\r\n":
                self._say(STDOUT, "\n")
                line, self._line = self._line, ""
                said = self._programs.script(line)
                self._say(STDOUT, said.out + said.err)
                if said.exits:
                    self._end(said.code)
                    return
                self._prompt()
            elif letter in "\x7f\b":
                if self._line:
                    self._line = self._line[:-1]
                    self._say(STDOUT, "\b \b")
            elif letter == "\x03":
                self._line = ""
                self._say(STDOUT, "^C\n")
                self._prompt()
            elif letter == "\x04":
                if not self._line:
                    self._say(STDOUT, "exit\n")
                    self._end(self._programs.last)
                    return
            elif letter.isprintable():
                self._line += letter
                self._say(STDOUT, letter)
