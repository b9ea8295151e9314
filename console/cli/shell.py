"""`dockcon shell`, and `dockcon exec -t`: a process in a container that has this terminal."""

from __future__ import annotations

import asyncio
import os
import sys

from console.cli.arguments import Options
from console.cli.doing import chosen, doing, possible
from console.cli.exits import Exit, exit_after
from console.cli.output import Output
from console.cli.setup import set_up
from console.config.paths import Homes
from console.errors import DockconError, UsageError
from console.model.actions import Consent, Target
from console.model.inside import Command, Ended
from console.service.inside.desk import Deed, InsideDesk, Run, said
from console.service.inside.terminal import WAYS_BACK, Parting, attend, size_of, term_for
from console.service.inside.wire import Wire


def run(options: Options, homes: Homes, output: Output) -> int:
    """Open a shell."""
    return in_terminal(options, homes, output)


def in_terminal(options: Options, homes: Homes, output: Output) -> int:
    """Give the terminal to a shell, or to the command of the options; return its exit code."""
    from console.cli.exec import about, agreed

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        without = "without one: dockcon exec [-i] SELECTOR -- COMMAND"
        raise UsageError("this needs a terminal", next_step=without)
    setup = set_up(options, homes)

    async def go() -> int:
        async with doing(setup, possible(setup, options.query), read_only=options.read_only) as at:
            found, code = chosen(options.query, await at.listed(), output)
            if len(found) != 1:
                if not found:
                    return code
                raise UsageError(f"{len(found)} containers are meant", next_step="name one: host/name")
            target = Target.of(found[0])
            consent = agreed(options, [target], at, output)
            desk = at.works.inside
            desk.allow(target, consent)
            argv = tuple(options.command) or (await desk.find_shell(target),)
            command = Command(
                argv=argv,
                tty=True,
                stdin=True,
                env=(f"TERM={term_for(os.environ.get('TERM', ''))}",),
                size=size_of(0),
            )
            deed = Deed.EXEC if options.command else Deed.SHELL
            seat = _Seat(desk, deed, target, command)
            try:
                ended = await seat.live(consent)
            except DockconError as error:
                output.say(about(target, error))
                return exit_after(error, started=seat.started)
            return _told(target, ended, output)

    return asyncio.run(go())


class _Seat:
    """One process that has the terminal."""

    def __init__(self, desk: InsideDesk, deed: Deed, target: Target, command: Command) -> None:
        self._desk = desk
        self._deed = deed
        self._target = target
        self._command = command
        self.started = False

    async def live(self, consent: Consent) -> Ended | None:
        """Until it ends, or is left: None. Raises what engines raise."""
        wire = Wire()
        try:
            async with self._desk.running(self._deed, self._target, self._command, consent) as running:
                self.started = True
                return await running.ended() if await self._carried(wire, running) else None
        finally:
            wire.free()

    async def _carried(self, wire: Wire, running: Run) -> bool:
        intro = (
            "" if self._deed is Deed.EXEC else f"{self._target.ref}: {self._command.argv[0]} {WAYS_BACK}\r\n"
        )
        carrying = asyncio.create_task(wire.carry(running.process))
        try:
            if await attend(wire, 0, intro) is not Parting.ENDED:
                wire.close()
            return await carrying
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)


def _told(target: Target, ended: Ended | None, output: Output) -> int:
    if ended is None:
        output.say(f"{target.ref}: left; its process was told to hang up")
        return Exit.UNKNOWN
    if ended.text or ended.code is None:
        output.say(f"{target.ref}: {said(ended)}")
    return Exit.UNKNOWN if ended.code is None else ended.code
