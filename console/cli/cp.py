"""`dockcon cp`: files out of containers, into them, and from one to another."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from console.cli.arguments import Options
from console.cli.doing import Doing, agree, chosen, doing, possible
from console.cli.exec import about
from console.cli.exits import Exit, exit_after
from console.cli.output import Output
from console.cli.setup import set_up
from console.cli.writer import Sink, Writer
from console.config.paths import Homes
from console.errors import DockconError, UsageError
from console.model.actions import Consent, Target
from console.model.units import size as words_of
from console.service.inside.copying import Copied, Copying, Progress

TELL_EVERY = 0.5
"""Seconds between two words on how far it is, on a terminal."""

READ = 65536


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a copy: a path in what a selector names, a path here, or `-`."""

    path: str
    selector: str = ""

    @property
    def stream(self) -> bool:
        return self.path == "-" and not self.selector


def place_of(text: str) -> Place:
    """`app-1/web:/etc/hosts`, `web@app-1:/etc`, or a path here; one with a colon in it is written `./a:b`."""
    selector, colon, path = text.partition(":")
    if not colon or text.startswith((".", "/", "~")):
        return Place(os.path.expanduser(text))
    if not selector or not path:
        raise UsageError(f"`{text}` names no path", next_step="write HOST/NAME:PATH")
    return Place(path if path.startswith("/") else f"/{path}", selector)


def run(options: Options, homes: Homes, output: Output) -> int:
    """Copy."""
    source, target = place_of(options.source), place_of(options.target)
    selectors = [place.selector for place in (source, target) if place.selector]
    if not selectors:
        raise UsageError(
            "neither of them is in a container", next_step="write HOST/NAME:PATH for one of them"
        )
    setup = set_up(options, homes)

    async def go() -> int:
        async with doing(setup, possible(setup, selectors), read_only=options.read_only) as at:
            ends: list[Target] = []
            for selector in selectors:
                found, code = chosen([selector], await at.listed(), output)
                if len(found) != 1:
                    if not found:
                        return code
                    raise UsageError(f"`{selector}` names {len(found)} containers", next_step="name one")
                ends.append(Target.of(found[0]))
            work = _Copy(at, options, output, source, target, ends)
            try:
                copied = await work.run()
            except DockconError as error:
                output.say(about(ends[-1], error))
                return exit_after(error, started=False)
            work.done(copied)
            return Exit.DONE

    return asyncio.run(go())


class _Copy:
    """One copy."""

    def __init__(
        self,
        at: Doing,
        options: Options,
        output: Output,
        source: Place,
        target: Place,
        ends: Sequence[Target],
    ) -> None:
        self._at = at
        self._options = options
        self._output = output
        self._source = source
        self._target = target
        self._ends = ends
        self._copying = Copying(at.works.inside)
        self._progress = Progress()

    async def run(self) -> Copied:
        """Whichever way it goes. Raises what `Copying` does."""
        source, target, force = self._source, self._target, self._options.force
        if target.stream:
            async with Writer(Sink(sys.stdout), Sink(sys.stderr)) as writer:
                done: list[Copied] = []
                await writer.guard(self._streamed(writer.write, done))
                await writer.flush()
            return done[0]
        if not target.selector:
            work = self._copying.out(
                self._ends[0], source.path, Path(target.path), self._progress, force=force
            )
            return await self._shown(work)
        into = self._ends[-1]
        consent = self._agreed(into)
        if source.stream:
            return await self._copying.raw_in(into, target.path, _standard_input(), consent)
        if source.selector:
            first, progress = self._ends[0], self._progress
            return await self._shown(
                self._copying.across(first, source.path, into, target.path, progress, consent)
            )
        here = Path(source.path)
        return await self._shown(
            self._copying.into(into, here, target.path, self._progress, consent, force=force)
        )

    def _agreed(self, into: Target) -> Consent:
        alone = replace(self._options, yes=True)
        return agree(f"copy to {self._target.path} in", [into], self._at.specs, alone, self._output)

    async def _streamed(self, write: Callable[[bytes], Awaitable[None]], done: list[Copied]) -> None:
        done.append(await self._copying.raw_out(self._ends[0], self._source.path, write))

    async def _shown(self, work: Awaitable[Copied]) -> Copied:
        task = asyncio.ensure_future(work)
        seen = sys.stderr.isatty() and not self._options.json
        try:
            while not (await asyncio.wait({task}, timeout=TELL_EVERY))[0]:
                if seen:
                    sys.stderr.write(f"\r\x1b[K{how_far(self._progress)}")
                    sys.stderr.flush()
            return task.result()
        finally:
            if seen:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def done(self, copied: Copied) -> None:
        """Say it; standard output may be the archive itself."""
        if self._options.json and not self._target.stream:
            row = {
                "from": self._options.source,
                "to": self._options.target,
                "bytes": copied.bytes,
                "left_out": [name.encode("utf-8", "replace").decode() for name in copied.left_out],
            }
            self._output.array([row])
            return
        text = f"{self._options.source} -> {self._options.target}: {copied.text}"
        if self._target.stream:
            self._output.say(text)
        else:
            self._output.line(text)


def how_far(progress: Progress) -> str:
    """`12M of 50M`."""
    if not progress.total:
        return words_of(progress.done)
    return f"{words_of(min(progress.done, progress.total))} of {words_of(progress.total)}"


async def _standard_input() -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    while data := await loop.run_in_executor(None, os.read, 0, READ):
        yield data
