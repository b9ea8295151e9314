"""`dockcon exec`: a command in one container as if it ran here, or in several with their names before it."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from console.cli.arguments import Options
from console.cli.doing import Doing, agree, chosen, doing, possible
from console.cli.exits import Exit, exit_after, worst
from console.cli.output import Output
from console.cli.setup import set_up
from console.cli.writer import Sink, Writer
from console.config.paths import Homes
from console.errors import DockconError, UsageError
from console.model.actions import Consent, Target
from console.model.inside import Command, Ended
from console.model.secrets import mask_text
from console.model.text import sanitise
from console.service.inside.desk import Deed, Run, command_text, said
from console.transport.inside import STDERR, STDOUT

AT_ONCE = 8
"""Containers in which a command runs at the same time."""

KEPT = 1 << 20
"""Bytes of each output that --json keeps."""

READ = 65536


def run(options: Options, homes: Homes, output: Output) -> int:
    """Run it; the command's own exit code for one container."""
    if not options.command:
        raise UsageError("no command: it stands after --", next_step="dockcon exec app-1/web -- ls -l /")
    if options.tty:
        from console.cli.shell import in_terminal

        return in_terminal(options, homes, output)
    setup = set_up(options, homes)

    async def go() -> int:
        async with doing(setup, possible(setup, options.query), read_only=options.read_only) as at:
            found, code = chosen(options.query, await at.listed(), output)
            targets = [Target.of(container) for container in found]
            if not targets:
                return code
            if options.interactive and len(targets) > 1:
                raise UsageError("standard input can go to one container only", next_step="name one of them")
            consent = agreed(options, targets, at, output)
            command = Command(argv=tuple(options.command), stdin=options.interactive)
            work = _Work(at, command, consent, output)
            if options.json:
                return await work.as_json(targets, code)
            async with Writer(Sink(sys.stdout), Sink(sys.stderr)) as writer:
                await writer.guard(work.shown(targets, writer))
                await writer.flush()
            return work.exit(code)

    return asyncio.run(go())


def agreed(options: Options, targets: Sequence[Target], at: Doing, output: Output) -> Consent:
    """For one container the command line is meant as it stands; for several it is asked, unless --yes."""
    alone = replace(options, yes=True) if len(targets) == 1 else options
    return agree(f"run {command_text(options.command)} in", targets, at.specs, alone, output)


@dataclass
class _One:
    """What became of it in one container."""

    target: Target
    ended: Ended | None = None
    error: DockconError | None = None
    out: dict[int, bytearray] = field(default_factory=lambda: {STDOUT: bytearray(), STDERR: bytearray()})
    cut: bool = False
    started: bool = False

    @property
    def code(self) -> Exit:
        """As one of several."""
        if self.error is not None:
            return exit_after(self.error, started=self.started)
        if self.ended is None or self.ended.code is None:
            return Exit.UNKNOWN
        return Exit.FAILED if self.ended.code else Exit.DONE

    def row(self) -> dict[str, object]:
        """For --json."""
        ended = self.ended
        done = self.error is None and ended is not None and ended.code is not None
        text = mask_text(str(self.error)) if self.error else said(ended) if ended else ""
        return {
            "host": self.target.host,
            "id": self.target.id,
            "name": self.target.name,
            "result": "done" if done else "unknown" if self.code is Exit.UNKNOWN else "failed",
            "exit_code": ended.code if ended else None,
            "text": text,
            "stdout": self.out[STDOUT].decode("utf-8", "replace"),
            "stderr": self.out[STDERR].decode("utf-8", "replace"),
            "truncated": self.cut,
        }


Take = Callable[[_One, int, bytes], Awaitable[None]]
"""What is done with a piece of output."""


