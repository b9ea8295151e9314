"""The keys of the console: one registry, so that help, palette, hints and `settings.keymap` agree.

Every binding has an id, under which a user can give it other keys, and a tooltip, which is its help. Keys a
terminal confuses with others (ctrl+m, ctrl+i, ctrl+h, ctrl+[) and tmux's own (ctrl+b, ctrl+a) are not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from textual.binding import ActiveBinding, Binding

from console.ui import link_keys as links
from console.ui.logs import keys as logs

APP: Final = (
    Binding("question_mark", "help", "help", id="app.help", tooltip="Every key that works now"),
    Binding(
        "colon", "command_palette", "palette", id="app.palette", tooltip="Every action, host and container"
    ),
    Binding(
        "M",
        "mouse",
        "mouse",
        id="app.mouse",
        show=False,
        tooltip="Give the mouse to the terminal, or take it back",
    ),
    Binding("q", "quit", "quit", id="app.quit", tooltip="Leave; nothing on the hosts ends with it"),
)

SCREEN: Final = (
    Binding("slash", "filter", "filter", id="screen.filter", tooltip="Show only what matches"),
    Binding("exclamation_mark", "problems", "problems", id="screen.problems", tooltip="Show only problems"),
    Binding("p", "freeze", "freeze", id="screen.freeze", tooltip="Hold what is shown; data keep arriving"),
    Binding("z", "zoom", "zoom", id="screen.zoom", tooltip="This pane alone, or all of them again"),
    Binding("y", "copy", "copy", id="screen.copy", tooltip="Copy the name, or the marked ones' names"),
    Binding("Y", "copy_row", "copy row", id="screen.copy_row", show=False, tooltip="Copy the whole row"),
    Binding("ctrl+s", "save", "save", id="screen.save", show=False, tooltip="Save the pane to a text file"),
    Binding("1", "pane('containers')", "list", id="screen.containers", show=False, tooltip="Containers"),
    Binding("2", "pane('logs')", "logs", id="screen.logs", show=False, tooltip="Logs"),
    Binding("3", "pane('links')", "links", id="screen.links", show=False, tooltip="Links"),
    Binding("4", "pane('mappings')", "mappings", id="screen.mappings", show=False, tooltip="Mappings"),
    Binding("5", "pane('timeline')", "timeline", id="screen.timeline", show=False, tooltip="Timeline"),
    Binding("6", "pane('hosts')", "hosts", id="screen.hosts", show=False, tooltip="Hosts"),
    Binding(
        "7", "pane('stock')", "images", id="screen.stock", show=False, tooltip="Images, volumes, networks"
    ),
    Binding("J", "jobs", "jobs", id="screen.jobs", show=False, tooltip="What was done and what is under way"),
    Binding("tab", "next_pane(1)", "next pane", id="screen.next", show=False, tooltip="Next pane"),
    Binding(
        "shift+tab",
        "next_pane(-1)",
        "previous pane",
        id="screen.previous",
        show=False,
        tooltip="Previous pane",
    ),
    Binding(
        "escape",
        "back",
        "back",
        id="screen.back",
        show=False,
        tooltip="Take back marks, filter, problems only, zoom: the last one first",
    ),
)

_MOVES: Final = (
    Binding("up,k", "cursor(-1)", "Up", id="table.up", show=False, tooltip="One row up"),
    Binding("down,j", "cursor(1)", "Down", id="table.down", show=False, tooltip="One row down"),
    Binding("pageup", "cursor(-1, 'page')", "Up", id="table.page_up", show=False, tooltip="One page up"),
    Binding("pagedown", "cursor(1, 'page')", "Down", id="table.page_down", show=False, tooltip="Page down"),
    Binding("home", "cursor(-1, 'all')", "Top", id="table.top", show=False, tooltip="First row"),
    Binding("end,G", "cursor(1, 'all')", "Bottom", id="table.bottom", show=False, tooltip="Last row"),
)

TABLE: Final = (
    *_MOVES,
    Binding("g", "cursor(-1, 'all')", "Top", id="table.first", show=False, tooltip="First row"),
    Binding("enter", "open", "Open", id="table.open", show=False, tooltip="Open the row under the cursor"),
)
"""Of any table."""


ROWS: Final = (
    *_MOVES,
    Binding("enter", "open", "details", id="containers.open", tooltip="All that is known of this container"),
    Binding("space", "mark", "mark", id="containers.mark", tooltip="Mark or unmark, and one row down"),
)
"""Of the table of containers; the others of its pane are `CONTAINERS`."""

CONTAINERS: Final = (
    Binding("l", "logs", "logs", id="containers.logs", tooltip="Logs of the marked, or of this one or group"),
    Binding(
        "L",
        "logs_of_all",
        "all logs",
        id="containers.logs_of_all",
        show=False,
        tooltip="Logs of everything that matches the filter, now or later",
    ),
    Binding("r", "act('restart')", "restart", id="containers.restart", tooltip="Restart; asks first"),
    Binding("s", "stop_or_start", "stop", id="containers.stop", tooltip="Stop, or start what does not run"),
    Binding(
        "R",
        "redeploy",
        "redeploy",
        id="containers.redeploy",
        tooltip="Another image or other settings; the old one comes back when it fails",
    ),
    Binding(
        "x",
        "inside('shell')",
        "shell",
        id="containers.shell",
        show=False,
        tooltip="A shell in this container; ctrl+d comes back",
    ),
    Binding(
        "e",
        "inside('command')",
        "command",
        id="containers.command",
        show=False,
        tooltip="Run one command in the marked, or in this one",
    ),
    Binding(
        "f",
        "inside('files')",
        "files",
        id="containers.files",
        show=False,
        tooltip="Copy files out of this container or into it",
    ),
    Binding(
        "m",
        "map",
        "mapping",
        id="containers.mapping",
        show=False,
        tooltip="A mapping for it: a name and port that lead where you say",
    ),
    Binding("i", "breaks", "impact", id="containers.breaks", show=False, tooltip="Who breaks if this stops"),
    Binding("d", "act('remove')", "remove", id="containers.remove", show=False, tooltip="Remove; asks first"),
    Binding("P", "act('pause')", "pause", id="containers.pause", show=False, tooltip="Pause; asks first"),
    Binding(
        "C",
        "act('unpause')",
        "go on",
        id="containers.unpause",
        show=False,
        tooltip="Let a paused one go on",
    ),
    Binding("K", "act('kill')", "kill", id="containers.kill", show=False, tooltip="Kill; asks first"),
    Binding(
        "U",
        "recover('undo')",
        "take back",
        id="containers.undo",
        show=False,
        tooltip="Back to the container before the last redeploy, or take back an interrupted one",
    ),
    Binding(
        "F",
        "recover('finish')",
        "finish",
        id="containers.finish",
        show=False,
        tooltip="Finish a redeploy that was interrupted",
    ),
    Binding("o", "sort(1)", "sort", id="containers.sort", tooltip="Sort by the next column"),
    Binding("O", "reverse", "reverse", id="containers.reverse", show=False, tooltip="Sort the other way"),
    Binding("g", "group", "group", id="containers.group", tooltip="Group by host, by project, or not"),
)

TIMELINE_ROWS: Final = (
    *_MOVES,
    Binding("g", "cursor(-1, 'all')", "Top", id="table.first", show=False, tooltip="First row"),
    Binding("enter", "open", "go there", id="timeline.open", tooltip="Go to this container or host"),
    Binding(
        "f",
        "follow",
        "newest",
        id="timeline.follow",
        tooltip="Go to the newest line, and along with what comes",
    ),
)
"""Of the table of the timeline; the others of its pane are `TIMELINE`."""

TIMELINE: Final = (
    Binding("l", "logs", "logs then", id="timeline.logs", tooltip="Its logs at that time"),
    Binding("d", "remove", "remove", id="timeline.remove", tooltip="Take this bookmark away"),
)

MAPPINGS: Final = (
    Binding("n", "new", "new", id="mappings.new", tooltip="A new mapping"),
    Binding("v", "verify", "verify", id="mappings.verify", tooltip="Ask from each consumer whether it holds"),
    Binding(
        "a",
        "apply",
        "apply",
        id="mappings.apply",
        tooltip="Do the steps that are left, adopt what is foreign",
    ),
    Binding("u", "undo", "undo", id="mappings.undo", tooltip="Back to an earlier wording"),
    Binding("d", "remove", "remove", id="mappings.remove", tooltip="Remove this mapping; asks first"),
    Binding(
        "x",
        "cut",
        "cut old",
        id="mappings.cut",
        show=False,
        tooltip="End the sessions that are still on an earlier endpoint; asks first",
    ),
    Binding("o", "sort(1)", "sort", id="mappings.sort", show=False, tooltip="Sort by the next column"),
    Binding("O", "reverse", "reverse", id="mappings.reverse", show=False, tooltip="Sort the other way"),
)
"""Of the mappings pane, besides those of any table."""

LINK_ROWS: Final = (*(binding for binding in TABLE if binding.id != "table.open"), *links.ROWS)
"""Of the table of links; the others of its pane are in `console.ui.link_keys`."""

HOSTS: Final = (
    Binding(
        "i", "stock", "images", id="hosts.stock", tooltip="What this host has in store, and what could go"
    ),
    Binding("l", "logs", "logs", id="hosts.logs", tooltip="Logs of everything on this host"),
    Binding(
        "c", "connect", "connect now", id="hosts.connect", tooltip="Connect to this host now, without waiting"
    ),
    Binding(
        "f",
        "switch",
        "off/on",
        id="hosts.switch",
        tooltip="Take this host out of the fleet, or back in; remembered",
    ),
)

STOCK_ROWS: Final = (
    *_MOVES,
    Binding("g", "cursor(-1, 'all')", "Top", id="table.first", show=False, tooltip="First row"),
    Binding("enter", "open", "details", id="stock.open", tooltip="All of it, and which containers use it"),
    Binding("space", "mark", "mark", id="stock.mark", tooltip="Mark or unmark, and one row down"),
)
"""Of the tables of images, volumes and networks; the others of their pane are `STOCK`."""

STOCK: Final = (
    Binding(
        "v", "next_kind(1)", "other list", id="stock.next", tooltip="Images, volumes, networks: next list"
    ),
    Binding("V", "next_kind(-1)", "back", id="stock.previous", show=False, tooltip="The list before"),
    Binding("d", "remove", "remove", id="stock.remove", tooltip="Remove the marked, or this one; asks first"),
    Binding(
        "D",
        "clean_up",
        "clean up",
        id="stock.clean_up",
        tooltip="Remove what nobody uses, on this host or several; lists it first",
    ),
    Binding("u", "measure", "measure", id="stock.measure", tooltip="Read the lists and measure sizes again"),
    Binding("o", "sort(1)", "sort", id="stock.sort", show=False, tooltip="Sort by the next column"),
    Binding("O", "reverse", "reverse", id="stock.reverse", show=False, tooltip="Sort the other way"),
)

LOG_LINES: Final = (
    *(binding for binding in TABLE if binding.id not in ("table.open", "table.bottom")),
    *logs.LINES,
)
"""Of the lines of logs; the others of their pane are in `console.ui.logs.keys`."""

PANES: Final = (
    (*ROWS, *CONTAINERS),
    (*LOG_LINES, *logs.FINDING, *logs.LOGS),
    (*LINK_ROWS, *links.LINKS),
    (*TABLE, *MAPPINGS),
    (*TIMELINE_ROWS, *TIMELINE),
    (*TABLE, *HOSTS),
    (*STOCK_ROWS, *STOCK),
)
"""The keys of each pane of the main screen: those of one work together with `SCREEN` and `APP`."""

# What a keyboard calls it; Textual's own signs for these are wide in some terminals.
_NAMES: Final = {
    "escape": "esc",
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "slash": "/",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "ampersand": "&",
    "minus": "-",
    "plus": "+",
    "comma": ",",
    "full_stop": ".",
    "semicolon": ";",
    "underscore": "_",
    "equals_sign": "=",
    "asterisk": "*",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "at": "@",
    "tilde": "~",
    "apostrophe": "'",
    "quotation_mark": '"',
    "less_than_sign": "<",
    "greater_than_sign": ">",
}


def key_name(key: str) -> str:
    """How a key is written on the screen: `?` for `question_mark`, `ctrl+s` as it is."""
    head, plus, last = key.rpartition("+")
    return f"{head}{plus}{_NAMES.get(last, last)}"


def clashes(keymap: Mapping[str, str]) -> list[str]:
    """Keys that would do two things in a pane of the main screen: one sentence each. Textual silently
    takes one.
    """
    found: dict[str, None] = {}
    for pane in PANES:
        used: dict[str, list[str]] = {}
        for binding in (*pane, *SCREEN, *APP):
            if binding.id is not None:
                for key in keymap.get(binding.id, binding.key).split(","):
                    # Compared as they are written: settings may say `?` where Textual says `question_mark`.
                    used.setdefault(key_name(key.strip()), []).append(binding.id)
        found |= {
            f"{key} is both {' and '.join(ids)}": None for key, ids in used.items() if len(set(ids)) > 1
        }
    return list(found)


class Hint(NamedTuple):
    """One key in the line at the bottom."""

    key: str
    """As Textual calls it."""
    written: str
    does: str
    rank: int
    """The smaller, the later it gives way where there is no room."""


_FIRST: Final = (
    "containers.open",
    "containers.logs",
    "links.open",
    "links.probe",
    "mappings.new",
    "mappings.verify",
    "timeline.logs",
    "timeline.remove",
    "hosts.logs",
    "hosts.stock",
    "stock.next",
    "stock.clean_up",
    "app.help",
    "screen.filter",
    "screen.problems",
)
"""Ids of the bindings whose hints stay longest."""


def hints(active: Iterable[ActiveBinding]) -> list[Hint]:
    """The bindings that want to be shown: those of the pane first, then those that work everywhere."""
    found: dict[str, Hint] = {}
    for _, binding, enabled, _ in active:
        if binding.show and enabled and binding.id and binding.id not in found:
            rank = _FIRST.index(binding.id) if binding.id in _FIRST else len(_FIRST)
            found[binding.id] = Hint(binding.key, key_name(binding.key), binding.description, rank)
    return [found[name] for name in sorted(found, key=_place)]


def _place(name: str) -> tuple[int, int]:
    everywhere = {binding.id for binding in (*SCREEN, *APP)}
    of_panes = (binding for pane in PANES for binding in pane if binding.id not in everywhere)
    order = [binding.id for binding in (*of_panes, *SCREEN, *APP)]
    return (1, order.index(name)) if name in order else (0, 0)
