"""A log that says what a test says: a `LogTap` without a network, and a console with nothing but the logs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widget import Widget

from console.config.schema import LogCaps, Settings
from console.model.logs.lines import LogBlock, LogSource, Note, NoteKind, Stream, block_of
from console.model.logs.wish import LogWish
from console.model.text import safe, sanitise
from console.service.tap import LogTap, LogUpdate, SourceState, SourceView
from console.ui import keys
from console.ui.bars import Part, spread, told
from console.ui.bridge import Bridge
from console.ui.cells import ASCII, UNICODE, Glyphs
from console.ui.logs.lines_pane import Bookmarked
from console.ui.logs.mouse import LogView
from console.ui.logs.pane import LogPane
from console.ui.messages import PaneChanged, Said
from console.ui.screens.taking import TakingScreen
from console.ui.terminal_app import TerminalApp
from console.ui.widgets.bar import Bar
from console.ui.widgets.status_line import StatusLine
from tests.ui.driving import NAMES
from tests.ui.fleet import NOON, FakeFleet, snapshot
from tests.ui.shots import TASTE
from tests.ui.waiting import until

NOON_NS = int(NOON) * 10**9
MS = 10**6
WISH = LogWish(title=safe("web@app-1"))


def source(index: int, name: str, host: str = "app-1", **more: Any) -> LogSource:
    """A container as the origin of lines."""
    ident = f"{name}{host}".encode().hex().ljust(64, "0")[:64]
    facts = {"image": safe("registry.example.com/shop/app:1.4"), **more}
    return LogSource(index=index, host=host, id=ident, name=sanitise(name), **facts)


WEB = source(0, "web")


def view(of: LogSource, state: SourceState = SourceState.FOLLOWING, why: str = "") -> SourceView:
    """A source and its state."""
    return SourceView(source=of, state=state, why=safe(why))


Written = str | bytes | tuple[int, Stream, str | bytes] | Note
"""A line of the first source's standard output, or (source, stream, line), or a note."""


class Clock:
    """Stamps, some milliseconds apart."""

    def __init__(self, start: int = NOON_NS, step: int = 7 * MS) -> None:
        self.ns, self.step = start, step

    def __call__(self) -> int:
        self.ns += self.step
        return self.ns


def block(lines: Iterable[Written], stamp: Callable[[], int]) -> LogBlock:
    """Lines as one block."""
    stamps, origins, payloads, notes = [], [], [], {}
    for number, line in enumerate(lines):
        if isinstance(line, Note):
            notes[number] = line
            stamps.append(line.ns)
            origins.append(line.source * 4)
            payloads.append(line.text.encode() + b"\n")
            continue
        of, stream, text = line if isinstance(line, tuple) else (0, Stream.OUT, line)
        stamps.append(stamp())
        origins.append(of * 4 + stream)
        payloads.append((text.encode() if isinstance(text, str) else text) + b"\n")
    return block_of(stamps, origins, payloads, notes)


def note(kind: NoteKind, text: str, of: int = 0, ns: int = NOON_NS, **more: Any) -> Note:
    """A line of dockcon's own."""
    return Note(kind=kind, source=of, ns=ns, text=safe(text), **more)


class FakeTap:
    """Gives what it was fed."""

    def __init__(self, wish: LogWish, sources: Sequence[SourceView]) -> None:
        self.wish = wish
        self.frozen = False
        self.closed = 0
        self.taken = 0
        self.stamp = Clock()
        self._news = LogUpdate(sources=tuple(sources), loading=True)
        self._there = True

    def feed(self, *lines: Written, stamp: Callable[[], int] | None = None) -> None:
        """More lines."""
        self.add(block(lines, stamp or self.stamp))

    def add(self, *blocks: LogBlock) -> None:
        """More blocks."""
        self.change(blocks=(*self._news.blocks, *blocks))

    def change(self, **news: Any) -> None:
        """Something else is so from now on; what has been fed is through, unless `loading` says otherwise."""
        self._news = replace(self._news, **{"loading": False, **news})
        self._there = True

    def take(self) -> LogUpdate | None:
        assert not self.closed, "taken from after it was closed"
        self.taken += 1
        if not self._there:
            return None
        news, self._there = self._news, False
        self._news = replace(news, blocks=())
        return news

    def freeze(self, on: bool) -> None:
        self.frozen = on

    def close(self) -> None:
        self.closed += 1


class FakeDesk:
    """Opens fake taps, and remembers them."""

    def __init__(self, *sources: SourceView, fill: Callable[[FakeTap], None] = lambda tap: None) -> None:
        self.sources = sources or (view(WEB),)
        self.taps: list[FakeTap] = []
        self._fill = fill

    def __call__(self, wish: LogWish) -> LogTap:
        tap = FakeTap(wish, self.sources)
        self.taps.append(tap)
        self._fill(tap)
        return tap

    @property
    def tap(self) -> FakeTap:
        """The newest."""
        return self.taps[-1]