class _Work:
    """One command in all of its containers."""

    def __init__(self, at: Doing, command: Command, consent: Consent, output: Output) -> None:
        self._at = at
        self._command = command
        self._consent = consent
        self._output = output
        self._ones: list[_One] = []

    def exit(self, code: Exit) -> int:
        """The exit code of the verb."""
        if len(self._ones) == 1 and (ended := self._ones[0].ended) is not None and ended.code is not None:
            return ended.code
        return worst([code, *(one.code for one in self._ones)])

    async def as_json(self, targets: Sequence[Target], code: Exit) -> int:
        """All of it as one array."""

        async def keep(one: _One, stream: int, data: bytes) -> None:
            kept = one.out[stream]
            room = KEPT - len(kept)
            kept += data[:room]
            one.cut = one.cut or len(data) > room

        await self._everywhere(targets, keep)
        self._output.array([one.row() for one in self._ones])
        return self.exit(code)

    async def shown(self, targets: Sequence[Target], writer: Writer) -> None:
        """Output as it comes: of one container as it is, of several in whole lines."""
        if len(targets) == 1:
            plain = _Plain(writer)
            await self._everywhere(targets, plain.write)
        else:
            lines = _Lines(writer)
            await self._everywhere(targets, lines.write)
            await lines.finish(self._ones)
        for one in self._ones:
            if one.error is not None:
                self._output.say(about(one.target, one.error))
            elif one.ended is not None and (one.ended.text or (one.ended.code and len(targets) > 1)):
                self._output.say(f"{one.target.ref}: {said(one.ended)}")

    async def _everywhere(self, targets: Sequence[Target], take: Take) -> None:
        self._ones = [_One(target) for target in targets]
        slots = asyncio.Semaphore(AT_ONCE)

        async def one_of(one: _One) -> None:
            async with slots:
                try:
                    await self._run(one, take)
                except DockconError as error:
                    one.error = error

        async with asyncio.TaskGroup() as group:
            for one in self._ones:
                group.create_task(one_of(one))

    async def _run(self, one: _One, take: Take) -> None:
        desk = self._at.works.inside
        async with desk.running(Deed.EXEC, one.target, self._command, self._consent) as running:
            one.started = True
            feeding = asyncio.create_task(_feed(running)) if self._command.stdin else None
            try:
                while (piece := await running.process.read()) is not None:
                    await take(one, *piece)
                one.ended = await running.ended()
            finally:
                if feeding is not None:
                    feeding.cancel()
                    await asyncio.gather(feeding, return_exceptions=True)


async def _feed(running: Run) -> None:
    """Standard input, as far as the process takes it. Read on a thread: it may be anything."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes] = asyncio.Queue(4)

    def read() -> None:
        try:
            while data := os.read(0, READ):
                asyncio.run_coroutine_threadsafe(pieces.put(data), loop).result()
            asyncio.run_coroutine_threadsafe(pieces.put(b""), loop).result()
        except (OSError, RuntimeError, asyncio.CancelledError):
            return  # the process, or we, have ended meanwhile

    threading.Thread(target=read, name="dockcon-input", daemon=True).start()
    while data := await pieces.get():
        await running.process.write(data)
    running.process.write_eof()


def about(target: Target, error: DockconError) -> str:
    """What went wrong, and with which container where it does not say."""
    text = str(error) if target.ref in str(error) else f"{target.ref}: {error}"
    return mask_text(text.replace(target.id, str(target.name)))


def _harmless(line: str) -> str:
    line = line.removesuffix("\r").expandtabs()
    return sanitise(line, len(line) + 1)


class _Plain:
    """Bytes as they are; for a terminal without anything it would obey."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._seen = {STDOUT: sys.stdout.isatty(), STDERR: sys.stderr.isatty()}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {STDOUT: decoder("replace"), STDERR: decoder("replace")}

    async def write(self, one: _One, stream: int, data: bytes) -> None:
        if self._seen[stream]:
            text = self._decoders[stream].decode(data)
            data = "\n".join(
                sanitise(line.expandtabs(), len(line) * 8 + 8) for line in text.split("\n")
            ).encode()
        await self._writer.write(data, diagnostic=stream == STDERR)


class _Lines:
    """Whole lines with the container before them."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rest: dict[tuple[str, int], bytes] = {}

    async def write(self, one: _One, stream: int, data: bytes) -> None:
        key = (one.target.ref, stream)
        *lines, rest = (self._rest.get(key, b"") + data).split(b"\n")
        if len(rest) > READ:
            lines, rest = [*lines, rest], b""
        self._rest[key] = rest
        for line in lines:
            await self._line(key, line)

    async def finish(self, ones: Sequence[_One]) -> None:
        for one in ones:
            for stream in (STDOUT, STDERR):
                key = (one.target.ref, stream)
                if rest := self._rest.pop(key, b""):
                    await self._line(key, rest)

    async def _line(self, key: tuple[str, int], line: bytes) -> None:
        text = _harmless(line.decode("utf-8", "replace"))
        await self._writer.write(f"{key[0]}: {text}\n".encode(), diagnostic=key[1] == STDERR)
