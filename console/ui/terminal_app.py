"""Textual's App, made to fit an operator's terminal: themes, colours, keys, mouse, and what a crash shows."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from rich.segment import Segments
from textual.command import CommandPalette
from textual.theme import ThemeProvider

from console.config.schema import Settings
from console.ui.driver import ConsoleDriver
from console.ui.keys import clashes
from console.ui.theme import DEFAULT_THEME, NO_COLOR_THEME, is_monochrome, variable_defaults
from console.ui.theme_files import load_themes
from console.ui.typing import TypingApp
from console.ui.widgets.scrollbar import use_plain

T = TypeVar("T")


class TerminalApp(TypingApp):
    """An app with our themes and the operator's own taste."""

    ALLOW_SELECT = False

    def __init__(self, settings: Settings, themes: Path | None) -> None:
        # Without colour Textual must know before it starts that the terminal's own colours stay as they
        # are; else it turns the default foreground and background both into black.
        super().__init__(driver_class=ConsoleDriver, ansi_color=True if is_monochrome() else None)
        use_plain()
        self.settings = settings
        self.hung_up = False
        """The terminal is gone."""
        self.has_mouse = True
        """Whether clicks come to us; else the terminal's own selection works."""
        self._themes = load_themes(themes)
        for theme in self._themes.themes.values():
            self.register_theme(theme.to_textual())
        self.set_keymap(dict(settings.keymap))

    def dress(self) -> None:
        """Put on the theme, and say which ones could not be read. Call when mounted."""
        self.theme = self._pick_theme()
        if notice := self._themes.notice():
            self.notify(notice, title="Themes left out", severity="warning", markup=False, timeout=15)
        if self.settings.keymap and (clashing := clashes(self.settings.keymap)):
            text = "\n".join(clashing)
            self.notify(text, title="Keys in settings.yml", severity="warning", markup=False, timeout=15)
        if not self.settings.mouse:
            self.take_mouse(False)

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

    def search_themes(self) -> None:
        """Choose another theme, seen while one moves through them."""
        self.push_screen(CommandPalette(providers=[ThemeProvider], placeholder="a theme"))

    def take_mouse(self, on: bool) -> bool:
        """Take the mouse, or give it to the terminal; return whether it is ours now."""
        # Textual has no public way, and only its Unix driver has these.
        switch = getattr(self._driver, "_enable_mouse_support" if on else "_disable_mouse_support", None)
        if switch is not None:
            switch()
            self.has_mouse = on
        return self.has_mouse

    async def lend(self, use: Awaitable[T]) -> T:
        """Give the terminal away while `use` is awaited; the app goes on underneath, unseen. Then the screen
        is as it was. Cancelled, the terminal is left as it is outside of the app.
        """
        driver = self._driver
        if not isinstance(driver, ConsoleDriver):
            return await use  # without a terminal, in tests
        with self.suspend():
            driver.lent = True
            try:
                return await use
            finally:
                driver.lent = False

    def _fatal_error(self) -> None:
        """Textual's report of a crash shows local variables: environments and passphrases among them."""
        self.bell()
        from rich.traceback import Traceback

        report = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(report, self.console.options)))
        self._close_messages_no_wait()
