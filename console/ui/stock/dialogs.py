"""The questions before a removal: which clean-up, and whether exactly this list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from console.model.hosts import Guard, HostSpec
from console.model.stock.plan import Plan
from console.model.stock.things import Image, Kind, Thing, Volume
from console.model.units import size
from console.ui.cells import Cell, Column, Glyphs
from console.ui.lines import BLANK, Line, wrap
from console.ui.screens.consent import ConsentScreen
from console.ui.screens.dialog import Dialog
from console.ui.stock.present import count_words, room_words, thing_name
from console.ui.widgets.rowstore import Row
from console.ui.widgets.rowtable import RowTable

LOST = {
    Kind.IMAGE: "An image that is wanted again has to be pulled or built again.",
    Kind.VOLUME: "What is in these volumes is lost for good. There is no way back.",
    Kind.NETWORK: "Nothing is connected to them; Compose makes its own again when it needs them.",
}


class PlanScreen(ConsentScreen):
    """The exact list of what would go."""

    def __init__(self, plan: Plan, specs: Mapping[str, HostSpec], glyphs: Glyphs) -> None:
        typed = [host for host in plan.hosts if specs[host].guard is Guard.TYPED]
        super().__init__(glyphs, yes="remove", typed=typed)
        self.plan = plan

    def about(self, width: int) -> list[Line]:
        """The question, what is free afterwards, every thing with its size, and what stays."""
        plan = self.plan
        title = f"Remove {count_words(plan.what, len(plan.things))}?"
        lines = [*wrap([Cell(title, "header")], width)]
        if room := room_words(plan.frees):
            lines += wrap([Cell(f"Makes free: {room}", "text")], width)
        lines += wrap([Cell(LOST[plan.what], "warn" if plan.what is Kind.VOLUME else "dim")], width)
        for host in plan.hosts:
            lines += [BLANK, (Cell(host, "group"),)]
            for thing in plan.things:
                if thing.host == host:
                    lines += wrap(list(plan_cells(thing)), width, 6)
        if plan.left:
            lines.append(BLANK)
        for key, name, why in plan.left:
            lines += wrap([Cell(f"stays: {name}@{key[0]}: {why}", "dim")], width, 2)
        return lines


def plan_cells(thing: Thing) -> tuple[Cell, ...]:
    """One thing of the list: its size, its name, what it is called besides."""
    figure = "" if thing.kind is Kind.NETWORK else "   -" if thing.size is None else f"{size(thing.size):>4}"
    more = ""
    if isinstance(thing, Image):
        more = f"  {thing.short}" + (f"  {' '.join(thing.tags[1:])}" if len(thing.tags) > 1 else "")
    elif isinstance(thing, Volume) and thing.anonymous:
        more = "  anonymous"
    name = thing.tags[0] if isinstance(thing, Image) and thing.tags else thing_name(thing)
    return (Cell(f"{figure}  ", "text"), Cell(name, "text"), Cell(more, "dim"))


@dataclass(frozen=True, slots=True)
class SweepOption:
    """One clean-up that can be chosen."""

    what: str
    where: str
    plan: Plan


_COLUMNS = (
    Column(key="what", title="REMOVE", min=18, max=24),
    Column(key="where", title="ON", min=8, max=26, stretch=True),
    Column(key="count", title="COUNT", min=5, max=5, right=True),
    Column(key="room", title="FREE", min=4, max=26),
)


class SweepScreen(Dialog[int | None]):
    """Gives the position of the clean-up that was chosen; nothing is done by it yet."""

    DEFAULT_CSS = """
    SweepScreen RowTable { background: $panel; }
    SweepScreen .hint { height: 1; color: $tone-dim; text-style: $tone-dim-style; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Nothing", id="sweep.leave", tooltip="Remove nothing"),
    ]

    def __init__(self, kind: Kind, options: Sequence[SweepOption], glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.kind = kind
        self.options = tuple(options)
        self.table = RowTable(_COLUMNS, glyphs=glyphs)
        self.hint = Static(
            "up/down choose  enter shows the exact list  esc leaves", classes="hint", markup=False
        )

    def document(self, width: int) -> list[Line]:
        """What is asked."""
        lines = [*wrap([Cell(f"Which {self.kind.plural} shall go?", "header")], width)]
        said = "Nobody uses them, stopped containers counted. The exact list comes next; nothing goes yet."
        return [*lines, *wrap([Cell(said, "dim")], width)]

    def controls(self) -> ComposeResult:
        """The clean-ups."""
        yield self.table
        yield self.hint

    def control_lines(self) -> int:
        """A header, the clean-ups, the hint."""
        return len(self.options) + 2

    def on_mount(self) -> None:
        """The first, which is the most careful, is chosen."""
        self.table.styles.height = len(self.options) + 1
        self.table.set_rows([_row(position, option) for position, option in enumerate(self.options)])
        self.table.focus()

    @on(RowTable.Opened)
    def _picked(self, event: RowTable.Opened) -> None:
        event.stop()
        if self.settled and event.key is not None:
            self.dismiss(int(str(event.key)))

    def action_leave(self) -> None:
        """Remove nothing."""
        self.dismiss(None)


def _row(position: int, option: SweepOption) -> Row:
    plan = option.plan
    cells = (
        Cell(option.what),
        Cell(option.where),
        Cell(str(len(plan.things))),
        Cell(room_words(plan.frees) or "-", "dim"),
    )
    return Row(str(position), cells)