class TitleLine(Bar):
    """All that the pane says of itself."""

    def __init__(self, pane: LogPane, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.pane = pane

    def parts(self, width: int) -> Sequence[Part]:
        name = Part(" 2 Logs  ", "accent")
        return spread([name, *told(self.pane.info(), self.glyphs)], (), width, self.glyphs)


class LogScreen(TakingScreen):
    """The logs and nothing else, in the frame of the main screen."""

    BINDINGS = [*keys.SCREEN]  # noqa: RUF012  as in the product
    AUTO_FOCUS = ""

    def __init__(self, pane: LogPane, glyphs: Glyphs, saved_to: Path) -> None:
        super().__init__()
        self.pane = self.active = pane
        self.saved_to = saved_to
        self.glyphs = glyphs
        self.bookmarks: list[Bookmarked] = []
        self.status = StatusLine(glyphs)
        self.title_line = TitleLine(pane, glyphs)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.title_line
            yield self.pane
        yield self.status

    def on_mount(self) -> None:
        self.pane.keyboard.focus()

    def on_pane_changed(self, _: PaneChanged) -> None:
        self.title_line.redraw()

    def on_said(self, event: Said) -> None:
        self.status.say(event.text, event.tone)

    def on_bookmarked(self, event: Bookmarked) -> None:
        self.bookmarks.append(event)

    def action_back(self) -> None:
        self.pane.clear()

    def action_filter(self) -> None:
        self.pane.find()

    def action_freeze(self) -> None:
        self.pane.bridge.freeze(self.pane.bridge.frozen_at is None)


class LogApp(TerminalApp):
    """A console with nothing but logs."""

    CSS_PATH = "../../../console/ui/styles/console.tcss"
    CSS = "LogScreen { background: $background; color: $foreground; layout: vertical; }"
    BINDINGS = [*keys.APP]  # noqa: RUF012  as in the product

    def __init__(
        self,
        desk: FakeDesk,
        settings: Settings,
        *,
        caps: LogCaps | None = None,
        plain: bool = False,
        saved_to: Path = Path(),
    ) -> None:
        super().__init__(settings, None)
        glyphs = ASCII if plain else UNICODE
        self.desk = desk
        self.bridge = Bridge(self, FakeFleet(snapshot("app-1"), snapshot("app-2")), lambda: NOON)
        ticks = count()
        self.pane = LogPane(self.bridge, glyphs, desk, caps or LogCaps(), clock=lambda: next(ticks) / 10)
        self.logs = LogScreen(self.pane, glyphs, saved_to)

    async def on_mount(self) -> None:
        self.dress()
        await self.push_screen(self.logs)

    def action_help(self) -> None:
        from console.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen, self.logs.glyphs))


class Logs:
    """The app under test."""

    def __init__(self, app: LogApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot
        self.pane = app.pane

    @property
    def view(self) -> LogView:
        return self.pane.view

    @property
    def tap(self) -> FakeTap:
        return self.app.desk.tap

    async def show(self, wish: LogWish = WISH) -> None:
        """Open a stream."""
        self.pane.show(wish)
        await self.settle()

    async def feed(self, *lines: Written) -> None:
        """More lines, and they are drawn."""
        self.tap.feed(*lines)
        await self.settle()

    async def settle(self) -> None:
        """Take what there is, and draw it."""
        self.app.bridge.poll()
        await self.pilot.pause()
        await self.pilot.pause()

    async def press(self, *pressed: str) -> None:
        """Press keys and let the screen settle."""
        await self.pilot.press(*pressed)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Press the keys of a text."""
        more = {"&": "ampersand", "[": "left_square_bracket", "]": "right_square_bracket", **NAMES}
        await self.press(*(more.get(character, character) for character in text))

    def lines(self, widget: Widget | None = None) -> list[str]:
        """What stands on the screen, or in a widget; without blanks at the end."""
        screen = self.app.screen
        region = widget.region if widget else screen.region
        strips = screen._compositor.render_strips()[region.y : region.bottom]
        return [strip.crop(region.x, region.right).text.rstrip() for strip in strips]

    def rows(self) -> list[str]:
        """The rows of the view that say something."""
        return [row for row in self.lines(self.view) if row]

    @property
    def title(self) -> str:
        return self.lines(self.app.logs.title_line)[0]

    @property
    def status(self) -> str:
        return self.lines(self.app.logs.status)[0]

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()


@asynccontextmanager
async def logs(
    desk: FakeDesk | None = None,
    size: tuple[int, int] = (80, 24),
    settings: Settings = TASTE,
    *,
    wish: LogWish | None = WISH,
    **more: Any,
) -> AsyncIterator[Logs]:
    """A console that shows logs."""
    app = LogApp(desk or FakeDesk(), settings, **more)
    async with app.run_test(size=size, notifications=True) as pilot:
        console = Logs(app, pilot)
        await until(lambda: app.screen is app.logs)
        if wish is not None:
            await console.show(wish)
        yield console
