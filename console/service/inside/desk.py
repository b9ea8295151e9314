"""Processes in containers, with what everything that may change something has: guard, record, reason."""

from __future__ import annotations

import asyncio
import logging
import shlex
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from console.errors import AuditFailed, CapabilityMissing, DockconError, EngineError, UsageError
from console.model.actions import Consent, Result, Target
from console.model.guards import check
from console.model.hosts import HostSpec
from console.model.inside import NOT_STARTED, Command, Ended
from console.model.secrets import mask_argv
from console.model.text import NOTHING, SafeText, safe
from console.service.deeds import Audit
from console.service.tasks import end
from console.transport.base import Engine
from console.transport.inside import Inside, Running

log = logging.getLogger(__name__)

MARK = "DOCKCON_RUN"
"""A variable of every process we start, by which it is found again when it has to be told to end."""

HANG_UP_WITHIN = 3.0
"""Seconds for telling a process that whoever started it has gone."""

# $1 is the mark, $2 the signal. A process that was started with `nohup` survives, as it should.
_HANG_UP = (
    'for p in /proc/[0-9]*; do case "$(cat "$p/environ" 2>/dev/null)" in '
    '*"$1"*) kill -"$2" "${p#/proc/}";; esac; done'
)


class Deed(StrEnum):
    """The words of the audit file."""

    SHELL = "shell"
    EXEC = "exec"
    COPY_IN = "copy-in"
    COPY_OUT = "copy-out"


LEFT = safe("left before it ended")


@dataclass(slots=True)
class Note:
    """How something ended, for the record; whoever does it fills it in."""

    result: Result = Result.UNKNOWN
    text: SafeText = LEFT


class Run:
    """A process that was started; `ended` has to be awaited after the end of its output."""

    def __init__(self, process: Running, note: Note) -> None:
        self.process = process
        self._note = note
        self.over = False

    async def ended(self) -> Ended:
        """How it ended. Raises EngineDown, HostUnreachable, EngineError."""
        ended = await self.process.ended()
        self.over = True
        self._note.result = Result.DONE if ended.code is not None else Result.UNKNOWN
        self._note.text = said(ended)
        return ended


def said(ended: Ended) -> SafeText:
    """`exit code 3`, or why there is none."""
    if ended.code is None:
        return ended.text or safe("its exit code is not known")
    return SafeText(f"exit code {ended.code}" + (f", {ended.text}" if ended.text else ""))


def command_text(argv: Sequence[str]) -> SafeText:
    """A command as it may be shown and put on record: quoted as a shell would want it, secrets masked."""
    return SafeText(shlex.join(mask_argv(argv)))


