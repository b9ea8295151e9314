"""Names of panes in a line: all of them where one is shown at a time, else those of a frame above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from console.ui.bars import Part, Tab, tabs_line
from console.ui.cells import Glyphs
from console.ui.widgets.bar import Bar

Info = Callable[[], Sequence[Part]]


class TabsLine(Bar):
    """`1 Containers  6 Hosts ~1`, and what the pane on the screen says of itself."""

    def __init__(
        self,
        glyphs: Glyphs,
        panes: Callable[[], Iterable[Tab]],
        info: Info,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes, glyphs=glyphs)
        self._panes = panes
        self._info = info

    def parts(self, width: int) -> Sequence[Part]:
        """The tabs at this width."""
        return tabs_line(self._panes(), self._info(), width, self.glyphs)
