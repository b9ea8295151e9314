"""The logs pane of the main screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from console.config.schema import LogCaps
from console.model.logs.wish import LogWish
from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.cells import Glyphs
from console.ui.logs import keys, told, windows
from console.ui.logs.intake import Intake, Open
from console.ui.logs.lines_pane import LinesPane
from console.ui.logs.mouse import LogView
from console.ui.logs.times import SECOND
from console.ui.messages import PaneChanged, Said


class LogPane(LinesPane):
    """One merged stream, which `show` chooses."""

    KEY = "logs"
    TITLE = "Logs"
    NUMBER = "2"

    BINDINGS: ClassVar[list[BindingType]] = [*keys.LOGS]

    def __init__(
        self,
        bridge: Bridge,
        glyphs: Glyphs,
        open_tap: Open,
        caps: LogCaps,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.intake = Intake(open_tap, caps, clock)
        super().__init__(bridge, glyphs, LogView(glyphs, self.intake.ring))
        self.window = windows.START
        self._wished: LogWish | None = None
        self._wanted_ns: int | None = None
        self._rate = 0.0

    def on_mount(self) -> None:
        """Take what comes, as often as the bridge does."""
        self.bridge.polled.subscribe(self, lambda _: self.poll())
        self.bridge.ticked.subscribe(self, lambda _: self._second_passed())
        self.bridge.freezing.subscribe(self, self._frozen)
        self._tell()

    def on_unmount(self) -> None:
        """Nobody takes any more."""
        self.intake.close()

    # What is read

    def show(self, wish: LogWish) -> None:
        """Read something else, from its end."""
        self._wished, self.window, self._wanted_ns = wish, windows.START, None
        self.forget_finders()
        self._read(wish)

    def go_to(self, ns: int) -> None:
        """Stay at a moment, once it is here."""
        self._wanted_ns = ns
        self._go_where_wanted()

    def _read(self, wish: LogWish) -> None:
        self.intake.show(wish)
        self.view.show(self.intake.ring, self.intake.gaps)
        self.renew_finders()
        self._tell()
        self.poll()

    def poll(self) -> None:
        """Take what came."""
        blocks = self.intake.take()
        if not self.update_finders() and blocks is None:
            return
        self.view.relabel(view.source for view in self.intake.sources)
        self.view.sync()
        self._go_where_wanted()
        self._tell()

    def _go_where_wanted(self) -> None:
        """Go to the moment that was asked for, as soon as all of the past is here that will come."""
        ring, ns = self.intake.ring, self._wanted_ns
        if ns is None or self.intake.loading or ring.end == ring.first:
            return
        self._wanted_ns = None
        self.view.go_to(min(ring.at(ns), ring.end - 1))

    def _second_passed(self) -> None:
        rate = self.intake.rate
        if round(rate) != round(self._rate):
            self._rate = rate
            self.post_message(PaneChanged())

    def _frozen(self, on: bool) -> None:
        self.intake.freeze(on)
        self._tell()

    # Keys

    def action_window(self, by: int) -> None:
        """A shorter or longer window; who stays somewhere stays at that moment."""
        window = windows.beside(self.window, by)
        if self._wished is None or window is None:
            return
        place = self.view.place
        held = None if place.cursor is None else self.view.shown.line(place.cursor).ns
        self.window = window
        self._wanted_ns = held
        self._read(windows.wish_for(self._wished, window, int(self.bridge.now() * SECOND)))
        self.post_message(Said(f"window: {windows.words(self._wished, window)}"))

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._tell()

    # What it says

    def info(self) -> Sequence[Part]:
        """What the title says."""
        return told.title(self.state())

    def state(self) -> told.Told:
        """All that there is to say."""
        view, intake, wish = self.view, self.intake, self._wished
        search = view.search
        return told.Told(
            title=wish.title if wish else "",
            follow=view.place.follow,
            ends=wish is not None and (not wish.follow or wish.until_ns is not None),
            new=view.new_below(),
            lines=view.shown.count,
            marked=len(view.place.marked),
            loading=intake.loading,
            frozen=self.bridge.frozen_at is not None,
            suspended=intake.suspended,
            rate=self._rate,
            dropped=intake.dropped,
            let_go=intake.ring.dropped,
            sources=intake.sources,
            clocks=intake.clocks,
            corrected=intake.corrected,
            window=windows.words(wish, self.window) if wish else "",
            search=search.typed if search else "",
            found=search.told() if search else "",
            only=self.only,
        )

    def _tell(self) -> None:
        self.view.say(told.emptiness(self.state()))
        self.tell()
