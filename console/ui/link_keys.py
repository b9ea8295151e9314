"""The keys of the links pane; `console.ui.keys` is the registry of all."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

ROWS: Final = (
    Binding(
        "enter", "open", "its way", id="links.open", tooltip="The way hop by hop, and who says what of it"
    ),
)
"""Of the table, instead of any table's `enter`."""

LINKS: Final = (
    Binding(
        "t", "draw", "map", id="links.draw", tooltip="The fleet drawn with its links, or the table again"
    ),
    Binding("v", "probe", "probe", id="links.probe", tooltip="Try it now, by name, from the consumer itself"),
    Binding("m", "edit", "mapping", id="links.edit", tooltip="Change its mapping, or make one"),
    Binding("a", "adopt", "adopt", id="links.adopt", tooltip="Make a mapping of what no mapping states"),
    Binding("i", "breaks", "impact", id="links.breaks", tooltip="Who breaks if the endpoint stops"),
    Binding("l", "logs", "logs", id="links.logs", tooltip="Logs of both ends"),
    Binding(
        "w",
        "sight",
        "seen",
        id="links.sight",
        show=False,
        tooltip="What can be seen of each host, and why not",
    ),
    Binding("o", "sort(1)", "sort", id="links.sort", show=False, tooltip="Sort by the next column"),
    Binding("O", "reverse", "reverse", id="links.reverse", show=False, tooltip="Sort the other way"),
)
"""Of the links pane, besides those of its table."""
