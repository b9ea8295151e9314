"""The command line as it is typed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from console import __version__
from console.cli.deed_arguments import add_deeds
from console.cli.inside_arguments import add_inside, split_command
from console.cli.log_arguments import add_logs
from console.cli.map_arguments import add_maps

if TYPE_CHECKING:
    from console.cli.moments import Moment

EPILOG = """\
Without a verb the console opens. A query is what `/` takes in the console: host:app-* state:running
label:tier=web project:shop, host/name, name@host, ! to invert, or any text.

exit codes: 0 done, 1 failed (nothing changed, or the old state is back), 2 usage or configuration,
3 something is broken, 4 hosts unreachable (the rest is printed), 5 outcome unknown or recovery needed,
6 refused by a guard, 130 interrupted
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A parsed command line."""

    module: str
    """Of `console.cli`, whose `run` does it."""
    config: Path | None = None
    hosts: tuple[str, ...] = ()
    demo: bool = False
    read_only: bool = False
    color: bool = False
    log: Path | None = None
    json: bool = False
    query: tuple[str, ...] = ()
    stats: bool = False
    watch: bool = False
    problems: bool = False
    dot: bool = False
    follow: bool = True
    since: float | None = None
    """Seconds back from now."""
    output: Path | None = None
    action: str = ""
    """Of a verb that is an action: which one."""
    name: str = ""
    yes: bool = False
    confirm: Sequence[str] = ()
    time: int | None = None
    wait: bool = False
    signal: str = ""
    force: bool = False
    volumes: bool = False
    image: str = ""
    env: Sequence[str] = ()
    label: Sequence[str] = ()
    publish: Sequence[str] = ()
    restart: str = ""
    memory: str = ""
    cpus: float | None = None
    no_pull: bool = False
    from_host: str = ""
    no_way_back: bool = False
    dry_run: bool = False
    command: Sequence[str] = ()
    """What stands after `--`."""
    interactive: bool = False
    tty: bool = False
    source: str = ""
    target: str = ""
    timeout: float | None = None
    keep: int | None = None
    goal: str | None = None
    """`finish` or `undo`."""
    ports: str = ""
    """Of a mapping: what is dialled."""
    to: Sequence[str] = ()
    consumers: Sequence[str] = ()
    via: str = ""
    check: str = ""
    begin: Moment | None = None
    until: Moment | None = None
    tail: int | None = None
    """Lines; None: all."""
    grep: str | None = None
    invert: bool = False
    timestamps: bool = False
    sizes: bool = False
    all: bool = False


class _Parser(argparse.ArgumentParser):
    """Says where an option belongs when it stands in the wrong place."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        hint = ""
        if "unrecognized arguments" in message and any(o in message for o in GLOBAL):
            hint = "\nGlobal options stand before the verb: dockcon --host app-1 ps"
        self.exit(2, f"dockcon: {message}{hint}\n")


STORES = {"images": "images of all hosts", "volumes": "volumes", "networks": "networks"}

GLOBAL = ("-c", "--config", "--host", "--demo", "--read-only", "--no-color", "--log")


def parse(argv: Sequence[str]) -> Options:
    """Parse. Raises SystemExit, with everything said, for --help, --version and mistakes."""
    argv, command = split_command(argv)
    parsed = vars(_parser().parse_args(argv))
    if command:
        parsed["command"] = command
    no_color = parsed.pop("no_color") or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Options(
        module=parsed.pop("module"),
        hosts=tuple(parsed.pop("host") or ()),
        query=tuple(parsed.pop("query", ())),
        color=not no_color,
        **parsed,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dockcon",
        description="One terminal console for Docker on several hosts, over plain SSH.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "-c",
        "--config",
        metavar="FILE",
        type=Path,
        help="hosts.yml (default: ./hosts.yml, then your own)",
    )
    add("--host", metavar="GLOB", action="append", help="dial only these, or label:k=v; can be repeated")
    add("--demo", action="store_true", help="three hosts that live in memory; nothing real is touched")
    add("--read-only", action="store_true", help="refuse everything that changes an engine")
    add("--no-color", action="store_true", help="no colours (also: NO_COLOR is set)")
    add("--log", metavar="FILE", type=Path, help="log file (default: $XDG_STATE_HOME/dockcon/log)")
    add("--version", action="version", version=f"dockcon {__version__}")
    parser.set_defaults(module="start")
    verbs = parser.add_subparsers(metavar="VERB", title="verbs", parser_class=_Parser)
    _listings(verbs)
    add_logs(lambda name, module, text: _verb(verbs, name, module, text))
    _others(verbs)
    add_deeds(lambda name, module, text: _verb(verbs, name, module, text), _ago)
    add_maps(lambda name, module, text: _verb(verbs, name, module, text))
    add_inside(lambda name, module, text: _verb(verbs, name, module, text))
    return parser


def _verb(verbs: argparse._SubParsersAction[_Parser], name: str, module: str, text: str) -> _Parser:
    parser = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(module=module)
    return parser


def _json(parser: _Parser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable, on standard output")


def _query(parser: _Parser, text: str = "only what matches") -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", help=text)


def _listings(verbs: argparse._SubParsersAction[_Parser]) -> None:
    parser = _verb(verbs, "ps", "ps", "containers of all hosts")
    _query(parser)
    _json(parser)
    parser.add_argument("--stats", action="store_true", help="with CPU and memory, as --json")
    parser = _verb(verbs, "hosts", "hosts", "hosts, their engines and their load")
    _json(parser)
    for name, text in STORES.items():
        parser = _verb(verbs, name, "stock", f"{text}, and which containers use them")
        parser.set_defaults(action=name)
        _query(parser)
        _json(parser)
        if name != "networks":
            parser.add_argument("--sizes", action="store_true", help="measure; minutes on a large host")
    parser = _verb(verbs, "events", "events", "engine events of all hosts as they happen")
    _query(parser, "only of containers that match")
    _json(parser)
    parser.add_argument("--since", metavar="TIME", type=_ago, help="begin that long ago: 10m, 2h")
    parser.add_argument("--no-follow", dest="follow", action="store_false", help="print the past and end")
    parser = _verb(verbs, "problems", "problems", "what somebody must look at; exit 3 when there is any")
    _query(parser)
    _json(parser)
    parser.add_argument("--watch", action="store_true", help="go on, and say what is new and what is over")
    parser = _verb(verbs, "links", "links", "which container depends on which; exit 3 when one is broken")
    _query(parser, "only links of which an end matches")
    _json(parser)
    parser.add_argument("--watch", action="store_true", help="go on, and say every change of state")
    parser.add_argument(
        "--problems", action="store_true", help="only those that are broken, stale or foreign"
    )
    parser.add_argument("--dot", action="store_true", help="a drawing for Graphviz")


def _others(verbs: argparse._SubParsersAction[_Parser]) -> None:
    parser = _verb(verbs, "check", "check", "check the files, then every host: what works, what to try next")
    _json(parser)
    parser = _verb(
        verbs, "bundle", "bundle", "one archive of states, events, inspects, logs (secrets masked)"
    )
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_ago,
        default=1800.0,
        help="events of the last 30m (the default), 2h; logs of the last 10m at most",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="default: named by fleet and time")


def _ago(text: str) -> float:
    # The words of hosts.yml; its module is imported by nearly every verb anyway.
    from console.config.durations import parse_duration

    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s, 30m or 2h")
    return seconds
