"""The options of `logs`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.cli.deed_arguments import Verbs
    from console.cli.moments import Moment

EPILOG = """\
A SELECTOR names containers: web (where there is one of that name), web@app-1, app-1/web, a glob of these
('web-*', '*@db-1'), the beginning of an id. host:app-* project:shop label:tier=web state:running and ! narrow
what is named; alone they select all that match. With -f containers that match later join by themselves.

Lines come in the order of the engines' time stamps: `web@app-1 | text`, or `web@app-1 ! text` where they were
written to standard error. Control characters are taken out, tabs are kept, nothing is cut off. What is to
be said about lines (a gap, a host that was lost, a container that stopped) goes to standard error; with
--json it is an object among the lines, which are those of the Elastic Common Schema.

TIME is 90s, 10m or 2h (ago), 14:02, 2024-05-06T14:02:31.5Z (local time without Z) or seconds since 1970.
"""


def add_logs(verb: Verbs) -> None:
    """The verb and its options."""
    parser = verb("logs", "logs", "logs of any containers on any hosts in one stream")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.set_defaults(follow=False)
    add = parser.add_argument
    add("query", metavar="SELECTOR", nargs="*", help="which containers; '*' is all")
    add("-f", "--follow", action="store_true", help="go on with what comes, through restarts and losses")
    add("--since", metavar="TIME", dest="begin", type=_moment, help="lines from then on")
    add("--until", metavar="TIME", type=_moment, help="lines up to then")
    add("-n", "--tail", metavar="N", type=_count, help="the newest N lines of each container (default: all)")
    add(
        "--grep",
        metavar="RE",
        help="only lines in which this regular expression (of Python) is found; case matters, after (?i) not",
    )
    add("-v", "--invert-match", dest="invert", action="store_true", help="only lines in which it is not")
    add("-t", "--timestamps", action="store_true", help="begin lines with the engine's time stamp, in UTC")
    add("--json", action="store_true", help="one object a line, on standard output")


def _moment(text: str) -> Moment:
    from console.cli.moments import parse_moment

    moment = parse_moment(text)
    if moment is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 10m, 14:02 or 2024-05-06T14:02:31Z")
    return moment


def _count(text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines, and not `all`")
    return int(text)
