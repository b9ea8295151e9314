"""The keys of the logs pane, for `console.ui.keys`; moving is done by the keys of tables."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

LINES: Final = (
    Binding(
        "end,G", "cursor(1, 'all')", "end", id="logs.end", show=False, tooltip="To the end, and follow it"
    ),
    Binding("f", "follow", "follow", id="logs.follow", tooltip="Follow the end, or stay here"),
    Binding("w", "wrap", "wrap", id="logs.wrap", tooltip="Break long lines, or cut them at the edge"),
    Binding("t", "times", "times", id="logs.times", show=False, tooltip="Local time, UTC, or no times"),
    Binding("v", "raw", "raw", id="logs.raw", show=False, tooltip="Data as it was written, or as fields"),
    Binding(
        "left",
        "aside(-1)",
        "left",
        id="logs.aside_left",
        show=False,
        tooltip="See what is farther left",
    ),
    Binding(
        "right",
        "aside(1)",
        "right",
        id="logs.aside_right",
        show=False,
        tooltip="See what is farther right",
    ),
    Binding(
        "enter", "open", "whole line", id="logs.open", tooltip="The whole line, with all that is known of it"
    ),
    Binding("space", "mark", "mark", id="logs.mark", show=False, tooltip="Mark or unmark, and one line down"),
    Binding(
        "shift+up",
        "extend(-1)",
        "mark up",
        id="logs.extend_up",
        show=False,
        tooltip="Mark this line and the one above",
    ),
    Binding(
        "shift+down",
        "extend(1)",
        "mark down",
        id="logs.extend_down",
        show=False,
        tooltip="Mark this line and the one below",
    ),
)
"""Of the lines; arrows and pages are those of tables."""

FINDING: Final = (
    Binding("slash", "search", "search", id="screen.filter", tooltip="Look for text or /regular expression/"),
    Binding("n", "found(1)", "next", id="logs.next", show=False, tooltip="Next line where it was found"),
    Binding("N", "found(-1)", "previous", id="logs.previous", show=False, tooltip="Previous line found"),
    Binding(
        "ampersand",
        "only",
        "only",
        id="logs.only",
        tooltip="Show only lines with a text, or (!text) without it",
    ),
)
"""Of a pane that can be searched."""

LOGS: Final = (
    Binding("y", "screen.copy", "copy", id="screen.copy", tooltip="Copy the marked lines, or this one"),
    Binding(
        "Y",
        "screen.copy_row",
        "copy raw",
        id="screen.copy_row",
        show=False,
        tooltip="Copy them as they were written, whole",
    ),
    Binding(
        "ctrl+s",
        "screen.save",
        "save",
        id="screen.save",
        show=False,
        tooltip="Save all that is here, whole, as text and as JSON lines",
    ),
    Binding(
        "left_square_bracket",
        "window(-1)",
        "shorter",
        id="logs.shorter",
        show=False,
        tooltip="A shorter window",
    ),
    Binding("right_square_bracket", "window(1)", "longer", id="logs.longer", tooltip="A longer window"),
    Binding(
        "b", "bookmark", "bookmark", id="logs.bookmark", show=False, tooltip="Put this line on the timeline"
    ),
)
"""Of the pane. Some are the screen's, under the same ids, and told here for what they do with lines."""

PROMPT: Final = (
    Binding("enter", "keep", "keep", id="prompt.keep", tooltip="Keep it, back to the lines"),
    Binding("down,up", "keep", "lines", id="prompt.lines", show=False, tooltip="Back to the lines"),
    Binding("escape", "drop", "drop", id="prompt.drop", tooltip="Without it, back to the lines"),
)
"""Of the lines of input for search and filter."""
