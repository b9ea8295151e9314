"""Shells, commands and files of containers, from the key to what is said of it. Made when first needed."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
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
            for container in event.containers:
                forbid(self._specs[container.host], read_only=self.read_only)
        except GuardRefused as refused:
            why = str(refused)
        if why:
            self.status.say(why, "warn")
            return
        targets = [Target.of(container) for container in event.containers]
        self._screen.run_worker(self._shell(targets[0]), group="inside", exit_on_error=False)

    # A shell

    async def _shell(self, target: Target) -> None:
        consent: Consent | None = Consent(yes=True)
        if self._specs[target.host].guard is Guard.TYPED:
            from console.ui.screens.inside import EnterScreen

            consent = await self.app.push_screen_wait(EnterScreen(target, self.glyphs))
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
    for container in containers:
        if container.state not in (ContainerState.RUNNING, ContainerState.UNKNOWN):
            return f"{container.ref}: it is {container.state}; only a running container has processes"
    return ""


def outcome(target: Target, ended: Ended | None) -> tuple[str, str]:
    """What is said of a shell that is over, and its tone."""
    if ended is None:
        return f"shell {target.ref}: left; its process was told to hang up", "warn"
    if ended.code is None:
        return f"shell {target.ref}: {ended.text or safe('its exit code is not known')}", "warn"
    why = f", {ended.text}" if ended.text else NOTHING
    return f"shell {target.ref}: ended with exit code {ended.code}{why}", "ok" if not ended.text else "warn"
