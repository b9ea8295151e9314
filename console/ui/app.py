"""The Textual app: wiring only. What is drawn is decided in `present`, `listing` and `bars`.

What the first screen does not need is imported where it is used: an operator waits for that screen.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segments
from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import ModalScreen, Screen
from textual.theme import ThemeProvider

from console.config.schema import Notify, Settings
from console.model.clock import wall
from console.model.containers import ContainerKey
from console.model.problems import Problem
from console.service.handle import FleetHandle
from console.ui import keys
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs, glyphs_for
from console.ui.collector import SWEEP, calm, sweep
from console.ui.commands import ConsoleCommands
from console.ui.driver import ConsoleDriver, hung_up
from console.ui.messages import Said
from console.ui.screens.main import MainScreen
from console.ui.theme import DEFAULT_THEME, NO_COLOR_THEME, is_monochrome, variable_defaults
from console.ui.theme_files import load_themes
from console.ui.who import attached, login, together
from console.ui.widgets.scrollbar import use_plain
from console.ui.widgets.too_small import mind_size

if TYPE_CHECKING:
    from console.ui.question_desk import QuestionDesk

WHO_EVERY = 30.0
"""Seconds between two looks at who is attached."""

LOOK_EVERY = 1.0
"""Seconds between two looks at whether there still is a terminal."""

PATIENCE = 10.0
"""Seconds a hung-up console has to close its connections before the process ends hard."""


class DockconApp(App[int]):
    """The console."""

    TITLE = "dockcon"
    CSS_PATH: ClassVar[list[str]] = ["styles/console.tcss"]  # type: ignore[assignment]  # narrower than Textual's
    COMMANDS: ClassVar[set[type[ConsoleCommands]]] = {ConsoleCommands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [*keys.APP]
    ALLOW_SELECT = False

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
    ) -> None:
        # Without colour Textual must know before it starts that the terminal's own colours stay as they
        # are; else it turns the default foreground and background both into black.
        super().__init__(driver_class=ConsoleDriver, ansi_color=True if is_monochrome() else None)
        use_plain()
        self.settings = settings
        self.glyphs = glyphs or glyphs_for(encoding=getattr(sys.__stderr__, "encoding", None) or "ascii")
        self.bridge = Bridge(self, handle, now, period=1 / max(1, settings.fps))
        self.main = MainScreen(self.bridge, self.glyphs, read_only=read_only)
        self.main.saved_to = state / "saved"
        self._desk: QuestionDesk | None = None
        self._themes = load_themes(themes)
        self._mouse = settings.mouse
        for theme in self._themes.themes.values():
            self.register_theme(theme.to_textual())
        self.set_keymap(dict(settings.keymap))
        self.account = login()
        self.hung_up = False

    # Looks

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Tones for themes that have none."""
        return variable_defaults(self.current_theme)

    def _pick_theme(self) -> str:
        wanted = self.settings.theme or (NO_COLOR_THEME if self._few_colours() else DEFAULT_THEME)
        if wanted in self.available_themes:
            return wanted
        theme, why = self._themes.pick(wanted)
        self.notify(why, title="Theme", severity="warning", markup=False)
        return theme.name

    def _few_colours(self) -> bool:
        return is_monochrome() or self.console.color_system in (None, "standard")

    # Life

    async def on_mount(self) -> None:
        """Show what there is, and begin to take what comes."""
        self.theme = self._pick_theme()
        if notice := self._themes.notice():
            self.notify(notice, title="Themes left out", severity="warning", markup=False, timeout=15)
        self._take_mouse(self._mouse)
        await self.push_screen(self.main)
        self.bridge.troubled.subscribe(self, self._troubled)
        self.bridge.arrived.subscribe(self, self._look_for_questions)
        self.bridge.start()
        self.set_interval(WHO_EVERY, self._look_who)
        self.set_interval(SWEEP, sweep)
        self._look_who()

    def on_resize(self, event: events.Resize) -> None:
        """Cover everything while nothing fits."""
        mind_size(self, event.size)

    def _look_who(self) -> None:
        self.run_worker(self._who(), group="who", exclusive=True, exit_on_error=False)

    async def _who(self) -> None:
        self.main.fleet_bar.who = together(self.account, await attached())
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
        self.main.action_pane("hosts")
        self.main.hosts.table.move_to(name)

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

    def search_themes(self) -> None:
        """Choose another theme, seen while one moves through them."""
        self.push_screen(CommandPalette(providers=[ThemeProvider], placeholder="a theme"))

    def action_help_quit(self) -> None:
        """What ctrl+c says: it is too easily typed to end anything."""
        self.main.post_message(Said("q quits"))

    def action_mouse(self) -> None:
        """Give the mouse to the terminal, so that its own selection works, or take it back."""
        self._mouse = not self._mouse
        self._take_mouse(self._mouse)
        said = "the mouse is ours again" if self._mouse else "the mouse is the terminal's; M takes it back"
        self.main.post_message(Said(said))

    def _take_mouse(self, on: bool) -> None:
        # Textual has no public way, and only its Unix driver has these.
        switch = getattr(self._driver, "_enable_mouse_support" if on else "_disable_mouse_support", None)
        if switch is not None:
            switch()

    def _fatal_error(self) -> None:
        """Textual's report of a crash shows local variables: environments and passphrases among them."""
        self.bell()
        from rich.traceback import Traceback

        report = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(report, self.console.options)))
        self._close_messages_no_wait()


def run(
    handle: FleetHandle,
    settings: Settings,
    *,
    read_only: bool = False,
    state: Path = Path("."),
    themes: Path | None = None,
) -> int:
    """Run the console on this terminal until it is left; close `handle`; return the exit code.

    `state` is where saved panes go, `themes` the user's own themes. Ends by SIGTERM and SIGHUP like by `q`,
    but with 128 + the signal's number.
    """
    app = DockconApp(handle, settings, read_only=read_only, state=state, themes=themes)
    calm()
    return asyncio.run(_run(app, handle, mouse=True))


async def _run(app: DockconApp, handle: FleetHandle, mouse: bool) -> int:
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            app.hung_up = True
            _insist(128 + number)
        app.exit(return_code=128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    watcher = asyncio.create_task(_until_hung_up())
    watcher.add_done_callback(lambda task: None if task.cancelled() else end(signal.SIGHUP))
    try:
        await app.run_async(mouse=mouse)
    except OSError:
        # The terminal is gone; there is nobody to tell.
        if not hung_up():
            raise
        app.hung_up = True
    finally:
        watcher.cancel()
        await handle.aclose()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return 128 + signal.SIGHUP if app.hung_up else app.return_code or 0


async def _until_hung_up() -> None:
    """Until the terminal is gone. SIGHUP reaches us only where the shell above us ends of it or passes it on;
    without it Textual would read the end of the file as fast as it can, for ever.
    """
    while not hung_up():  # noqa: ASYNC110  a terminal sets no event when it goes
        await asyncio.sleep(LOOK_EVERY)


def _insist(code: int) -> None:
    """Whatever may still wait for a terminal that is gone, after a while the process ends all the same."""
    timer = threading.Timer(PATIENCE, os._exit, (code,))
    timer.daemon = True
    timer.start()
