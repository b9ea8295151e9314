"""Shells, commands and files of containers, from the key to what is said of it. Made when first needed."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from console.errors import DockconError, GuardRefused
from console.model.actions import Consent, Target
from console.model.containers import Container, ContainerState
from console.model.guards import forbid
from console.model.hosts import Guard, HostSpec
from console.model.inside import Ended
from console.model.text import NOTHING, safe, sanitise
from console.model.timeline.entries import Entry, Source, Weight, thing
from console.service.inside.terminal import WAYS_BACK, Parting, attend, size_of, term_for
from console.service.inside.wire import Wire
from console.ui.messages import InsideWanted

if TYPE_CHECKING:
    from console.ui.screens.acting import ActingScreen
    from console.ui.terminal_app import TerminalApp


class InsideDesk:
    """Belongs to the main screen. Targets are those of the moment the key was pressed."""

    def __init__(self, screen: ActingScreen) -> None:
        self._screen = screen
        self.app = cast("TerminalApp", screen.app)
        self.bridge = screen.bridge
        self.status = screen.status
        self.glyphs = screen.glyphs
        self.read_only = screen.read_only

    @property
    def _specs(self) -> dict[str, HostSpec]:
        return {spec.name: spec for spec in self.bridge.world.hosts}

    def take(self, event: InsideWanted) -> None:
        """Refuse what makes no sense, then do it."""
        why = objection(event.what, event.containers)
        try:
            # Files may come out of anywhere; where they would go in, it is asked again.
            for container in event.containers if event.what != "files" else ():
                forbid(self._specs[container.host], read_only=self.read_only)
        except GuardRefused as refused:
            why = str(refused)
        if why:
            self.status.say(why, "warn")
            return
        targets = [Target.of(container) for container in event.containers]
        work = {"shell": self._shell, "command": self._command, "files": self._files}[event.what](targets)
        self._screen.run_worker(work, group="inside", exit_on_error=False)

    def _typed(self, targets: Sequence[Target]) -> list[str]:
        """Names that have to be typed before anything is done in these."""
        guarded = [target for target in targets if self._specs[target.host].guard is Guard.TYPED]
        return [str(name) for name in dict.fromkeys(target.name for target in guarded)]

    # A shell

    async def _consent(self, question: str, target: Target) -> Consent | None:
        """The key itself is a yes; where names have to be typed, it is asked."""
        if not self._typed([target]):
            return Consent(yes=True)
        from console.ui.screens.inside import EnterScreen

        return await self.app.push_screen_wait(EnterScreen(question, target, self.glyphs))

    async def _shell(self, targets: Sequence[Target]) -> None:
        target = targets[0]
        consent = await self._consent("Open a shell?", target)
        if consent is None:
            self.status.say("no shell was opened", "dim")
            return
        self.status.say(f"shell {target.ref}: looking for one", "busy")
        wire = Wire()
        try:
            told, tone = await self._in_terminal(target, consent, wire)
        except (DockconError, OSError) as error:
            told, tone = f"shell {target.ref}: {error}", "bad"
        finally:
            wire.free()
        self.status.say(told, tone)
        self._record(target, "shell", told, tone)

    async def _in_terminal(self, target: Target, consent: Consent, wire: Wire) -> tuple[str, str]:
        """Run it to its end; what is said of it then."""
        terminal = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
        opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        shell = self.bridge.handle.orders.inside.shell(
            target,
            consent,
            wire,
            size=size_of(terminal),
            term=term_for(os.environ.get("TERM", "")),
            opened=opened,
        )
        carrying = asyncio.create_task(shell)
        parting = Parting.ENDED
        try:
            either: set[asyncio.Future[object]] = {carrying, opened}  # type: ignore[arg-type]  # of any result
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if opened.done():
                intro = f"\r\x1b[2m{target.ref}: {opened.result()} {WAYS_BACK}\x1b[0m\r\n"
                parting = await self.app.lend(attend(wire, terminal, intro))
                self.app.refresh(layout=True)
            if parting is not Parting.ENDED:
                wire.close()
            return outcome(target, await carrying)
        finally:
            if not carrying.done():
                wire.close()
                carrying.cancel()
                await asyncio.gather(carrying, return_exceptions=True)

    # A command

    async def _command(self, targets: Sequence[Target]) -> None:
        from console.service.inside.runs import CommandRun
        from console.ui.screens.form import FormScreen
        from console.ui.screens.inside import RunScreen, result

        names = self._typed(targets)
        title = f"Run a command in {'1 container' if len(targets) == 1 else f'{len(targets)} containers'}"
        form = FormScreen(
            title, targets, COMMAND_FIELDS, self.glyphs, objection=command_objection, names=names
        )
        typed = await self.app.push_screen_wait(form)
        if typed is None:
            self.status.say("nothing was run", "dim")
            return
        run = CommandRun(shlex.split(typed["command"]), targets)
        consent = Consent(yes=True, typed=frozenset(names))
        living = asyncio.create_task(self.bridge.handle.orders.inside.command(run, consent))
        try:
            await self.app.push_screen_wait(RunScreen(run, self.glyphs))
        finally:
            living.cancel()
            (error,) = await asyncio.gather(living, return_exceptions=True)
        if isinstance(error, DockconError):
            self.status.say(f"command: {error}", "bad")
            return
        text, well = result(run)
        self.status.say(f"command: {text}", "ok" if well else "warn")
        for seen in run.look():
            self._record(seen.target, "exec", f"exec: {seen.text}", "ok" if seen.well else "warn")

    # Files

    async def _files(self, targets: Sequence[Target]) -> None:
        from console.ui.screens.form import FormScreen

        target = targets[0]
        form = FormScreen("Copy files", targets, FILE_FIELDS, self.glyphs, objection=files_objection)
        typed = await self.app.push_screen_wait(form)
        if typed is None:
            self.status.say("nothing was copied", "dim")
            return
        into = typed["to"].startswith(":")
        what = f"{'copy-in' if into else 'copy-out'} {target.ref}"
        consent: Consent | None = Consent()
        if into:
            try:
                forbid(self._specs[target.host], read_only=self.read_only)
            except GuardRefused as refused:
                self.status.say(str(refused), "warn")
                return
            consent = await self._consent("Copy files into it?", target)
        if consent is None:
            self.status.say("nothing was copied", "dim")
            return
        try:
            told, tone = await self._copied(target, typed, consent)
        except DockconError as error:
            told, tone = str(error), "bad"
        self.status.say(f"{what}: {told}", tone)
        if tone != "dim":
            self._record(target, what.partition(" ")[0], f"{what}: {told}", tone)

    async def _copied(self, target: Target, typed: Mapping[str, str], consent: Consent) -> tuple[str, str]:
        from console.service.inside.copying import Exists
        from console.ui.screens.inside import ReplaceScreen

        try:
            return await self._copy(target, typed, consent, force=False)
        except Exists as there:
            dialog = ReplaceScreen(there.message, arrow(typed), self.glyphs)
            if await self.app.push_screen_wait(dialog) is None:
                return "nothing was copied", "dim"
        return await self._copy(target, typed, consent, force=True)

    async def _copy(
        self, target: Target, typed: Mapping[str, str], consent: Consent, *, force: bool
    ) -> tuple[str, str]:
        from console.service.inside.copying import Progress
        from console.ui.screens.inside import CopyScreen

        inside, progress = self.bridge.handle.orders.inside, Progress()
        source, to = typed["from"], typed["to"]
        if to.startswith(":"):
            here = here_of(source)
            work = inside.copy_in(target, here, to[1:], progress, consent, force=force)
        else:
            work = inside.copy_out(target, source[1:], here_of(to), progress, force=force)
        screen = CopyScreen(f"{target.ref}  {arrow(typed)}", progress, self.glyphs)
        left = asyncio.Event()
        await self.app.push_screen(screen, lambda _: left.set())
        copying, leaving = asyncio.create_task(work), asyncio.create_task(left.wait())
        try:
            await asyncio.wait({copying, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not copying.done():
                return "stopped", "warn"
            return str(copying.result().text), "ok"
        finally:
            for task in (copying, leaving):
                task.cancel()
            await asyncio.gather(copying, leaving, return_exceptions=True)
            if self.app.screen is screen:
                screen.dismiss()

    def _record(self, target: Target, action: str, told: str, tone: str) -> None:
        about = self.bridge.live.container(target.key) or thing(target.host, target.name, target.id)
        self.bridge.record(
            Entry(
                ns=time.time_ns(),
                source=Source.OPERATOR,
                about=about,
                what=sanitise(action, 60),
                detail=sanitise(told.partition(": ")[2], 300),
                weight=Weight.PLAIN if tone in ("ok", "dim") else Weight.WARN,
            )
        )


def objection(what: str, containers: Sequence[Container]) -> str:
    """Why it makes no sense; empty where it does."""
    if what == "shell" and len(containers) > 1:
        return f"{len(containers)} are marked: a shell is opened in one at a time; e runs a command in all"
    if what == "files":
        return "" if len(containers) == 1 else "files are copied out of or into one container at a time"
    for container in containers:
        if container.state not in (ContainerState.RUNNING, ContainerState.UNKNOWN):
            return f"{container.ref}: it is {container.state}; only a running container has processes"
    return ""


COMMAND_FIELDS = {
    "command": (
        "command",
        "as you would type it; quotes work, but no shell reads it: for pipes and variables sh -c '...'",
    )
}
FILE_FIELDS = {
    "from": ("from", ":/path is in the container, another one here"),
    "to": ("to", "the other side: ./ or ~/file here, or :/path in the container"),
}


def command_objection(typed: Mapping[str, str]) -> str:
    """What is wrong with a command; empty where nothing is."""
    try:
        words = shlex.split(typed["command"])
    except ValueError:
        return "a quote is not closed"
    return "" if words and words[0] else "type a command"


def files_objection(typed: Mapping[str, str]) -> str:
    """What is wrong with two paths; empty where nothing is."""
    inside = [typed[key] for key in ("from", "to") if typed[key].startswith(":")]
    if len(inside) != 1:
        return "one of them is in the container, and begins with a colon: :/etc/hosts"
    if not all(typed.values()) or not inside[0].startswith(":/"):
        return "both paths are wanted, that in the container from its root: :/etc/hosts"
    return ""


def here_of(typed: str) -> Path:
    """A path on this machine as it was typed."""
    return Path(typed).expanduser()


def arrow(typed: Mapping[str, str]) -> str:
    """`:/etc/hosts -> ./hosts`."""
    return sanitise(f"{typed['from']} -> {typed['to']}", 400)


def outcome(target: Target, ended: Ended | None) -> tuple[str, str]:
    """What is said of a shell that is over, and its tone."""
    if ended is None:
        return f"shell {target.ref}: left; its process was told to hang up", "warn"
    if ended.code is None:
        return f"shell {target.ref}: {ended.text or safe('its exit code is not known')}", "warn"
    why = f", {ended.text}" if ended.text else NOTHING
    return f"shell {target.ref}: ended with exit code {ended.code}{why}", "ok" if not ended.text else "warn"
