"""Names of panes: all of them in one line where one is shown at a time, else one above each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from console.ui.bars import Part, Tab, pane_title, spread, tabs, told
from console.ui.cells import Glyphs
from console.ui.widgets.bar import Bar

Info = Callable[[], Sequence[Part]]


class TabsLine(Bar):
    """`1 Containers  6 Hosts ~1`, and what the pane on the screen says of itself."""

    def __init__(self, glyphs: Glyphs, panes: Callable[[], Iterable[Tab]], info: Info) -> None:
        super().__init__(id="tabs", glyphs=glyphs)
        self._panes = panes
        self._info = info

    def parts(self, width: int) -> Sequence[Part]:
        """The tabs at this width."""
        return spread(tabs(self._panes()), told(self._info(), self.glyphs), width, self.glyphs)


class PaneTitle(Bar):
    """The name of one pane above it."""

    def __init__(self, glyphs: Glyphs, tab: Callable[[], Tab], info: Info) -> None:
        super().__init__(classes="pane-title", glyphs=glyphs)
        self._tab = tab
        self._info = info

    def parts(self, width: int) -> Sequence[Part]:
        """The title at this width."""
        return pane_title(self._tab(), self._info(), width, self.glyphs)
