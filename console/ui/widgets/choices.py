"""A row of answers to choose from; the first is the safe one, and the one that is chosen at first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from console.ui.cells import width_of
from console.ui.theme import styles_for

GAP = 2


class Choices(Widget, can_focus=True):
    """`[ No ]   Yes, accept the key `: the chosen one stands in brackets and reversed."""

    DEFAULT_CSS = "Choices { height: 1; width: 1fr; }"
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "left,h,shift+tab",
            "move(-1)",
            "Left",
            id="choice.left",
            show=False,
            tooltip="Choose the one left",
        ),
        Binding(
            "right,l,tab", "move(1)", "Right", id="choice.right", show=False, tooltip="Choose the one right"
        ),
        Binding(
            "enter", "pick", "Answer", id="choice.pick", show=False, tooltip="Answer with the chosen one"
        ),
    ]

    chosen: reactive[int] = reactive(0)

    class Picked(Message):
        """An answer was given: the position in `options`."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def __init__(self, options: Sequence[str]) -> None:
        super().__init__()
        self.options = tuple(options)

    def _spans(self) -> list[tuple[int, int]]:
        spans = []
        x = 0
        for option in self.options:
            spans.append((x, x + width_of(option) + 4))
            x += width_of(option) + 4 + GAP
        return spans

    def render_line(self, y: int) -> Strip:
        """Draw the row."""
        tones, base = styles_for(self.app.current_theme), self.rich_style
        segments: list[Segment] = []
        for position, option in enumerate(self.options):
            here = position == self.chosen
            style = base + tones["accent"] + Style(bold=True, reverse=True) if here else base + tones["text"]
            segments.append(Segment(f"[ {option} ]" if here else f"  {option}  ", style))
            segments.append(Segment(" " * GAP, base))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def action_move(self, by: int) -> None:
        """Choose a neighbour."""
        self.chosen = (self.chosen + by) % len(self.options)

    def action_pick(self) -> None:
        """Answer with the chosen one."""
        self.post_message(self.Picked(self.chosen))

    def on_click(self, event: events.Click) -> None:
        """A click answers with what was clicked on."""
        for position, (start, end) in enumerate(self._spans()):
            if start <= event.x < end:
                self.chosen = position
                self.action_pick()