class InsideDesk:
    """Belongs to the network loop."""

    def __init__(
        self,
        specs: Mapping[str, HostSpec],
        audit: Audit,
        reach: Callable[[str], Awaitable[Engine]],
        *,
        read_only: bool = False,
    ) -> None:
        """`reach` returns the engine of a host that is up, or raises why it is not."""
        self._specs = specs
        self._audit = audit
        self._reach = reach
        self._read_only = read_only
        self._tasks: set[asyncio.Task[object]] = set()
        """Of whoever does something now."""

    async def aclose(self) -> None:
        """Leave everything that goes on, which ends it where that is possible, and put that on record. The
        audit is closed by its owner.
        """
        await end(self._tasks)

    def allow(self, target: Target, consent: Consent) -> None:
        """Raise GuardRefused unless the host allows what changes things, and `consent` is what it wants."""
        spec = self._specs.get(target.host)
        if spec is None:
            raise UsageError(f"no host is called {target.host}")
        check(spec, target, consent, read_only=self._read_only)

    async def inside(self, host: str) -> Inside:
        """What goes on in the containers of a host that is up. Raises HostUnreachable."""
        return (await self._reach(host)).inside

    @asynccontextmanager
    async def recorded(self, deed: Deed, target: Target, plan: str) -> AsyncIterator[Note]:
        """On record before and after; the note says how it ended. Raises AuditFailed."""
        operation, note, task = uuid.uuid4().hex[:16], Note(), asyncio.current_task()
        assert task is not None
        await self._audit.before(operation, deed.value, target, (plan,) if plan else ())
        self._tasks.add(task)
        try:
            yield note
        except DockconError as error:
            if note.result is Result.UNKNOWN:
                note.text = SafeText(error.message)
            raise
        finally:
            ended = self._audit.after(operation, deed.value, target, note.result.value, note.text)
            try:
                await asyncio.shield(ended)
            except AuditFailed as error:
                log.error("%s %s is over but not on record: %s", deed, target.ref, error)
            finally:
                self._tasks.discard(task)

    @asynccontextmanager
    async def running(
        self, deed: Deed, target: Target, command: Command, consent: Consent, shell: str = "sh"
    ) -> AsyncIterator[Run]:
        """Start a command; leaving before its end tells it to end, as far as that is possible: by a signal to
        whatever carries its mark, sent by `shell` in the container while the host can be reached.

        Raises GuardRefused, AuditFailed, Conflict (it does not run), NotFound and what engines raise.
        """
        self.allow(target, consent)
        inside = await self.inside(target.host)
        mark = f"{MARK}={uuid.uuid4().hex[:16]}"
        marked = replace(command, env=(*command.env, mark))
        async with self.recorded(deed, target, command_text(command.argv)) as note:
            note.result, note.text = Result.FAILED, NOTHING
            try:
                async with inside.run(target.id, marked) as process:
                    note.result, note.text = Result.UNKNOWN, LEFT
                    run = Run(process, note)
                    try:
                        yield run
                    finally:
                        if not run.over:
                            await self._hang_up(inside, target, shell, mark, tty=command.tty)
            except DockconError as error:
                note.text = SafeText(error.message)
                raise

    async def _hang_up(self, inside: Inside, target: Target, shell: str, mark: str, *, tty: bool) -> None:
        argv = (shell, "-c", _HANG_UP, shell, mark, "HUP" if tty else "TERM")
        ending = asyncio.create_task(_quietly(inside, target, Command(argv=argv)), name="hang up")
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            # We are being closed: it still has its seconds, for there is nobody else to do it.
            await asyncio.wait({ending})
            raise

    async def find_shell(self, target: Target) -> str:
        """`bash` where there is one, else `sh`. Raises CapabilityMissing where there is none at all, and what
        engines raise.
        """
        inside = await self.inside(target.host)
        for shell in ("sh", "bash"):
            script = "command -v bash || command -v sh"
            code, out = await _output(inside, target.id, Command(argv=(shell, "-c", script)))
            if code == 0:
                return "bash" if out.strip().endswith(b"bash") else "sh"
            if code not in NOT_STARTED:
                return shell
        raise CapabilityMissing(
            target.host,
            f"{target.ref} has no shell: its image has neither sh nor bash",
            next_step="run one of its own programs, copy files out, or look at its logs and inspect",
        )


async def _output(inside: Inside, container_id: str, command: Command) -> tuple[int | None, bytes]:
    """Run a short command; its exit code and the beginning of its output. Where an engine refuses to start
    what is not there, the code is 127.
    """
    out = b""
    try:
        async with inside.run(container_id, command) as process:
            while (piece := await process.read()) is not None:
                out = (out + piece[1])[:4096]
            return (await process.ended()).code, out
    except EngineError as error:
        words = error.message.lower()
        if "executable" in words or "no such file" in words:
            return 127, b""
        raise


async def _quietly(inside: Inside, target: Target, command: Command) -> None:
    """As far as it is possible; nobody waits for more than that."""
    try:
        async with asyncio.timeout(HANG_UP_WITHIN):
            await _output(inside, target.id, command)
    except (DockconError, TimeoutError) as error:
        log.warning("what was started in %s may go on there: %s", target.ref, error)
