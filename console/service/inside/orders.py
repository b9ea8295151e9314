"""What a front end on another thread may ask to be done inside containers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.model.actions import Consent, Target
from console.model.inside import Command, Ended, TerminalSize
from console.service.inside.copying import Copied, Copying, Progress
from console.service.inside.desk import Deed, InsideDesk
from console.service.inside.runs import CommandRun
from console.service.inside.wire import Wire

if TYPE_CHECKING:
    from console.service.orders import Ask


async def shell(
    desk: InsideDesk,
    target: Target,
    consent: Consent,
    wire: Wire,
    *,
    size: TerminalSize,
    term: str,
    opened: Callable[[str], None],
) -> Ended | None:
    """A shell in a container at the other end of `wire`; `opened` is told which one. None where it was left.

    Raises GuardRefused, AuditFailed, CapabilityMissing (no shell), Conflict, NotFound, EngineError,
    EngineDown, HostUnreachable, OutcomeUnknown.
    """
    desk.allow(target, consent)
    name = await desk.find_shell(target)
    command = Command(argv=(name,), tty=True, stdin=True, env=(f"TERM={term}",), size=size)
    async with desk.running(Deed.SHELL, target, command, consent, name) as run:
        opened(name)
        return await run.ended() if await wire.carry(run.process) else None


class InsideOrders:
    """Over a fleet on the network thread."""

    def __init__(self, desk: Callable[[], InsideDesk], ask: Ask) -> None:
        """`desk` raises GuardRefused where nothing can be done at all."""
        self._desk = desk
        self._ask = ask

    async def shell(
        self,
        target: Target,
        consent: Consent,
        wire: Wire,
        *,
        size: TerminalSize,
        term: str,
        opened: asyncio.Future[str],
    ) -> Ended | None:
        """See `shell`; `opened` belongs to the caller's loop."""
        loop = asyncio.get_running_loop()

        def settle(name: str) -> None:
            if not opened.done():
                opened.set_result(name)

        def tell(name: str) -> None:
            loop.call_soon_threadsafe(settle, name)

        work = shell(self._desk(), target, consent, wire, size=size, term=term, opened=tell)
        return await self._ask(target.host, work)

    async def command(self, run: CommandRun, consent: Consent) -> None:
        """Run a command everywhere it is meant for. Cancelled, it is told to end."""
        await self._ask("", run.live(self._desk(), consent))

    async def copy_out(
        self, target: Target, path: str, place: Path, progress: Progress, *, force: bool
    ) -> Copied:
        """See `Copying.out`."""
        work = Copying(self._desk()).out(target, path, place, progress, force=force)
        return await self._ask(target.host, work)

    async def copy_in(
        self, target: Target, source: Path, path: str, progress: Progress, consent: Consent, *, force: bool
    ) -> Copied:
        """See `Copying.into`."""
        work = Copying(self._desk()).into(target, source, path, progress, consent, force=force)
        return await self._ask(target.host, work)
