"""One command in one or more containers, watched from another thread while it runs."""

from __future__ import annotations

import asyncio
import codecs
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from console.errors import DockconError
from console.model.actions import Consent, Target
from console.model.inside import Command
from console.model.text import NOTHING, SafeText, sanitise
from console.service.inside.desk import Deed, InsideDesk, said
from console.transport.inside import STDERR, STDOUT

LINES = 5000
"""Lines of one container that are kept; the oldest go."""

AT_ONCE = 8
LINE = 4096
"""Characters of an unfinished line above which it is taken for one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the command in one container."""

    target: Target
    lines: tuple[tuple[bool, SafeText], ...]
    """Whether it came from standard error, and the line."""
    dropped: int
    """Lines that were too many."""
    text: SafeText
    """How it ended; empty while it runs."""
    well: bool
    """Whether it ended with exit code 0."""


class _Part:
    """One container's."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.lines: deque[tuple[bool, SafeText]] = deque(maxlen=LINES)
        self.dropped = 0
        self.text = NOTHING
        self.well = False
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {STDOUT: decoder("replace"), STDERR: decoder("replace")}
        self._rest = {STDOUT: "", STDERR: ""}

    def take(self, stream: int, data: bytes) -> None:
        """More output."""
        *lines, rest = (self._rest[stream] + self._decoders[stream].decode(data)).split("\n")
        if len(rest) > LINE:
            lines, rest = [*lines, rest], ""
        self._rest[stream] = rest
        for line in lines:
            self._put(stream, line)

    def finish(self, text: SafeText, *, well: bool = False) -> None:
        """No more output."""
        for stream, rest in self._rest.items():
            if rest:
                self._put(stream, rest)
        self._rest = dict.fromkeys(self._rest, "")
        self.text, self.well = text, well

    def _put(self, stream: int, line: str) -> None:
        self.dropped += len(self.lines) == LINES
        self.lines.append((stream == STDERR, sanitise(line.removesuffix("\r").expandtabs(), LINE)))

    def seen(self) -> Seen:
        rest = tuple((s == STDERR, sanitise(t, LINE)) for s, t in self._rest.items() if t)
        return Seen(self.target, (*self.lines, *rest), self.dropped, self.text, self.well)


class CommandRun:
    """Made anywhere; `live` runs on the network loop, the rest may be asked from any thread."""

    def __init__(self, argv: Sequence[str], targets: Sequence[Target]) -> None:
        self.argv = tuple(argv)
        self.changes = 0
        """Grows with everything that is new."""
        self._lock = threading.Lock()
        self._parts = [_Part(target) for target in targets]

    @property
    def over(self) -> bool:
        """Whether it has ended everywhere."""
        return all(part.text for part in self._parts)

    def look(self) -> list[Seen]:
        """Everything that is known."""
        with self._lock:
            return [part.seen() for part in self._parts]

    async def live(self, desk: InsideDesk, consent: Consent) -> None:
        """Run it everywhere; what goes wrong with one is said of that one. Cancelled, it is told to end."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(part: _Part) -> None:
            async with slots:
                try:
                    await self._run(desk, part, consent)
                except DockconError as error:
                    words = str(error).replace(part.target.id, str(part.target.name))
                    self._finish(part, sanitise(words, 400))

        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts:
                    group.create_task(one(part))
        finally:
            for part in self._parts:
                if not part.text:
                    self._finish(part, SafeText("stopped: it was told to end"))

    async def _run(self, desk: InsideDesk, part: _Part, consent: Consent) -> None:
        async with desk.running(Deed.EXEC, part.target, Command(argv=self.argv), consent) as running:
            while (piece := await running.process.read()) is not None:
                with self._lock:
                    part.take(*piece)
                self.changes += 1
            ended = await running.ended()
        self._finish(part, said(ended), well=ended.code == 0)

    def _finish(self, part: _Part, text: SafeText, *, well: bool = False) -> None:
        with self._lock:
            part.finish(text, well=well)
        self.changes += 1
