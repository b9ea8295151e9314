"""Everything known of one image, volume or network, and the containers that use it, to go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.model.secrets import mask_labels
from console.model.stock.plan import objection
from console.model.stock.things import Image, Network, Volume
from console.model.stock.use import kept
from console.model.units import clock, size
from console.ui.bridge import Bridge
from console.ui.cells import Cell, Column, Glyphs
from console.ui.lines import BLANK, Line, fact
from console.ui.messages import ContainerWanted, DiscardWanted, Said
from console.ui.present import state_words
from console.ui.screens.reading import ReadingScreen
from console.ui.stock.listing import Stores
from console.ui.stock.present import Known, thing_name
from console.ui.stock.present import state_words as standing_words
from console.ui.widgets.rowstore import Row
from console.ui.widgets.rowtable import RowTable

USER_COLUMNS = (
    Column(key="name", title="USED BY", min=16, max=48),
    Column(key="state", title="STATE", min=12, max=16),
    Column(key="image", title="IMAGE", min=16, max=60, drop=1),
    Column(key="note", title="", min=10, max=24, stretch=True, drop=2),
)


class ThingScreen(ReadingScreen):
    """One thing, found by its key."""

    AUTO_FOCUS = "RowTable"

    DEFAULT_CSS = """
    ThingScreen > Reader { height: auto; }
    ThingScreen > RowTable { height: 1fr; margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "remove", "remove", id="thing.remove", tooltip="Leave this, and remove it; asks first"),
    ]

    def __init__(self, bridge: Bridge, stores: Stores, key: Sequence[str], glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.key = tuple(key)
        self._bridge = bridge
        self._stores = stores
        self._last = stores.find(bridge.world, key)
        self.users = RowTable(USER_COLUMNS, glyphs=glyphs)

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self.reader
        yield self.users
        yield self.status

    def on_mount(self) -> None:
        """Follow it."""
        self._bridge.changed.subscribe(self, lambda _: self._draw())
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Another width wraps otherwise."""
        self._draw()

    def _draw(self) -> None:
        self._last = self._stores.find(self._bridge.world, self.key) or self._last
        users = self._last.users if self._last else ()
        self.users.set_empty(Cell("no container uses it, running or not", "dim"))
        self.users.set_rows(
            [
                Row(
                    key=(user.host, user.id),
                    cells=(
                        Cell(user.ref),
                        Cell(state_words(user)),
                        Cell(user.image, "dim"),
                        Cell("kept for a way back" if kept(user) else "", "dim"),
                    ),
                )
                for user in users
            ]
        )
        lines = len(self.page_lines(max(1, self.size.width - 3))) + 1
        self.reader.styles.height = min(lines, max(3, self.size.height - min(len(users), 8) - 6))
        self.redraw()

    @property
    def _gone(self) -> bool:
        return self._stores.find(self._bridge.world, self.key) is None

    def title_line(self, width: int) -> Line:
        """What it is, and where."""
        known = self._last
        if known is None:
            return (Cell(" it is gone", "warn"),)
        thing = known.thing
        title = (Cell(f" {thing.kind} ", "dim"), Cell(f"{thing_name(thing)}@{thing.host}", "group"))
        return (*title, Cell("  gone", "warn")) if self._gone else title

    def page_lines(self, width: int) -> Sequence[Line]:
        """All of it."""
        if self._last is None:
            return [BLANK]
        return thing_document(self._last, self._bridge.shown_now, width)

    @on(RowTable.Opened)
    def _opened(self, event: RowTable.Opened) -> None:
        event.stop()
        if isinstance(event.key, tuple):
            self.post_message(ContainerWanted((event.key[0], event.key[1])))

    def action_remove(self) -> None:
        """Leave, and ask whether it shall be removed."""
        plan = self._stores.removal(self._bridge.live, [self.key])
        if plan is None or not plan.things:
            why = plan.left[0][2] if plan else "it is gone"
            self.post_message(Said(f"it stays: {why}", "warn"))
            return
        main = self.app.screen_stack[-2]
        self.dismiss()
        main.post_message(DiscardWanted(plan))


def thing_document(known: Known, now: float, width: int) -> list[Line]:
    """Facts, one a line."""
    thing = known.thing
    why = objection(thing, known.users)
    lines = fact("state", f"{standing_words(known)}{f': {why}' if why else ''}", width)
    match thing:
        case Image():
            lines += fact("id", thing.id, width)
            for label, names in (("tags", thing.tags), ("digests", thing.digests)):
                lines += fact(label, "  ".join(names) or "none", width)
            shared = "" if thing.shared is None else f", {size(thing.size - thing.shared)} of it its own"
            lines += fact("size", f"{size(thing.size)}{shared}", width)
        case Volume():
            lines += fact("size", "not measured" if thing.size is None else size(thing.size), width)
            lines += fact("driver", thing.driver or "-", width)
            lines += fact("on the host", thing.mountpoint or "-", width)
        case Network():
            lines += fact("id", thing.id, width)
            lines += fact("driver", f"{thing.driver}, {thing.scope}", width)
            lines += fact("subnets", "  ".join(thing.subnets) or "none", width)
            lines += fact("reach", "internal: no way out" if thing.internal else "not internal", width)
    if thing.created:
        lines += fact("made", clock(thing.created, now), width)
    if thing.labels:
        labels = mask_labels(thing.labels)
        lines += fact("labels", "  ".join(f"{key}={value}" for key, value in sorted(labels.items())), width)
    return lines
