"""The Textual app: wiring only. What is drawn is decided in `present`, `listing` and `bars`.

What the first screen does not need is imported where it is used: an operator waits for that screen.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import ModalScreen, Screen

from console.config.schema import Notify, Settings
from console.model.clock import wall
from console.model.containers import ContainerKey
from console.model.logs.wish import LogWish
from console.model.problems import Problem
from console.service.handle import FleetHandle
from console.service.who import Who
from console.ui import keys
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs, glyphs_for
from console.ui.collector import calm, keep_tidy
from console.ui.commands import ConsoleCommands
from console.ui.messages import ContainerWanted, HostWanted, LinkWanted, LogsWanted, MapWanted, Said
from console.ui.running import run_on_terminal
from console.ui.screens.main import MainScreen
from console.ui.terminal_app import TerminalApp
from console.ui.widgets.too_small import mind_size

if TYPE_CHECKING:
    from console.ui.question_desk import QuestionDesk

WHO_EVERY = 30.0
"""Seconds between two looks at who is attached."""


class DockconApp(TerminalApp):
    """The console."""

    TITLE = "dockcon"
    CSS_PATH: ClassVar[list[str]] = ["styles/console.tcss"]  # type: ignore[assignment]  # narrower than Textual's
    COMMANDS: ClassVar[set[type[ConsoleCommands]]] = {ConsoleCommands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [*keys.APP]

    def __init__(
        self,
        handle: FleetHandle,
        settings: Settings,
        *,
        read_only: bool = False,
        state: Path = Path("."),
        themes: Path | None = None,
        now: Callable[[], float] = wall,
        glyphs: Glyphs | None = None,
        who: Who | None = None,
        shared: Path | None = None,
    ) -> None:
        """`shared`: the directory in which all operators of the fleet keep their records."""
        super().__init__(settings, themes)
        self._shared = shared
        self.glyphs = glyphs or glyphs_for(encoding=getattr(sys.__stderr__, "encoding", None) or "ascii")
        self.bridge = Bridge(self, handle, now, period=1 / max(1, settings.fps))
        self.main = MainScreen(self.bridge, self.glyphs, settings.logs, read_only=read_only)
        self.main.saved_to = state / "saved"
        self._desk: QuestionDesk | None = None
        self.who = who or Who()

    # Life

    async def on_mount(self) -> None:
        """Show what there is, and begin to take what comes."""
        self.dress()
        await self.push_screen(self.main)
        self.bridge.troubled.subscribe(self, self._troubled)
        self.bridge.arrived.subscribe(self, self._look_for_questions)
        self.bridge.start()
        self.set_interval(WHO_EVERY, self._look_who)
        keep_tidy(self)
        self._look_who()
        if self._shared is not None:
            from console.ui.last_action import follow

            follow(self.main, self.main.status, self._shared)

    def on_resize(self, event: events.Resize) -> None:
        """Cover everything while nothing fits."""
        mind_size(self, event.size)

    def _look_who(self) -> None:
        self.run_worker(self._who(), group="who", exclusive=True, exit_on_error=False)

    async def _who(self) -> None:
        self.main.fleet_bar.who = await self.who.look()
        self.main.fleet_bar.redraw()

    def _look_for_questions(self, _: frozenset[str]) -> None:
        snapshots = self.bridge.live.snapshots
        if self._desk is None and any(s.status.question for s in snapshots.values()):
            from console.ui.question_desk import QuestionDesk

            self._desk = QuestionDesk(self, self.bridge.handle, self.glyphs)
        if self._desk is not None:
            self._desk.update(snapshots)

    def _troubled(self, problems: tuple[Problem, ...]) -> None:
        if self.settings.notify is Notify.BELL:
            self.bell()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Only what has no key: Textual's other commands would go round our own."""
        yield SystemCommand("Theme", "Choose another theme", self.action_change_theme)

    def go_to_container(self, key: ContainerKey) -> None:
        """Put the cursor on a container."""
        self._leave_dialogs()
        self.main.show_container(key)

    def go_to_host(self, name: str) -> None:
        """Put the cursor on a host."""
        self._leave_dialogs()
        self.main.go_to(self.main.hosts)
        self.main.hosts.table.move_to(name)

    def read_logs(self, wish: LogWish | None, ns: int | None = None) -> None:
        """Show logs on the main screen; with `ns` from that moment on."""
        if wish is not None:
            self._leave_dialogs()
            self.call_later(self.main.show_logs, wish, ns)

    @on(LogsWanted)
    def _logs_wanted(self, event: LogsWanted) -> None:
        self.read_logs(event.wish, event.ns)

    @on(MapWanted)
    @on(LinkWanted)
    def _wanted_on_main(self, event: MapWanted | LinkWanted) -> None:
        if isinstance(event, LinkWanted):
            # What is only shown stands over the screen it was asked from.
            self.main.post_message(LinkWanted(event.what, event.link, event.containers))
        else:
            self._leave_dialogs()
            self.main.post_message(MapWanted(event.what, event.standing, event.containers, event.proposal))

    @on(ContainerWanted)
    @on(HostWanted)
    def _row_wanted(self, event: ContainerWanted | HostWanted) -> None:
        event.stop()
        if isinstance(event, ContainerWanted):
            self.go_to_container(event.key)
        else:
            self.go_to_host(event.host)

    def _leave_dialogs(self) -> None:
        while self.screen is not self.main and len(self.screen_stack) > 1:
            self.pop_screen()

    # Keys

    def action_help(self) -> None:
        """Every key that works now."""
        from console.ui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen | ModalScreen):
            self.push_screen(HelpScreen(self.screen, self.glyphs))

    def action_command_palette(self) -> None:
        """Actions, containers and hosts by name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="an action, a container or a host"))

    def action_help_quit(self) -> None:
        """What ctrl+c says: it is too easily typed to end anything."""
        self.main.post_message(Said("q quits"))

    async def action_quit(self) -> None:
        """Leave; with jobs under way only after a question."""
        from console.ui.screens.leaving import LeavingScreen, under_way

        if not under_way(self.bridge):
            self.exit()
            return

        def answered(consent: object) -> None:
            if consent is not None:
                self.exit()

        await self.push_screen(LeavingScreen(self.bridge, self.glyphs), answered)

    def action_mouse(self) -> None:
        """Give the mouse to the terminal, so that its own selection works, or take it back."""
        ours = self.take_mouse(not self.has_mouse)
        said = "the mouse is ours again" if ours else "the mouse is the terminal's; M takes it back"
        self.main.post_message(Said(said))


def run(
    handle: FleetHandle,
    settings: Settings,
    *,
    read_only: bool = False,
    state: Path = Path("."),
    themes: Path | None = None,
    who: Who | None = None,
    shared: Path | None = None,
) -> int:
    """Run the console on this terminal until it is left; close `handle`; return the exit code.

    `state` is where saved panes go, `themes` the user's own themes; `who` is told who is attached. Ends by
    SIGTERM and SIGHUP like by `q`, but with 128 + the signal's number.
    """
    calm()

    def make() -> DockconApp:
        return DockconApp(
            handle, settings, read_only=read_only, state=state, themes=themes, who=who, shared=shared
        )

    return asyncio.run(run_on_terminal(make, handle))
