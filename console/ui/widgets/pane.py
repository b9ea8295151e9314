"""What the main screen asks of a pane, and the frame it puts around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.containers import Vertical

from console.ui.bars import Part
from console.ui.bridge import Bridge
from console.ui.widgets.rowtable import RowTable


class Pane(Vertical):
    """One numbered part of the main screen."""

    KEY: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    NUMBER: ClassVar[str] = ""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(id=self.KEY)
        self.bridge = bridge

    @property
    def table(self) -> RowTable:
        """What takes the keyboard."""
        raise NotImplementedError

    def info(self) -> Sequence[Part]:
        """What the title says besides the name: counts, order, filter."""
        return ()

    def alert(self) -> str:
        """What wants attention in it: a sign and a number, or nothing."""
        return ""

    def copy_text(self) -> str:
        """What `y` copies."""
        return ""

    def clear(self) -> bool:
        """Take back one thing that hides or marks rows; return whether there was one."""
        return False

    def only_problems(self, on: bool) -> None:
        """Show only rows with a problem, or all of them again."""
